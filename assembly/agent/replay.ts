// Ring of transitions in linear memory. Only `terminated` stops bootstrapping: a truncated episode still has a
// value at its last observation, so the two are stored apart.
import { at, copyRow } from '../memory'
import { Learner } from './learner'
import { index, REPLAY } from '../rng'

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
  const A = l.actionDim
  const B = l.batchSize
  const ld = D + A
  const size = <u32>l.counters.replaySize
  for (let b = 0; b < B; ++b) store<u32>(at(l.rows, b), index(REPLAY, size))
  gather(l.batch, ld, l.replayObs, D, l.rows, B)
  gather(at(l.batch, D), ld, l.replayAction, A, l.rows, B)
  gather(l.nextBatch, ld, l.replayNextObs, D, l.rows, B)
  gather(l.reward, 1, l.replayReward, 1, l.rows, B)
  for (let b = 0; b < B; ++b)
    store<f32>(at(l.terminated, b), <f32>load<u8>(l.replayTerminated + <usize>load<u32>(at(l.rows, b))))
}

/**
 * to[B, n], rows of ldTo elements, = those rows of from[capacity, n]. Rows of the buffer are mostly not in the first
 * caches; a field at a time, many of them are under way at once.
 */
function gather(to: usize, ldTo: i32, from: usize, n: i32, rows: usize, B: i32): void {
  for (let b = 0; b < B; ++b) copyRow(at(to, b * ldTo), at(from, load<i32>(at(rows, b)) * n), n)
}
