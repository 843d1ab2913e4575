// Elementwise, over n = B · stride elements, a multiple of 4. The padding of a row stays zero under all of them.
import { at } from './memory'

/** y[n] = max(y, 0) */
export function reluForward(y: usize, n: i32): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < n; i += 4) v128.store(at(y, i), f32x4.max(v128.load(at(y, i)), zero))
}

/** dy[n] = dy where y > 0, else 0 */
export function reluBackward(dy: usize, y: usize, n: i32): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < n; i += 4) {
    v128.store(at(dy, i), v128.and(v128.load(at(dy, i)), f32x4.gt(v128.load(at(y, i)), zero)))
  }
}

/** y[n] = tanh y */
export function tanhForward(y: usize, n: i32): void {
  for (let i = 0; i < n; ++i) store<f32>(at(y, i), Mathf.tanh(load<f32>(at(y, i))))
}

/** dy[n] = dy (1 − y²) */
export function tanhBackward(dy: usize, y: usize, n: i32): void {
  const one = f32x4.splat(1)
  for (let i = 0; i < n; i += 4) {
    const yi = v128.load(at(y, i))
    v128.store(at(dy, i), f32x4.mul(v128.load(at(dy, i)), f32x4.sub(one, f32x4.mul(yi, yi))))
  }
}
