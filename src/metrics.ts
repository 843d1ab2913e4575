// What a wealth curve is worth: pure functions of arrays, in fractions (0.01 is one percent).
import type { CoreMath } from './core/core.ts'

/** null stands for what is not defined, such as a Sharpe ratio without variation. */
export interface Metrics {
  /** Steps of the rollout. */
  steps: number
  /** Last wealth / first wealth − 1. */
  total_return: number
  /** Σ ln of the wealth ratios; null after ruin. */
  sum_log_reward: number | null
  /** Mean / sample deviation of the returns, per bar. */
  sharpe_ratio: number | null
  /** Sharpe ratio · √periods_per_year. */
  sharpe_annualized: number | null
  /** Mean / root mean square of the negative returns, per bar. */
  sortino_ratio: number | null
  /** Deepest fall from the highest wealth so far, at most 0. */
  max_drawdown: number
  /** Mean of |change of position| between steps, summed over assets. */
  turnover: number | null
  /** Share of the steps with a positive return. */
  win_rate: number
  /** Steps at which the position changed. */
  n_trades: number
  /** Bars in a year of the calendar. */
  periods_per_year: number
}

export type Calendar = 'crypto' | 'us_equity'
/** Days and hours of trading in a year: crypto never closes, US equities trade 252 days of 6.5 hours. */
const CALENDARS = { crypto: { days: 365, hours: 365 * 24 }, us_equity: { days: 252, hours: 252 * 6.5 } }

/** @param timeframe length of a bar: a number and s, m, h, d or w */
export function periodsPerYear(timeframe: string, calendar: Calendar): number {
  const { days, hours } = CALENDARS[calendar]
  const bars = { s: hours * 3600, m: hours * 60, h: hours, d: days, w: 52 }[timeframe.at(-1)!]!
  return bars / parseInt(timeframe, 10)
}

/** Below this annualised volatility a ratio of mean to deviation says nothing. */
const LEAST_VOLATILITY = 1e-3

/**
 * @param wealth [steps + 1], from before the first step on
 * @param positions [steps, assets], row by row: what each step traded to
 */
export function computeMetrics(
  wealth: Float64Array,
  positions: Float64Array,
  assets: number,
  periods: number,
  math: CoreMath,
): Metrics {
  const steps = wealth.length - 1
  const returns = Float64Array.from({ length: steps }, (_, i) => wealth[i + 1]! / wealth[i]! - 1)
  const mean = sum(returns) / steps
  const deviation = Math.sqrt(sum(returns.map((r) => (r - mean) * (r - mean))) / (steps - 1))
  const downside = Math.sqrt(sum(returns.map((r) => Math.min(r, 0) * Math.min(r, 0))) / steps)
  const varies = deviation * Math.sqrt(periods) >= LEAST_VOLATILITY
  const sharpe = varies ? mean / deviation : null
  const changes = positionChanges(positions, assets)
  return {
    steps,
    total_return: wealth[steps]! / wealth[0]! - 1,
    sum_log_reward: wealth[steps]! > 0 ? math.log(wealth[steps]! / wealth[0]!) : null,
    sharpe_ratio: sharpe,
    sharpe_annualized: sharpe === null ? null : sharpe * Math.sqrt(periods),
    sortino_ratio: varies && downside > 0 ? mean / downside : null,
    max_drawdown: maxDrawdown(wealth),
    turnover: changes.length > 0 ? sum(changes) / changes.length : null,
    win_rate: returns.filter((r) => r > 0).length / steps,
    n_trades: changes.filter((change) => change !== 0).length,
    periods_per_year: periods,
  }
}

/** Deepest of wealth / highest wealth so far − 1. */
export function maxDrawdown(wealth: Float64Array): number {
  let peak = wealth[0]!
  let deepest = 0
  for (const value of wealth) {
    peak = Math.max(peak, value)
    deepest = Math.min(deepest, value / peak - 1)
  }
  return deepest
}

function positionChanges(positions: Float64Array, assets: number): Float64Array {
  const changes = new Float64Array(Math.max(0, positions.length / assets - 1))
  for (let i = 0; i < changes.length * assets; i++) {
    changes[Math.floor(i / assets)]! += Math.abs(positions[i + assets]! - positions[i]!)
  }
  return changes
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}
