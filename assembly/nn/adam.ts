// Adam, clipping and the soft update of a target treat all parameters of a network alike: each is one loop over its flat
// blocks, `count` elements long, a multiple of 4.
import { at } from '../memory'
import { Mlp } from './mlp'

const BETA1: f64 = 0.9
const BETA2: f64 = 0.999
const EPSILON: f64 = 1e-8

/**
 * β₁, 1 − β₁, β₂, 1 − β₂, and what moments must reach not to become zero: without gradient they would decay into
 * subnormals, which some processors handle very slowly; against ε they are nothing. In memory, because engines build
 * a vector that they know anew at every use.
 */
const constants = memory.data<f32>([0.9, 0.1, 0.999, 0.001, 1e-30])

const powers = memory.data(16, 16)

/** β₁ᵗ and β₂ᵗ as running products (f64[2]), because pow is the slower way to the same numbers. */
export function advanceBetaPowers(betaPowers: usize): void {
  store<f64>(betaPowers, load<f64>(betaPowers) * BETA1)
  store<f64>(betaPowers, load<f64>(betaPowers, 8) * BETA2, 8)
}

/** β₁ⁿ and β₂ⁿ (f64[2]), for what takes fewer steps than the counters count; the next call overwrites them. */
export function betaPowersAfter(n: f64): usize {
  store<f64>(powers, Math.pow(BETA1, n))
  store<f64>(powers, Math.pow(BETA2, n), 8)
  return powers
}

/** ‖x‖₂, accumulated in f64, where the square of no f32 overflows: not finite exactly if an element is not. */
export function norm(x: usize, n: i32): f64 {
  let sum0 = f64x2.splat(0),
    sum2 = sum0,
    sum4 = sum0,
    sum6 = sum0
  let i = 0
  for (; i + 8 <= n; i += 8) {
    const low = v128.load(at(x, i))
    const high = v128.load(at(x, i), 16)
    sum0 = f64x2.add(sum0, squares(low))
    sum2 = f64x2.add(sum2, squares(upper(low)))
    sum4 = f64x2.add(sum4, squares(high))
    sum6 = f64x2.add(sum6, squares(upper(high)))
  }
  if (i < n) {
    const low = v128.load(at(x, i))
    sum0 = f64x2.add(sum0, squares(low))
    sum2 = f64x2.add(sum2, squares(upper(low)))
  }
  const sum = f64x2.add(f64x2.add(sum0, sum2), f64x2.add(sum4, sum6))
  return Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1))
}

/** Squares of the lower two lanes. */
function squares(x: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x)
  return f64x2.mul(wide, wide)
}

function upper(x: v128): v128 {
  return i32x4.shuffle(x, x, 2, 3, 0, 1)
}

/** Factor that clips a gradient to maxNorm, PyTorch's rule; 1 when maxNorm is 0. */
export function clipFactor(gradientNorm: f64, maxNorm: f64): f64 {
  return maxNorm > 0 ? Math.min(1.0, maxNorm / (gradientNorm + 1e-6)) : 1.0
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with coupled weight decay, and the soft update of the target network behind it:
 * g ← clip·g + decay·θ; θ ← shrink·θ − lr·m̂/(√v̂ + ε); θ̄ ← θ̄ + tau (θ − θ̄). AdamW (Loshchilov and Hutter 2019,
 * arXiv:1711.05101) has decay 0 and shrinks by 1 − lr·decay instead. The gradient itself is left as it is. Returns whether
 * all parameters and second moments are finite.
 */
export function adam(
  net: Mlp,
  betaPowers: usize,
  lr: f64,
  decay: f64,
  shrink: f64,
  clip: f64,
  tau: f64,
): bool {
  let theta = net.parameters
  let target = net.target
  let g = net.gradient
  let m = net.m
  let v = net.v
  // lr·m̂/(√v̂ + ε) with the bias corrections outside of the loop: √v̂ = √v/c, so it is (lr·c/(1 − β₁ᵗ))·m/(√v + ε·c)
  const correction = Math.sqrt(1.0 - load<f64>(betaPowers, 8))
  const stepSize = f32x4.splat(<f32>((lr * correction) / (1.0 - load<f64>(betaPowers))))
  const epsilon = f32x4.splat(<f32>(EPSILON * correction))
  const clipping = f32x4.splat(<f32>clip)
  const decaying = f32x4.splat(<f32>decay)
  const shrinking = f32x4.splat(<f32>shrink)
  const rate = f32x4.splat(<f32>tau)
  const beta1 = v128.load32_splat(constants)
  const rest1 = v128.load32_splat(constants, 4)
  const beta2 = v128.load32_splat(constants, 8)
  const rest2 = v128.load32_splat(constants, 12)
  const flush = v128.load32_splat(constants, 16)
  let faults = f32x4.splat(0)
  for (let end = at(theta, net.count); theta < end; theta += 16) {
    const old = v128.load(theta)
    const gi = f32x4.add(f32x4.mul(v128.load(g), clipping), f32x4.mul(old, decaying))
    let mi = f32x4.add(f32x4.mul(v128.load(m), beta1), f32x4.mul(gi, rest1))
    let vi = f32x4.add(f32x4.mul(v128.load(v), beta2), f32x4.mul(f32x4.mul(gi, gi), rest2))
    mi = v128.and(mi, f32x4.ge(f32x4.abs(mi), flush))
    vi = v128.and(vi, f32x4.ge(vi, flush))
    const change = f32x4.div(f32x4.mul(mi, stepSize), f32x4.add(f32x4.sqrt(vi), epsilon))
    const updated = f32x4.sub(f32x4.mul(old, shrinking), change)
    const lagging = v128.load(target)
    // x − x is 0 if x is finite, and NaN if not
    faults = v128.or(faults, v128.or(f32x4.sub(updated, updated), f32x4.sub(vi, vi)))
    v128.store(m, mi)
    v128.store(v, vi)
    v128.store(theta, updated)
    v128.store(target, f32x4.add(lagging, f32x4.mul(rate, f32x4.sub(updated, lagging))))
    target += 16
    g += 16
    m += 16
    v += 16
  }
  return !v128.any_true(faults)
}
