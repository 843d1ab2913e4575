// Trials of classic control have receipts, resume, verify, and are evaluated on the same episodes for all.
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import { episodicTask } from '../../src/task/episodic.ts'
import { createCore } from '../../src/core/core.ts'
import { sha256 } from '../../src/core/sha256.ts'
import { NO_DATA } from '../../src/data/table.ts'
import { tradingTask } from '../../src/task/trading.ts'
import { readReceipt, receiptText, scenarioOf } from '../../src/trial/receipt.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import {
  checkTrial,
  evaluateCheckpoint,
  runTrial,
  type TrialEvent,
  type TrialOptions,
} from '../../src/trial/trial.ts'
import { verify, type Verdict } from '../../src/trial/verify.ts'
import { core, module, ofType, table, type TestScenario } from '../helpers/trial.ts'
import { parse } from '../scenario/helpers.ts'

const names = ['Pendulum-v1', 'MountainCarContinuous-v0']

function small(name = names[0]!, { env, training, evaluation, seed = 3 }: TestScenario = {}): Scenario {
  return parse(
    JSON.stringify({
      seed,
      env: { name, ...env },
      network: { actor_hidden_dims: [8], critic_hidden_dims: [8] },
      training: {
        max_steps: 900,
        init_rand_steps: 100,
        frames_per_batch: 10,
        optim_steps_per_batch: 10,
        sample_size: 16,
        buffer_size: 500,
        noise: { type: 'ou', sigma: 0.5 },
        eval_interval: 250,
        eval_steps: 300,
        checkpoint_interval: 250,
        ...training,
      },
      evaluation: { n_episodes: 5, ...evaluation },
    }),
  ).scenario
}

async function run(scenario: Scenario, options: TrialOptions = {}) {
  const trial = runTrial(scenario, episodicTask(scenario), module, options)
  const events: TrialEvent[] = []
  for (;;) {
    const { value, done } = await trial.next()
    if (done) return { events, result: value }
    events.push(value)
  }
}

async function verdictOf(text: string): Promise<Verdict> {
  const trial = verify(readReceipt(text), NO_DATA, module)
  for (;;) {
    const { value, done } = await trial.next()
    if (done) return value
  }
}

describe.each(names)('a trial of %s', (name) => {
  it('ends the same from any of its checkpoints', async () => {
    const scenario = small(name)
    const { events, result } = await run(scenario)
    const checkpoints = ofType(events, 'checkpoint')
    expect(checkpoints.map(({ step }) => step)).toEqual([250, 500, 750]) // none at the end of an episode
    for (const { bytes } of checkpoints) {
      const again = await run(scenario, { resume: bytes })
      expect(receiptText(again.result.receipt!)).toBe(receiptText(result.receipt!))
      expect(again.result.checkpoint).toEqual(result.checkpoint)
      const told = (all: TrialEvent[]) => ofType(all, 'validation').map(({ step, score }) => [step, score])
      expect(told(again.events)).toEqual(told(events))
    }
  })

  it('can be extended as if it had been longer from the beginning', async () => {
    const short = await run(small(name, { training: { max_steps: 600 } }))
    const { result } = await run(small(name), { resume: short.result.checkpoint })
    expect(receiptText(result.receipt!)).toBe(receiptText((await run(small(name))).result.receipt!))
  })

  it('has a receipt that tells nothing of markets, and can be verified', async () => {
    const { result } = await run(small(name))
    const receipt = result.receipt!
    const { env, data, data_generator: generator, evaluation } = receipt.config as Record<string, object>
    expect({ env, data, generator, evaluation }).toEqual({
      env: { name, backend: 'classic_control' },
      data: undefined,
      generator: undefined,
      evaluation: { policy: 'final', n_episodes: 5 },
    })
    expect(receipt.data).toBe(sha256())
    expect(Object.keys(receipt.evaluation)).toEqual(['test'])
    expect(scenarioOf(receipt).env).toEqual(small(name).env)
    expect(await verdictOf(receiptText(receipt))).toMatchObject({ identical: true, sentence: 'identical' })

    const changed = JSON.parse(receiptText(receipt))
    changed.evaluation.test.mean_episode_return += 1e-9
    expect((await verdictOf(JSON.stringify(changed))).sentence).toBe(
      'differs at the end, in evaluation.test.mean_episode_return',
    )
  })

  it('keeps the policy that was best in validation', async () => {
    const { events, result } = await run(small(name, { evaluation: { policy: 'best' } }))
    const validations = ofType(events, 'validation')
    const highest = Math.max(...validations.map(({ score }) => score))
    expect(validations).toHaveLength(3)
    expect(result.best!.step).toBe(validations.find(({ score }) => score === highest)!.step)
    const task = episodicTask(small(name))
    expect(result.evaluation).toEqual(await evaluateCheckpoint(result.best!.bytes, task, module))
  })
})

describe('the evaluation', () => {
  const still = () => [0]

  it('begins at the same states for every seed, and moves no other stream', async () => {
    const task = episodicTask(small())
    const [one, other] = [await createCore(module, 1), await createCore(module, 2)]
    const expected = (await createCore(module, 1)).random.environment.uniform()
    const evaluation = task.evaluate(still, one)
    expect(task.evaluate(still, other)).toEqual(evaluation)
    expect(task.evaluate(still, one)).toEqual(evaluation) // and again
    expect(task.validate(still, one)).toEqual(task.validate(still, other))
    expect(new Set(evaluation.test.returns).size).toBe(5)
    expect(one.random.environment.uniform()).toBe(expected)
  })

  it('summarises returns and lengths of episodes', () => {
    const { returns, lengths, metrics } = episodicTask(small()).evaluate(still, core).test
    const mean = returns.reduce((sum, value) => sum + value) / 5
    const squares = returns.map((value) => (value - mean) ** 2).reduce((sum, value) => sum + value)
    expect(lengths).toEqual([200, 200, 200, 200, 200])
    expect(metrics).toEqual({
      mean_episode_return: expect.closeTo(mean, 9),
      std_episode_return: expect.closeTo(Math.sqrt(squares / 4), 9),
      min_episode_return: Math.min(...returns),
      max_episode_return: Math.max(...returns),
      mean_episode_length: 200,
      n_episodes: 5,
    })
    const alone = episodicTask(small(undefined, { evaluation: { n_episodes: 1 } })).evaluate(still, core).test
    expect(alone.returns).toEqual(returns.slice(0, 1))
    expect(alone.metrics.std_episode_return).toBeNull()
  })

  it('validates on whole episodes, none begun after eval_steps', () => {
    const counted = (eval_steps: number) => {
      let steps = 0
      const policy = () => {
        steps++
        return [0]
      }
      const { rollout } = episodicTask(small(undefined, { training: { eval_steps } })).validate(policy, core)
      expect(rollout).toBeUndefined()
      return steps
    }
    expect([1, 200, 201, 600].map(counted)).toEqual([200, 200, 400, 600])
  })
})

describe('what does not fit', () => {
  it('is named before training', async () => {
    const scenario = small(undefined, { training: { buffer_size: 2_000_000_000 } })
    await expect(checkTrial(scenario, episodicTask(scenario), module)).rejects.toThrow('training.buffer_size')
  })

  it('is a market', () => {
    expect(() => tradingTask(small(), table, core.math)).toThrow(
      'Pendulum-v1 is no market: it is trained without data',
    )
  })

  it('is a checkpoint of the other environment', async () => {
    const { result } = await run(small(names[0]))
    expect(openCheckpoint(result.checkpoint).info.data).toBe(sha256())
    await expect(run(small(names[1]), { resume: result.checkpoint })).rejects.toThrow(
      'it was trained with other values of env.name',
    )
  })
})
