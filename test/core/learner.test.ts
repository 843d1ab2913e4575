// A learner works through its public face: policy, exploration, replay, updates and options.
import { describe, expect, it } from 'vitest'
import { COUNTERS, countersView, recordOf } from '../../src/core/fields.ts'
import { qValues } from '../../src/core/inspect.ts'
import { blockTensors, learnerTensors, replayTensors, setLearnerTensors } from '../../src/core/tensors.ts'
import { createLearner, type LearnerOptions, type Noise } from '../../src/core/learner.ts'
import { createBatchLearner } from '../helpers/kernels.ts'
import { DdpgError } from '../../src/base/errors.ts'

const small = {
  obsDim: 2,
  actionDim: 1,
  batchSize: 4,
  capacity: 8,
  actorHiddenDims: [5],
  criticHiddenDims: [5],
}

async function withTransitions(count: number, options: Partial<LearnerOptions> = {}) {
  const learner = await createLearner({ ...small, ...options })
  for (let i = 0; i < count; i++) {
    learner.obs.set([i, 1])
    learner.nextObs.set([i + 1, 1])
    learner.actUniform()
    learner.observe(i, i % 2 === 0, i % 3 === 0)
  }
  return learner
}

describe('the policy', () => {
  it('gives a row the same bits alone and in any batch, and through act', async () => {
    for (const batchSize of [1, 2, 3, 5, 8, 33]) {
      const learner = await createLearner({
        obsDim: 5,
        actionDim: 3,
        batchSize,
        init: 'torch',
        actorHiddenDims: [17, 9],
        seed: 2,
      })
      const rows = Array.from({ length: 40 }, (_, row) =>
        Array.from({ length: 5 }, (_, i) => Math.sin(row * 5 + i)),
      )
      const together = learner.policy(rows.flat())
      rows.forEach((row, i) => {
        expect(learner.policy(row)).toEqual(together.slice(3 * i, 3 * i + 3))
        learner.obs.set(row)
        learner.act(0)
        expect(learner.action).toEqual(together.slice(3 * i, 3 * i + 3))
      })
    }
  })

  it('leaves the learner as it is', async () => {
    const [asked, unasked] = [await withTransitions(8), await withTransitions(8)]
    asked.policy([1, 2, 3, 4, 5, 6])
    expect(asked.update()).toEqual(unasked.update())
    expect(learnerTensors(asked)).toEqual(learnerTensors(unasked))
  })
})

describe('the policy refuses', () => {
  it.each([
    [3, undefined, 'obs must hold rows of 2 numbers, got 3'],
    [1, undefined, 'obs must hold rows of 2 numbers, got 1'],
    [4, 1, 'obs must hold 1 × 2 numbers, got 4'],
    [2, 2, 'obs must hold 2 × 2 numbers, got 2'],
  ])('%i numbers for %s rows', async (length, rows, message) => {
    const learner = await createLearner(small)
    const obs = new Float32Array(length)
    const ask = () => (rows === undefined ? learner.policy(obs) : learner.policy(obs, rows))
    expect(ask).toThrow(new DdpgError(message))
  })
})

describe('initialisation', () => {
  it('small: hidden layers U(±1/√fan_in), last weights U(±0.003), last bias 0; targets are copies', async () => {
    const learner = await createLearner({
      obsDim: 30,
      actionDim: 4,
      actorHiddenDims: [50, 40],
      criticHiddenDims: [60],
    })
    const tensors = learnerTensors(learner)
    const largest = (name: string) => Math.max(...Array.from(tensors[name]!.data as Float32Array, Math.abs))
    for (const [name, fanIn] of [
      ['actor.0.weight', 30],
      ['actor.2.bias', 50],
      ['critic.0.weight', 34],
    ] as const) {
      expect(largest(name)).toBeLessThanOrEqual(1 / Math.sqrt(fanIn))
      expect(largest(name)).toBeGreaterThan(0.9 / Math.sqrt(fanIn))
    }
    expect(largest('actor.4.weight')).toBeLessThanOrEqual(0.003)
    expect(largest('actor.4.weight')).toBeGreaterThan(0.0027)
    expect(largest('actor.4.bias')).toBe(0)
    for (const [name, { data }] of Object.entries(tensors)) {
      const online = /^(actor|critic)\./.test(name) && tensors[name.replace('.', '_target.')]
      if (online) expect(online.data).toEqual(data)
    }
  })

  it('torch: U(±1/√fan_in) in the last layer too', async () => {
    const learner = await createLearner({ obsDim: 3, actionDim: 64, init: 'torch', actorHiddenDims: [16] })
    const last = learnerTensors(learner)['actor.2.weight']!.data as Float32Array
    expect(Math.max(...last)).toBeGreaterThan(0.23)
    expect(Math.max(...last.map(Math.abs))).toBeLessThanOrEqual(0.25)
  })

  it('depends on the seed alone', async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => createLearner({ ...small, seed })))
    expect(learnerTensors(a!)).toEqual(learnerTensors(b!))
    expect(learnerTensors(a!)['actor.0.weight']).not.toEqual(learnerTensors(c!)['actor.0.weight'])
  })
})

describe('exploration', () => {
  it('adds Gaussian noise of deviation sigma, clamped to [-1, 1]', async () => {
    const learner = await createLearner({ ...small, seed: 4 })
    const draw = (sigma: number) =>
      Array.from({ length: 20_000 }, () => {
        learner.act(sigma)
        return learner.action[0]!
      })
    const mean = draw(0)[0]!
    const noise = draw(0.1).map((action) => action - mean)
    expect(Math.sqrt(noise.reduce((sum, n) => sum + n * n, 0) / noise.length)).toBeCloseTo(0.1, 2)
    const wild = draw(5)
    expect(Math.max(...wild)).toBe(1)
    expect(Math.min(...wild)).toBe(-1)
  })

  it('follows the Ornstein–Uhlenbeck process, which begins at zero after resetNoise', async () => {
    const [theta, dt, sigma] = [0.15, 0.01, 0.2]
    const learner = await createLearner({ ...small, noise: { type: 'ou', theta, dt } })
    learner.act(0)
    const mean = learner.action[0]!
    let previous = 0
    const innovations = Array.from({ length: 5000 }, () => {
      learner.act(sigma)
      const x = learner.action[0]! - mean
      const innovation = (x - previous * (1 - theta * dt)) / (sigma * Math.sqrt(dt))
      previous = x
      return innovation
    })
    const n = innovations.length
    expect(Math.abs(innovations.reduce((sum, e) => sum + e, 0) / n)).toBeLessThan(4 / Math.sqrt(n))
    expect(innovations.reduce((sum, e) => sum + e * e, 0) / n).toBeCloseTo(1, 1)
    const noise = () => Array.from(learnerTensors(learner)['noise']!.data as Float32Array)
    expect(noise()).toEqual([expect.closeTo(previous, 5)])
    learner.resetNoise()
    expect(noise()).toEqual([0])
  })

  it('acts uniformly in [-1, 1]', async () => {
    const learner = await createLearner({ ...small, actionDim: 2 })
    const actions = Array.from({ length: 10_000 }, () => {
      learner.actUniform()
      return [...learner.action]
    }).flat()
    expect(actions.every((action) => action >= -1 && action <= 1)).toBe(true)
    expect(actions.reduce((sum, a) => sum + a * a, 0) / actions.length).toBeCloseTo(1 / 3, 1)
    expect(Math.abs(actions.reduce((sum, a) => sum + a, 0) / actions.length)).toBeLessThan(0.03)
  })
})

describe('replay', () => {
  it('samples the newest transitions, all alike, when it is full', async () => {
    const { learner, kernels } = await createBatchLearner(small)
    for (let i = 0; i < 11; i++) {
      learner.obs.set([i, -i])
      learner.nextObs.set([i + 1, 0])
      learner.actUniform()
      learner.observe(i, i % 2 === 0, i % 3 === 0)
    }
    expect(learner.replaySize).toBe(8)
    const counts = new Map<number, number>()
    const view = (address: number, length: number) =>
      new Float32Array(kernels.memory.buffer, address >>> 0, length)
    for (let i = 0; i < 4000; i++) {
      learner.update()
      const [rewards, batch] = [view(kernels.rewardAddress(), 4), view(kernels.batchAddress(), 12)]
      const [terminated, nextBatch] = [
        view(kernels.terminatedAddress(), 4),
        view(kernels.nextBatchAddress(), 12),
      ]
      rewards.forEach((reward, b) => {
        counts.set(reward, (counts.get(reward) ?? 0) + 1)
        expect([batch[3 * b], batch[3 * b + 1], nextBatch[3 * b]]).toEqual([reward, -reward, reward + 1])
        expect(terminated[b]).toBe(reward % 2 === 0 ? 1 : 0) // truncation, every third, is stored apart
      })
    }
    expect([...counts.keys()].toSorted((x, y) => x - y)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)
    expect(chiSquare).toBeLessThan(24.3) // 0.999 quantile for 7 degrees of freedom
  })

  it('is needed before an update', async () => {
    await expect(createLearner(small).then((learner) => learner.update())).rejects.toThrow(
      'update needs a stored transition',
    )
  })

  it('refuses what is not finite, and stores nothing of it', async () => {
    const learner = await withTransitions(3)
    expect(() => learner.observe(NaN, false, false)).toThrow(
      new DdpgError('the reward must be finite, got NaN'),
    )
    // finite as f64, not as the f32 that is stored
    expect(() => learner.observe(1e39, false, false)).toThrow(
      new DdpgError('the reward must be finite, got 1e+39'),
    )
    const before = replayTensors(learner)
    for (const name of ['obs', 'action', 'nextObs'] as const) {
      for (const value of [Infinity, -Infinity, NaN]) {
        const view = learner[name]
        const kept = view.slice()
        view[view.length - 1] = value
        expect(() => learner.observe(1, false, false), `${name} ${value}`).toThrow(
          new DdpgError('observations and actions must be finite'),
        )
        view.set(kept)
      }
    }
    expect(learner.replaySize).toBe(3)
    expect(replayTensors(learner)).toEqual(before)
  })
})

describe('an update', () => {
  it.each([
    ['one that goes on', false, false, true],
    ['a truncated one', false, true, true],
    ['a terminated one', true, false, false],
    ['one that is both', true, true, false],
  ])('bootstraps from truncated transitions, not from terminated ones: %s', async (_, ...flags) => {
    const [terminated, truncated, bootstraps] = flags
    const options = { ...small, init: 'torch', batchSize: 1, gamma: 0.5 } as const
    const { learner, targetQ } = await createBatchLearner(options)
    learner.obs.set([1, 2])
    learner.action.set([0.5])
    learner.nextObs.set([2, 1])
    learner.observe(3, terminated, truncated)
    // targets are copies of the networks until they have been updated
    const [nextQ] = qValues(learner, learner.nextObs, learner.policy(learner.nextObs))
    expect(Math.abs(nextQ!)).toBeGreaterThan(1e-3)
    learner.update()
    expect(targetQ[0]).toBeCloseTo(bootstraps ? 3 + 0.5 * nextQ! : 3, 5)
  })

  it('names the update and the quantity that is not finite', async () => {
    const learner = await withTransitions(8, { criticLr: 1e30 })
    expect(() => {
      for (let i = 0; i < 20; i++) learner.update()
    }).toThrow(
      /^(critic|actor) (loss|gradient|weights) not finite at update \d+: lower actorLr or criticLr \(training\.actor_lr, training\.critic_lr\) or the reward scale$/,
    )
  })

  it.each([
    ['critic loss', 'critic.2.bias', Infinity],
    ['actor loss', 'actor.0.weight', NaN],
    ['actor gradient', 'actor.0.weight', Infinity],
  ])('finds that the %s is not finite', async (quantity, name, value) => {
    const learner = await withTransitions(8)
    const tensors = learnerTensors(learner)
    tensors[name]!.data[0] = value
    const size = learner.replaySize
    setLearnerTensors(learner, tensors)
    recordOf(countersView(learner.core.exports), COUNTERS).replaySize = size
    expect(() => learner.update()).toThrow(`${quantity} not finite at update 1`)
  })

  it.each([
    ['critic gradient', {}, 3e38], // whose square is finite as f64, and twice of it not as f32
    ['critic weights', { criticLr: 1e300 }, 1],
    ['actor weights', { actorLr: 1e300 }, 1],
  ])('finds that the %s are not finite', async (quantity, options, reward) => {
    const learner = await createLearner({ ...small, ...options })
    learner.obs.set([1, 1])
    learner.actUniform()
    learner.observe(reward, true, false)
    expect(() => learner.update()).toThrow(`${quantity} not finite at update 1`)
  })

  it('clips a gradient to its greatest norm, of which a millionth is added to what it has', async () => {
    const { learner, kernels, setBatch } = await createBatchLearner({ ...small, maxGradNorm: 2e-6 })
    const tensors = learnerTensors(learner)
    for (const [name, { data }] of Object.entries(tensors))
      if (/^(actor|critic)/.test(name)) (data as Float32Array).fill(0)
    setLearnerTensors(learner, tensors)
    // Q is 0, so that the gradient is that of the last bias alone: 2 (0 − 1e-6)
    const rows = <T>(row: T) => Array<T>(small.batchSize).fill(row)
    setBatch({
      obs: rows([0, 0]),
      action: rows([0]),
      reward: rows(1e-6),
      nextObs: rows([0, 0]),
      terminated: rows(1),
    })
    kernels.learn()
    const moment = learnerTensors(learner)['critic_exp_avg.2.bias']!.data[0] as number
    expect(moment / (0.1 * -2e-6)).toBeCloseTo(2e-6 / (2e-6 + 1e-6), 5)
  })

  it('takes moments for zero that are about to become subnormal', async () => {
    const { learner, kernels, setBatch } = await createBatchLearner(small)
    const tensors = learnerTensors(learner)
    const moments = Object.entries(tensors).filter(([name]) => name.startsWith('actor_exp_avg'))
    for (const [name, { data }] of Object.entries(tensors))
      if (/^(actor|critic)/.test(name)) (data as Float32Array).fill(0)
    // a critic of zeros gives the actor no gradient: its moments decay, by a tenth and by a thousandth
    for (const [name, { data }] of moments)
      (data as Float32Array).fill(name.includes('_sq') ? 1.0005e-30 : 1.05e-30)
    setLearnerTensors(learner, tensors)
    const rows = <T>(row: T) => Array<T>(small.batchSize).fill(row)
    setBatch({
      obs: rows([0, 0]),
      action: rows([0]),
      reward: rows(1),
      nextObs: rows([0, 0]),
      terminated: rows(1),
    })
    kernels.learn()
    const after = learnerTensors(learner)
    for (const [name] of moments)
      expect(Array.from(after[name]!.data as Float32Array).filter(Boolean), name).toEqual([])
  })

  it('leaves no subnormal number in the moments when gradients vanish', async () => {
    const { learner, kernels, setBatch } = await createBatchLearner({
      ...small,
      batchSize: 1,
      actorLr: 0,
      criticLr: 0,
      gamma: 0,
      criticLoss: 'l1',
    })
    const batch = { obs: [[1, 2]], action: [[0.5]], reward: [3], nextObs: [[2, 1]], terminated: [1] }
    setBatch(batch)
    kernels.learn()
    // An observation of zeros lets the first layer's weights have no gradient.
    for (let i = 0; i < 2000; i++) {
      setBatch({ ...batch, obs: [[0, 0]], action: [[0]] })
      kernels.learn()
    }
    const moments = {
      ...blockTensors(learner, 'm', 'critic', 'm'),
      ...blockTensors(learner, 'v', 'critic', 'v'),
    }
    for (const [name, { data }] of Object.entries(moments)) {
      for (const value of data as Float32Array)
        expect(value === 0 || Math.abs(value) >= 1e-30, `${name} ${value}`).toBe(true)
    }
    expect(moments['m.0.weight']!.data.every((value) => value === 0)).toBe(true)
  })
})

describe('options', () => {
  it('are checked all at once', async () => {
    const wrong = {
      obsDim: 0,
      actionDim: 65,
      actorHiddenDims: [],
      criticHiddenDims: [4097],
      batchSize: 5000,
      capacity: 1.5,
      gamma: 2,
      tau: 0,
      actorLr: NaN,
      criticLr: -1,
      actorWeightDecay: -1,
      criticWeightDecay: Infinity,
      maxGradNorm: -1,
      criticLoss: 'l3',
      criticActivation: 'elu',
      init: 'zero',
    }
    const problem = await createLearner(wrong as object as LearnerOptions).catch(
      (error: Error) => error.message,
    )
    expect(String(problem).split('\n')).toEqual([
      'obsDim must be an integer in [1, 4096], got 0',
      'actionDim must be an integer in [1, 64], got 65',
      'batchSize must be an integer in [1, 4096], got 5000',
      'capacity must be an integer in [1, 2147483647], got 1.5',
      'actorHiddenDims must be 1 to 8 integers in [1, 4096], got []',
      'criticHiddenDims must be 1 to 8 integers in [1, 4096], got [4097]',
      'actorLr must be a finite number, at least 0, got null',
      'criticLr must be a finite number, at least 0, got -1',
      'actorWeightDecay must be a finite number, at least 0, got -1',
      'criticWeightDecay must be a finite number, at least 0, got null',
      'maxGradNorm must be a finite number, at least 0, got -1',
      'gamma must be in [0, 1], got 2',
      'tau must be in (0, 1], got 0',
      'criticLoss must be l2 or l1 or smooth_l1, got "l3"',
      'criticActivation must be relu or tanh, got "elu"',
      'init must be small or torch, got "zero"',
    ])
  })

  it.each([
    { type: 'ou' },
    { type: 'ou', theta: 0.15 },
    { type: 'ou', theta: -0.1, dt: 0.01 },
    { type: 'ou', theta: Infinity, dt: 0.01 },
    { type: 'ou', theta: 0.15, dt: 0 },
    { type: 'ou', theta: 0.15, dt: Infinity },
    { type: 'pink' },
  ])('refuse the noise %j, beside what else is wrong', async (noise) => {
    await expect(createLearner({ ...small, gamma: 2, noise: noise as Noise })).rejects.toThrow(
      new DdpgError(
        'gamma must be in [0, 1], got 2\n' +
          'noise must be of type gaussian, or of type ou with a finite theta, at least 0, ' +
          `and a finite dt above 0, got ${JSON.stringify(noise)}`,
      ),
    )
  })

  it('take an Ornstein–Uhlenbeck process without pull', async () => {
    const learner = await createLearner({ ...small, noise: { type: 'ou', theta: 0, dt: 1 } })
    learner.act(0.2)
    expect(Number.isFinite(learner.action[0])).toBe(true)
  })

  it('are the default where they are undefined', async () => {
    const unset = { gamma: undefined, criticHiddenDims: undefined, noise: undefined, seed: undefined }
    const learner = await createLearner({ obsDim: 2, actionDim: 1, ...(unset as object) })
    const left = await createLearner({ obsDim: 2, actionDim: 1 })
    expect(learner.options).toEqual(left.options)
    expect(learner.options).toMatchObject({ gamma: 0.99, criticHiddenDims: [64, 64], seed: 0 })
    expect(learnerTensors(learner)).toEqual(learnerTensors(left))
    await expect(createLearner({ actionDim: 1 } as LearnerOptions)).rejects.toThrow(
      'obsDim must be an integer in [1, 4096], got undefined',
    )
  })

  it.each([
    {
      obsDim: 1,
      actionDim: 1,
      actorHiddenDims: [1],
      criticHiddenDims: [1],
      batchSize: 1,
      capacity: 1,
      gamma: 0,
    },
    {
      obsDim: 4096,
      actionDim: 64,
      actorHiddenDims: Array<number>(8).fill(1),
      criticHiddenDims: [4096],
      batchSize: 1,
      gamma: 1,
      tau: 1,
    },
    { obsDim: 1, actionDim: 1, actorHiddenDims: [4096], criticHiddenDims: [1, 1], batchSize: 4096 },
  ])('may be at their limits: %j', async (options) => {
    const learner = await createLearner({ capacity: 1, ...options })
    learner.actUniform()
    learner.observe(0, false, false)
    expect(Object.values(learner.update()).every(Number.isFinite)).toBe(true)
    expect(learner.policy(learner.obs)).toHaveLength(options.actionDim)
  })
})
