// c[M,N] = bias + a[M,K] @ b[K,N], the one dense product: forward, weight gradient and input gradient are this
// with other strides. Lanes run across columns, so each element is summed over k in ascending order, starting
// from its bias: SIMD, tile shape and batch size do not change a bit of the result.
//
//   a: element (m, k) at a + (m·aRow + k·aColumn); strides in elements, so a transpose costs nothing
//   b, c: rows of ldb, ldc elements;  N is a multiple of 4;  bias: N elements, or address 0 for none
import { at } from './memory'

export function gemm(
  c: usize,
  ldc: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  ldb: i32,
  bias: usize,
  M: i32,
  N: i32,
  K: i32,
): void {
  let n = 0
  for (; n + 8 <= N; n += 8) {
    const bn = at(b, n)
    const init = bias ? at(bias, n) : 0
    let m = 0
    for (; m + 4 <= M; m += 4)
      tile4x8(at(c, m * ldc + n), ldc, at(a, m * aRow), aRow, aColumn, bn, ldb, init, K)
    for (; m < M; ++m) tile1x8(at(c, m * ldc + n), at(a, m * aRow), aColumn, bn, ldb, init, K)
  }
  if (n < N) {
    const bn = at(b, n)
    const init = bias ? at(bias, n) : 0
    let m = 0
    for (; m + 4 <= M; m += 4)
      tile4x4(at(c, m * ldc + n), ldc, at(a, m * aRow), aRow, aColumn, bn, ldb, init, K)
    for (; m < M; ++m) tile1x4(at(c, m * ldc + n), at(a, m * aRow), aColumn, bn, ldb, init, K)
  }
}

/** Eight accumulators, named acc<row>x<first column>: as many as engines keep in registers beside the operands. */
function tile4x8(
  c: usize,
  ldc: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  ldb: i32,
  bias: usize,
  K: i32,
): void {
  let acc0x0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc0x4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  let acc1x0 = acc0x0,
    acc1x4 = acc0x4
  let acc2x0 = acc0x0,
    acc2x4 = acc0x4
  let acc3x0 = acc0x0,
    acc3x4 = acc0x4
  const aStep = (<usize>aColumn) << 2
  const bStep = (<usize>ldb) << 2
  let a0 = a,
    a1 = at(a, aRow),
    a2 = at(a, 2 * aRow),
    a3 = at(a, 3 * aRow)
  for (let k = 0; k < K; ++k) {
    const b0 = v128.load(b)
    const b4 = v128.load(b, 16)
    let x = v128.load32_splat(a0)
    acc0x0 = f32x4.add(acc0x0, f32x4.mul(x, b0))
    acc0x4 = f32x4.add(acc0x4, f32x4.mul(x, b4))
    x = v128.load32_splat(a1)
    acc1x0 = f32x4.add(acc1x0, f32x4.mul(x, b0))
    acc1x4 = f32x4.add(acc1x4, f32x4.mul(x, b4))
    x = v128.load32_splat(a2)
    acc2x0 = f32x4.add(acc2x0, f32x4.mul(x, b0))
    acc2x4 = f32x4.add(acc2x4, f32x4.mul(x, b4))
    x = v128.load32_splat(a3)
    acc3x0 = f32x4.add(acc3x0, f32x4.mul(x, b0))
    acc3x4 = f32x4.add(acc3x4, f32x4.mul(x, b4))
    a0 += aStep
    a1 += aStep
    a2 += aStep
    a3 += aStep
    b += bStep
  }
  v128.store(c, acc0x0)
  v128.store(c, acc0x4, 16)
  v128.store(at(c, ldc), acc1x0)
  v128.store(at(c, ldc), acc1x4, 16)
  v128.store(at(c, 2 * ldc), acc2x0)
  v128.store(at(c, 2 * ldc), acc2x4, 16)
  v128.store(at(c, 3 * ldc), acc3x0)
  v128.store(at(c, 3 * ldc), acc3x4, 16)
}

function tile1x8(c: usize, a: usize, aColumn: i32, b: usize, ldb: i32, bias: usize, K: i32): void {
  let acc0x0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc0x4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  for (let k = 0; k < K; ++k) {
    const x = v128.load32_splat(at(a, k * aColumn))
    const bk = at(b, k * ldb)
    acc0x0 = f32x4.add(acc0x0, f32x4.mul(x, v128.load(bk)))
    acc0x4 = f32x4.add(acc0x4, f32x4.mul(x, v128.load(bk, 16)))
  }
  v128.store(c, acc0x0)
  v128.store(c, acc0x4, 16)
}

function tile4x4(
  c: usize,
  ldc: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  ldb: i32,
  bias: usize,
  K: i32,
): void {
  let acc0x0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc1x0 = acc0x0,
    acc2x0 = acc0x0,
    acc3x0 = acc0x0
  for (let k = 0; k < K; ++k) {
    const b0 = v128.load(at(b, k * ldb))
    const ak = at(a, k * aColumn)
    acc0x0 = f32x4.add(acc0x0, f32x4.mul(v128.load32_splat(ak), b0))
    acc1x0 = f32x4.add(acc1x0, f32x4.mul(v128.load32_splat(at(ak, aRow)), b0))
    acc2x0 = f32x4.add(acc2x0, f32x4.mul(v128.load32_splat(at(ak, 2 * aRow)), b0))
    acc3x0 = f32x4.add(acc3x0, f32x4.mul(v128.load32_splat(at(ak, 3 * aRow)), b0))
  }
  v128.store(c, acc0x0)
  v128.store(at(c, ldc), acc1x0)
  v128.store(at(c, 2 * ldc), acc2x0)
  v128.store(at(c, 3 * ldc), acc3x0)
}

function tile1x4(c: usize, a: usize, aColumn: i32, b: usize, ldb: i32, bias: usize, K: i32): void {
  let acc0x0 = bias ? v128.load(bias) : f32x4.splat(0)
  for (let k = 0; k < K; ++k) {
    acc0x0 = f32x4.add(acc0x0, f32x4.mul(v128.load32_splat(at(a, k * aColumn)), v128.load(at(b, k * ldb))))
  }
  v128.store(c, acc0x0)
}
