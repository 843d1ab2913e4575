// This is a multilayer perceptron over a flat parameter block. Legend: B rows of the batch, I inputs and O units of a
// layer, `stride` = O padded to a multiple of 4.
//
// A block holds, layer by layer, weights and then bias[stride]: hidden layers w[I, stride] in panels (panel.ts), the
// output layer w[O, padded(I)] row by row (head.ts). Padding is zero and stays zero. Blocks of one network are alike
// (parameters, target, gradient, Adam moments), so what treats all parameters the same is one loop over `count`.
import { tanhForward } from './activation'
import { gemm } from '../products/gemm'
import { dotRows } from './head'
import { at, padded } from '../memory'
import { panelOffset, panelWidth } from '../products/panel'
import { Product, product } from '../products/product'
import { INITIALIZATION, uniform } from '../rng'
import { reluForward, sparseProduct } from '../products/sparse'
import { reluForwardMasks } from '../products/subsets'

export const MAX_LAYERS: i32 = 9 // 8 hidden and the output

/**
 * The shape of a network, which the host writes (src/core/fields.ts). Behind it stand the widths, i32[MAX_LAYERS + 1]: of
 * the inputs, then of each layer.
 */
@unmanaged
export class Shape {
  depth: i32
  tanhHidden: i32
}
export const SHAPE_BYTES: i32 = <i32>offsetof<Shape>() + 4 * (MAX_LAYERS + 1)

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

  // the blocks, in the order in which src/core/fields.ts names them
  parameters: usize
  target: usize
  m: usize
  v: usize
  gradient: usize
}

export function layerOf(net: Mlp, l: i32): Layer {
  return changetype<Layer>(net.layers + <usize>l * offsetof<Layer>())
}

/** Sets the dimensions of a network and the offsets of its layers in a block. */
export function setShape(net: Mlp, shape: Shape): void {
  const widths = changetype<usize>(shape) + offsetof<Shape>()
  net.depth = shape.depth
  net.tanhHidden = shape.tanhHidden != 0
  let offset = 0
  for (let l = 0; l < net.depth; ++l) {
    const layer = layerOf(net, l)
    layer.I = load<i32>(at(widths, l))
    layer.O = load<i32>(at(widths, l + 1))
    layer.stride = padded(layer.O)
    layer.w = offset
    layer.b = offset + (l == net.depth - 1 ? layer.O * padded(layer.I) : layer.I * layer.stride)
    offset = layer.b + layer.stride
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
  const p = product
  let lists: usize = 0
  for (let l = 0; l < net.depth - 1; ++l) {
    const layer = layerOf(net, l)
    p.M = B
    p.N = p.ldc = layer.stride
    p.K = layer.I
    p.aRow = ldx
    multiply(p, layer.y, x, lists, at(parameters, layer.w), at(parameters, layer.b))
    x = layer.y
    ldx = layer.stride
    lists = net.tanhHidden ? 0 : layer.active
    if (!lists) tanhForward(x, B * ldx)
    else if (l == net.depth - 2 && isBinaryAtTop(net)) reluForwardMasks(x, lists, B * ldx)
    else reluForward(x, lists, ldx, B)
  }
  const head = layerOf(net, net.depth - 1)
  dotRows(head.y, x, at(parameters, head.w), at(parameters, head.b), ldx, B, head.O)
  return head.y
}

/** y = bias + x @ w, w in panels: by lists where x has them, else densely. Nothing else chooses between the two. */
export function multiply(p: Product, y: usize, x: usize, lists: usize, w: usize, bias: usize): void {
  if (lists) return sparseProduct(p, y, x, lists, w, bias)
  const N = p.N
  p.aColumn = 1
  for (let n = 0, width = 0; n < N; n += width) {
    width = panelWidth(N, n)
    p.N = p.ldb = width
    gemm(p, at(y, n), x, at(w, n * p.K), bias ? at(bias, n) : 0)
  }
}

/**
 * True when what flows back into the top hidden layer is g · w · (0 or 1): row by row the gradient g of the only output,
 * times the output's weights w where a ReLU let the unit through. Then no product is needed (subsets.ts).
 */
export function isBinaryAtTop(net: Mlp): bool {
  return !net.tanhHidden && net.depth > 2 && layerOf(net, net.depth - 1).O == 1
}
