// This file computes what the market itself gave: wealth of simple traders without fees, from one unit on.
import { returnsOf } from '../math/bars.ts'
import type { CoreMath } from '../core/core.ts'
import type { Market } from '../env/env.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import { grossCap, mayShort } from '../scenario/trading-keys.ts'

/** The benchmarks of a policy; the random one and the best constant position trade in its environment. */
export const BENCHMARKS = ['buy_and_hold', 'short_and_hold', 'twap', 'random', 'best_constant'] as const
export type BenchmarkName = (typeof BENCHMARKS)[number]

/** Benchmarks of several assets besides; the weights of least variance are those of the training rows. */
export const PORTFOLIO_BENCHMARKS = ['equal_weight', 'best_asset', 'minimum_variance'] as const
export type PortfolioBenchmark = (typeof PORTFOLIO_BENCHMARKS)[number]

/** Keys of the scenario that say what a portfolio may hold. */
type Limits = Pick<EnvConfig, 'weights' | 'allow_shorts' | 'max_gross'>

/** Part of wealth that who holds the market puts into it: all, where the cap allows that. */
export function exposureOf(limits: Limits, { prices }: Market): number {
  return Math.min(1, grossCap(limits, prices.length))
}

/** Wealth of one unit, of which that part is put into all assets alike at the first row and left there. */
export function buyAndHold({ prices, rows }: Market, firstRow = 0, exposure = 1): Float64Array {
  return Float64Array.from({ length: rows - firstRow }, (_, t) => {
    const ratios = prices.map((price) => price[firstRow + t]! / price[firstRow]!)
    return 1 - exposure + (exposure * ratios.reduce((total, ratio) => total + ratio, 0)) / ratios.length
  })
}

/**
 * Wealth of one unit by the benchmarks of several assets: equal weights and those of least variance, both rebalanced
 * at every row, and the asset that gained most, known in hindsight, bought and left.
 */
export function portfolioBenchmarks(
  market: Market,
  firstRow: number,
  exposure: number,
): Partial<Record<PortfolioBenchmark, Float64Array>> {
  const { prices, rows, leastVariance } = market
  if (prices.length === 1) return {}
  const gain = (price: Float64Array) => price[rows - 1]! / price[firstRow]!
  const best = prices.reduce((one, other) => (gain(other) > gain(one) ? other : one))
  const even = new Float64Array(prices.length).fill(1 / prices.length)
  return {
    equal_weight: rebalanced(market, even, firstRow, exposure),
    best_asset: buyAndHold({ ...market, prices: [best] }, firstRow, exposure),
    ...(leastVariance && { minimum_variance: rebalanced(market, leastVariance, firstRow, exposure) }),
  }
}

/** @param weights of the part that is invested */
function rebalanced(
  { prices, rows }: Market,
  weights: Float64Array,
  firstRow: number,
  exposure: number,
): Float64Array {
  const returns = Float64Array.from({ length: rows - firstRow - 1 }, (_, t) => {
    const row = firstRow + t
    return (
      exposure * prices.reduce((sum, price, i) => sum + weights[i]! * (price[row + 1]! / price[row]! - 1), 0)
    )
  })
  return compounded(returns)
}

/** The weight −1 in what `market` is the wealth of, at every step. */
export function shortAndHold(market: Float64Array): Float64Array {
  return compounded(returnsOf(market).map((r) => -r))
}

/** The weight t/n at step t of n: into the market at an even pace, the first step in cash. */
export function timeWeighted(market: Float64Array): Float64Array {
  return compounded(returnsOf(market).map((r, t, { length }) => (t / length) * r))
}

/**
 * Cumulative log reward of who is always on the right side: each weight is at most 1, their sizes together at most the
 * cap, and none is negative where shorts are not allowed.
 */
export function maxProfit(market: Market, math: CoreMath, limits: Limits, firstRow = 0): Float64Array {
  const { prices, rows } = market
  const cap = grossCap(limits, prices.length)
  const shorts = mayShort(limits)
  const log = new Float64Array(rows - firstRow)
  for (let t = 1; t < log.length; t++) {
    const row = firstRow + t
    const gains = prices.map((price) => {
      const change = price[row]! / price[row - 1]! - 1
      return shorts ? Math.abs(change) : Math.max(0, change)
    })
    log[t] = log[t - 1]! + math.log(1 + greatest(gains, cap))
  }
  return log
}

/** The sum of the greatest, as many as the cap has room for, the last one in part. */
function greatest(gains: number[], cap: number): number {
  if (cap >= gains.length) return gains.reduce((total, gain) => total + gain, 0)
  const whole = Math.floor(cap)
  const sorted = gains.toSorted((a, b) => b - a)
  return sorted.slice(0, whole).reduce((total, gain) => total + gain, 0) + (cap - whole) * sorted[whole]!
}

/** Wealth from 1 on; what is lost once stays lost. */
function compounded(returns: Float64Array): Float64Array {
  const wealth = new Float64Array(returns.length + 1).fill(1)
  for (let t = 0; t < returns.length; t++) wealth[t + 1] = Math.max(0, wealth[t]! * (1 + returns[t]!))
  return wealth
}
