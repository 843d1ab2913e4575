// The module exports and uses what its boundary allows, and its memory is laid out without gaps or overlaps.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { createLearner, memoryProblem, type LearnerOptions } from '../../src/core/learner.ts'
import { learnerTensors } from '../../src/core/tensors.ts'
import type { CoreModule } from '../../src/core/module.ts'
import { debugModule, releaseModule } from '../helpers/kernels.ts'
import { DdpgError } from '../../src/base/errors.ts'

async function trained(module: CoreModule, updates: number, options: Partial<LearnerOptions> = {}) {
  const core = await createCore(module, 5)
  const learner = await createLearner(
    {
      obsDim: 3,
      actionDim: 2,
      batchSize: 9,
      capacity: 50,
      actorHiddenDims: [7, 6],
      criticHiddenDims: [8, 5],
      maxGradNorm: 1,
      ...options,
    },
    core,
  )
  for (let step = 0; step < updates; step++) {
    learner.obs.set([Math.sin(step), Math.cos(step), step % 3])
    if (step < 10) learner.actUniform()
    else learner.act(0.1)
    learner.nextObs.set([Math.sin(step + 1), Math.cos(step + 1), (step + 1) % 3])
    learner.observe(learner.action[0]! * learner.obs[0]!, step % 7 === 0, step % 11 === 0)
    learner.update()
  }
  return learner
}
const bytes = ({ core }: Awaited<ReturnType<typeof trained>>): Uint8Array =>
  new Uint8Array(core.exports.memory.buffer)

describe('the release module', () => {
  it('imports nothing', () => {
    expect(WebAssembly.Module.imports(releaseModule.module)).toEqual([])
  })

  it('exports what the typed interface names, and nothing else', () => {
    const source = readFileSync(new URL('../../src/core/core.ts', import.meta.url), 'utf8')
    const [, body] = /export interface CoreExports .*?\{\n(.*?)\n\}/s.exec(source)!
    const declared = body!.matchAll(/^ {2}(\w+)[(:]/gm)
    const math = ['exp', 'log', 'sin', 'cos', 'tanh', 'pow']
    const expected = [...math, ...[...declared].map((match) => match[1]!)]
    const exported = WebAssembly.Module.exports(releaseModule.module).map(({ name }) => name)
    expect(exported.toSorted()).toEqual(expected.toSorted())
  })

  it('uses no relaxed SIMD, no threads, and stays below 48 KB', () => {
    const code = readFileSync(new URL('../../build/core.wasm', import.meta.url))
    expect(code.length).toBeLessThan(48 * 1024)
    // relaxed SIMD has the opcodes 0x100 to 0x113 behind the prefix of SIMD, which no other bytes of the module look like
    const relaxed = Array.from(code).flatMap((byte, i) =>
      byte === 0xfd && code[i + 1]! >= 0x80 && code[i + 1]! <= 0x93 && code[i + 2] === 2 ? [i] : [],
    )
    expect(relaxed).toEqual([])
    const instance = new WebAssembly.Instance(releaseModule.module, {})
    expect((instance.exports['memory'] as WebAssembly.Memory).buffer).toBeInstanceOf(ArrayBuffer)
    const asconfig = readFileSync(new URL('../../asconfig.json', import.meta.url), 'utf8')
    expect(asconfig).not.toMatch(/relaxed|threads|shared/)
  })
})

describe('memory', () => {
  it('is the same buffer, of the same size, after create and 2000 updates', async () => {
    const learner = await trained(releaseModule, 1)
    const { buffer } = learner.core.exports.memory
    for (let i = 0; i < 2000; i++) learner.update()
    expect(learner.core.exports.memory.buffer).toBe(buffer)
    expect(learner.obs.buffer).toBe(buffer)
  })

  it('is all of the state: copied into another instance, both go on alike', async () => {
    const first = await trained(releaseModule, 40)
    const second = await trained(releaseModule, 1, {})
    bytes(second).set(bytes(first))
    for (const learner of [first, second]) {
      for (let i = 0; i < 20; i++) {
        learner.act(0.3)
        learner.observe(0.5, false, false)
        learner.update()
      }
    }
    expect(bytes(second)).toEqual(bytes(first))
  })

  it('holds the same bits in the debug and the release build', async () => {
    const [debug, release] = [await trained(debugModule, 300), await trained(releaseModule, 300)]
    expect(debug.update()).toEqual(release.update())
    const obs = [0.1, -0.2, 0.3]
    expect(debug.policy(obs)).toEqual(release.policy(obs))
    expect(learnerTensors(debug)).toEqual(learnerTensors(release))
  })

  it('fits the sum of its arrays, and the need is computed beforehand', async () => {
    const [obsDim, capacity] = [8, 100_000]
    const learner = await createLearner({ obsDim, actionDim: 1, capacity, batchSize: 64 })
    const replay = capacity * (4 * (2 * obsDim + 2) + 2)
    const { byteLength } = learner.core.exports.memory.buffer
    expect(byteLength).toBeLessThan(1.05 * replay + 3 * 65536)
    expect(byteLength).toBe(65536 * Math.ceil(learner.core.exports.bytesNeeded() / 65536))
  })

  it.each([
    [
      'replay',
      { obsDim: 4096, actionDim: 1, capacity: 1_000_000 },
      /^the learner needs 30\.5\d GiB of memory, 30\.5\d GiB of it for replay, which is more than the 4 GiB that a learner can have: lower capacity \(training\.buffer_size\)$/,
    ],
    [
      'networks',
      {
        obsDim: 4096,
        actionDim: 1,
        capacity: 1,
        batchSize: 4096,
        criticHiddenDims: Array<number>(8).fill(4096),
        actorHiddenDims: Array<number>(8).fill(4096),
      },
      /^the learner needs \d+\.\d\d GiB of memory, which is more than the 4 GiB that a learner can have: lower actorHiddenDims or criticHiddenDims \(network\.actor_hidden_dims, network\.critic_hidden_dims\) or batchSize \(training\.sample_size\)$/,
    ],
  ])('refuses %s that do not fit in 4 GiB, and tells so beforehand', async (_, options, sentence) => {
    await expect(createLearner(options)).rejects.toThrow(sentence)
    await expect(createLearner(options)).rejects.toThrow(DdpgError)
    const core = await createCore(releaseModule, 0)
    const { byteLength } = core.exports.memory.buffer
    expect(memoryProblem(options, core)).toMatch(sentence)
    expect(core.exports.memory.buffer.byteLength).toBe(byteLength)
  })

  it('is no problem when it fits, and is not asked for with an option out of range', async () => {
    const options = { obsDim: 4096, actionDim: 1, capacity: 100_000 } // 3.05 GiB
    expect(memoryProblem(options, await createCore(releaseModule, 0))).toBeUndefined()
    const core = await createCore(releaseModule, 0)
    expect(() => memoryProblem({ ...options, capacity: 0 }, core)).toThrow('capacity must be an integer')
  })

  it('is one learner, once', async () => {
    const options = { obsDim: 3, actionDim: 1, batchSize: 4, capacity: 8 }
    const refusal = new DdpgError('this core has a learner already: make another one with createCore')
    const core = await createCore(releaseModule, 0)
    const learner = await createLearner(options, core)
    const before = learner.policy([1, 2, 3])
    await expect(createLearner({ ...options, obsDim: 5 }, core)).rejects.toThrow(refusal)
    expect(() => memoryProblem({ ...options, obsDim: 5 }, core)).toThrow(refusal)
    expect(learner.policy([1, 2, 3])).toEqual(before)
    const asked = await createCore(releaseModule, 0)
    memoryProblem(options, asked)
    await expect(createLearner(options, asked)).rejects.toThrow(refusal)
  })
})
