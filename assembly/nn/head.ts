// The output layer has few units, so its weights are rows w[O, padded(I)] and each unit is a dot product with lanes along
// the inputs.
import { at, padded } from '../memory'

/** y[B, padded(O)] = bias + x @ wᵀ, rows of x[B] and of w[O] of ld elements; bias O elements, or address 0 for none. */
export function dotRows(y: usize, x: usize, w: usize, bias: usize, ld: i32, B: i32, O: i32): void {
  const ldy = padded(O)
  for (let o = 0; o < O; ++o) {
    const row = at(w, o * ld)
    const init: f32 = bias ? load<f32>(at(bias, o)) : 0
    let b = 0
    for (; b + 4 <= B; b += 4) {
      let acc0 = f32x4.splat(0),
        acc1 = acc0,
        acc2 = acc0,
        acc3 = acc0
      const x0 = at(x, b * ld),
        x1 = at(x0, ld),
        x2 = at(x1, ld),
        x3 = at(x2, ld)
      for (let i = 0; i < ld; i += 4) {
        const wi = v128.load(at(row, i))
        acc0 = f32x4.add(acc0, f32x4.mul(wi, v128.load(at(x0, i))))
        acc1 = f32x4.add(acc1, f32x4.mul(wi, v128.load(at(x1, i))))
        acc2 = f32x4.add(acc2, f32x4.mul(wi, v128.load(at(x2, i))))
        acc3 = f32x4.add(acc3, f32x4.mul(wi, v128.load(at(x3, i))))
      }
      store<f32>(at(y, b * ldy + o), init + sum4(acc0))
      store<f32>(at(y, (b + 1) * ldy + o), init + sum4(acc1))
      store<f32>(at(y, (b + 2) * ldy + o), init + sum4(acc2))
      store<f32>(at(y, (b + 3) * ldy + o), init + sum4(acc3))
    }
    for (; b < B; ++b) {
      let acc = f32x4.splat(0)
      for (let i = 0; i < ld; i += 4)
        acc = f32x4.add(acc, f32x4.mul(v128.load(at(row, i)), v128.load(at(x, b * ld + i))))
      store<f32>(at(y, b * ldy + o), init + sum4(acc))
    }
  }
}

function sum4(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  )
}
