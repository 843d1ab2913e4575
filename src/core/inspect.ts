// These functions look into a learner and leave it as it is.
import { blockView, NETWORK_NAMES, NETWORKS, replayView, type NetworkName } from './fields.ts'
import type { Learner } from './learner.ts'
import { blockTensors } from './tensors.ts'

/** Copies observations evenly spread over the replay buffer: [n, obsDim], n at most `rows`. */
export function heldObservations(learner: Learner, rows: number): Float32Array {
  const { obsDim } = learner.options
  const held = learner.replaySize
  const all = replayView(learner.core.exports, learner.options, 'replayObs', held)
  const n = Math.min(rows, held)
  const chosen = new Float32Array(n * obsDim)
  for (let i = 0; i < n; i++) {
    const row = Math.floor((i * held) / n)
    chosen.set(all.subarray(row * obsDim, (row + 1) * obsDim), i * obsDim)
  }
  return chosen
}

/** The greatest |reward| in the replay buffer, as it is learned from. */
export function greatestReward(learner: Learner): number {
  const rewards = replayView(learner.core.exports, learner.options, 'replayReward', learner.replaySize)
  let greatest = 0
  for (let i = 0; i < rewards.length; i++) greatest = Math.max(greatest, Math.abs(rewards[i]!))
  return greatest
}

/**
 * Share of the hidden units of a network that the last update gave no gradient. A ReLU that is off for a whole minibatch
 * has none, nor has any unit of an actor whose tanh is exactly ±1 for all of it.
 */
export function idleUnits({ core, options }: Learner, network: NetworkName): number {
  const gradient = blockView(core.exports, network, 'gradient')
  const hidden = NETWORKS[network].widths(options).slice(1, -1)
  let [idle, units] = [0, 0]
  for (const [layer, width] of hidden.entries()) {
    const bias = core.exports.biasOffset(NETWORK_NAMES.indexOf(network), layer)
    for (let unit = 0; unit < width; unit++) if (gradient[bias + unit] === 0) idle++
    units += width
  }
  return idle / units
}

/**
 * The critic's Q(obs, action) of each row, computed here in f64, for looking at a learner; learning uses the core's f32:
 * [rows] from [rows, obsDim] and [rows, actionDim]. */
export function qValues(learner: Learner, obs: ArrayLike<number>, actions: ArrayLike<number>): Float64Array {
  const { obsDim, actionDim, criticHiddenDims, criticActivation } = learner.options
  const { tanh } = learner.core.math
  const activate = criticActivation === 'tanh' ? tanh : (x: number) => Math.max(0, x)
  const tensors = blockTensors(learner, 'critic', 'critic', 'parameters')
  const data = (name: string) => tensors[`critic.${name}`]!.data as Float32Array
  const layers = [...criticHiddenDims, 1].map((width, l) => ({
    weight: data(`${2 * l}.weight`),
    bias: data(`${2 * l}.bias`),
    output: new Float64Array(width),
  }))
  const [hidden, last] = [layers.slice(0, -1), layers.at(-1)]
  const input = new Float64Array(obsDim + actionDim)
  const q = new Float64Array(actions.length / actionDim)
  for (let row = 0; row < q.length; row++) {
    for (let i = 0; i < obsDim; i++) input[i] = obs[row * obsDim + i]!
    for (let i = 0; i < actionDim; i++) input[obsDim + i] = actions[row * actionDim + i]!
    let x = input
    for (const { weight, bias, output } of hidden) {
      linear(weight, bias, x, output)
      for (let i = 0; i < output.length; i++) output[i] = activate(output[i]!)
      x = output
    }
    linear(last!.weight, last!.bias, x, last!.output)
    q[row] = last!.output[0]!
  }
  return q
}

/** output[O] = weight[O, I] · x[I] + bias[O] */
function linear(weight: Float32Array, bias: Float32Array, x: Float64Array, output: Float64Array): void {
  for (let o = 0; o < output.length; o++) {
    let total = bias[o]!
    for (let i = 0; i < x.length; i++) total += weight[o * x.length + i]! * x[i]!
    output[o] = total
  }
}
