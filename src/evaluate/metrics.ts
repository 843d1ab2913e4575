// This file computes what a wealth curve is worth: pure functions of arrays, in fractions (0.01 is one percent).
import { barsOf, returnsOf, type Calendar } from '../math/bars.ts'
import type { CoreMath } from '../core/core.ts'
import { covariance, deviation, downsideDeviation, finite, mean, quantile, sum } from '../math/statistics.ts'

/** null stands for what is not defined, such as a Sharpe ratio without variation. */
export type Metrics = ReturnMetrics & DrawdownMetrics & PositionMetrics & MarketMetrics

/** Metrics of the returns of bars; ratios without risk-free rate. Per bar, where `annualized` is not in the name. */
export interface ReturnMetrics {
  /** Steps of the rollout, and bars that their returns were compounded into (`barsOf`). */
  steps: number
  n_bars: number
  /** Bars in a year of the calendar. */
  periods_per_year: number
  /** Last wealth / first wealth − 1. */
  total_return: number
  /** Σ ln of the wealth ratios; null after ruin. */
  sum_log_reward: number | null
  /** Growth of a year at the same pace, of bars of a day or longer. */
  annualized_return_cagr: number | null
  /** Sample deviation · √periods_per_year. */
  annualized_volatility: number | null
  mean_return: number
  /** Sample deviation. */
  std_return: number | null
  /** Mean / sample deviation of the returns. */
  sharpe_ratio: number | null
  /** Sharpe ratio · √periods_per_year. */
  sharpe_annualized: number | null
  /** Sharpe ratio · √n_bars: the t statistic of the mean return. */
  sharpe_expost: number | null
  /** Mean / root mean square of the negative returns. */
  sortino_ratio: number | null
  /** Root mean square of the negative returns · √periods_per_year. */
  downside_deviation: number
  /** Quantiles of the returns, 5 % and 1 %, and the means of the returns that are not above them. */
  var_95: number
  cvar_95: number
  var_99: number
  cvar_99: number
  /** 95 % quantile / |5 % quantile|. */
  tail_ratio: number | null
  /** Third and fourth standardised moment, with the sample deviation; of the fourth, 3 is taken off. */
  return_skewness: number | null
  return_kurtosis: number | null
  /** Shares of the bars with a positive and with a negative return. */
  win_rate: number
  lose_rate: number
  /** Sums of the positive returns and of |negative ones|. */
  gross_profit: number
  gross_loss: number
  /** gross_profit / gross_loss: without a threshold both are one number. */
  omega_ratio: number | null
  profit_factor: number | null
  /** Mean positive return / mean |negative one|. */
  payoff_ratio: number | null
  /** The mean return, by its name in trading. */
  expectancy_per_period: number
}

/** Metrics of wealth / highest wealth so far − 1 before the first and after every step; durations in steps. */
export interface DrawdownMetrics {
  /** The deepest, at most 0. */
  max_drawdown: number
  /** Mean of those below 0. */
  average_drawdown: number | null
  /** Longest time below the highest wealth so far. */
  max_drawdown_duration: number
  /** Time from the deepest point until the loss was made good; null if it never was. */
  recovery_time_from_max_drawdown: number | null
  /** Root mean square. */
  ulcer_index: number
  /** annualized_return_cagr / |max_drawdown|. */
  calmar_ratio: number | null
}

export interface PositionMetrics {
  /** Mean of |change of position| between steps, summed over assets: without the first, and without what drifts. */
  turnover: number | null
  /** Mean length of runs of steps with the same position. */
  average_holding_period: number | null
  /** Steps at which the position was another than at the step before. `TradeMetrics` counts trades. */
  n_trades: number
  /** Shares of the positions, of all assets alike, that are above, below and at 0. */
  pct_long: number | null
  pct_short: number | null
  pct_neutral: number | null
}

/** Returns of bars beside those of the market: of buying and holding, over the same price moves. */
export interface MarketMetrics {
  beta: number | null
  /** Alpha of a year: (mean − beta · mean of the market) · periods_per_year. */
  alpha: number | null
  /** Annualised deviation of the difference, and its annualised mean divided by that. */
  tracking_error: number | null
  information_ratio: number | null
}

export interface WealthCurve {
  /** [steps + 1], from before the first step on */
  wealth: Float64Array
  /** [steps, assets], row by row: what each step traded to */
  positions: Float64Array
  assets: number
  /** Wealth of buying and holding, from before the first step to the last or beyond. */
  market?: Float64Array
}

/** @param timeframe length of a step */
export function computeMetrics(
  { wealth, positions, assets, market }: WealthCurve,
  timeframe: string,
  calendar: Calendar,
  math: CoreMath,
): Metrics {
  const { size, periods } = barsOf(wealth.length - 1, timeframe, calendar)
  const returns = returnsOf(wealth, size)
  const ofReturns = returnMetrics(wealth, returns, periods, math)
  return {
    ...ofReturns,
    ...drawdownMetrics(wealth, ofReturns.annualized_return_cagr),
    ...positionMetrics(positions, assets),
    ...marketMetrics(returns, market && returnsOf(market.subarray(0, wealth.length), size), periods),
  }
}

/** Below this annualised volatility a ratio of mean to deviation says nothing. */
const LEAST_VOLATILITY = 1e-3

function returnMetrics(
  wealth: Float64Array,
  returns: Float64Array,
  periods: number,
  math: CoreMath,
): ReturnMetrics {
  const [n, year] = [returns.length, Math.sqrt(periods)]
  const ratio = wealth.at(-1)! / wealth[0]!
  const [average, std, downside] = [mean(returns), deviation(returns), downsideDeviation(returns)]
  const varies = std * year >= LEAST_VOLATILITY
  const sharpe = varies ? average / std : NaN
  const [gains, losses] = [returns.filter((r) => r > 0), returns.filter((r) => r < 0)]
  const [profit, loss] = [sum(gains), -sum(losses)]
  const moment = (power: 3 | 4) =>
    varies ? mean(returns.map((r) => standardised(r, average, std, power))) : NaN
  return {
    steps: wealth.length - 1,
    n_bars: n,
    periods_per_year: periods,
    total_return: ratio - 1,
    sum_log_reward: ratio > 0 ? math.log(ratio) : null,
    annualized_return_cagr: periods <= 365 && ratio > 0 ? finite(growth(ratio, periods / n, math)) : null,
    annualized_volatility: finite(std * year),
    mean_return: average,
    std_return: finite(std),
    sharpe_ratio: finite(sharpe),
    sharpe_annualized: finite(sharpe * year),
    sharpe_expost: finite(sharpe * Math.sqrt(n)),
    sortino_ratio: varies ? finite(average / downside) : null,
    downside_deviation: downside * year,
    ...tails(returns.toSorted()),
    return_skewness: finite(moment(3)),
    return_kurtosis: finite(moment(4) - 3),
    win_rate: gains.length / n,
    lose_rate: losses.length / n,
    gross_profit: profit,
    gross_loss: loss,
    omega_ratio: finite(profit / loss),
    profit_factor: finite(profit / loss),
    payoff_ratio: finite(profit / gains.length / (loss / losses.length)),
    expectancy_per_period: average,
  }
}

function growth(ratio: number, perYear: number, math: CoreMath): number {
  return math.exp(math.log(ratio) * perYear) - 1
}

function standardised(value: number, average: number, std: number, power: 3 | 4): number {
  const z = (value - average) / std
  return power === 3 ? z * z * z : z * z * z * z
}

/** @param sorted returns, ascending */
function tails(
  sorted: Float64Array,
): Pick<ReturnMetrics, 'var_95' | 'cvar_95' | 'var_99' | 'cvar_99' | 'tail_ratio'> {
  const [low, lowest] = [quantile(sorted, 0.05), quantile(sorted, 0.01)]
  return {
    var_95: low,
    cvar_95: mean(sorted.filter((r) => r <= low)),
    var_99: lowest,
    cvar_99: mean(sorted.filter((r) => r <= lowest)),
    tail_ratio: finite(quantile(sorted, 0.95) / Math.abs(low)),
  }
}

function drawdownMetrics(wealth: Float64Array, cagr: number | null): DrawdownMetrics {
  const drawdowns = drawdownsOf(wealth)
  const below = drawdowns.filter((value) => value < 0)
  const deepest = drawdowns.reduce((a, b) => Math.min(a, b))
  const trough = drawdowns.indexOf(deepest)
  const recovered = drawdowns.indexOf(0, trough)
  let [longest, run] = [0, 0]
  for (const value of drawdowns) {
    run = value < 0 ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return {
    max_drawdown: deepest,
    average_drawdown: finite(mean(below)),
    max_drawdown_duration: longest,
    recovery_time_from_max_drawdown: recovered < 0 ? null : recovered - trough,
    ulcer_index: Math.sqrt(mean(drawdowns.map((value) => value * value))),
    calmar_ratio: cagr === null ? null : finite(cagr / Math.abs(deepest)),
  }
}

/** wealth / highest wealth so far − 1, at every point. */
export function drawdownsOf(wealth: Float64Array): Float64Array {
  let peak = wealth[0]!
  return wealth.map((value) => {
    peak = Math.max(peak, value)
    return value / peak - 1
  })
}

function positionMetrics(positions: Float64Array, assets: number): PositionMetrics {
  const steps = positions.length / assets
  const changes = new Float64Array(Math.max(0, steps - 1))
  for (let i = 0; i < changes.length * assets; i++)
    changes[Math.floor(i / assets)]! += Math.abs(positions[i + assets]! - positions[i]!)
  const trades = changes.filter((change) => change !== 0).length
  const share = (holds: (position: number) => boolean) =>
    finite(positions.filter(holds).length / positions.length)
  return {
    turnover: finite(mean(changes)),
    average_holding_period: steps > 0 ? steps / (trades + 1) : null,
    n_trades: trades,
    pct_long: share((position) => position > 0),
    pct_short: share((position) => position < 0),
    pct_neutral: share((position) => position === 0),
  }
}

function marketMetrics(
  returns: Float64Array,
  market: Float64Array | undefined,
  periods: number,
): MarketMetrics {
  if (!market) return { beta: null, alpha: null, tracking_error: null, information_ratio: null }
  const year = Math.sqrt(periods)
  const varies = deviation(market) * year >= LEAST_VOLATILITY
  const beta = varies ? covariance(returns, market) / covariance(market, market) : NaN
  const differences = returns.map((r, i) => r - market[i]!)
  const error = deviation(differences) * year
  return {
    beta: finite(beta),
    alpha: finite((mean(returns) - beta * mean(market)) * periods),
    tracking_error: finite(error),
    information_ratio: error >= LEAST_VOLATILITY ? finite((mean(differences) * periods) / error) : null,
  }
}
