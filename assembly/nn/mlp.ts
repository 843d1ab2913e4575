// Multilayer perceptron over a flat parameter block. Legend: B rows of the batch, I inputs and O units of a layer,
// `stride` = O padded to a multiple of 4.
//
// A block holds, layer by layer, weights and then bias[stride]: hidden layers w[I, stride] in panels (panel.ts), the
// output layer w[O, padded(I)] row by row (head.ts). Padding is zero and stays zero. Blocks of one network are alike
// (parameters, target, gradient, Adam moments), so what treats all parameters the same is one loop over `count`.
import { tanhForward } from './activation'
import { gemm } from '../products/gemm'
import { dotRows } from './head'
import { at, padded } from '../products/memory'
import { panelOffset, panelWidth } from '../products/panel'
import { INITIALIZATION, uniform } from '../rng'
import { reluForward, sparseProduct } from '../products/sparse'
import { reluForwardMasks } from '../products/subsets'

export const MAX_LAYERS: i32 = 9 // 8 hidden and the output

@unmanaged
export class Layer {
  I: i32
  O: i32
  stride: i32
  w: i32 // offset in a block, in elements
  b: i32
  y: usize // activations [B, stride] of the last forward
  active: usize // where a ReLU let them through: lists (sparse.ts), or masks (subsets.ts) below a single output
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
    const isHead = l == net.depth - 1
    layer.I = inputs
    layer.O = isHead ? outputs : load<i32>(at(hidden, l))
    layer.stride = padded(layer.O)
    layer.w = offset
    layer.b = offset + (isHead ? layer.O * padded(layer.I) : layer.I * layer.stride)
    offset = layer.b + layer.stride
    inputs = layer.O
  }
  net.count = offset
}

/** Offset in a block of the weight from input i to unit o. */
export function weightOffset(net: Mlp, l: i32, i: i32, o: i32): i32 {
  const layer = layerOf(net, l)
  return layer.w + (l == net.depth - 1 ? o * padded(layer.I) + i : panelOffset(layer.I, layer.stride, i, o))
}

/**
 * Weights and biases U(±1/√fan_in), as PyTorch's Linear. `small` draws the last layer's weights from U(±0.003) and
 * zeroes its bias (Lillicrap et al. 2015, §7), so that a tanh output does not begin saturated.
 */
export function initialize(net: Mlp, small: bool): void {
  for (let l = 0; l < net.depth; ++l) {
    const layer = layerOf(net, l)
    const isSmall = small && l == net.depth - 1
    const bound = isSmall ? 0.003 : 1.0 / Math.sqrt(<f64>layer.I)
    for (let o = 0; o < layer.O; ++o) {
      for (let i = 0; i < layer.I; ++i)
        store<f32>(at(net.parameters, weightOffset(net, l, i, o)), draw(bound))
      store<f32>(at(net.parameters, layer.b + o), isSmall ? 0 : draw(bound))
    }
  }
}

function draw(bound: f64): f32 {
  return <f32>((2.0 * uniform(INITIALIZATION) - 1.0) * bound)
}

/** Network output [B, stride of the last layer], before any output activation. Rows of x are ldx elements apart. */
export function forward(net: Mlp, parameters: usize, x: usize, ldx: i32, B: i32): usize {
  let lists: usize = 0
  for (let l = 0; l < net.depth - 1; ++l) {
    const layer = layerOf(net, l)
    product(
      layer.y,
      layer.stride,
      x,
      ldx,
      lists,
      at(parameters, layer.w),
      at(parameters, layer.b),
      B,
      layer.I,
    )
    x = layer.y
    ldx = layer.stride
    lists = net.tanhHidden ? 0 : layer.active
    if (!lists) tanhForward(x, B * ldx)
    else if (l == net.depth - 2 && isBinaryAtTop(net)) reluForwardMasks(x, lists, B * ldx)
    else reluForward(x, lists, ldx, B)
  }
  const head = layerOf(net, net.depth - 1)
  dotRows(
    head.y,
    head.stride,
    x,
    ldx,
    at(parameters, head.w),
    padded(head.I),
    at(parameters, head.b),
    B,
    head.O,
  )
  return head.y
}

/** y[B, stride] = bias + x[B, K] @ w, w in panels: by lists where x has them, else densely. The one choice there is. */
export function product(
  y: usize,
  N: i32,
  x: usize,
  ldx: i32,
  lists: usize,
  w: usize,
  bias: usize,
  B: i32,
  K: i32,
): void {
  if (lists) return sparseProduct(y, N, x, ldx, lists, w, bias, B, N, K)
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    gemm(at(y, n), N, x, ldx, 1, at(w, n * K), width, bias ? at(bias, n) : 0, B, width, K)
  }
}

/**
 * Whether what flows back into the top hidden layer is g · w · (0 or 1): row by row the gradient g of the only output,
 * times the output's weights w where a ReLU let the unit through. Then no product is needed (subsets.ts).
 */
export function isBinaryAtTop(net: Mlp): bool {
  return !net.tanhHidden && net.depth > 2 && layerOf(net, net.depth - 1).O == 1
}
