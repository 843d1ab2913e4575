// A learner can be saved as named tensors and restored to the bit, its replay buffer too.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint, writeCheckpoint } from '../../src/trial/checkpoint.ts'
import { learnerTensors, replayTensors, setLearnerTensors, setReplayTensors } from '../../src/core/tensors.ts'
import { createCore } from '../../src/core/core.ts'
import { createLearner, type Learner, type LearnerOptions } from '../../src/core/learner.ts'
import { loadModule } from '../../src/core/module.ts'
import { readSafetensors, writeSafetensors } from '../../src/core/safetensors.ts'
import { loadPolicy } from '../../src/trial/trial.ts'
import { generator } from '../env/helpers.ts'
import { expectAllClose } from '../helpers/allclose.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'
import { resealed } from '../helpers/trial.ts'
import { parse } from '../scenario/helpers.ts'

const module = await loadModule()
const [OBS, ACTIONS] = [5, 3]

const { scenario } = parse(
  JSON.stringify({
    seed: 6,
    network: { actor_hidden_dims: [7, 6], critic_hidden_dims: [9] },
    training: { sample_size: 4, buffer_size: 8, noise: { type: 'ou', sigma: 0.3 } },
  }),
)
const statistics = {
  noFeatures: false,
  firstClose: 50000.1,
  scales: [{ name: 'feature_return', offset: -1e-7, scale: 0.1 + 0.2 }],
}
const OPTIONS: LearnerOptions = {
  obsDim: OBS,
  actionDim: ACTIONS,
  actorHiddenDims: [7, 6],
  criticHiddenDims: [9],
  batchSize: 4,
  capacity: 8,
  init: 'torch',
  noise: { type: 'ou', theta: 0.15, dt: 0.01 },
}

/** Acts, stores and updates on random observations. */
function live(learner: Learner, steps: number, seed: number): void {
  const random = generator(seed)
  for (let step = 0; step < steps; step++) {
    learner.obs.set(Array.from({ length: OBS }, () => 2 * random() - 1))
    learner.act(0.3)
    learner.nextObs.set(Array.from({ length: OBS }, () => 2 * random() - 1))
    learner.observe(random(), random() < 0.1, random() < 0.1)
    learner.update()
  }
}

async function newLearner(seed: number, options: Partial<LearnerOptions> = {}): Promise<Learner> {
  return createLearner({ ...OPTIONS, ...options }, await createCore(module, seed))
}

const trained = await newLearner(1)
live(trained, 43, 1)
const info = {
  scenario,
  statistics,
  step: 1234,
  obsDim: OBS,
  actionDim: ACTIONS,
  core: module.sha256,
  data: 'd'.repeat(64),
}
const write = () => writeCheckpoint({ info, tensors: learnerTensors(trained), run: undefined })
const bytes = write()

/** Shapes of a network's Linear layers, as PyTorch has them in nn.Sequential. */
function layers(prefix: string, dims: number[]): [string, number[]][] {
  return dims.slice(1).flatMap((O, layer): [string, number[]][] => [
    [`${prefix}.${2 * layer}.weight`, [O, dims[layer]!]],
    [`${prefix}.${2 * layer}.bias`, [O]],
  ])
}
const SHAPES = Object.fromEntries([
  ...['actor', 'actor_target', 'actor_exp_avg', 'actor_exp_avg_sq'].flatMap((prefix) =>
    layers(prefix, [OBS, 7, 6, ACTIONS]),
  ),
  ...['critic', 'critic_target', 'critic_exp_avg', 'critic_exp_avg_sq'].flatMap((prefix) =>
    layers(prefix, [OBS + ACTIONS, 9, 1]),
  ),
  ['counters', [5]],
  ['noise', [ACTIONS]],
  ['random', [6, 2]],
  ['sha256', [32]],
])

describe('a checkpoint', () => {
  it('has every tensor, named and shaped as PyTorch would have it', () => {
    const { tensors } = readSafetensors(bytes)
    expect(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))).toEqual(
      SHAPES,
    )
    const special = { counters: Float64Array, random: BigUint64Array, sha256: Uint8Array }
    for (const [name, { data, shape }] of Object.entries(tensors)) {
      expect(data.constructor, name).toBe(special[name as keyof typeof special] ?? Float32Array)
      expect(data.length, name).toBe(shape.reduce((product, n) => product * n, 1))
      // a block that was never filled would be all zero
      expect(
        Array.from(data as Iterable<number | bigint>).some((x) => Number(x) !== 0),
        name,
      ).toBe(true)
    }
    expect(tensors['counters']!.data[0]).toBe(43)
  })

  it('says of itself what it is and what it was trained with', () => {
    expect(readCheckpoint(bytes)).toEqual(info)
    expect(openCheckpoint(bytes).run).toBeUndefined()
    expect(readSafetensors(bytes).metadata['format']).toBe('ddpg-wasm checkpoint 2')
  })

  it('takes each weight from where the core has it, with two questions a unit', async () => {
    // every panel width, first and last layers, and layers of one input, which have no second
    const dims = [1, 3, 33, 1, 60, 17]
    const options = { obsDim: 1, actionDim: 4, actorHiddenDims: dims, criticHiddenDims: dims.toReversed() }
    const learner = await newLearner(5, options)
    const x = learner.core.exports
    let questions = 0
    const weightOffset: typeof x.weightOffset = (...args) => (questions++, x.weightOffset(...args))
    const tensors = learnerTensors({
      ...learner,
      core: { ...learner.core, exports: { ...x, weightOffset } },
    })
    for (const [prefix, network, widths] of [
      ['actor', 0, [1, ...dims, 4]],
      ['critic', 1, [5, ...dims.toReversed(), 1]],
    ] as const) {
      const block = new Float32Array(x.memory.buffer, x.blockAddress(network, 0) >>> 0)
      widths.slice(1).forEach((O, layer) => {
        const I = widths[layer]!
        const expected = Array.from({ length: O * I }, (_, n) => {
          const [i, o] = [n % I, (n - (n % I)) / I]
          return block[x.weightOffset(network, layer, i, o)]!
        })
        expect(Array.from(tensors[`${prefix}.${2 * layer}.weight`]!.data as Float32Array)).toEqual(expected)
      })
    }
    const units = 2 * dims.reduce((sum, n) => sum + n, 0) + 4 + 1
    expect(questions).toBeLessThanOrEqual(4 * 2 * units) // four blocks
  })

  it('has the same bytes for the same learner', () => {
    expect(write()).toEqual(bytes)
  })

  it('is a copy: the learner goes on without changing it', async () => {
    const learner = await newLearner(2)
    const tensors = learnerTensors(learner)
    const before = structuredClone(tensors)
    live(learner, 10, 2)
    expect(tensors).toEqual(before)
    expect(learnerTensors(learner)).not.toEqual(before)
  })

  it('gives the same policy, to the bit', async () => {
    const { learner } = await loadPolicy(bytes, module)
    const random = generator(7)
    const observations = Array.from({ length: 100 * OBS }, () => 6 * random() - 3)
    expect(learner.policy(observations)).toEqual(trained.policy(observations))
    expect(learner.options).toMatchObject({ obsDim: OBS, actionDim: ACTIONS, capacity: 1 })
  })

  it('restores everything but the replay buffer, which begins empty', async () => {
    const learner = await newLearner(99)
    setLearnerTensors(learner, readSafetensors(bytes).tensors)
    const { counters, ...rest } = learnerTensors(learner)
    const { counters: stored, ...expected } = learnerTensors(trained)
    expect(rest).toEqual(expected)
    expect(Array.from(counters!.data as Float64Array)).toEqual([43, 0, 0, stored!.data[3], stored!.data[4]])
    expect([learner.updates, learner.replaySize]).toEqual([43, 0])
  })

  it('lets training go on with the same bits once the replay buffer is filled', async () => {
    const fill = (learner: Learner) => {
      for (let i = 0; i < 8; i++) {
        learner.obs.set([i, 1, 2, 3, 4])
        learner.nextObs.set([i, 2, 3, 4, 5])
        learner.action.fill(i / 8)
        learner.observe(i, i === 3, false)
      }
    }
    // 40 steps are a multiple of the 8 that replay holds, so both write the same rows
    const [original, restored] = [await newLearner(1), await newLearner(99)]
    live(original, 40, 1)
    setLearnerTensors(
      restored,
      readSafetensors(writeSafetensors({ tensors: learnerTensors(original), metadata: {} })).tensors,
    )
    fill(original)
    fill(restored)
    live(original, 24, 5)
    live(restored, 24, 5)
    expect(learnerTensors(restored)).toEqual(learnerTensors(original))
  })
})

describe('the replay buffer of a checkpoint', () => {
  /** Transitions of which no two numbers are alike. */
  function fill(learner: Learner, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      learner.obs.set(Array.from({ length: OBS }, (_, k) => i + k / 10))
      learner.nextObs.set(Array.from({ length: OBS }, (_, k) => -i - k / 10))
      learner.action.set([i / 100, i / 200, i / 400])
      learner.observe(i / 7, i % 3 === 0, i % 4 === 0)
    }
  }

  it.each([
    [5, [0, 1, 2, 3, 4]],
    [8, [0, 1, 2, 3, 4, 5, 6, 7]],
    [11, [8, 9, 10, 3, 4, 5, 6, 7]], // the ring goes on at its beginning
  ])('holds what was stored: %d transitions', async (stored, rows) => {
    const learner = await newLearner(1)
    fill(learner, 0, stored)
    const tensors = replayTensors(learner)
    expect(Object.entries(tensors).map(([name, { shape }]) => [name, shape])).toEqual([
      ['replay_obs', [rows.length, OBS]],
      ['replay_action', [rows.length, ACTIONS]],
      ['replay_reward', [rows.length, 1]],
      ['replay_next_obs', [rows.length, OBS]],
      ['replay_terminated', [rows.length]],
      ['replay_truncated', [rows.length]],
    ])
    const numbers = (name: string) => Array.from(tensors[name]!.data as Float32Array)
    const f32 = (values: number[]) => values.map(Math.fround)
    expect(numbers('replay_obs')).toEqual(f32(rows.flatMap((i) => [0, 1, 2, 3, 4].map((k) => i + k / 10))))
    expect(numbers('replay_next_obs')).toEqual(
      f32(rows.flatMap((i) => [0, 1, 2, 3, 4].map((k) => -i - k / 10))),
    )
    expect(numbers('replay_action')).toEqual(f32(rows.flatMap((i) => [i / 100, i / 200, i / 400])))
    expect(numbers('replay_reward')).toEqual(f32(rows.map((i) => i / 7)))
    expect(numbers('replay_terminated')).toEqual(rows.map((i) => (i % 3 === 0 ? 1 : 0)))
    expect(numbers('replay_truncated')).toEqual(rows.map((i) => (i % 4 === 0 ? 1 : 0)))
  })

  it.each([5, 8, 11])('is restored, and goes on where it was: %d transitions', async (stored) => {
    const [learner, restored] = [await newLearner(1), await newLearner(2)]
    fill(learner, 0, stored)
    const tensors = { ...learnerTensors(learner), ...replayTensors(learner) }
    setLearnerTensors(restored, tensors)
    setReplayTensors(restored, tensors)
    expect(replayTensors(restored)).toEqual(replayTensors(learner))
    for (const one of [learner, restored]) fill(one, stored, stored + 6)
    expect(replayTensors(restored)).toEqual(replayTensors(learner))
    expect(learnerTensors(restored)).toEqual(learnerTensors(learner))
  })

  it('is refused when it does not fit', async () => {
    const learner = await newLearner(1)
    fill(learner, 0, 8)
    const tensors = { ...learnerTensors(learner), ...replayTensors(learner) }
    const smaller = await newLearner(1, { capacity: 7 })
    expect(() => setReplayTensors(smaller, tensors)).toThrow(
      'the replay buffer of 8 transitions does not fit into 7',
    )
    const { replay_truncated: _, ...without } = tensors
    expect(() => setReplayTensors(learner, without)).toThrow('tensor replay_truncated is missing')
  })
})

describe('loading refuses', () => {
  const file = readSafetensors(bytes)
  const otherwise = (changes: object, metadata: object = {}) =>
    resealed(bytes, (content) => {
      Object.assign(content.tensors, changes)
      Object.assign(content.metadata, metadata)
    })

  it('metadata that are not sound', () => {
    const { statistics: _, ...without } = file.metadata
    const refuse = (metadata: object) => () =>
      readCheckpoint(resealed(bytes, (content) => (content.metadata = metadata as Record<string, string>)))
    expect(refuse(without)).toThrow('its statistics is missing')
    expect(refuse({ ...file.metadata, step: '"1"' })).toThrow(
      'its step is missing, or is not what a run writes',
    )
    expect(refuse({ ...file.metadata, scenario: '{ data: { train_size: a } }' })).toThrow(
      'its scenario:1: data.train_size must be a number or null, got "a"',
    )
  })

  it('numbers that are not finite', () => {
    const weight = file.tensors['actor.0.weight']!
    const data = (weight.data as Float32Array).slice().fill(NaN, 3, 4)
    expect(() => readCheckpoint(otherwise({ 'actor.0.weight': { ...weight, data } }))).toThrow(
      'tensor actor.0.weight holds numbers that are not finite',
    )
  })

  it('a file of another format', async () => {
    const foreign = resealed(bytes, (content) => (content.metadata = {}))
    await expect(loadPolicy(foreign, module)).rejects.toThrow(
      'expected a file of format "ddpg-wasm checkpoint 2", found none',
    )
    await expect(loadPolicy(otherwise({}, { format: 'pt' }), module)).rejects.toThrow(
      'expected a file of format "ddpg-wasm checkpoint 2", found "pt"',
    )
  })

  it('a file that is cut off', async () => {
    await expect(loadPolicy(bytes.subarray(0, bytes.length - 100), module)).rejects.toThrow(
      'damaged or cut: its content does not match its checksum',
    )
    await expect(loadPolicy(bytes.subarray(0, 500), module)).rejects.toThrow(
      'not a safetensors file, or only the beginning of one',
    )
  })

  it('a tensor of another shape, by its name', async () => {
    const transposed = { ...file.tensors['actor.2.weight']!, shape: [7, 6] }
    await expect(loadPolicy(otherwise({ 'actor.2.weight': transposed }), module)).rejects.toThrow(
      'tensor actor.2.weight has shape [7,6], expected [6,7]',
    )
    const { tensors } = readSafetensors(bytes)
    const wider = await newLearner(0, { criticHiddenDims: [10] })
    expect(() => setLearnerTensors(wider, tensors)).toThrow(
      'tensor critic.0.weight has shape [9,8], expected [10,8]',
    )
    const fewer = await newLearner(0, { actionDim: 2 })
    expect(() => setLearnerTensors(fewer, tensors)).toThrow(/^tensor actor\.4\.weight has shape \[3,6\]/)
  })

  it('a tensor that is missing, by its name', async () => {
    const learner = await newLearner(3)
    for (const name of ['actor.0.weight', 'critic_exp_avg_sq.2.bias', 'random']) {
      const { [name]: _, ...rest } = file.tensors
      expect(() => setLearnerTensors(learner, rest)).toThrow(`tensor ${name} is missing`)
    }
  })

  it('a tensor of other numbers, by its name', async () => {
    const learner = await newLearner(3)
    for (const [name, data] of [
      ['actor.0.bias', new Float64Array(7)],
      ['counters', new Float32Array(5)],
      ['random', new Float64Array(12)],
    ] as const) {
      const tensors = { ...file.tensors, [name]: { ...file.tensors[name]!, data } }
      expect(() => setLearnerTensors(learner, tensors), name).toThrow(
        new RegExp(`^tensor ${name} has dtype F\\d\\d, expected \\w\\d\\d$`),
      )
    }
  })

  it('without having changed anything', async () => {
    const learner = await newLearner(3)
    const before = learnerTensors(learner)
    for (const name of ['actor.0.weight', 'critic_exp_avg_sq.2.bias', 'counters', 'noise', 'random']) {
      const { [name]: _, ...rest } = file.tensors
      expect(() => setLearnerTensors(learner, rest)).toThrow()
      expect(learnerTensors(learner), name).toEqual(before)
    }
  })
})

describeWithPython('a checkpoint in Python', () => {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('opens, tells its metadata, and gives an actor with the same actions in NumPy', () => {
    const [checkpoint, observations] = [join(folder, 'x.safetensors'), join(folder, 'observations.json')]
    writeFileSync(checkpoint, bytes)
    const random = generator(8)
    const rows = Array.from({ length: 100 }, () => Array.from({ length: OBS }, () => 6 * random() - 3))
    writeFileSync(observations, JSON.stringify(rows))
    const seen = runPython('core/tensors_peer.py', checkpoint, observations) as {
      tensors: Record<string, [string, number[]]>
      metadata: Record<string, string>
      actions: number[][]
    }
    const dtypes: Record<string, string> = { counters: 'float64', random: 'uint64', sha256: 'uint8' }
    expect(seen.tensors).toEqual(
      Object.fromEntries(
        Object.entries(SHAPES).map(([name, shape]) => [name, [dtypes[name] ?? 'float32', shape]]),
      ),
    )
    expect(JSON.parse(seen.metadata['scenario']!)).toEqual(scenario)
    expect(JSON.parse(seen.metadata['statistics']!)).toEqual(statistics)
    expect(seen.metadata['step']).toBe('1234')
    const actions = trained.policy(rows.flat())
    expectAllClose(actions, seen.actions.flat(), { absolute: 1e-6, what: 'actions' })
    // actions that are all alike, or all at the bounds, would show nothing
    expect(Math.max(...actions) - Math.min(...actions)).toBeGreaterThan(0.2)
    expect(Math.max(...actions.map(Math.abs))).toBeLessThan(1)
  })

  it('is read from the file as from memory', async () => {
    const path = join(folder, 'y.safetensors')
    writeFileSync(path, bytes)
    const { learner } = await loadPolicy(readFileSync(path), module)
    expect(learner.policy([1, 2, 3, 4, 5])).toEqual(trained.policy([1, 2, 3, 4, 5]))
  })
})
