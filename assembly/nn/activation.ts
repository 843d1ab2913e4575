// Elementwise output activations over n elements, a multiple of 4: tanh, and the clip of inverting gradients. Padding stays zero.
import { at } from '../memory'

/** y[n] = tanh y, within 5 ulp */
export function tanhForward(y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(at(y, i), tanh4(v128.load(at(y, i))))
}

/** dy[n] = dy (1 − y²) */
export function tanhBackward(dy: usize, y: usize, n: i32): void {
  const one = f32x4.splat(1)
  for (let i = 0; i < n; i += 4) {
    const yi = v128.load(at(y, i))
    v128.store(at(dy, i), f32x4.mul(v128.load(at(dy, i)), f32x4.sub(one, f32x4.mul(yi, yi))))
  }
}

/** y[n] = clip(y, ±1) */
export function clipForward(y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const yi = v128.load(at(y, i))
    v128.store(at(y, i), f32x4.max(f32x4.min(yi, f32x4.splat(1)), f32x4.splat(-1)))
  }
}

/**
 * dy[n] = dy (1 − z) / 2 where a step down the gradient raises z, dy (1 + z) / 2 where it lowers it: the nearer to a bound,
 * the less towards it, and back where it is beyond (inverting gradients; Hausknecht and Stone 2016, arXiv:1511.04143, §5).
 */
export function invertGradient(dy: usize, z: usize, n: i32): void {
  const one = f32x4.splat(1)
  const half = f32x4.splat(0.5)
  for (let i = 0; i < n; i += 4) {
    const gradient = v128.load(at(dy, i))
    const zi = v128.load(at(z, i))
    const raises = f32x4.lt(gradient, f32x4.splat(0))
    const room = v128.bitselect(f32x4.sub(one, zi), f32x4.add(one, zi), raises)
    v128.store(at(dy, i), f32x4.mul(gradient, f32x4.mul(half, room)))
  }
}

/** y[n] += scale · x */
export function addScaled(y: usize, x: usize, scale: f32, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const product = f32x4.mul(v128.load(at(x, i)), f32x4.splat(scale))
    v128.store(at(y, i), f32x4.add(v128.load(at(y, i)), product))
  }
}

/** x P(x²) / Q(x²), the rational minimax approximation of degree 13/6; beyond ±7.9 tanh is ±1 in f32. */
function tanh4(x: v128): v128 {
  const c = f32x4.max(f32x4.min(x, f32x4.splat(7.90531110763549805)), f32x4.splat(-7.90531110763549805))
  const s = f32x4.mul(c, c)
  let p = f32x4.splat(-2.76076847742355e-16)
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(2.00018790482477e-13))
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-8.60467152213735e-11))
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(5.12229709037114e-8))
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(1.48572235717979e-5))
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(6.37261928875436e-4))
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(4.89352455891786e-3))
  let q = f32x4.splat(1.19825839466702e-6)
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(1.18534705686654e-4))
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(2.268434632439e-3))
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(4.89352518554385e-3))
  const y = f32x4.div(f32x4.mul(c, p), q)
  return f32x4.max(f32x4.min(y, f32x4.splat(1)), f32x4.splat(-1))
}
