// These are products with a matrix of which about half is zero, as the output of a ReLU is, and with the gradient that
// comes back through it. Zeros are left out: that changes no finite sum. The ReLU lists the places of a row that are
// not zero, once; forward product, weight gradient and input gradient all walk that list.
//
//   list of row b   i32[stride + 4]: k · 128 for each place k, the offset of row k in a panel 32 wide, in bytes (the
//                   four more are room for whole vectors to be written), then the number of places
import { at } from '../memory'
import { panelWidth } from './panel'
import { Product } from './product'

/** Bytes of the list of one row. */
export function listBytes(stride: i32): i32 {
  return 4 * (stride + 8)
}

function countOffset(stride: i32): i32 {
  return 4 * (stride + 4)
}

/** For each of the 16 sets of lanes, the offsets of its lanes, moved to the front. */
const places: usize = memory.data<i32>([
  0, 0, 0, 0, /**/ 0, 0, 0, 0, /**/ 128, 0, 0, 0, /**/ 0, 128, 0, 0, 256, 0, 0, 0, /**/ 0, 256, 0, 0,
  /**/ 128, 256, 0, 0, /**/ 0, 128, 256, 0, 384, 0, 0, 0, /**/ 0, 384, 0, 0, /**/ 128, 384, 0, 0, /**/ 0, 128,
  384, 0, 256, 384, 0, 0, /**/ 0, 256, 384, 0, /**/ 128, 256, 384, 0, /**/ 0, 128, 256, 384,
])

/** y[B, stride] = max(y, 0), and its lists. NaN stays NaN. */
export function reluForward(y: usize, lists: usize, stride: i32, B: i32): void {
  const zero = f32x4.splat(0)
  for (let b = 0; b < B; ++b) {
    let end = lists
    for (let i = 0; i < stride; i += 4) {
      const v = f32x4.pmax(v128.load(at(y, i)), zero)
      const set = i32x4.bitmask(f32x4.ne(v, zero))
      v128.store(at(y, i), v)
      v128.store(end, i32x4.add(i32x4.splat(i << 7), v128.load(places + (set << 4))))
      end += popcnt(set) << 2
    }
    store<usize>(lists + countOffset(stride), end - lists)
    lists += listBytes(stride)
    y = at(y, stride)
  }
}

/** dy = dy where y > 0, else 0; the lists of y are then lists of dy. */
export function reluBackward(dy: usize, y: usize, n: i32): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < n; i += 4) {
    v128.store(at(dy, i), v128.and(v128.load(at(dy, i)), f32x4.gt(v128.load(at(y, i)), zero)))
  }
}

/** c = bias + a @ b: rows of a of p.aRow elements, with lists; b in panels; bias p.N elements, or 0 for none. */
export function sparseProduct(p: Product, c: usize, a: usize, lists: usize, b: usize, bias: usize): void {
  const M = p.M
  const N = p.N
  const stride = p.aRow
  const ldc = p.ldc
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    const panel = at(b, n * p.K)
    const init = bias ? at(bias, n) : 0
    for (let m = 0; m < M; ++m) {
      const list = lists + m * listBytes(stride)
      const end = list + load<usize>(list + countOffset(stride))
      const to = at(c, m * ldc + n)
      const x = at(a, m * stride)
      if (width == 32) row32(to, x, list, end, panel, init)
      else if (width == 16) row16(to, x, list, end, panel, init)
      else if (width == 8) row8(to, x, list, end, panel, init)
      else row4(to, x, list, end, panel, init)
    }
  }
}

/** dw = xᵀ @ dy, of a transpose: a row of x is p.aColumn elements, with a list; dw in panels, rows of dy of p.N. */
export function sparseWeightGradient(p: Product, dw: usize, x: usize, lists: usize, dy: usize): void {
  const B = p.K
  const N = p.N
  const stride = p.aColumn
  memory.fill(dw, 0, (<usize>(p.M * N)) << 2)
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    const panel = at(dw, n * p.M)
    for (let b = 0; b < B; ++b) {
      const list = lists + b * listBytes(stride)
      const end = list + load<usize>(list + countOffset(stride))
      const row = at(x, b * stride)
      const d = at(dy, b * N + n)
      if (width == 32) outer32(panel, row, list, end, d)
      else if (width == 16) outer16(panel, row, list, end, d)
      else for (let i = 0; i < width; i += 4) outer4(at(panel, i), row, list, end, at(d, i), ctz(32 / width))
    }
  }
}

/** A row of c, 32 columns of it: accumulators acc<column>, which start at the bias. */
function row32(c: usize, x: usize, list: usize, end: usize, w: usize, bias: usize): void {
  let acc0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  let acc8 = bias ? v128.load(bias, 32) : f32x4.splat(0)
  let acc12 = bias ? v128.load(bias, 48) : f32x4.splat(0)
  let acc16 = bias ? v128.load(bias, 64) : f32x4.splat(0)
  let acc20 = bias ? v128.load(bias, 80) : f32x4.splat(0)
  let acc24 = bias ? v128.load(bias, 96) : f32x4.splat(0)
  let acc28 = bias ? v128.load(bias, 112) : f32x4.splat(0)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const xk = v128.load32_splat(x + (offset >> 5))
    const row = w + offset
    acc0 = f32x4.add(acc0, f32x4.mul(xk, v128.load(row)))
    acc4 = f32x4.add(acc4, f32x4.mul(xk, v128.load(row, 16)))
    acc8 = f32x4.add(acc8, f32x4.mul(xk, v128.load(row, 32)))
    acc12 = f32x4.add(acc12, f32x4.mul(xk, v128.load(row, 48)))
    acc16 = f32x4.add(acc16, f32x4.mul(xk, v128.load(row, 64)))
    acc20 = f32x4.add(acc20, f32x4.mul(xk, v128.load(row, 80)))
    acc24 = f32x4.add(acc24, f32x4.mul(xk, v128.load(row, 96)))
    acc28 = f32x4.add(acc28, f32x4.mul(xk, v128.load(row, 112)))
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

function row16(c: usize, x: usize, list: usize, end: usize, w: usize, bias: usize): void {
  let acc0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  let acc8 = bias ? v128.load(bias, 32) : f32x4.splat(0)
  let acc12 = bias ? v128.load(bias, 48) : f32x4.splat(0)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const xk = v128.load32_splat(x + (offset >> 5))
    const row = w + (offset >> 1)
    acc0 = f32x4.add(acc0, f32x4.mul(xk, v128.load(row)))
    acc4 = f32x4.add(acc4, f32x4.mul(xk, v128.load(row, 16)))
    acc8 = f32x4.add(acc8, f32x4.mul(xk, v128.load(row, 32)))
    acc12 = f32x4.add(acc12, f32x4.mul(xk, v128.load(row, 48)))
  }
  v128.store(c, acc0)
  v128.store(c, acc4, 16)
  v128.store(c, acc8, 32)
  v128.store(c, acc12, 48)
}

function row8(c: usize, x: usize, list: usize, end: usize, w: usize, bias: usize): void {
  let acc0 = bias ? v128.load(bias) : f32x4.splat(0)
  let acc4 = bias ? v128.load(bias, 16) : f32x4.splat(0)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const xk = v128.load32_splat(x + (offset >> 5))
    const row = w + (offset >> 2)
    acc0 = f32x4.add(acc0, f32x4.mul(xk, v128.load(row)))
    acc4 = f32x4.add(acc4, f32x4.mul(xk, v128.load(row, 16)))
  }
  v128.store(c, acc0)
  v128.store(c, acc4, 16)
}

function row4(c: usize, x: usize, list: usize, end: usize, w: usize, bias: usize): void {
  let acc0 = bias ? v128.load(bias) : f32x4.splat(0)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const xk = v128.load32_splat(x + (offset >> 5))
    const row = w + (offset >> 3)
    acc0 = f32x4.add(acc0, f32x4.mul(xk, v128.load(row)))
  }
  v128.store(c, acc0)
}

/** Adds the outer product of a row of a and 32 elements of dy to a panel. */
function outer32(dw: usize, x: usize, list: usize, end: usize, dy: usize): void {
  const d0 = v128.load(dy)
  const d4 = v128.load(dy, 16)
  const d8 = v128.load(dy, 32)
  const d12 = v128.load(dy, 48)
  const d16 = v128.load(dy, 64)
  const d20 = v128.load(dy, 80)
  const d24 = v128.load(dy, 96)
  const d28 = v128.load(dy, 112)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const xk = v128.load32_splat(x + (offset >> 5))
    const row = dw + offset
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(xk, d0)))
    v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(xk, d4)), 16)
    v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(xk, d8)), 32)
    v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(xk, d12)), 48)
    v128.store(row, f32x4.add(v128.load(row, 64), f32x4.mul(xk, d16)), 64)
    v128.store(row, f32x4.add(v128.load(row, 80), f32x4.mul(xk, d20)), 80)
    v128.store(row, f32x4.add(v128.load(row, 96), f32x4.mul(xk, d24)), 96)
    v128.store(row, f32x4.add(v128.load(row, 112), f32x4.mul(xk, d28)), 112)
  }
}

/** The same for 16 elements, of a panel of that width. */
function outer16(dw: usize, x: usize, list: usize, end: usize, dy: usize): void {
  const d0 = v128.load(dy)
  const d4 = v128.load(dy, 16)
  const d8 = v128.load(dy, 32)
  const d12 = v128.load(dy, 48)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const xk = v128.load32_splat(x + (offset >> 5))
    const row = dw + (offset >> 1)
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(xk, d0)))
    v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(xk, d4)), 16)
    v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(xk, d8)), 32)
    v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(xk, d12)), 48)
  }
}

/** The same for 4 elements of a panel whose rows are 128 >> shift bytes. */
function outer4(dw: usize, x: usize, list: usize, end: usize, dy: usize, shift: usize): void {
  const d0 = v128.load(dy)
  for (; list < end; list += 4) {
    const offset = <usize>load<u32>(list)
    const row = dw + (offset >> shift)
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(v128.load32_splat(x + (offset >> 5)), d0)))
  }
}
