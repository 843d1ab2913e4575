// These tests say whether one series of returns is better than another or only luckier; their distributions are here too.
import type { CoreMath, Random } from '../core/core.ts'
import {
  bootstrap,
  covariance,
  deviation,
  downsideDeviation,
  mean,
  percentileInterval,
  type Interval,
} from './statistics.ts'

/** p values are two-sided, except those of the bootstrap; null stands for what is not defined. */
export interface Comparison {
  /** Student's t test of two independent samples of equal variance. */
  t_statistic: number | null
  t_p: number | null
  /** Mann–Whitney test, asymptotic, with corrections for continuity and ties. */
  mann_whitney_u: number
  mann_whitney_p: number
  /** Permutation test of the difference of the means. */
  permutation_p: number
  sharpe: RatioComparison | null
  sortino: RatioComparison | null
}

/** Ratios per bar of both series, with 95 % intervals of the bootstrap. */
export interface RatioComparison {
  ratio: number
  interval: Interval
  benchmark: number
  benchmark_interval: Interval
  difference: number
  difference_interval: Interval
  /** Share of the differences drawn that are 0 or of the other sign than the one observed. */
  p: number
  /** True when the interval of the difference leaves 0 out. */
  significant: boolean
}

/** Permutations, and draws of a bootstrap. */
const REPETITIONS = 10_000

/** Returns of bars, and what their ratios are when they are drawn again from themselves. */
export interface BootstrapTest {
  returns: Float64Array
  sharpe: Ratio
  sortino: Ratio
}

interface Ratio {
  ratio: number
  /** [REPETITIONS], in the order drawn */
  drawn: Float64Array
}

/** Bootstraps both ratios from the same draws. */
export function resample(returns: Float64Array, random: Random): BootstrapTest {
  const drawn = new Float64Array(REPETITIONS)
  let next = 0
  const draw = ([again]: Float64Array[]) => {
    drawn[next++] = sortino(again!)
    return sharpe(again!)
  }
  const sharpes = bootstrap([returns], draw, random, REPETITIONS)
  return {
    returns,
    sharpe: { ratio: sharpe(returns), drawn: sharpes },
    sortino: { ratio: sortino(returns), drawn },
  }
}

function sharpe(returns: Float64Array): number {
  return mean(returns) / deviation(returns)
}

function sortino(returns: Float64Array): number {
  return mean(returns) / downsideDeviation(returns)
}

/** @param own of bars as long as those of the benchmark */
export function compareReturns(
  own: BootstrapTest,
  benchmark: BootstrapTest,
  random: Random,
  math: CoreMath,
): Comparison {
  const t = tTest(own.returns, benchmark.returns, math)
  const rank = mannWhitney(own.returns, benchmark.returns, math)
  return {
    t_statistic: t?.statistic ?? null,
    t_p: t?.p ?? null,
    mann_whitney_u: rank.u,
    mann_whitney_p: rank.p,
    permutation_p: permutationTest(own.returns, benchmark.returns, random, REPETITIONS),
    sharpe: compareRatios(own.sharpe, benchmark.sharpe),
    sortino: compareRatios(own.sortino, benchmark.sortino),
  }
}

/** undefined when nothing varies. */
export function tTest(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  math: CoreMath,
): { statistic: number; p: number } | undefined {
  const [n, m] = [x.length, y.length]
  const freedom = n + m - 2
  const pooled = ((n - 1) * covariance(x, x) + (m - 1) * covariance(y, y)) / freedom
  if (!(pooled > 0)) return undefined
  const statistic = (mean(x) - mean(y)) / Math.sqrt(pooled * (1 / n + 1 / m))
  return { statistic, p: incompleteBeta(freedom / (freedom + statistic * statistic), freedom / 2, 0.5, math) }
}

/** @returns U of x: pairs in which x is greater, ties as halves */
export function mannWhitney(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  math: CoreMath,
): { u: number; p: number } {
  const [n, m] = [x.length, y.length]
  const all = Float64Array.from({ length: n + m }, (_, i) => (i < n ? x[i]! : y[i - n]!))
  const { ranks, ties } = rank(all)
  const u = ranks.subarray(0, n).reduce((total, r) => total + r, 0) - (n * (n + 1)) / 2
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
  if (!(variance > 0)) return { u, p: 1 }
  const z = (Math.max(u, n * m - u) - (n * m) / 2 - 0.5) / Math.sqrt(variance)
  return { u, p: z <= 0 ? 1 : Math.min(1, upperGamma(0.5, (z * z) / 2, math)) }
}

/** Ranks from 1, equal values sharing their mean; ties = Σ (t³ − t) over groups of t equal values. */
function rank(values: Float64Array): { ranks: Float64Array; ties: number } {
  const order = Array.from(values.keys()).toSorted((a, b) => values[a]! - values[b]!)
  const ranks = new Float64Array(values.length)
  let ties = 0
  for (let from = 0, to = 0; from < order.length; from = to) {
    do to++
    while (to < order.length && values[order[to]!] === values[order[from]!])
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2
    const t = to - from
    ties += t * t * t - t
  }
  return { ranks, ties }
}

/** Share of random regroupings whose means differ at least as much, the grouping observed counted as one of them. */
export function permutationTest(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  random: Random,
  repetitions: number,
): number {
  const [n, m] = [x.length, y.length]
  const pool = Float64Array.from({ length: n + m }, (_, i) => (i < n ? x[i]! : y[i - n]!))
  const total = pool.reduce((a, b) => a + b, 0)
  const observed = Math.abs(mean(x) - mean(y))
  // a wealth that left the numbers: whoever has that return, the difference is as great
  if (!Number.isFinite(observed)) return 1
  const least = observed - 1e-14 * observed // sums in another order differ in their last bits
  let extreme = 1
  for (let repetition = 0; repetition < repetitions; repetition++) {
    let own = 0
    for (let i = 0; i < n; i++) {
      const j = i + random.index(pool.length - i)
      const chosen = pool[j]!
      pool[j] = pool[i]!
      pool[i] = chosen
      own += chosen
    }
    if (Math.abs(own / n - (total - own) / m) >= least) extreme++
  }
  return extreme / (repetitions + 1)
}

/** null when a ratio, or an end of an interval, is not finite: returns that do not vary, or never lose. */
function compareRatios(own: Ratio, other: Ratio): RatioComparison | null {
  const difference = own.ratio - other.ratio
  const differences = own.drawn.map((value, i) => value - other.drawn[i]!)
  const intervals = [own.drawn, other.drawn, differences].map((drawn) => percentileInterval(drawn))
  if (![own.ratio, other.ratio, ...intervals.flat()].every(Number.isFinite)) return null
  const [interval, benchmark_interval, difference_interval] = intervals as [Interval, Interval, Interval]
  const sign = Math.sign(difference)
  return {
    ratio: own.ratio,
    interval,
    benchmark: other.ratio,
    benchmark_interval,
    difference,
    difference_interval,
    p: differences.filter((value) => value * sign <= 0).length / REPETITIONS,
    significant: difference_interval[0] > 0 || difference_interval[1] < 0,
  }
}

const TINY = 1e-300
const PRECISION = 1e-16
const MOST_TERMS = 10_000

/**
 * A continued fraction b₀ + a₁/(b₁ + a₂/(b₂ + …)) by Lentz's method.
 * @param term aᵢ and bᵢ, i from 1 on
 */
function continuedFraction(b0: number, term: (i: number) => [a: number, b: number]): number {
  let f = b0 === 0 ? TINY : b0
  let [c, d] = [f, 0]
  for (let i = 1; i < MOST_TERMS; i++) {
    const [a, b] = term(i)
    d = 1 / (b + a * d || TINY)
    c = b + a / c || TINY
    f *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return f
}

/** Regularised incomplete beta function Iₓ(a, b), a, b > 0, x in [0, 1] (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number, math: CoreMath): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a, math)
  const logFactor = logGamma(a + b, math) - logGamma(a, math) - logGamma(b, math)
  const front = math.exp(logFactor + a * math.log(x) + b * math.log(1 - x)) / a
  const fraction = continuedFraction(1, (i) => {
    const m = Math.floor(i / 2)
    const numerator = i % 2 === 0 ? m * (b - m) : -(a + m) * (a + b + m)
    return [(numerator * x) / ((a + i - 1) * (a + i)), 1]
  })
  return front / fraction
}

/** Regularised upper incomplete gamma function Q(a, x), a, x > 0 (DLMF 8.11.4, 8.9.2): Q(1/2, z²/2) = P(|Z| > z). */
export function upperGamma(a: number, x: number, math: CoreMath): number {
  const front = math.exp(a * math.log(x) - x - logGamma(a, math))
  if (x >= a + 1) return front / continuedFraction(x + 1 - a, (i) => [-i * (i - a), x + 2 * i + 1 - a])
  let term = 1 / a
  let total = term
  for (let n = 1; term > PRECISION * total; n++) {
    term *= x / (a + n)
    total += term
  }
  return 1 - front * total
}

/** ln Γ(x), x > 0: Stirling's series from 10 on, to which smaller arguments are raised. */
export function logGamma(x: number, math: CoreMath): number {
  let [z, product] = [x, 1]
  for (; z < 10; z++) product *= z
  const inverse = 1 / (z * z)
  const series =
    (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / z
  return (z - 0.5) * math.log(z) - z + 0.9189385332046728 + series - math.log(product)
}
