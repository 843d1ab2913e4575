// What happens to all parameters of a network alike: one loop over its flat blocks, `count` a multiple of 4.
import { at } from './memory'

const BETA1: f64 = 0.9
const BETA2: f64 = 0.999
const EPSILON: f32 = 1e-8

/**
 * Moments smaller than this become zero. Without gradient they would decay into subnormals, which some processors
 * handle very slowly; against EPSILON they are nothing.
 */
const FLUSH: f32 = 1e-30

/** β₁ᵗ and β₂ᵗ as running products (f64[2]), because pow is the slower way to the same numbers. */
export function advanceBetaPowers(betaPowers: usize): void {
  store<f64>(betaPowers, load<f64>(betaPowers) * BETA1)
  store<f64>(betaPowers, load<f64>(betaPowers, 8) * BETA2, 8)
}

/** ‖x‖₂, accumulated in f64, where the square of no f32 overflows: not finite exactly if an element is not. */
export function norm(x: usize, n: i32): f64 {
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  for (let i = 0; i < n; i += 4) {
    const xi = v128.load(at(x, i))
    const a = f64x2.promote_low_f32x4(xi)
    const b = f64x2.promote_low_f32x4(i32x4.shuffle(xi, xi, 2, 3, 0, 1))
    low = f64x2.add(low, f64x2.mul(a, a))
    high = f64x2.add(high, f64x2.mul(b, b))
  }
  const sum = f64x2.add(low, high)
  return Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1))
}

/** Factor that clips a gradient to maxNorm, PyTorch's rule; 1 when maxNorm is 0. */
export function clipFactor(gradientNorm: f64, maxNorm: f64): f64 {
  return maxNorm > 0 ? Math.min(1.0, maxNorm / (gradientNorm + 1e-6)) : 1.0
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with coupled weight decay: g ← clip·g + decay·θ; θ ← θ − lr·m̂/(√v̂ + ε).
 * The gradient itself is left as it is. Returns whether all parameters and second moments are
 * finite.
 */
export function adam(
  theta: usize,
  g: usize,
  m: usize,
  v: usize,
  count: i32,
  betaPowers: usize,
  lr: f64,
  decay: f64,
  clip: f64,
): bool {
  const stepSize = f32x4.splat(<f32>(lr / (1.0 - load<f64>(betaPowers))))
  const vScale = f32x4.splat(<f32>(1.0 / Math.sqrt(1.0 - load<f64>(betaPowers, 8))))
  const beta1 = f32x4.splat(<f32>BETA1)
  const beta2 = f32x4.splat(<f32>BETA2)
  const rest1 = f32x4.splat(<f32>(1.0 - BETA1))
  const rest2 = f32x4.splat(<f32>(1.0 - BETA2))
  const clipping = f32x4.splat(<f32>clip)
  const decaying = f32x4.splat(<f32>decay)
  const epsilon = f32x4.splat(EPSILON)
  const flush = f32x4.splat(FLUSH)
  const infinity = f32x4.splat(Infinity)
  let finite = i32x4.splat(-1)
  for (let i = 0; i < count; i += 4) {
    const old = v128.load(at(theta, i))
    const gi = f32x4.add(f32x4.mul(v128.load(at(g, i)), clipping), f32x4.mul(old, decaying))
    let mi = f32x4.add(f32x4.mul(v128.load(at(m, i)), beta1), f32x4.mul(gi, rest1))
    let vi = f32x4.add(f32x4.mul(v128.load(at(v, i)), beta2), f32x4.mul(f32x4.mul(gi, gi), rest2))
    mi = v128.and(mi, f32x4.ge(f32x4.abs(mi), flush))
    vi = v128.and(vi, f32x4.ge(vi, flush))
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(vi), vScale), epsilon)
    const updated = f32x4.sub(old, f32x4.div(f32x4.mul(mi, stepSize), denominator))
    finite = v128.and(finite, v128.and(f32x4.lt(f32x4.abs(updated), infinity), f32x4.lt(vi, infinity)))
    v128.store(at(m, i), mi)
    v128.store(at(v, i), vi)
    v128.store(at(theta, i), updated)
  }
  return i32x4.all_true(finite)
}

/** target ← target + tau (theta − target) */
export function softUpdate(target: usize, theta: usize, count: i32, tau: f64): void {
  const rate = f32x4.splat(<f32>tau)
  for (let i = 0; i < count; i += 4) {
    const old = v128.load(at(target, i))
    v128.store(at(target, i), f32x4.add(old, f32x4.mul(rate, f32x4.sub(v128.load(at(theta, i)), old))))
  }
}
