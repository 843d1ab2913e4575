// Looks into a learner and leaves it as it is.
import type { Learner } from './learner.ts'

/** Observations evenly spread over the replay buffer: [n, obsDim], n at most `rows`. */
export function heldObservations(learner: Learner, rows: number): Float32Array {
  const { exports: x } = learner.core
  const { obsDim } = learner.options
  const held = learner.replaySize
  const all = new Float32Array(x.memory.buffer, x.replayAddress(0) >>> 0, held * obsDim)
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
  const { exports: x } = learner.core
  const rewards = new Float32Array(x.memory.buffer, x.replayAddress(2) >>> 0, learner.replaySize)
  let greatest = 0
  for (let i = 0; i < rewards.length; i++) greatest = Math.max(greatest, Math.abs(rewards[i]!))
  return greatest
}

/**
 * Share of the hidden units of a network (0 actor, 1 critic) that the last update gave no gradient. A ReLU that is
 * off for a whole minibatch has none, nor has any unit of an actor whose tanh is exactly ±1 for all of it.
 */
export function idleUnits(learner: Learner, network: 0 | 1): number {
  const { exports: x } = learner.core
  const { actorHiddenDims, criticHiddenDims } = learner.options
  const gradient = new Float32Array(x.memory.buffer, x.blockAddress(network, 4) >>> 0)
  let [idle, units] = [0, 0]
  for (const [layer, width] of (network === 0 ? actorHiddenDims : criticHiddenDims).entries()) {
    const bias = x.biasOffset(network, layer)
    for (let unit = 0; unit < width; unit++) if (gradient[bias + unit] === 0) idle++
    units += width
  }
  return idle / units
}
