// These are products with a matrix of zeros and ones, such as which units a ReLU lets through:
//
//   c[M, N] = s ⊙ (mask[M, K] @ w[K, N])
//
// There is nothing to multiply, and four rows of w have only 16 sums. They are made once, and each row of the mask picks
// one for every four of its places: a quarter of the additions, whatever the density (the method of the four Russians:
// Arlazarov, Dinic, Kronrod and Faradžev 1970). Every element is the sum, group by group in ascending order, of such
// sums, so a row has the same bits in any batch.
//
//   masks    for each row of the mask and each group of four places, where their sum is in the table: 128 · set, in i32
//   table    [8 groups][16 sets][32 columns]: for 32 rows of w in a panel of columns, small enough to stay in the first
//            cache while all rows of the mask pass
import { at } from '../memory'
import { Product } from './product'

const ROWS: i32 = 32
const TABLE_ROW: usize = 128 // bytes of a sum
const TABLE_GROUP: usize = 16 * TABLE_ROW

export const TABLE_BYTES: usize = (<usize>ROWS / 4) * TABLE_GROUP

/** Groups of four that k places make. */
export function groupsOf(k: i32): i32 {
  return (k + 3) >> 2
}

/** y[B, stride] = max(y, 0), and its masks i32[B][groupsOf(stride)]. NaN stays NaN. */
export function reluForwardMasks(y: usize, masks: usize, n: i32): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < n; i += 4) {
    const v = f32x4.pmax(v128.load(at(y, i)), zero)
    v128.store(at(y, i), v)
    store<i32>(at(masks, i >> 2), i32x4.bitmask(f32x4.gt(v, zero)) << 7)
  }
}

/** masksT i32[groupsOf(B)][stride]: for each unit of y[B, stride], in which of four rows it is active. */
export function transposedMasks(masksT: usize, y: usize, stride: i32, B: i32): void {
  for (let b = 0; b < B; b += 4) {
    const left = B - b
    for (let i = 0; i < stride; i += 4) {
      const yi = at(y, b * stride + i)
      let sets = activeAs(128, yi)
      if (left > 1) sets = v128.or(sets, activeAs(256, at(yi, stride)))
      if (left > 2) sets = v128.or(sets, activeAs(512, at(yi, 2 * stride)))
      if (left > 3) sets = v128.or(sets, activeAs(1024, at(yi, 3 * stride)))
      v128.store(at(masksT, groupsOf(b) * stride + i), sets)
    }
  }
}

/** The given bit in the lanes where y is positive. */
function activeAs(bit: i32, y: usize): v128 {
  return v128.and(f32x4.gt(v128.load(y), f32x4.splat(0)), i32x4.splat(bit))
}

/** db[stride] = w[stride] ⊙ (maskᵀ @ g[B]), the mask where y[B, stride] is positive. */
export function activeSums(db: usize, w: usize, y: usize, g: usize, stride: i32, B: i32): void {
  for (let i = 0; i < stride; i += 4) {
    let sum = f32x4.splat(0)
    for (let b = 0; b < B; ++b) {
      const active = f32x4.gt(v128.load(at(y, b * stride + i)), f32x4.splat(0))
      sum = f32x4.add(sum, v128.and(active, v128.load32_splat(at(g, b))))
    }
    v128.store(at(db, i), f32x4.mul(sum, v128.load(at(w, i))))
  }
}

/**
 * c = rowScale[M] ⊙ (mask @ (scale[K] ⊙ w)), a panel of p.N ≤ 32 columns; the mask of row m and group g of four places
 * is the element (m, g) of `masks`.
 */
export function maskProduct(
  p: Product,
  c: usize,
  masks: usize,
  rowScale: usize,
  w: usize,
  scale: usize,
  table: usize,
): void {
  const M = p.M
  const K = p.K
  const width = p.N
  const ldc = p.ldc
  const maskRow = p.aRow
  const maskGroup = p.aColumn
  const step = (<usize>maskGroup) << 2
  for (let k = 0; k < K; k += ROWS) {
    const rows = min(ROWS, K - k)
    const isLast = k + ROWS >= K
    fillTable(table, at(w, k * p.ldb), p.ldb, at(scale, k), rows, width)
    for (let m = 0; m < M; ++m) {
      const row = at(c, m * ldc)
      const from: usize = k == 0 ? 0 : row
      const mask = at(masks, m * maskRow + (k >> 2) * maskGroup)
      const by: f32 = isLast ? load<f32>(at(rowScale, m)) : 1
      if (width == 32) pick32(row, from, mask, step, groupsOf(rows), table, by)
      else
        for (let n = 0; n < width; n += 4)
          pick4(at(row, n), from ? at(from, n) : 0, mask, step, groupsOf(rows), at(table, n), by)
    }
  }
}

/** The sums of every set of each four of the rows scale[rows] ⊙ w[rows, width]; beyond the last row are zeros. */
function fillTable(table: usize, w: usize, ldw: i32, scale: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r += 4) {
    const left = rows - r
    const w0 = at(w, r * ldw)
    const w1 = left > 1 ? at(w0, ldw) : w0
    const w2 = left > 2 ? at(w0, 2 * ldw) : w0
    const w3 = left > 3 ? at(w0, 3 * ldw) : w0
    const s0 = f32x4.splat(load<f32>(at(scale, r)))
    const s1 = f32x4.splat(left > 1 ? load<f32>(at(scale, r), 4) : 0)
    const s2 = f32x4.splat(left > 2 ? load<f32>(at(scale, r), 8) : 0)
    const s3 = f32x4.splat(left > 3 ? load<f32>(at(scale, r), 12) : 0)
    for (let n = 0; n < width; n += 4) {
      const a = f32x4.mul(v128.load(at(w0, n)), s0)
      const b = f32x4.mul(v128.load(at(w1, n)), s1)
      const c = f32x4.mul(v128.load(at(w2, n)), s2)
      const d = f32x4.mul(v128.load(at(w3, n)), s3)
      storeSums(at(table, n), a, b, f32x4.add(a, b), c, d, f32x4.add(c, d))
    }
    table += TABLE_GROUP
  }
}

/** Set {a, c} has the bits 0101, and so the place 5. */
function storeSums(to: usize, a: v128, b: v128, ab: v128, c: v128, d: v128, cd: v128): void {
  v128.store(to, f32x4.splat(0))
  v128.store(to, a, TABLE_ROW)
  v128.store(to, b, 2 * TABLE_ROW)
  v128.store(to, ab, 3 * TABLE_ROW)
  v128.store(to, c, 4 * TABLE_ROW)
  v128.store(to, f32x4.add(a, c), 5 * TABLE_ROW)
  v128.store(to, f32x4.add(b, c), 6 * TABLE_ROW)
  v128.store(to, f32x4.add(ab, c), 7 * TABLE_ROW)
  v128.store(to, d, 8 * TABLE_ROW)
  v128.store(to, f32x4.add(a, d), 9 * TABLE_ROW)
  v128.store(to, f32x4.add(b, d), 10 * TABLE_ROW)
  v128.store(to, f32x4.add(ab, d), 11 * TABLE_ROW)
  v128.store(to, cd, 12 * TABLE_ROW)
  v128.store(to, f32x4.add(a, cd), 13 * TABLE_ROW)
  v128.store(to, f32x4.add(b, cd), 14 * TABLE_ROW)
  v128.store(to, f32x4.add(ab, cd), 15 * TABLE_ROW)
}

/** c[32] = by · (from[32], or 0, + the sums that a row of the mask picks); accumulators acc<column>. */
function pick32(c: usize, from: usize, mask: usize, step: usize, groups: i32, table: usize, by: f32): void {
  let acc0 = from ? v128.load(from) : f32x4.splat(0)
  let acc4 = from ? v128.load(from, 16) : f32x4.splat(0)
  let acc8 = from ? v128.load(from, 32) : f32x4.splat(0)
  let acc12 = from ? v128.load(from, 48) : f32x4.splat(0)
  let acc16 = from ? v128.load(from, 64) : f32x4.splat(0)
  let acc20 = from ? v128.load(from, 80) : f32x4.splat(0)
  let acc24 = from ? v128.load(from, 96) : f32x4.splat(0)
  let acc28 = from ? v128.load(from, 112) : f32x4.splat(0)
  for (let g = 0; g < groups; ++g) {
    const sum = table + <usize>load<u32>(mask)
    acc0 = f32x4.add(acc0, v128.load(sum))
    acc4 = f32x4.add(acc4, v128.load(sum, 16))
    acc8 = f32x4.add(acc8, v128.load(sum, 32))
    acc12 = f32x4.add(acc12, v128.load(sum, 48))
    acc16 = f32x4.add(acc16, v128.load(sum, 64))
    acc20 = f32x4.add(acc20, v128.load(sum, 80))
    acc24 = f32x4.add(acc24, v128.load(sum, 96))
    acc28 = f32x4.add(acc28, v128.load(sum, 112))
    mask += step
    table += TABLE_GROUP
  }
  const factor = f32x4.splat(by)
  v128.store(c, f32x4.mul(acc0, factor))
  v128.store(c, f32x4.mul(acc4, factor), 16)
  v128.store(c, f32x4.mul(acc8, factor), 32)
  v128.store(c, f32x4.mul(acc12, factor), 48)
  v128.store(c, f32x4.mul(acc16, factor), 64)
  v128.store(c, f32x4.mul(acc20, factor), 80)
  v128.store(c, f32x4.mul(acc24, factor), 96)
  v128.store(c, f32x4.mul(acc28, factor), 112)
}

/** The same for four columns. */
function pick4(c: usize, from: usize, mask: usize, step: usize, groups: i32, table: usize, by: f32): void {
  let acc = from ? v128.load(from) : f32x4.splat(0)
  for (let g = 0; g < groups; ++g) {
    acc = f32x4.add(acc, v128.load(table + <usize>load<u32>(mask)))
    mask += step
    table += TABLE_GROUP
  }
  v128.store(c, f32x4.mul(acc, f32x4.splat(by)))
}
