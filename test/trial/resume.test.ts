// A run that is stopped and resumed is the run that was never stopped; a checkpoint that is not whole is no checkpoint.
import { DdpgError } from '../../src/base/errors.ts'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import { sha256 } from '../../src/core/sha256.ts'
import { receiptText } from '../../src/trial/receipt.ts'
import type { TrialEvent, TrialResult } from '../../src/trial/trial.ts'
import { generator } from '../env/helpers.ts'
import { ofType, resealed, run, table, type TestScenario } from '../helpers/trial.ts'

/** All of a trial's end, files by their hash. */
function endOf({ receipt, checkpoint, best, ...rest }: TrialResult) {
  return {
    receipt: receipt && receiptText(receipt),
    checkpoint: sha256(checkpoint),
    best: best && { ...best, bytes: sha256(best.bytes) },
    ...rest,
  }
}

/** The events of a run that resumes from the checkpoint at `index`: its past, then the rest. */
function toldAfter(events: TrialEvent[], index: number): TrialEvent[] {
  const past = events.slice(0, index).flatMap((event): TrialEvent[] => {
    if (event.type === 'validation') return [{ ...event, best: undefined, rollout: undefined as never }]
    if (event.type === 'health') return [{ ...event, findings: [] }] // those were told
    return event.type === 'losses' || event.type === 'episode' ? [event] : []
  })
  return [...past, ...events.slice(index + 1)]
}

const environments: [string, object][] = [
  ['tradingenv', { backend: 'tradingenv', price_columns: ['close', 'open'] }],
  [
    'a portfolio with costs and differential Sharpe ratio',
    {
      price_columns: ['close', 'open'],
      weights: 'portfolio',
      spread: 0.001,
      no_trade_band: 0.05,
      reward_type: 'differential_sharpe',
    },
  ],
  [
    'gym_trading_env.continuous',
    {
      backend: 'gym_trading_env.continuous',
      include_position_feature: false,
      windows: 3,
      max_episode_duration: 25,
      borrow_interest_rate: 0.0001,
      borrow_interest: 'accumulated',
      reward_type: 'log_return_drawdown',
      positions: [-1, 0, 1, 2],
      continuous_action_thresholds: [-0.5, 0, 0.5],
    },
  ],
]
const rounds: [frames: number, updates: number][] = [
  [1, 2],
  [20, 40],
  [7, 3], // the last round is not a whole one
]
const training = { optim_steps_per_batch: 1, frames_per_batch: 7, log_interval: 5, eval_interval: 7 }
const switches = [
  { algorithm: 'TD3', policy_delay: 3, n_step: 4, ...training }, // stopped where the actor had waited for 1 update or 2
  { inverting_gradients: true, optimizer: 'adamw', actor_weight_decay: 0.1 },
].map((given) => ({
  name: Object.keys(given).join(', '),
  given: { training: { buffer_size: 150, checkpoint_interval: 21, ...given } } satisfies TestScenario,
}))
const market = environments.flatMap(([backend, env]) =>
  ['gaussian', 'ou'].flatMap((type) =>
    rounds.map(([frames_per_batch, optim_steps_per_batch]) => ({
      name: `${backend}, ${type} noise, ${optim_steps_per_batch} updates every ${frames_per_batch} steps`,
      given: {
        env,
        training: {
          frames_per_batch,
          optim_steps_per_batch,
          buffer_size: 150, // so that the ring is written over
          noise: { type, sigma: 0.5, sigma_end: 0.1, anneal_steps: 300 },
          log_interval: 30,
          eval_interval: 70,
          checkpoint_interval: 40,
        },
        evaluation: { policy: 'best' },
      } satisfies TestScenario,
    })),
  ),
)

const cases = [...market, ...switches]

describe('a run that goes on from any of its checkpoints', () => {
  it.each(cases)('ends as if it had never stopped: $name', async ({ given }) => {
    const whole = await run(given)
    const checkpoints = ofType(whole.events, 'checkpoint')
    expect(checkpoints.length).toBeGreaterThanOrEqual(9)
    const sizes = checkpoints.map(({ bytes }) => openCheckpoint(bytes).tensors['counters']!.data[1])
    expect(sizes.at(0)).toBeLessThan(150)
    expect(sizes.at(-1)).toBe(150)
    for (const checkpoint of checkpoints) {
      const resumed = await run(given, { resume: checkpoint.bytes })
      expect(endOf(resumed.result), `from step ${checkpoint.step}`).toEqual(endOf(whole.result))
      expect(resumed.events).toEqual(toldAfter(whole.events, whole.events.indexOf(checkpoint)))
    }
  })

  it('is the same after many stops, at any round', async () => {
    const { given } = cases[0]!
    const whole = await run(given)
    let stops = 0
    const random = generator(1)
    for (let resume: Uint8Array | undefined; ;) {
      const rounds = 1 + Math.floor(random() * 30)
      const part = await run(given, {
        resume,
        shouldStop: (events) => ofType(events, 'round').length >= rounds,
      })
      if (part.result.complete) {
        expect(receiptText(part.result.receipt!)).toBe(receiptText(whole.result.receipt!))
        break
      }
      expect(part.result.receipt).toBeUndefined()
      resume = part.result.checkpoint
      stops++
    }
    expect(stops).toBeGreaterThan(15)
  })

  it('has nothing to do when it is complete, and ends alike', async () => {
    const { result } = await run()
    const again = await run({}, { resume: result.checkpoint })
    expect(endOf(again.result)).toEqual(endOf(result))
    expect(ofType(again.events, 'round')).toEqual([])
  })

  it('may be told about, saved and fed from elsewhere', async () => {
    const { result } = await run({ training: { max_steps: 200 } })
    const resume = Buffer.concat([Buffer.alloc(3), result.checkpoint]).subarray(3) // not aligned
    const again = await run(
      { training: { max_steps: 200, log_interval: 7, checkpoint_interval: 20, checkpoint_keep: 9 } },
      { resume, experiment: { trial: 1, trials: 2 } },
    )
    expect(receiptText(again.result.receipt!)).toBe(receiptText(result.receipt!))
  })
})

describe('more steps', () => {
  it('make the run that had them from the beginning, when it ended with a round', async () => {
    const noise = { sigma: 0.5, sigma_end: 0.1, anneal_steps: 300 }
    const short = await run({ training: { max_steps: 200, noise } })
    const long = await run({ training: { max_steps: 400, noise } })
    const extended = await run({ training: { max_steps: 400, noise } }, { resume: short.result.checkpoint })
    expect(short.result.receipt!.updates % 500).not.toBe(0) // its last link was not that of an interval
    expect(endOf(extended.result)).toEqual(endOf(long.result))
  })

  it.each([
    [
      'when it did not',
      200,
      400,
      7,
      'its last round of updates came early, at step 200, where its run ended',
    ],
    ['and never fewer', 200, 100, 20, 'it is already at step 200, training.max_steps is 100'],
  ])('are refused %s', async (_, max_steps, other, frames_per_batch, sentence) => {
    const { result } = await run({ training: { max_steps, frames_per_batch } })
    const resume = result.checkpoint
    await expect(run({ training: { max_steps: other, frames_per_batch } }, { resume })).rejects.toThrow(
      sentence,
    )
  })
})

describe('a checkpoint of another run', () => {
  const halfway = async (given: TestScenario = {}) =>
    (await run(given, { shouldStop: (events) => events.at(-1)!.step === 200 })).result

  it('is refused with another value of a key that matters, by its name', async () => {
    const resume = (await halfway()).checkpoint
    const training = { tau: 0.02, gamma: 0.7, log_interval: 9 }
    await expect(run({ training, seed: 4 }, { resume })).rejects.toThrow(
      /^it was trained with other values of training\.gamma, training\.tau, seed$/,
    )
    await expect(run({ network: { actor_hidden_dims: [9] } }, { resume })).rejects.toThrow(
      /^it was trained with other values of network\.actor_hidden_dims/,
    )
  })

  it('is refused with other data', async () => {
    const resume = (await halfway()).checkpoint
    const columns = { ...table.columns, close: table.columns['close']!.with(119, 51000) }
    await expect(run({}, { resume, data: { ...table, columns } })).rejects.toThrow(
      /^it was trained on other data \(SHA-256 [0-9a-f]{12}\) than these \([0-9a-f]{12}\): give it its own$/,
    )
  })

  it('is refused with another core', async () => {
    const other = resealed((await halfway()).checkpoint, ({ metadata }) => {
      metadata['core'] = JSON.stringify('0'.repeat(64))
    })
    await expect(run({}, { resume: other })).rejects.toThrow(
      /^it was written with core module 000000000000, this is [0-9a-f]{12}: resume it with the version that wrote it$/,
    )
  })

  it('is refused when it holds a policy alone', async () => {
    const { best } = await halfway()
    await expect(run({}, { resume: best!.bytes })).rejects.toThrow('it holds a policy and no run')
  })

  it.each([1, 3])('is refused when it is of version %d', async (version) => {
    const other = resealed((await halfway()).checkpoint, ({ metadata }) => {
      metadata['format'] = `ddpg-wasm checkpoint ${version}`
    })
    await expect(run({}, { resume: other })).rejects.toThrow(
      `expected a file of format "ddpg-wasm checkpoint 2", found "ddpg-wasm checkpoint ${version}"`,
    )
  })

  it('is refused when a tensor has another shape, by its name', async () => {
    const whole = (await halfway()).checkpoint
    for (const name of ['actor.0.weight', 'replay_obs', 'random', 'obs', 'environment']) {
      const other = resealed(whole, ({ tensors }) => {
        const { shape, data } = tensors[name]!
        tensors[name] =
          shape.length > 1
            ? { shape: shape.toReversed(), data }
            : { shape: [shape[0]! - 1], data: data.slice(1) }
      })
      await expect(run({}, { resume: other }), name).rejects.toThrow(
        new RegExp(`^tensor ${name} has shape \\[[\\d,]+\\], expected \\[[\\d,]+\\]$`),
      )
    }
  })
})

describe('a checkpoint of another origin', () => {
  it('is refused when it holds numbers that are not finite, by the name of the tensor', async () => {
    const { checkpoint, best } = (await run()).result
    for (const value of [NaN, Infinity, -Infinity])
      for (const bytes of [checkpoint, best!.bytes]) {
        const other = resealed(bytes, ({ tensors }) => void (tensors['actor.0.weight']!.data[1] = value))
        expect(() => openCheckpoint(other)).toThrow('tensor actor.0.weight holds numbers that are not finite')
      }
  })
})

describe('a damaged checkpoint', () => {
  const random = generator(2)
  const below = (n: number): number => Math.floor(random() * n)

  function sentenceFor(bytes: Uint8Array): string {
    try {
      openCheckpoint(bytes)
    } catch (error) {
      expect((error as Error).constructor).toBe(DdpgError) // thrown on purpose
      return (error as Error).message
    }
    return 'loaded'
  }
  const SENTENCES = new RegExp(
    '^(not a safetensors file[ ,:].*|damaged or cut: its content does not match its checksum' +
      '|expected a file of format "ddpg-wasm checkpoint 2", found .*)$', // without s: one line
  )

  it('is refused in a sentence: 200 changes of a byte', async () => {
    const { checkpoint } = (await run()).result
    expect(sentenceFor(checkpoint)).toBe('loaded')
    for (let i = 0; i < 200; i++) {
      const [at, change] = [below(checkpoint.length), 1 + below(255)]
      const damaged = checkpoint.with(at, checkpoint[at]! ^ change)
      expect(sentenceFor(damaged), `byte ${at} changed by ${change}`).toMatch(SENTENCES)
    }
  })

  it('is refused in a sentence: 200 beginnings', async () => {
    const { checkpoint } = (await run()).result
    for (let i = 0; i < 200; i++) {
      const length = i < 100 ? below(checkpoint.length) : checkpoint.length - 1 - i
      expect(sentenceFor(checkpoint.subarray(0, length)), `${length} bytes`).toMatch(SENTENCES)
    }
  })

  it('is refused in a sentence: each bit of the header’s length, each byte of the checksum, more at the end', async () => {
    const { checkpoint } = (await run()).result
    for (let bit = 0; bit < 64; bit++)
      expect(sentenceFor(checkpoint.with(bit >> 3, checkpoint[bit >> 3]! ^ (1 << (bit & 7))))).toMatch(
        SENTENCES,
      )
    for (let at = checkpoint.length - 32; at < checkpoint.length; at++)
      expect(sentenceFor(checkpoint.with(at, checkpoint[at]! ^ 1))).toMatch(SENTENCES)
    expect(sentenceFor(new Uint8Array([...checkpoint, 0]))).toMatch(SENTENCES)
  })
})

describe('the size of a checkpoint', () => {
  it.each(environments)('grows by 8·obsDim + 4·actionDim + 6 bytes a transition in %s', async (_, env) => {
    const at = async (steps: number) => {
      const training = { frames_per_batch: 10, init_rand_steps: 100 } // nothing is learned, no episode ends
      const options = { shouldStop: (events: TrialEvent[]) => events.at(-1)!.step === steps }
      const { checkpoint } = (await run({ env, training }, options)).result
      const { info, tensors } = openCheckpoint(checkpoint)
      const header = 8 + Number(new DataView(checkpoint.buffer).getBigUint64(0, true))
      const replay = Object.entries(tensors).filter(([name]) => name.startsWith('replay_'))
      const bytes = replay.reduce((sum, [, { data }]) => sum + data.byteLength, 0)
      return { info, content: checkpoint.length - header, bytes }
    }
    const [ten, twenty] = [await at(10), await at(20)]
    const { obsDim, actionDim } = ten.info
    const each = 8 * obsDim + 4 * actionDim + 6
    expect(twenty.bytes).toBe(20 * each)
    expect(twenty.content - ten.content).toBe(10 * each)
  })
})
