// Critic loss, mean over the batch: value in f64 and gradient with respect to q. q and dq have rows of 4 elements,
// of which the first counts and the others of dq are zero.
import { at } from '../memory'

const L2: i32 = 0
const L1: i32 = 1
const SMOOTH_L1: i32 = 2 // β = 1: 0.5 d² where |d| < 1, else |d| − 0.5

export function criticLoss(kind: i32, q: usize, targetQ: usize, dq: usize, B: i32): f64 {
  let sum: f64 = 0
  for (let b = 0; b < B; ++b) {
    const d = load<f32>(at(q, 4 * b)) - load<f32>(at(targetQ, b))
    const isSmall = Mathf.abs(d) < 1
    const sign: f32 = d > 0 ? 1 : d < 0 ? -1 : 0
    let gradient: f32
    if (kind == L2) {
      sum += <f64>d * <f64>d
      gradient = 2 * d
    } else if (kind == SMOOTH_L1 && isSmall) {
      sum += 0.5 * <f64>d * <f64>d
      gradient = d
    } else {
      sum += <f64>Mathf.abs(d) - (kind == SMOOTH_L1 ? 0.5 : 0)
      gradient = sign
    }
    v128.store(at(dq, 4 * b), f32x4.replace_lane(f32x4.splat(0), 0, gradient / <f32>B))
  }
  return sum / <f64>B
}
