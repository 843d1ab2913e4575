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

/** Fills the batch: uniform over what is filled, with replacement. Beyond one step it holds returns, R = Σ γᵏ rₖ. */
export function sample(l: Learner): void {
  const D = l.obsDim
  const A = l.actionDim
  const B = l.batchSize
  const ld = D + A
  const size = <u32>l.counters.replaySize
  for (let b = 0; b < B; ++b) store<u32>(at(l.rows, b), index(REPLAY, size))
  gather(l.batch, ld, l.replayObs, D, l.rows, B)
  gather(at(l.batch, D), ld, l.replayAction, A, l.rows, B)
  addReturns(l)
  gather(l.nextBatch, ld, l.replayNextObs, D, l.rows, B)
  for (let b = 0; b < B; ++b)
    store<f32>(at(l.terminated, b), <f32>load<u8>(l.replayTerminated + <usize>load<u32>(at(l.rows, b))))
}

/**
 * The return from each row on and its discount, over up to nStep rewards but not beyond the end of the episode or the newest
 * transition. The row becomes the one where it ends, from which the target goes on.
 */
function addReturns(l: Learner): void {
  const gamma = l.hyper.gamma
  const cursor = <i32>l.counters.replayCursor
  const newest = cursor == 0 ? l.capacity - 1 : cursor - 1
  for (let b = 0; b < l.batchSize; ++b) {
    let row = load<i32>(at(l.rows, b))
    let sum = <f64>load<f32>(at(l.replayReward, row))
    let discount = gamma
    for (let left = <i32>l.hyper.nStep - 1; left > 0 && row != newest && !endsEpisode(l, row); --left) {
      row = row + 1 == l.capacity ? 0 : row + 1
      sum += discount * <f64>load<f32>(at(l.replayReward, row))
      discount *= gamma
    }
    store<i32>(at(l.rows, b), row)
    store<f32>(at(l.reward, b), <f32>sum)
    store<f32>(at(l.discount, b), <f32>discount)
  }
}

function endsEpisode(l: Learner, row: i32): bool {
  return (load<u8>(l.replayTerminated + <usize>row) | load<u8>(l.replayTruncated + <usize>row)) != 0
}

/**
 * to[B, n], rows of ldTo elements, = those rows of from[capacity, n]. Rows of the buffer are mostly not in the first
 * caches; a field at a time, many of them are under way at once.
 */
function gather(to: usize, ldTo: i32, from: usize, n: i32, rows: usize, B: i32): void {
  for (let b = 0; b < B; ++b) copyRow(at(to, b * ldTo), at(from, load<i32>(at(rows, b)) * n), n)
}
