// Updates agree with references that other programs computed: equations restated in Python, and PyTorch.
import { describe, expect, it } from 'vitest'
import { blockTensors, learnerTensors, setLearnerTensors } from '../../src/core/tensors.ts'
import { NETWORK_NAMES } from '../../src/core/fields.ts'
import type { LearnerOptions } from '../../src/core/learner.ts'
import step from '../golden/ddpg_step.json' with { type: 'json' }
import switches from '../golden/ddpg_switches.json' with { type: 'json' }
import trajectory from '../golden/ddpg_trajectory.json' with { type: 'json' }
import { expectAllClose } from '../helpers/allclose.ts'
import { createBatchLearner, type Batch } from '../helpers/kernels.ts'

type BatchLearner = Awaited<ReturnType<typeof createBatchLearner>>
/** The networks by their names here and in the goldens. */
const NETWORKS = {
  actor: 'actor',
  critic: 'critic',
  actor_target: 'target_actor',
  critic_target: 'target_critic',
  critic2: 'critic2',
  critic2_target: 'target_critic2',
} as const
type Network = keyof typeof NETWORKS
const PHASES = {
  actor: 0.1,
  actor_target: 0.2,
  critic: 0.5,
  critic_target: 0.9,
  critic2: 0.7,
  critic2_target: 1.1,
}

/** Sets all parameters: k counts through a network in PyTorch's order. */
function setParameters(
  { learner }: BatchLearner,
  value: (network: Network, k: number, fanIn: number) => number,
): void {
  const tensors = learnerTensors(learner)
  const k = { actor: 0, critic: 0, actor_target: 0, critic_target: 0, critic2: 0, critic2_target: 0 }
  let fanIn = 0
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    const network = name.slice(0, name.indexOf('.')) as Network
    if (!(network in k)) continue
    if (shape.length === 2) fanIn = shape[1]!
    for (let i = 0; i < data.length; i++) data[i] = value(network, k[network]++, fanIn)
  }
  setLearnerTensors(learner, tensors)
}

function parameters(learner: BatchLearner['learner'], network: Network): Float32Array {
  const tensors = Object.entries(learnerTensors(learner)).filter(([name]) => name.startsWith(`${network}.`))
  return Float32Array.from(tensors.flatMap(([, { data }]) => [...(data as Float32Array)]))
}

const grid = (rows: number, columns: number, f: (n: number) => number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i * columns + j)))
const sum = (x: ArrayLike<number>): number => Array.from(x).reduce((a, b) => a + b, 0)

describe('one update against an independent float64 restatement', () => {
  const variants: Record<string, Partial<LearnerOptions>> = {
    l2_delayed_actor: {},
    'l2_online_actor_target(torchrl default)': { delayActor: false },
    smooth_l1_clip1_wd: {
      criticLoss: 'smooth_l1',
      maxGradNorm: 1,
      criticWeightDecay: 1e-3,
      actorWeightDecay: 1e-4,
    },
    'smooth_l1_clip0.05_wd': {
      criticLoss: 'smooth_l1',
      maxGradNorm: 0.05,
      criticWeightDecay: 1e-3,
      actorWeightDecay: 1e-4,
    },
  }
  it.each(Object.entries(variants))('%s', async (name, variant) => {
    const golden = step[name as 'l2_delayed_actor']
    const batchLearner = await createBatchLearner({
      obsDim: 3,
      actionDim: 1,
      batchSize: 5,
      actorHiddenDims: [4, 3],
      criticHiddenDims: [4, 3],
      criticActivation: 'tanh',
      actorLr: 1e-3,
      criticLr: 2e-3,
      gamma: 0.99,
      tau: 0.005,
      ...variant,
    })
    const { learner, kernels, setBatch, targetQ } = batchLearner
    setParameters(batchLearner, (network, k) => 0.3 * Math.sin(PHASES[network] + 0.7 * k))
    setBatch({
      obs: grid(5, 3, (n) => Math.sin(0.9 * n)),
      nextObs: grid(5, 3, (n) => Math.cos(0.6 * n)),
      action: [[-1], [-0.3], [0], [0.4], [1]],
      reward: [0.01, -0.02, 0.03, 0, -0.05],
      terminated: [0, 0, 1, 0, 0],
    })
    expectAllClose(learner.policy(grid(5, 3, (n) => Math.sin(0.9 * n)).flat()), step._setup.actor_action, {
      relative: 1e-6,
    })
    expect(kernels.learn()).toBe(0)

    const [criticLoss, actorLoss, meanQ, meanTargetQ, criticNorm, actorNorm] = new Float64Array(
      kernels.memory.buffer,
      kernels.statisticsAddress(),
      6,
    )
    expectAllClose(targetQ, golden.y, { relative: 1e-5, what: 'y' })
    expect(meanQ).toBeCloseTo(sum(golden.pred) / 5, 7)
    expect(meanTargetQ).toBeCloseTo(sum(golden.y) / 5, 7)
    expectAllClose([criticLoss!], [golden.loss_value], { relative: 1e-5, what: 'critic loss' })
    expectAllClose([actorLoss!], [golden.loss_actor], { relative: 1e-5, what: 'actor loss' })
    if (golden.critic_grad_norm !== null) {
      expectAllClose([criticNorm!], [golden.critic_grad_norm], { relative: 1e-5, what: 'critic norm' })
      expectAllClose([actorNorm!], [golden.actor_grad_norm!], { relative: 1e-5, what: 'actor norm' })
    }
    const [actor, critic] = [parameters(learner, 'actor'), parameters(learner, 'critic')]
    const targetCritic = parameters(learner, 'critic_target')
    expectAllClose(actor.subarray(0, 6), golden.actor_after_head, { relative: 1e-5, what: 'actor' })
    expectAllClose(critic.subarray(0, 6), golden.critic_after_head, { relative: 1e-5, what: 'critic' })
    expectAllClose(targetCritic.subarray(0, 6), golden.target_critic_after_head, {
      relative: 1e-5,
      what: 'target critic',
    })
    const sums = [actor, critic, targetCritic, parameters(learner, 'actor_target')].map(sum)
    expectAllClose(sums, [golden.sum_actor, golden.sum_critic, golden.sum_tc, golden.sum_ta], {
      absolute: 2e-6,
      what: 'sums',
    })
  })
})

type Summary = {
  size: number
  sum: number
  sum_sq: number
  weighted: number
  max_abs: number
  head: number[]
}
type Plain = (typeof trajectory.cases)['l2_clip']
type Switches = Partial<(typeof switches.cases)['n_step']['settings']>
type Golden = Plain & { settings: Plain['settings'] & Switches }

const cases = { ...trajectory.cases, ...switches.cases }
describe.each(Object.entries(cases))('100 updates against PyTorch: %s', (_, untyped) => {
  const golden = untyped as unknown as Golden
  const s = golden.settings

  function batchOf(u: number): Batch {
    const { obs: O, actions: A, batch: B } = s
    return {
      obs: grid(B, O, (n) => Math.sin(0.9 * n + 0.013 * n * n + 0.37 * u)),
      nextObs: grid(B, O, (n) => Math.cos(0.6 * n + 0.017 * n * n + 0.23 * u)),
      action: grid(B, A, (n) => Math.sin(1.3 * n + 0.51 * u)),
      reward: Array.from({ length: B }, (_, i) => s.reward_amplitude * Math.cos(0.8 * i + 0.29 * u)),
      terminated: Array.from({ length: B }, (_, i) => ((i + u) % 4 === 0 ? 1 : 0)),
    }
  }

  /** Stores transition t, counted from 0, of make_switches_trajectory.py. */
  function observe({ learner }: BatchLearner, t: number): void {
    const { obs: O, actions: A } = s
    const row = (width: number, f: (n: number) => number) =>
      Array.from({ length: width }, (_, i) => f(t * width + i))
    learner.obs.set(row(O, (n) => Math.sin(0.9 * n + 0.013 * n * n)))
    learner.nextObs.set(row(O, (n) => Math.cos(0.6 * n + 0.017 * n * n)))
    learner.action.set(row(A, (n) => Math.sin(1.3 * n)))
    learner.observe(Math.cos(0.8 * t), t % 11 === 5, t % 7 === 3)
  }

  /** Every tensor of a group against its summary; the room is that of the tensor's largest value. */
  function expectSummaries(
    tensors: ReturnType<typeof learnerTensors>,
    summaries: Record<string, unknown>,
    relative: number,
  ): void {
    for (const [name, summary] of Object.entries(summaries) as [string, Summary][]) {
      const [network, layer, kind] = name.split('.')
      const { data } = tensors[`${network}.${2 * Number(layer)}.${kind}`]!
      const values = data as Float32Array
      const room = relative * summary.max_abs + 1e-12
      expect(values.length, name).toBe(summary.size)
      expectAllClose(values.subarray(0, summary.head.length), summary.head, { absolute: room, what: name })
      const weighted = values.reduce((total, x, k) => total + x * Math.sin(1 + k), 0)
      expectAllClose([sum(values), weighted], [summary.sum, summary.weighted], {
        absolute: room * summary.size,
        what: `sums of ${name}`,
      })
    }
  }

  it('has the same losses, gradients, parameters, targets and moments', async () => {
    const batchLearner = await createBatchLearner({
      obsDim: s.obs,
      actionDim: s.actions,
      batchSize: s.batch,
      actorHiddenDims: s.actor_hidden,
      criticHiddenDims: s.critic_hidden,
      criticActivation: s.critic_activation as 'relu',
      actorLr: s.actor_lr,
      criticLr: s.critic_lr,
      actorWeightDecay: s.actor_weight_decay,
      criticWeightDecay: s.critic_weight_decay,
      gamma: s.gamma,
      tau: s.tau,
      maxGradNorm: s.max_grad_norm,
      criticLoss: s.loss as 'l2',
      delayActor: s.delay_actor,
      capacity: s.held ?? 1,
      actionPenalty: s.action_penalty ?? 0,
      invertingGradients: s.inverting_gradients ?? false,
      twinCritics: s.twin_critics ?? false,
      policyDelay: s.policy_delay ?? 1,
      targetNoise: s.target_noise ?? 0,
      targetNoiseClip: s.target_noise_clip ?? 0.5,
      nStep: s.n_step ?? 1,
      optimizer: (s.optimizer ?? 'adam') as 'adam',
    })
    const { learner, kernels, setBatch, targetQ } = batchLearner
    setParameters(
      batchLearner,
      (network, k, fanIn) => Math.sin(PHASES[network] + s.phase_shift + 0.7 * k) / Math.sqrt(fanIn),
    )
    const statistics = new Float64Array(kernels.memory.buffer, kernels.statisticsAddress(), 6)
    const series: number[][] = [[], [], [], []]
    for (let t = 0; t < (s.stored ?? 0); t++) observe(batchLearner, t)
    for (let u = 1; u <= 100; u++) {
      if (s.stored === undefined) setBatch(batchOf(u))
      expect(s.stored === undefined ? kernels.learn() : kernels.update()).toBe(0)
      const [criticLoss, actorLoss, , , criticNorm, actorNorm] = statistics
      ;[criticLoss, actorLoss, criticNorm, actorNorm].forEach((value, i) => series[i]!.push(value!))
      if (u === 1) {
        expectAllClose(targetQ, golden.first_update.y, { relative: 1e-6, what: 'y' })
        const gradients = Object.assign(
          {},
          ...NETWORK_NAMES.map((network) => blockTensors(learner, network, network, 'gradient')),
        )
        expectSummaries(gradients, golden.first_update.gradients, 2e-5)
      }
      const after = (golden.after as Record<string, unknown>)[u] as Golden['after']['1'] | undefined
      if (!after) continue
      const tensors = learnerTensors(learner)
      for (const [network, named] of Object.entries(NETWORKS)) {
        if (network.startsWith('critic2') && !s.twin_critics) continue
        const group = Object.entries(after).filter(([name]) => name.startsWith(`${named}.`))
        const renamed = group.map(([name, summary]) => [name.replace(named, network), summary])
        expect(renamed.length).toBeGreaterThan(0)
        expectSummaries(tensors, Object.fromEntries(renamed), 1e-5)
      }
      for (const moment of ['exp_avg', 'exp_avg_sq']) {
        const group = Object.entries(after).filter(([name]) => name.startsWith(`${moment}.`))
        const renamed = group.map(([name, summary]) => [
          name.replace(/^(exp_avg(?:_sq)?)\.(actor|critic2?)/, '$2_$1'),
          summary,
        ])
        expect(renamed.length).toBeGreaterThan(0)
        expectSummaries(tensors, Object.fromEntries(renamed), 2e-4)
      }
    }
    const { critic_loss, actor_loss, critic_grad_norm, actor_grad_norm } = golden.series
    const expected = [critic_loss, actor_loss, critic_grad_norm, actor_grad_norm]
    expected.forEach((values, i) =>
      expectAllClose(series[i]!, values, { relative: 1e-5, what: `series ${i}` }),
    )
  })
})

it('a return ends with the newest transition, behind which the ring holds the oldest', async () => {
  const given = { obsDim: 1, actionDim: 1, batchSize: 16, capacity: 2, nStep: 3, gamma: 0.5 }
  const { learner, kernels } = await createBatchLearner(given)
  for (const reward of [1, 2, 8]) learner.observe(reward, false, false)
  expect(kernels.update()).toBe(0)
  const returns = new Float32Array(kernels.memory.buffer, kernels.rewardAddress(), 16)
  expect([...new Set(returns)].toSorted()).toEqual([6, 8]) // 2 + 0.5 · 8, and 8 alone
})
