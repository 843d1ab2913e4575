// This file computes the gradients of a network (mlp.ts), from its output back. s.dy [B, stride of a layer] carries the
// gradient from layer to layer; legend as there.
import { tanhBackward } from './activation'
import { gemm } from '../products/gemm'
import { dotRows } from './head'
import { at, copyRow, padded } from '../memory'
import { isBinaryAtTop, Layer, layerOf, Mlp, multiply } from './mlp'
import { panelWidth } from '../products/panel'
import { product } from '../products/product'
import { reluBackward, sparseWeightGradient } from '../products/sparse'
import { activeSums, groupsOf, maskProduct, transposedMasks } from '../products/subsets'

/** Memory for the gradients that flow back: `dy` and `dx` [B, widest stride], and for what they take on the way. */
@unmanaged
export class Scratch {
  dy: usize
  dx: usize
  wT: usize // a transposed matrix
  g: usize // [B], the gradient of a single output
  masksT: usize // i32[groupsOf(B)][widest stride]
  table: usize // TABLE_BYTES
}

/** Gradient of every parameter from s.dy [B, stride] at the output of the last `forward`, whose input was x. */
export function backward(net: Mlp, x: usize, ldx: i32, B: i32, s: Scratch): void {
  const head = layerOf(net, net.depth - 1)
  const top = layerOf(net, net.depth - 2)
  const p = product
  p.M = head.O
  p.N = p.ldc = padded(head.I)
  p.K = B
  p.aRow = 1
  p.aColumn = head.stride
  p.ldb = top.stride
  gemm(p, at(net.gradient, head.w), s.dy, top.y, 0)
  biasGradient(at(net.gradient, head.b), s.dy, head.stride, B)
  let l = net.depth - 2
  if (isBinaryAtTop(net)) {
    binaryGradient(net, B, s)
    throughBinary(net, B, s)
    l -= 1
  } else throughHead(net, B, s)
  for (; l >= 0; --l) {
    const layer = layerOf(net, l)
    const dw = at(net.gradient, layer.w)
    biasGradient(at(net.gradient, layer.b), s.dy, layer.stride, B)
    p.M = layer.I
    p.N = layer.stride
    p.K = B
    if (l == 0) weightGradient(dw, x, ldx, 0, s.dy)
    else {
      const below = layerOf(net, l - 1)
      weightGradient(dw, below.y, below.stride, net.tanhHidden ? 0 : below.active, s.dy)
      throughHidden(net, l, B, s)
    }
  }
}

/**
 * s.dy ← the gradient [B, padded(n)] with respect to inputs `first` to `first + n`, from s.dy at the output of the
 * last `forward`. Parameters get no gradient.
 */
export function inputGradient(net: Mlp, first: i32, n: i32, B: i32, s: Scratch): void {
  let l = net.depth - 2
  if (isBinaryAtTop(net)) {
    throughBinary(net, B, s)
    l -= 1
  } else throughHead(net, B, s)
  for (; l > 0; --l) throughHidden(net, l, B, s)
  const layer = layerOf(net, 0)
  const w = at(net.parameters, layer.w)
  for (let i = 0; i < n; ++i) copyPanelRow(at(s.wT, i * layer.stride), w, layer.I, layer.stride, first + i)
  memory.fill(s.dx, 0, (<usize>(B * padded(n))) << 2)
  dotRows(s.dx, s.dy, s.wT, 0, layer.stride, B, n)
  swap(s)
}

/** dw[M, N] = xᵀ @ dy[K, N], in panels; rows of x are ldx elements apart, and have lists or 0 for none. */
function weightGradient(dw: usize, x: usize, ldx: i32, lists: usize, dy: usize): void {
  const p = product
  const N = p.N
  p.aRow = 1
  p.aColumn = ldx
  if (lists) return sparseWeightGradient(p, dw, x, lists, dy)
  p.ldb = N
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    p.N = p.ldc = width
    gemm(p, at(dw, n * p.M), x, at(dy, n), 0)
  }
}

/** db[stride] = Σ over the batch of dy */
function biasGradient(db: usize, dy: usize, stride: i32, B: i32): void {
  let o = 0
  for (; o + 16 <= stride; o += 16) {
    let sum0 = f32x4.splat(0),
      sum4 = sum0,
      sum8 = sum0,
      sum12 = sum0
    for (let b = 0, row = at(dy, o); b < B; ++b, row = at(row, stride)) {
      sum0 = f32x4.add(sum0, v128.load(row))
      sum4 = f32x4.add(sum4, v128.load(row, 16))
      sum8 = f32x4.add(sum8, v128.load(row, 32))
      sum12 = f32x4.add(sum12, v128.load(row, 48))
    }
    v128.store(at(db, o), sum0)
    v128.store(at(db, o), sum4, 16)
    v128.store(at(db, o), sum8, 32)
    v128.store(at(db, o), sum12, 48)
  }
  for (; o < stride; o += 4) {
    let sum = f32x4.splat(0)
    for (let b = 0; b < B; ++b) sum = f32x4.add(sum, v128.load(at(dy, b * stride + o)))
    v128.store(at(db, o), sum)
  }
}

/** s.dy ← (s.dy @ w) ⊙ activation′, from the output into the last hidden layer. */
function throughHead(net: Mlp, B: i32, s: Scratch): void {
  const head = layerOf(net, net.depth - 1)
  const below = layerOf(net, net.depth - 2)
  const p = product
  p.M = B
  p.N = p.ldc = below.stride
  p.K = head.O
  p.aRow = head.stride
  p.aColumn = 1
  p.ldb = padded(head.I)
  gemm(p, s.dx, s.dy, at(net.parameters, head.w), 0)
  throughActivation(net, below, B, s)
}

/** Gradient of the top hidden layer, dwᵀ = w ⊙ (maskᵀ @ (g ⊙ x)), from s.dy at a single output. */
function binaryGradient(net: Mlp, B: i32, s: Scratch): void {
  const head = layerOf(net, net.depth - 1)
  const top = layerOf(net, net.depth - 2)
  const x = layerOf(net, net.depth - 3)
  const N = x.stride
  const w = at(net.parameters, head.w)
  takeSingle(head, B, s)
  activeSums(at(net.gradient, top.b), w, top.y, s.g, top.stride, B)
  transposedMasks(s.masksT, top.y, top.stride, B)
  const p = product
  p.M = top.O
  p.K = B
  p.aRow = 1
  p.aColumn = top.stride
  p.ldb = N
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    p.N = p.ldc = width
    maskProduct(p, at(s.wT, n * top.O), s.masksT, w, at(x.y, n), s.g, s.table)
  }
  transpose(at(net.gradient, top.w), s.wT, N, top.O, top.I)
}

/** s.dy ← g ⊙ (mask @ (w ⊙ wᵀ of the top hidden layer)) ⊙ activation′, from a single output to below that layer. */
function throughBinary(net: Mlp, B: i32, s: Scratch): void {
  const head = layerOf(net, net.depth - 1)
  const top = layerOf(net, net.depth - 2)
  const below = layerOf(net, net.depth - 3)
  const N = below.stride
  const w = at(net.parameters, head.w)
  takeSingle(head, B, s)
  transpose(s.wT, at(net.parameters, top.w), top.stride, top.I, top.O)
  const p = product
  p.M = B
  p.K = top.O
  p.ldc = N
  p.aRow = groupsOf(top.stride)
  p.aColumn = 1
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    p.N = p.ldb = width
    maskProduct(p, at(s.dx, n), top.active, s.g, at(s.wT, n * top.O), w, s.table)
  }
  throughActivation(net, below, B, s)
}

/** s.g[B] ← s.dy at a single output. */
function takeSingle(head: Layer, B: i32, s: Scratch): void {
  for (let b = 0; b < B; ++b) store<f32>(at(s.g, b), load<f32>(at(s.dy, b * head.stride)))
}

/** s.dy ← (s.dy @ wᵀ) ⊙ activation′, through hidden layer l into the one below it. */
function throughHidden(net: Mlp, l: i32, B: i32, s: Scratch): void {
  const layer = layerOf(net, l)
  const below = layerOf(net, l - 1)
  transpose(s.wT, at(net.parameters, layer.w), layer.stride, layer.I, layer.O)
  const p = product
  p.M = B
  p.N = p.ldc = below.stride
  p.K = layer.O
  p.aRow = layer.stride
  multiply(p, s.dx, s.dy, net.tanhHidden ? 0 : layer.active, s.wT, 0)
  throughActivation(net, below, B, s)
}

function throughActivation(net: Mlp, layer: Layer, B: i32, s: Scratch): void {
  if (net.tanhHidden) tanhBackward(s.dx, layer.y, B * layer.stride)
  else reluBackward(s.dx, layer.y, B * layer.stride)
  swap(s)
}

function swap(s: Scratch): void {
  const dy = s.dy
  s.dy = s.dx
  s.dx = dy
}

/** wT[O, padded(I)] = w[I, N]ᵀ, both in panels, padded with zeros: in blocks of 4 × 4. */
function transpose(wT: usize, w: usize, N: i32, I: i32, O: i32): void {
  const ldT = padded(I)
  for (let o = 0, oWidth = 0; o < N; o += oWidth) {
    oWidth = panelWidth(N, o)
    for (let i = 0, iWidth = 0; i < ldT; i += iWidth) {
      iWidth = panelWidth(ldT, i)
      for (let r = 0; r < oWidth; r += 4) {
        for (let c = 0; c < iWidth; c += 4) {
          const to = at(wT, i * O + (o + r) * iWidth + c)
          const from = at(w, o * I + (i + c) * oWidth + r)
          transposeBlock(to, iWidth, O - o - r, from, oWidth, I - i - c)
        }
      }
    }
  }
}

/** Up to `columns` rows of `from` become up to `rows` rows of `to`, of 4 elements; what is missing is zero. */
function transposeBlock(to: usize, ldTo: i32, rows: i32, from: usize, ldFrom: i32, columns: i32): void {
  const zero = f32x4.splat(0)
  const a = v128.load(from)
  const b = columns > 1 ? v128.load(at(from, ldFrom)) : zero
  const c = columns > 2 ? v128.load(at(from, 2 * ldFrom)) : zero
  const d = columns > 3 ? v128.load(at(from, 3 * ldFrom)) : zero
  const ac02 = i32x4.shuffle(a, c, 0, 4, 1, 5)
  const ac13 = i32x4.shuffle(a, c, 2, 6, 3, 7)
  const bd02 = i32x4.shuffle(b, d, 0, 4, 1, 5)
  const bd13 = i32x4.shuffle(b, d, 2, 6, 3, 7)
  v128.store(to, i32x4.shuffle(ac02, bd02, 0, 4, 1, 5))
  if (rows > 1) v128.store(at(to, ldTo), i32x4.shuffle(ac02, bd02, 2, 6, 3, 7))
  if (rows > 2) v128.store(at(to, 2 * ldTo), i32x4.shuffle(ac13, bd13, 0, 4, 1, 5))
  if (rows > 3) v128.store(at(to, 3 * ldTo), i32x4.shuffle(ac13, bd13, 2, 6, 3, 7))
}

/** to[N] = row k of w[K, N] in panels. */
function copyPanelRow(to: usize, w: usize, K: i32, N: i32, k: i32): void {
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    copyRow(at(to, n), at(w, n * K + k * width), width)
  }
}
