// A trial trains, validates, keeps the best policy and evaluates it.
import { describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/trial/checkpoint.ts'
import { learnerTensors } from '../../src/core/tensors.ts'
import { readSafetensors } from '../../src/core/safetensors.ts'
import type { Table } from '../../src/data/table.ts'
import { createEvaluationEnv, deterministic, evaluate, rollout } from '../../src/evaluate/evaluate.ts'
import { tradingTask } from '../../src/task/trading.ts'
import { trialPlots } from '../../src/report/charts/trial-plots.ts'
import { checkTrial, evaluateCheckpoint, loadPolicy, type TrialResult } from '../../src/trial/trial.ts'
import { expectClose } from '../env/helpers.ts'
import {
  core,
  module,
  ofType,
  run,
  smallScenario,
  table,
  type TestScenario,
  type Run,
} from '../helpers/trial.ts'

const tensorsOf = (bytes: Uint8Array) => readSafetensors(bytes).tensors

/** Networks, moments, counters and random streams: what training changed, without what it was told along the way. */
async function learned({ checkpoint }: TrialResult) {
  const names = Object.keys(learnerTensors((await loadPolicy(checkpoint, module)).learner))
  const tensors = tensorsOf(checkpoint)
  return Object.fromEntries(names.map((name) => [name, tensors[name]]))
}

/** A checkpoint without the hash of the data, and so without its checksum. */
function withoutData(bytes: Uint8Array) {
  const { sha256: _, ...tensors } = tensorsOf(bytes)
  delete tensors['best'] // a checkpoint too
  return { tensors, info: { ...readCheckpoint(bytes), data: '' } }
}

describe('a trial', () => {
  it('keeps the weights that were best on the validation split', async () => {
    const { prepared, events, result } = await run()
    const validations = ofType(events, 'validation')
    expect(validations.length).toBe(8)
    let highest = -Infinity
    for (const { score, best } of validations) {
      expect(best !== undefined).toBe(score > highest)
      highest = Math.max(highest, score)
    }
    const best = validations.findLast((event) => event.best)!
    expect(best.score).toBe(highest)
    expect(result.best!.step).toBe(best.step)
    expect(readCheckpoint(result.best!.bytes).step).toBe(best.step)
    const { validation } = await evaluateCheckpoint(result.best!.bytes, prepared, module)
    expect(validation.metrics.sum_log_reward).toBe(highest)
  })

  it('keeps the earliest of weights that are equally good', async () => {
    // so slow a learner never changes its actor
    const { events, result } = await run({ training: { actor_lr: 1e-30 } })
    const validations = ofType(events, 'validation')
    expect(new Set(validations.map(({ score }) => score)).size).toBe(1)
    expect(validations.map((event) => event.best !== undefined)).toEqual(validations.map((_, i) => i === 0))
    expect(result.best!.step).toBe(validations[0]!.step)
  })

  it('evaluates the final weights, or the best ones when asked', async () => {
    const [final, best] = [await run(), await run({ evaluation: { policy: 'best' } })]
    // without this the test could not tell one from the other
    expect(tensorsOf(best.result.best!.bytes)['actor.0.weight']).not.toEqual(
      tensorsOf(best.result.checkpoint)['actor.0.weight'],
    )
    const evaluated = ({ prepared }: Run, bytes: Uint8Array) => evaluateCheckpoint(bytes, prepared, module)
    const expectedFinal = await evaluated(final, final.result.checkpoint)
    const expectedBest = await evaluated(best, best.result.best!.bytes)
    expect(expectedFinal.train.agent).not.toEqual(expectedBest.train.agent)
    expect(final.result.evaluation).toEqual(expectedFinal)
    expect(best.result.evaluation).toEqual(expectedBest)
  })

  it('evaluates the final weights when there was no validation to choose by', async () => {
    const { prepared, result } = await run({
      evaluation: { policy: 'best' },
      training: { eval_interval: 1000 },
    })
    expect(result.best).toBeUndefined()
    expect(result.evaluation).toEqual(await evaluateCheckpoint(result.checkpoint, prepared, module))
  })

  it('validates on as many steps as asked, and no more than there are', async () => {
    const { config, prepared, result } = await run({
      training: { eval_steps: 10, max_steps: 120, eval_interval: 30 },
    })
    const { learner } = await loadPolicy(result.checkpoint, module)
    const env = createEvaluationEnv(config, prepared.markets.validation, core)
    const { events } = await run({ training: { eval_steps: 10, max_steps: 120, eval_interval: 30 } })
    const rewards = rollout(env, deterministic(learner), 10).rewards
    expectClose(
      ofType(events, 'validation').at(-1)!.score,
      rewards.reduce((sum, reward) => sum + reward, 0),
    )
  })

  it('stops when told to, and evaluates what it has', async () => {
    const { prepared, events, result } = await run({}, { shouldStop: (seen) => seen.at(-1)?.step === 100 })
    expect(result.step).toBe(100)
    expect(events.every(({ step }) => step <= 100)).toBe(true)
    expect(readCheckpoint(result.checkpoint).step).toBe(100)
    expect(result.evaluation).toEqual(await evaluateCheckpoint(result.checkpoint, prepared, module))
    expect(result.evaluation.test.metrics.steps).toBe(29)
  })

  it('gives checkpoints at the interval, each of its own moment, and one at the end', async () => {
    const { events, result } = await run({ training: { checkpoint_interval: 100 } })
    const checkpoints = ofType(events, 'checkpoint')
    expect(checkpoints.map(({ step }) => step)).toEqual([100, 200, 300])
    const updates = checkpoints.map(({ bytes }) => tensorsOf(bytes)['counters']!.data[0])
    expect(updates).toEqual([20, 70, 120])
    for (const { step, bytes } of checkpoints) expect(readCheckpoint(bytes).step).toBe(step)
    expect([result.step, readCheckpoint(result.checkpoint).step]).toEqual([400, 400])
  })

  it('is not disturbed by validation or checkpoints', async () => {
    const quiet = await run({ training: { eval_interval: 100000 } })
    const busy = await run({ training: { eval_interval: 1, checkpoint_interval: 20 } })
    expect(ofType(busy.events, 'validation').length).toBe(170)
    expect(await learned(busy.result)).toEqual(await learned(quiet.result))
  })

  it('gives the same bytes for the same seed, and others for another', async () => {
    const [first, again, other] = [await run(), await run(), await run({ seed: 4 })]
    expect(again.result).toEqual(first.result)
    expect(again.events).toEqual(first.events)
    expect(tensorsOf(other.result.checkpoint)['actor.0.weight']).not.toEqual(
      tensorsOf(first.result.checkpoint)['actor.0.weight'],
    )
  })

  it('runs in the environment of discrete positions', async () => {
    const env = { backend: 'gym_trading_env.continuous', include_position_feature: false, windows: 2 }
    const { result } = await run({ env: { ...env, max_episode_duration: 15, positions: [-1, 0, 1] } })
    expect(result.step).toBe(400)
    for (const split of ['train', 'validation', 'test'] as const) {
      const { agent, metrics } = result.evaluation[split]
      expect(metrics.steps).toBe(split === 'train' ? 58 : 28)
      for (const position of agent.positions) expect([-1, 0, 1]).toContain(position)
    }
  })
})

describe('the splits', () => {
  /** The table with other prices and volumes from a row on. */
  function altered(from: number): Table {
    const columns = Object.entries(table.columns).map(([name, values]) => {
      const factor = name === 'timestamp' ? 1 : name === 'volume' ? 5 : 1.7
      return [name, values.map((value, row) => (row < from ? value : factor * value))]
    })
    return { length: table.length, columns: Object.fromEntries(columns) }
  }

  /** Events but for the bytes of checkpoints, which name the data. */
  const toldBy = ({ events }: Run) =>
    events.map((event) => {
      if (event.type === 'checkpoint') return { ...event, bytes: withoutData(event.bytes) }
      return event.type === 'validation' ? { ...event, best: event.best && withoutData(event.best) } : event
    })

  it('keep training and validation from seeing the rows of the test', async () => {
    const seen = await run({ training: { checkpoint_interval: 100 } })
    const other = await run({ training: { checkpoint_interval: 100 } }, { data: altered(90) })
    expect(toldBy(other)).toEqual(toldBy(seen))
    expect(withoutData(other.result.checkpoint)).toEqual(withoutData(seen.result.checkpoint))
    expect(other.result.best!.step).toBe(seen.result.best!.step)
    expect(withoutData(other.result.best!.bytes)).toEqual(withoutData(seen.result.best!.bytes))
    const { train, validation, test } = seen.result.evaluation
    expect(other.result.evaluation.train).toEqual(train)
    expect(other.result.evaluation.validation).toEqual(validation)
    // and the test did change
    expect(other.result.evaluation.test.random).not.toEqual(test.random)
  })

  it('keep training from seeing the rows of validation', async () => {
    const [seen, other] = [await run(), await run({}, { data: altered(60) })]
    expect(await learned(other.result)).toEqual(await learned(seen.result))
    expect(other.result.evaluation.train).toEqual(seen.result.evaluation.train)
    expect(ofType(other.events, 'validation')).not.toEqual(ofType(seen.events, 'validation'))
  })

  it('hold consecutive rows of the table, with the features computed across their borders', async () => {
    const config = smallScenario({ env: { price_columns: ['close', 'open'], obs_clip: null } })
    const { markets, splits } = tradingTask(config, table, core.math)
    expect(splits).toEqual({
      train: { from: 0, to: 60 },
      validation: { from: 60, to: 90 },
      test: { from: 90, to: 120 },
    })
    for (const name of ['train', 'validation', 'test'] as const) {
      const { from, to } = splits[name]
      expect(markets[name].rows).toBe(to - from)
      expect(markets[name].prices[0]).toEqual(table.columns['close']!.slice(from, to))
      expect(markets[name].prices[1]).toEqual(table.columns['open']!.slice(from, to))
    }
    // the return of a split's first row is from the row before it
    const { scales } = tradingTask(config, table, core.math).statistics
    const { offset, scale } = scales[0]!
    const close = table.columns['close']!
    expect(scales[0]!.name).toBe('feature_return')
    expect(markets.test.features[0]).toBeCloseTo((close[90]! / close[89]! - 1 - offset) / scale, 5)
  })

  it('have features clipped as the scenario says', () => {
    const config = smallScenario({ env: { obs_clip: 0.5 } })
    const { features } = tradingTask(config, table, core.math).markets.train
    expect(Math.max(...features)).toBe(0.5)
    expect(Math.min(...features)).toBe(-0.5)
  })
})

describe('checking a trial beforehand', () => {
  const check = (given: TestScenario): Promise<void> => {
    const config = smallScenario(given)
    return checkTrial(config, tradingTask(config, table, core.math), module)
  }

  it('finds nothing wrong with a scenario that fits', async () => {
    await expect(check({})).resolves.toBeUndefined()
  })

  it('names the split that is too short for the environment', async () => {
    const env = { backend: 'gym_trading_env.continuous', include_position_feature: false, windows: 40 }
    await expect(check({ env })).rejects.toThrow(
      'the validation split is too short: env.windows 40 need 41 rows, there are 30',
    )
  })

  it('names what to lower when memory does not suffice', async () => {
    await expect(check({ training: { buffer_size: 2_000_000_000 } })).rejects.toThrow(
      'lower capacity (training.buffer_size)',
    )
  })
})

describe('the pictures of a trial', () => {
  it('can be drawn when the agent was ruined on the way', async () => {
    const ruinous = { ...table, columns: { ...table.columns, close: table.columns['close']!.slice() } }
    ruinous.columns.close.fill(1e6, 100) // whoever is short then has lost everything
    const { config, prepared, result } = await run({}, { data: ruinous })
    const short = evaluate(config, prepared.markets.test, () => [-1], core)
    expect(short.metrics).toMatchObject({ steps: 10, sum_log_reward: null })
    const losses = { steps: [1], criticLoss: [1], actorLoss: [1] }
    const pictures = trialPlots('ruin', prepared, { ...result.evaluation, test: short }, losses)
    expect(Object.keys(pictures)).toHaveLength(8)
    for (const [name, svg] of Object.entries(pictures))
      expect(svg, name).not.toMatch(/NaN|undefined|Infinity/)
  })
})
