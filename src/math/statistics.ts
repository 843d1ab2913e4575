// These statistics estimate from a few runs what all runs would do. Definitions are those of rliable (Agarwal et al. 2021,
// arXiv:2108.13264) and of NumPy.
import type { Random } from '../core/core.ts'

export function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}

/** A number that is defined: null for NaN and infinities. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** NaN of no values. */
export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length
}

/** Sample standard deviation (n − 1); NaN of fewer than two values. */
export function deviation(values: ArrayLike<number>): number {
  return Math.sqrt(covariance(values, values))
}

/** Sample covariance (n − 1) of two series of one length. */
export function covariance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [meanX, meanY] = [mean(x), mean(y)]
  let total = 0
  for (let i = 0; i < x.length; i++) total += (x[i]! - meanX) * (y[i]! - meanY)
  return total / (x.length - 1)
}

/** Root of the mean square of what is below 0. */
export function downsideDeviation(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += Math.min(values[i]!, 0) * Math.min(values[i]!, 0)
  return Math.sqrt(total / values.length)
}

/** Linear between neighbours, as NumPy's default. @param sorted ascending @param p in [0, 1] */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1)
  const below = Math.floor(at)
  const part = at - below
  const lower = sorted[below]!
  // infinities stay what they are where nothing is between
  if (part === 0 || sorted[below + 1] === lower) return lower
  return lower + part * (sorted[below + 1]! - lower)
}

export function median(values: ArrayLike<number>): number {
  return quantile(ascending(values), 0.5)
}

export function interquartileMean(values: ArrayLike<number>): number {
  return meanOfMiddle(ascending(values))
}

/** Mean of the middle half: ⌊n/4⌋ values are left out at either end. @param sorted ascending */
export function meanOfMiddle(sorted: ArrayLike<number>): number {
  const cut = Math.floor(sorted.length / 4)
  let total = 0
  for (let i = cut; i < sorted.length - cut; i++) total += sorted[i]!
  return total / (sorted.length - 2 * cut)
}

function ascending(values: ArrayLike<number>): Float64Array {
  return new Float64Array(values).toSorted()
}

/** P(x > y) of a value of each, by all pairs; a tie is half. */
export function probabilityOfImprovement(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let wins = 0
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < y.length; j++) wins += x[i]! > y[j]! ? 1 : x[i] === y[j] ? 0.5 : 0
  }
  return wins / (x.length * y.length)
}

/**
 * Stratified bootstrap: each stratum is drawn again from its own values, with replacement.
 * @param statistic of the strata as drawn, whose arrays are its own until the next draw
 * @returns [repetitions], in the order drawn
 */
export function bootstrap(
  strata: readonly ArrayLike<number>[],
  statistic: (drawn: Float64Array[]) => number,
  random: Random,
  repetitions: number,
): Float64Array {
  const drawn = strata.map((values) => Float64Array.from(values))
  // what can only be drawn in one way
  if (strata.every(({ length }) => length === 1)) return new Float64Array(repetitions).fill(statistic(drawn))
  const draw = () => {
    strata.forEach((values, s) => {
      const to = drawn[s]!
      for (let i = 0; i < to.length; i++) to[i] = values[random.index(values.length)]!
    })
    return statistic(drawn)
  }
  return Float64Array.from({ length: repetitions }, draw)
}

export type Interval = [low: number, high: number]

/** The middle `level` of what a bootstrap gave. */
export function percentileInterval(drawn: Float64Array, level = 0.95): Interval {
  const sorted = drawn.toSorted()
  return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)]
}
