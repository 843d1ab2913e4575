import { describe, expect, it } from 'vitest'
import { computeMetrics, maxDrawdown, periodsPerYear } from '../src/metrics.ts'
import { core, expectClose, generator } from './env/helpers.ts'
import golden from './golden/metrics.json' with { type: 'json' }

const RETURNS = [0.01, -0.02, 0.015, 0, -0.005, 0.02, -0.01, 0.005]
const ACTIONS = [1, 1, -1, 0, 0, 1, 1, -1]

/** One unit of wealth compounded, from before the first step on. */
function wealthOf(returns: number[]): Float64Array {
  const wealth = [1]
  for (const r of returns) wealth.push(wealth.at(-1)! * (1 + r))
  return Float64Array.from(wealth)
}

function metricsOf(wealth: ArrayLike<number>, positions: number[] = [], assets = 1, periods = 252) {
  return computeMetrics(Float64Array.from(wealth), Float64Array.from(positions), assets, periods, core.math)
}

describe('the metrics', () => {
  it('equal those of the Python original where they share a definition', () => {
    const metrics = metricsOf(wealthOf(RETURNS), ACTIONS)
    for (const name of [
      'total_return',
      'sharpe_ratio',
      'sortino_ratio',
      'max_drawdown',
      'turnover',
      'win_rate',
      'n_trades',
    ] as const) {
      expectClose(metrics[name]!, golden.daily[name], name)
    }
    expect(metrics.steps).toBe(golden.daily.n_periods)
    expect(metrics.periods_per_year).toBe(golden.daily.periods_per_year_used)
  })

  it('annualise the Sharpe ratio with the mean and volatility of the original', () => {
    const { mean_return: mean, annualized_volatility: volatility } = golden.daily
    expectClose(metricsOf(wealthOf(RETURNS)).sharpe_annualized!, (252 * mean) / volatility)
  })

  it('do not depend on the unit of wealth', () => {
    const [one, many] = [1, 10000].map((unit) =>
      metricsOf(
        wealthOf(RETURNS).map((wealth) => unit * wealth),
        ACTIONS,
      ),
    )
    for (const [name, value] of Object.entries(one!))
      expectClose(many![name as keyof typeof one & keyof typeof many] as number, value as number, name)
  })

  it('add log rewards up to the logarithm of the total return', () => {
    const random = generator(1)
    const returns = Array.from({ length: 200 }, () => 0.1 * (2 * random() - 1))
    const { sum_log_reward: sum, total_return: total } = metricsOf(wealthOf(returns))
    expectClose(
      sum!,
      returns.reduce((total, r) => total + Math.log(1 + r), 0),
    )
    expectClose(total, Math.exp(sum!) - 1)
  })

  it('count every step, the first and the last too', () => {
    for (const at of [0, 7]) {
      const growth = (1 + golden.daily.total_return) * (1.5 / (1 + RETURNS[at]!))
      expectClose(metricsOf(wealthOf(RETURNS.with(at, 0.5))).total_return, growth - 1)
    }
  })

  it('have no ratio for constant wealth', () => {
    expect(metricsOf([5, 5, 5, 5], [0, 0, 0])).toEqual({
      steps: 3,
      total_return: 0,
      sum_log_reward: 0,
      sharpe_ratio: null,
      sharpe_annualized: null,
      sortino_ratio: null,
      max_drawdown: 0,
      turnover: 0,
      win_rate: 0,
      n_trades: 0,
      periods_per_year: 252,
    })
  })

  it('have no ratio for wealth that grows evenly, and no Sortino ratio without a loss', () => {
    const even = metricsOf(wealthOf([0.01, 0.01, 0.01, 0.01]))
    expect([even.sharpe_ratio, even.sharpe_annualized, even.sortino_ratio]).toEqual([null, null, null])
    const gains = metricsOf(wealthOf([0.01, 0.02, 0.03]))
    expect(gains.sharpe_ratio).toBeCloseTo(2, 9)
    expect(gains.sortino_ratio).toBeNull()
  })

  it('have neither a deviation nor a turnover after one step', () => {
    expect(metricsOf([100, 110], [1])).toMatchObject({
      steps: 1,
      sharpe_ratio: null,
      sharpe_annualized: null,
      sortino_ratio: null,
      turnover: null,
      win_rate: 1,
      n_trades: 0,
    })
  })

  it('have no logarithm after ruin', () => {
    for (const last of [0, -50]) {
      const metrics = metricsOf([100, 120, last], [-1, -1])
      expect(metrics.sum_log_reward).toBeNull()
      expectClose(metrics.total_return, last / 100 - 1)
      expectClose(metrics.max_drawdown, last / 120 - 1)
    }
  })

  it('sum position changes over the assets of a step', () => {
    const positions = [
      [0.5, 0.5],
      [0.5, -0.5],
      [0.5, -0.5],
      [-0.5, 0.5],
    ]
    const metrics = metricsOf([1, 1.1, 1, 1.1, 1], positions.flat(), 2)
    expectClose(metrics.turnover!, (1 + 0 + 2) / 3)
    expect(metrics.n_trades).toBe(2)
  })
})

describe('the deepest fall', () => {
  it('is measured from the highest wealth before it, the initial one included', () => {
    expectClose(maxDrawdown(Float64Array.of(100, 80, 120, 90, 110)), -0.25)
    expectClose(maxDrawdown(Float64Array.of(100, 50, 60, 55)), -0.5)
    expect(maxDrawdown(Float64Array.of(1, 2, 3))).toBe(0)
  })
})

describe('the bars of a year', () => {
  it('are counted by the calendar', () => {
    for (const [timeframe, crypto, equity] of [
      ['1w', 52, 52],
      ['1d', 365, 252],
      ['4h', 2190, 409.5],
      ['1h', 8760, 1638],
      ['30m', 17520, 3276],
      ['15m', 35040, 6552],
      ['5m', 105120, 19656],
      ['1m', 525600, 98280],
      ['15s', 2102400, 393120],
      ['5s', 6307200, 1179360],
    ] as const) {
      expect(periodsPerYear(timeframe, 'crypto'), timeframe).toBe(crypto)
      expect(periodsPerYear(timeframe, 'us_equity'), timeframe).toBe(equity)
    }
  })
})
