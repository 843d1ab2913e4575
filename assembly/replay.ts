// Ring of transitions in linear memory. Only `terminated` stops bootstrapping: a truncated episode still has a
// value at its last observation, so the two are stored apart.
import { at, copyRow } from './memory'
import { Learner } from './learner'
import { index, REPLAY } from './rng'

/** Stores (obs, action, reward, nextObs, terminated, truncated), over the oldest transition when full. */
export function add(l: Learner, reward: f32, terminated: bool, truncated: bool): void {
  const row = <i32>l.counters.replayCursor
  copyRow(at(l.replayObs, row * l.obsDim), l.obs, l.obsDim)
  copyRow(at(l.replayAction, row * l.actionDim), l.action, l.actionDim)
  copyRow(at(l.replayNextObs, row * l.obsDim), l.nextObs, l.obsDim)
  store<f32>(at(l.replayReward, row), reward)
  store<u8>(l.replayTerminated + <usize>row, <u8>terminated)
  store<u8>(l.replayTruncated + <usize>row, <u8>truncated)
  l.counters.replayCursor = row + 1 == l.capacity ? 0 : row + 1
  if (l.counters.replaySize < l.capacity) l.counters.replaySize += 1
}

/** Fills the batch: uniform over what is filled, with replacement. */
export function sample(l: Learner): void {
  const D = l.obsDim
  const ld = D + l.actionDim
  const size = <u32>l.counters.replaySize
  for (let b = 0; b < l.batchSize; ++b) {
    const row = <i32>index(REPLAY, size)
    copyRow(at(l.batch, b * ld), at(l.replayObs, row * D), D)
    copyRow(at(l.batch, b * ld + D), at(l.replayAction, row * l.actionDim), l.actionDim)
    copyRow(at(l.nextBatch, b * ld), at(l.replayNextObs, row * D), D)
    store<f32>(at(l.reward, b), load<f32>(at(l.replayReward, row)))
    store<f32>(at(l.terminated, b), <f32>load<u8>(l.replayTerminated + <usize>row))
  }
}
