// c[M,N] = bias + a[M,K] @ b[K,N], the one dense product: forward, weight gradient and input gradient are this
// with other strides. Lanes run across columns, so each element is summed over k in ascending order, starting
// from its bias: SIMD, tile shape and batch size do not change a bit of the result.
//
//   a: one of its two strides is 1, so a transpose costs nothing;  N is a multiple of 4
import { at } from '../memory'
import { Product } from './product'

/** bias: N elements, or address 0 for none. */
export function gemm(p: Product, c: usize, a: usize, b: usize, bias: usize): void {
  const M = p.M
  const N = p.N
  const ldc = p.ldc
  const aRow = p.aRow
  const isAlongK = p.aColumn == 1
  let m = 0
  for (; m + 4 <= M; m += 4) {
    const am = at(a, m * aRow)
    const row = at(c, m * ldc)
    let n = 0
    if (isAlongK) for (; n + 8 <= N; n += 8) rows4x8(p, at(row, n), am, at(b, n), bias ? at(bias, n) : 0)
    else for (; n + 8 <= N; n += 8) columns4x8(p, at(row, n), am, at(b, n), bias ? at(bias, n) : 0)
    if (n < N) tile4x4(p, at(row, n), am, at(b, n), bias ? at(bias, n) : 0)
  }
  for (; m < M; ++m) {
    const am = at(a, m * aRow)
    const row = at(c, m * ldc)
    let n = 0
    for (; n + 32 <= N; n += 32) tile1x32(p, at(row, n), am, at(b, n), bias ? at(bias, n) : 0)
    for (; n < N; n += 4) tile1x4(p, at(row, n), am, at(b, n), bias ? at(bias, n) : 0)
  }
}

/**
 * Four rows of a, each along k, against eight columns. Eight accumulators, named acc<row>x<first column>: as many as
 * engines keep in registers beside the operands.
 */
function rows4x8(p: Product, c: usize, a: usize, b: usize, bias: usize): void {
  const ldc = p.ldc
  const aRow = p.aRow
  let acc0x0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc0x4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  let acc1x0 = acc0x0,
    acc1x4 = acc0x4
  let acc2x0 = acc0x0,
    acc2x4 = acc0x4
  let acc3x0 = acc0x0,
    acc3x4 = acc0x4
  const bStep = (<usize>p.ldb) << 2
  let a1 = at(a, aRow),
    a2 = at(a, 2 * aRow),
    a3 = at(a, 3 * aRow)
  for (const end = a + ((<usize>p.K) << 2); a < end;) {
    const b0 = v128.load(b)
    const b4 = v128.load(b, 16)
    let x = v128.load32_splat(a)
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
    b += bStep
    a += 4
    a1 += 4
    a2 += 4
    a3 += 4
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

/** The same of a transpose: at each k the four elements of a stand side by side. */
function columns4x8(p: Product, c: usize, a: usize, b: usize, bias: usize): void {
  const ldc = p.ldc
  let acc0x0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc0x4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  let acc1x0 = acc0x0,
    acc1x4 = acc0x4
  let acc2x0 = acc0x0,
    acc2x4 = acc0x4
  let acc3x0 = acc0x0,
    acc3x4 = acc0x4
  const aStep = (<usize>p.aColumn) << 2
  const bStep = (<usize>p.ldb) << 2
  for (const end = b + <usize>p.K * bStep; b < end; b += bStep) {
    const b0 = v128.load(b)
    const b4 = v128.load(b, 16)
    let x = v128.load32_splat(a)
    acc0x0 = f32x4.add(acc0x0, f32x4.mul(x, b0))
    acc0x4 = f32x4.add(acc0x4, f32x4.mul(x, b4))
    x = v128.load32_splat(a, 4)
    acc1x0 = f32x4.add(acc1x0, f32x4.mul(x, b0))
    acc1x4 = f32x4.add(acc1x4, f32x4.mul(x, b4))
    x = v128.load32_splat(a, 8)
    acc2x0 = f32x4.add(acc2x0, f32x4.mul(x, b0))
    acc2x4 = f32x4.add(acc2x4, f32x4.mul(x, b4))
    x = v128.load32_splat(a, 12)
    acc3x0 = f32x4.add(acc3x0, f32x4.mul(x, b0))
    acc3x4 = f32x4.add(acc3x4, f32x4.mul(x, b4))
    a += aStep
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

function tile4x4(p: Product, c: usize, a: usize, b: usize, bias: usize): void {
  const ldc = p.ldc
  const aRow = p.aRow
  const aColumn = p.aColumn
  const ldb = p.ldb
  const K = p.K
  let acc0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc1 = acc0,
    acc2 = acc0,
    acc3 = acc0
  for (let k = 0; k < K; ++k) {
    const bk = v128.load(at(b, k * ldb))
    const ak = at(a, k * aColumn)
    acc0 = f32x4.add(acc0, f32x4.mul(v128.load32_splat(ak), bk))
    acc1 = f32x4.add(acc1, f32x4.mul(v128.load32_splat(at(ak, aRow)), bk))
    acc2 = f32x4.add(acc2, f32x4.mul(v128.load32_splat(at(ak, 2 * aRow)), bk))
    acc3 = f32x4.add(acc3, f32x4.mul(v128.load32_splat(at(ak, 3 * aRow)), bk))
  }
  v128.store(c, acc0)
  v128.store(at(c, ldc), acc1)
  v128.store(at(c, 2 * ldc), acc2)
  v128.store(at(c, 3 * ldc), acc3)
}

function tile1x32(p: Product, c: usize, a: usize, b: usize, bias: usize): void {
  const aColumn = p.aColumn
  const ldb = p.ldb
  const K = p.K
  let acc0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  let acc8 = bias ? v128.load(bias, 32) : f32x4.splat(0)
  let acc12 = bias ? v128.load(bias, 48) : f32x4.splat(0)
  let acc16 = bias ? v128.load(bias, 64) : f32x4.splat(0)
  let acc20 = bias ? v128.load(bias, 80) : f32x4.splat(0)
  let acc24 = bias ? v128.load(bias, 96) : f32x4.splat(0)
  let acc28 = bias ? v128.load(bias, 112) : f32x4.splat(0)
  for (let k = 0; k < K; ++k) {
    const x = v128.load32_splat(at(a, k * aColumn))
    const bk = at(b, k * ldb)
    acc0 = f32x4.add(acc0, f32x4.mul(x, v128.load(bk)))
    acc4 = f32x4.add(acc4, f32x4.mul(x, v128.load(bk, 16)))
    acc8 = f32x4.add(acc8, f32x4.mul(x, v128.load(bk, 32)))
    acc12 = f32x4.add(acc12, f32x4.mul(x, v128.load(bk, 48)))
    acc16 = f32x4.add(acc16, f32x4.mul(x, v128.load(bk, 64)))
    acc20 = f32x4.add(acc20, f32x4.mul(x, v128.load(bk, 80)))
    acc24 = f32x4.add(acc24, f32x4.mul(x, v128.load(bk, 96)))
    acc28 = f32x4.add(acc28, f32x4.mul(x, v128.load(bk, 112)))
  }
  v128.store(c, acc0)
  v128.store(c, acc4, 16)
  v128.store(c, acc8, 32)
  v128.store(c, acc12, 48)
  v128.store(c, acc16, 64)
  v128.store(c, acc20, 80)
  v128.store(c, acc24, 96)
  v128.store(c, acc28, 112)
}

function tile1x4(p: Product, c: usize, a: usize, b: usize, bias: usize): void {
  const aColumn = p.aColumn
  const ldb = p.ldb
  const K = p.K
  let acc = bias ? v128.load(bias) : f32x4.splat(0)
  for (let k = 0; k < K; ++k)
    acc = f32x4.add(acc, f32x4.mul(v128.load32_splat(at(a, k * aColumn)), v128.load(at(b, k * ldb))))
  v128.store(c, acc)
}
