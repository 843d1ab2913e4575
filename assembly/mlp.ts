// Multilayer perceptron over a flat parameter block. Legend: B rows of the batch, I inputs and O units of a layer,
// `stride` = O padded to a multiple of 4.
//
// A block holds, layer by layer, w[I, stride] and b[stride]; the padding columns are zero and stay zero. Blocks of
// one network are alike (parameters, target, gradient, Adam moments), so whatever treats all parameters the same
// is one loop over `count` elements.
import { reluBackward, reluForward, tanhBackward, tanhForward } from './activation'
import { gemm } from './gemm'
import { at, padded } from './memory'
import { INITIALIZATION, uniform } from './rng'

export const MAX_LAYERS: i32 = 9 // 8 hidden and the output

@unmanaged
export class Layer {
  I: i32
  O: i32
  stride: i32
  w: i32 // offset in a block, in elements
  b: i32
  y: usize // activations [B, stride] of the last forward
}

@unmanaged
export class Mlp {
  depth: i32 // layers
  count: i32 // elements of a block
  tanhHidden: bool
  layers: usize // Layer[depth]
  parameters: usize
  target: usize
  gradient: usize
  m: usize
  v: usize
}

export function layerOf(net: Mlp, l: i32): Layer {
  return changetype<Layer>(net.layers + <usize>l * offsetof<Layer>())
}

/** Sets the dimensions and offsets of a network with these hidden layers (i32[depth − 1]). */
export function shape(net: Mlp, inputs: i32, hidden: usize, outputs: i32): void {
  let offset = 0
  for (let l = 0; l < net.depth; ++l) {
    const layer = layerOf(net, l)
    layer.I = inputs
    layer.O = l == net.depth - 1 ? outputs : load<i32>(at(hidden, l))
    layer.stride = padded(layer.O)
    layer.w = offset
    layer.b = offset + layer.I * layer.stride
    offset = layer.b + layer.stride
    inputs = layer.O
  }
  net.count = offset
}

/**
 * Weights and biases U(±1/√fan_in), as PyTorch's Linear. `small` draws the last layer's weights from U(±0.003) and
 * zeroes its bias (Lillicrap et al. 2015, §7), so that a tanh output does not begin saturated.
 */
export function initialize(net: Mlp, small: bool): void {
  for (let l = 0; l < net.depth; ++l) {
    const layer = layerOf(net, l)
    const isLast = small && l == net.depth - 1
    const bound = isLast ? 0.003 : 1.0 / Math.sqrt(<f64>layer.I)
    for (let i = 0; i <= layer.I; ++i) {
      const row = at(net.parameters, layer.w + i * layer.stride) // row I is the bias
      for (let o = 0; o < layer.O; ++o) {
        const zeroed = isLast && i == layer.I
        store<f32>(at(row, o), zeroed ? 0 : <f32>((2.0 * uniform(INITIALIZATION) - 1.0) * bound))
      }
    }
  }
}

/** Network output [B, stride of the last layer], before any output activation. Rows of x are ldx elements apart. */
export function forward(net: Mlp, parameters: usize, x: usize, ldx: i32, B: i32): usize {
  for (let l = 0; l < net.depth; ++l) {
    const layer = layerOf(net, l)
    gemm(
      layer.y,
      layer.stride,
      x,
      ldx,
      1,
      at(parameters, layer.w),
      layer.stride,
      at(parameters, layer.b),
      B,
      layer.stride,
      layer.I,
    )
    x = layer.y
    ldx = layer.stride
    if (l == net.depth - 1) break
    if (net.tanhHidden) tanhForward(x, B * ldx)
    else reluForward(x, B * ldx)
  }
  return x
}

/** Gradient of every parameter from dy [B, stride] at the output of the last `forward`, whose input was x. */
export function backward(net: Mlp, x: usize, ldx: i32, B: i32, dy: usize, dx: usize, wT: usize): void {
  for (let l = net.depth - 1; l >= 0; --l) {
    const layer = layerOf(net, l)
    const input = l == 0 ? x : layerOf(net, l - 1).y
    const ldInput = l == 0 ? ldx : layerOf(net, l - 1).stride
    weightGradient(layer, at(net.gradient, layer.w), at(net.gradient, layer.b), input, ldInput, dy, B)
    if (l == 0) break
    hiddenGradient(net, l, dy, dx, wT, B)
    const swap = dy
    dy = dx
    dx = swap
  }
}

/**
 * Gradient with respect to inputs `first` to `first + n`, as rows of padded(n) elements, from dy at the output of
 * the last `forward`. Parameters get no gradient. Returns dy or dx, whichever holds the result.
 */
export function inputGradient(net: Mlp, first: i32, n: i32, B: i32, dy: usize, dx: usize, wT: usize): usize {
  for (let l = net.depth - 1; l > 0; --l) {
    hiddenGradient(net, l, dy, dx, wT, B)
    const swap = dy
    dy = dx
    dx = swap
  }
  const layer = layerOf(net, 0)
  transpose(wT, at(net.parameters, layer.w + first * layer.stride), layer.stride, n, layer.O)
  gemm(dx, padded(n), dy, layer.stride, 1, wT, padded(n), 0, B, padded(n), layer.O)
  return dx
}

/** dw[I, stride] = xᵀ @ dy;  db[stride] = Σ over the batch of dy */
function weightGradient(layer: Layer, dw: usize, db: usize, x: usize, ldx: i32, dy: usize, B: i32): void {
  const stride = layer.stride
  gemm(dw, stride, x, 1, ldx, dy, stride, 0, layer.I, stride, B)
  for (let o = 0; o < stride; o += 4) {
    let sum = f32x4.splat(0)
    for (let b = 0; b < B; ++b) sum = f32x4.add(sum, v128.load(at(dy, b * stride + o)))
    v128.store(at(db, o), sum)
  }
}

/** dx = (dy @ wᵀ) ⊙ activation′, through layer l into the hidden layer below it. */
function hiddenGradient(net: Mlp, l: i32, dy: usize, dx: usize, wT: usize, B: i32): void {
  const layer = layerOf(net, l)
  const below = layerOf(net, l - 1)
  transpose(wT, at(net.parameters, layer.w), layer.stride, layer.I, layer.O)
  gemm(dx, below.stride, dy, layer.stride, 1, wT, below.stride, 0, B, below.stride, layer.O)
  if (net.tanhHidden) tanhBackward(dx, below.y, B * below.stride)
  else reluBackward(dx, below.y, B * below.stride)
}

/** wT[O, padded(I)] = w[I, O]ᵀ, padded with zeros. */
function transpose(wT: usize, w: usize, stride: i32, I: i32, O: i32): void {
  const ldT = padded(I)
  for (let o = 0; o < O; ++o) {
    const row = at(wT, o * ldT)
    for (let i = 0; i < I; ++i) store<f32>(at(row, i), load<f32>(at(w, i * stride + o)))
    for (let i = I; i < ldT; ++i) store<f32>(at(row, i), 0)
  }
}
