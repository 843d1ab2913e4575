// @ts-nocheck -- this AssemblyScript, compiled by kernels.ts, measures mul and add with nothing but registers.

/** Pairs of a multiplication and an addition on four lanes that one repetition does. */
export const pairs: i32 = 13

/**
 * Thirteen chains acc = acc · x + c: more than the latency of a pair, and all registers that engines have for them. The factors are
 * arguments, because engines reload constants at every use.
 */
export function peak(repetitions: i32, factor: f32, summand: f32): f32 {
  const x = f32x4.splat(factor)
  const c = f32x4.splat(summand)
  let acc0 = f32x4.splat(0)
  let acc1 = f32x4.splat(1)
  let acc2 = f32x4.splat(2)
  let acc3 = f32x4.splat(3)
  let acc4 = f32x4.splat(4)
  let acc5 = f32x4.splat(5)
  let acc6 = f32x4.splat(6)
  let acc7 = f32x4.splat(7)
  let acc8 = f32x4.splat(8)
  let acc9 = f32x4.splat(9)
  let acc10 = f32x4.splat(10)
  let acc11 = f32x4.splat(11)
  let acc12 = f32x4.splat(12)
  for (let i = 0; i < repetitions; ++i) {
    acc0 = f32x4.add(f32x4.mul(acc0, x), c)
    acc1 = f32x4.add(f32x4.mul(acc1, x), c)
    acc2 = f32x4.add(f32x4.mul(acc2, x), c)
    acc3 = f32x4.add(f32x4.mul(acc3, x), c)
    acc4 = f32x4.add(f32x4.mul(acc4, x), c)
    acc5 = f32x4.add(f32x4.mul(acc5, x), c)
    acc6 = f32x4.add(f32x4.mul(acc6, x), c)
    acc7 = f32x4.add(f32x4.mul(acc7, x), c)
    acc8 = f32x4.add(f32x4.mul(acc8, x), c)
    acc9 = f32x4.add(f32x4.mul(acc9, x), c)
    acc10 = f32x4.add(f32x4.mul(acc10, x), c)
    acc11 = f32x4.add(f32x4.mul(acc11, x), c)
    acc12 = f32x4.add(f32x4.mul(acc12, x), c)
  }
  const low = f32x4.add(f32x4.add(acc0, acc1), f32x4.add(acc2, acc3))
  const middle = f32x4.add(f32x4.add(acc4, acc5), f32x4.add(acc6, acc7))
  const high = f32x4.add(f32x4.add(acc8, acc9), f32x4.add(acc10, f32x4.add(acc11, acc12)))
  return f32x4.extract_lane(f32x4.add(low, f32x4.add(middle, high)), 0)
}
