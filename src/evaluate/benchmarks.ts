// This file computes what the market itself gave: wealth of simple traders without fees, from one unit on.
import { returnsOf } from '../math/bars.ts'
import type { CoreMath } from '../core/core.ts'
import type { Market } from '../env/env.ts'

/** The benchmarks of a policy; the random one and the best constant position trade in its environment. */
export const BENCHMARKS = ['buy_and_hold', 'short_and_hold', 'twap', 'random', 'best_constant'] as const
export type BenchmarkName = (typeof BENCHMARKS)[number]

/** Wealth of one unit put into all assets alike at the first row and left there. */
export function buyAndHold({ prices, rows }: Market, firstRow = 0): Float64Array {
  return Float64Array.from({ length: rows - firstRow }, (_, t) => {
    const ratios = prices.map((price) => price[firstRow + t]! / price[firstRow]!)
    return ratios.reduce((total, ratio) => total + ratio, 0) / ratios.length
  })
}

/** The weight −1 in what `market` is the wealth of, at every step. */
export function shortAndHold(market: Float64Array): Float64Array {
  return compounded(returnsOf(market).map((r) => -r))
}

/** The weight t/n at step t of n: into the market at an even pace, the first step in cash. */
export function timeWeighted(market: Float64Array): Float64Array {
  return compounded(returnsOf(market).map((r, t, { length }) => (t / length) * r))
}

/** Cumulative log reward of weight 1 or −1 in each asset, always on the right side. */
export function maxProfit({ prices, rows }: Market, math: CoreMath, firstRow = 0): Float64Array {
  const log = new Float64Array(rows - firstRow)
  for (let t = 1; t < log.length; t++) {
    const row = firstRow + t
    const gains = prices.map((price) => Math.abs(price[row]! / price[row - 1]! - 1))
    log[t] = log[t - 1]! + math.log(1 + gains.reduce((total, gain) => total + gain, 0))
  }
  return log
}

/** Wealth from 1 on; what is lost once stays lost. */
function compounded(returns: Float64Array): Float64Array {
  const wealth = new Float64Array(returns.length + 1).fill(1)
  for (let t = 0; t < returns.length; t++) wealth[t + 1] = Math.max(0, wealth[t]! * (1 + returns[t]!))
  return wealth
}
