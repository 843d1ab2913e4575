// The gradients of both networks agree with central differences of their losses.
import { describe, expect, it } from 'vitest'
import { NETWORK_NAMES } from '../../src/core/fields.ts'
import { blockTensors, learnerTensors } from '../../src/core/tensors.ts'
import type { LearnerOptions } from '../../src/core/learner.ts'
import type { Tensor } from '../../src/core/safetensors.ts'
import { createBatchLearner, type Batch } from '../helpers/kernels.ts'

type Tensors = Record<string, Tensor>

/** The network in f64, from its tensors. */
function mlp(tensors: Tensors, prefix: string, x: number[], activation: (z: number) => number): number[] {
  const layers = Object.keys(tensors).filter(
    (name) => name.startsWith(`${prefix}.`) && name.endsWith('weight'),
  )
  return layers.reduce((input, name, l) => {
    const { data, shape } = tensors[name]!
    const bias = tensors[name.replace('weight', 'bias')]!.data as Float32Array
    return Array.from({ length: shape[0]! }, (_, o) => {
      const z = input.reduce((sum, value, i) => sum + value * Number(data[o * shape[1]! + i]), bias[o]!)
      return l === layers.length - 1 ? z : activation(z)
    })
  }, x)
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const relu = (z: number): number => Math.max(0, z)
const losses = {
  l2: (d: number) => d * d,
  l1: (d: number) => Math.abs(d),
  smooth_l1: (d: number) => (Math.abs(d) < 1 ? 0.5 * d * d : Math.abs(d) - 0.5),
}

describe.each(['relu', 'tanh'] as const)('gradients with a %s critic', (criticActivation) => {
  it.each([
    ['l2', {}],
    ['l1', {}],
    ['smooth_l1', {}],
    ['l2', { twinCritics: true }],
    ['l2', { actionPenalty: 0.3 }],
    ['l2', { invertingGradients: true }],
  ] as const)('are those of central differences, loss %s, %o', async (criticLoss, switches) => {
    const {
      twinCritics = false,
      actionPenalty = 0,
      invertingGradients = false,
    }: LearnerOptions = {
      obsDim: 3,
      actionDim: 2,
      ...switches,
    }
    const [obsDim, actionDim, batchSize, gamma] = [3, 2, 5, 0.9]
    const { learner, kernels, setBatch } = await createBatchLearner({
      obsDim,
      actionDim,
      batchSize,
      gamma,
      criticLoss,
      criticActivation,
      seed: 11,
      init: 'torch',
      actorHiddenDims: [7, 5],
      criticHiddenDims: [6, 9],
      actorLr: 0,
      criticLr: 0,
      ...switches,
    })
    const wave = (rows: number, columns: number, k: number): number[][] =>
      Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, j) => Math.fround(Math.sin(k * (1 + i * columns + j)))),
      )
    const batch: Batch = {
      obs: wave(batchSize, obsDim, 0.7),
      nextObs: wave(batchSize, obsDim, 1.3),
      action: wave(batchSize, actionDim, 2.1),
      reward: wave(1, batchSize, 3.7)[0]!.map((r) => Math.fround(2 * r)),
      terminated: [0, 1, 0, 0, 1],
    }
    setBatch(batch)
    const tensors = learnerTensors(learner)
    expect(kernels.learn()).toBe(0)

    const hidden = criticActivation === 'relu' ? relu : Math.tanh
    const q = (critic: string, obs: number[], action: number[]) =>
      mlp(tensors, critic, [...obs, ...action], hidden)[0]!
    const squash = invertingGradients ? (z: number) => Math.max(-1, Math.min(1, z)) : Math.tanh
    const policy = (actor: string, obs: number[]) => mlp(tensors, actor, obs, relu).map(squash)
    const targets = twinCritics ? ['critic_target', 'critic2_target'] : ['critic_target']
    const y = batch.reward.map(
      (r, b) =>
        r +
        gamma *
          (1 - batch.terminated[b]!) *
          Math.min(
            ...targets.map((name) => q(name, batch.nextObs[b]!, policy('actor_target', batch.nextObs[b]!))),
          ),
    )
    const criticLossOf = (critic: string) => () =>
      mean(batch.obs.map((obs, b) => losses[criticLoss](q(critic, obs, batch.action[b]!) - y[b]!)))
    /** Inverting gradients are those of no loss of the actor: of Σ c·z, each c held as it is here. */
    const inverted = batch.obs.map((obs) => {
      const z = mlp(tensors, 'actor', obs, relu)
      return z.map((zi, i) => {
        const shifted = (h: number) => q('critic', obs, z.map(squash).with(i, squash(zi) + h))
        const slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5
        return (-slope * (slope > 0 ? 1 - zi : 1 + zi)) / 2
      })
    })
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
    const objective = {
      critic: criticLossOf('critic'),
      critic2: criticLossOf('critic2'),
      actor: () =>
        mean(
          batch.obs.map((obs, b) => {
            const z = mlp(tensors, 'actor', obs, relu)
            if (invertingGradients) return dot(inverted[b]!, z)
            return (actionPenalty / actionDim) * dot(z, z) - q('critic', obs, z.map(squash))
          }),
        ),
    }
    if (twinCritics) expect(tensors['critic2.0.weight']!.data).not.toEqual(tensors['critic.0.weight']!.data)
    const trained = NETWORK_NAMES.filter((name) => twinCritics || name !== 'critic2')
    for (const network of trained) {
      const gradients = blockTensors(learner, network, network, 'gradient')
      const scale = Math.max(
        ...Object.values(gradients).flatMap(({ data }) => Array.from(data as Float32Array, Math.abs)),
      )
      for (const [name, { data }] of Object.entries(gradients)) {
        const theta = tensors[name]!.data
        for (let i = 0; i < theta.length; i++) {
          const [kept, h] = [theta[i]!, 1e-3]
          const at = (value: number): number => {
            theta[i] = value
            const result = objective[network]()
            theta[i] = kept
            return result
          }
          // f32 stores the shifted parameter: divide by the distance that was really moved.
          const [up, down] = [Math.fround(Number(kept) + h), Math.fround(Number(kept) - h)]
          const numeric = (at(up) - at(down)) / (up - down)
          expect(Math.abs(numeric - Number(data[i])), `${name}[${i}]`).toBeLessThan(2e-3 * scale)
        }
      }
    }
  })
})
