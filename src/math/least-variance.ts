// This file finds the weights of least variance: none negative, 1 in all.
import { covariance } from './statistics.ts'

const SWEEPS = 1000
/** A change of a weight that ends the search. */
const LEAST_CHANGE = 1e-12

/** @param returns of each asset, as many of each @returns a weight for each asset */
export function leastVariance(returns: readonly Float64Array[]): Float64Array {
  const n = returns.length
  const covariances = returns.map((one) => Float64Array.from(returns, (other) => covariance(one, other)))
  const weights = new Float64Array(n).fill(1 / n)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let most = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) most = Math.max(most, shift(weights, covariances, i, j))
    if (most < LEAST_CHANGE) break
  }
  return weights
}

/** Moves weight from j to i, or back, until it no longer lessens the variance. @returns how much was moved */
function shift(weights: Float64Array, covariances: readonly Float64Array[], i: number, j: number): number {
  const [a, b] = [covariances[i]!, covariances[j]!]
  const curvature = a[i]! + b[j]! - 2 * a[j]!
  if (!(curvature > 0)) return 0
  let slope = 0
  for (let k = 0; k < weights.length; k++) slope += (b[k]! - a[k]!) * weights[k]!
  const moved = Math.max(-weights[i]!, Math.min(weights[j]!, slope / curvature))
  weights[i]! += moved
  weights[j]! -= moved
  return Math.abs(moved)
}
