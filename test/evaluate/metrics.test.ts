// The metrics equal those of the Python original, and those of NumPy where it is installed.
import { describe, expect, it } from 'vitest'
import { barsOf, periodsPerYear, returnsOf, type Calendar } from '../../src/math/bars.ts'
import { computeMetrics, type Metrics } from '../../src/evaluate/metrics.ts'
import { core, expectClose, generator } from '../env/helpers.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'
import golden from '../golden/metrics.json' with { type: 'json' }

const RETURNS = [0.01, -0.02, 0.015, 0, -0.005, 0.02, -0.01, 0.005]
const MARKET = [0.005, -0.01, 0.01, 0.002, -0.004, 0.01, -0.006, 0.003]
const ACTIONS = [1, 1, -1, 0, 0, 1, 1, -1]

/** One unit of wealth compounded, from before the first step on. */
function wealthOf(returns: number[]): Float64Array {
  const wealth = [1]
  for (const r of returns) wealth.push(wealth.at(-1)! * (1 + r))
  return Float64Array.from(wealth)
}

/** Metrics of steps of a day, 252 a year. */
function metricsOf(wealth: ArrayLike<number>, positions: number[] = [], assets = 1, market?: Float64Array) {
  const course = { wealth: Float64Array.from(wealth), positions: Float64Array.from(positions), assets }
  return computeMetrics({ ...course, ...(market && { market }) }, '1d', 'us_equity', core.math)
}

const OTHER_NAMES: Partial<Record<string, keyof Metrics>> = {
  n_periods: 'steps',
  periods_per_year_used: 'periods_per_year',
}

/** All that the original measures, but what it does of no positions and no market. */
function expectGolden(metrics: Metrics, expected: Record<string, number | null>): void {
  expect(Object.keys(expected).length).toBe(43)
  for (const [name, value] of Object.entries(expected)) {
    const actual = metrics[OTHER_NAMES[name] ?? (name as keyof Metrics)]
    if (value === null) expect(actual, name).toBeNull()
    else expectClose(actual!, value, name)
  }
}

interface Case {
  wealth: number[]
  positions: number[]
  market: number[]
  assets: number
  timeframe: string
  calendar: Calendar
  expected: Record<keyof Metrics, number | null>
}

describeWithPython('the metrics beside NumPy', () => {
  const { hours, cases } = runPython('evaluate/metrics_peer.py') as { hours: number[]; cases: Case[] }

  it('agree on 1000 random series, in every bar, calendar and number of assets', () => {
    expect(cases.length).toBe(1000)
    for (const { wealth, positions, market, assets, timeframe, calendar, expected } of cases) {
      const course = { wealth, positions, market }
      const [w, p, m] = Object.values(course).map((values) => Float64Array.from(values))
      const metrics = computeMetrics(
        { wealth: w!, positions: p!, market: m!, assets },
        timeframe,
        calendar,
        core.math,
      )
      expect(Object.keys(metrics).toSorted()).toEqual(Object.keys(expected).toSorted())
      for (const [name, value] of Object.entries(expected) as [keyof Metrics, number | null][]) {
        if (value === null) expect(metrics[name], name).toBeNull()
        else expectClose(metrics[name]!, value, `${name} of ${wealth.length - 1} × ${timeframe} ${calendar}`)
      }
    }
    expect(cases.filter(({ expected }) => expected.n_bars! < expected.steps!).length).toBeGreaterThan(50)
  })

  it('of 400 hours are those of the Python original, which measures 67 days', () => {
    const days = returnsOf(wealthOf(hours), 6)
    expect(days.length).toBe(golden.hourly400_bars)
    expectGolden({ ...metricsOf(wealthOf(Array.from(days))), steps: 400 }, golden.hourly400)
    const course = { wealth: wealthOf(hours), positions: new Float64Array(0), assets: 1 }
    const metrics = computeMetrics(course, '1h', 'us_equity', core.math)
    expect([metrics.steps, metrics.n_bars, metrics.periods_per_year]).toEqual([400, 67, 252])
    expectClose(metrics.sharpe_ratio!, golden.hourly400.sharpe_ratio)
    expectClose(metrics.annualized_return_cagr!, golden.hourly400.annualized_return_cagr)
    // falls within a day count too
    expect(metrics.max_drawdown).toBeLessThan(golden.hourly400.max_drawdown)
  })
})

describe('the metrics', () => {
  it('equal those of the Python original', () => {
    const metrics = metricsOf(wealthOf(RETURNS), ACTIONS, 1, wealthOf(MARKET))
    expectGolden(metrics, golden.daily)
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
    const zero =
      'total_return sum_log_reward annualized_return_cagr annualized_volatility mean_return std_return ' +
      'downside_deviation var_95 cvar_95 var_99 cvar_99 win_rate lose_rate gross_profit gross_loss ' +
      'expectancy_per_period max_drawdown max_drawdown_duration recovery_time_from_max_drawdown ulcer_index ' +
      'turnover n_trades pct_long pct_short'
    const numbers = { steps: 3, n_bars: 3, periods_per_year: 252, average_holding_period: 3, pct_neutral: 1 }
    for (const [name, value] of Object.entries(metricsOf([5, 5, 5, 5], [0, 0, 0]))) {
      const expected = zero.split(' ').includes(name) ? 0 : (numbers[name as keyof typeof numbers] ?? null)
      expect(value === 0 ? 0 : value, name).toBe(expected)
    }
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
    expectClose(metricsOf([100, 80, 120, 90, 110]).max_drawdown, -0.25)
    expectClose(metricsOf([100, 50, 60, 55]).max_drawdown, -0.5)
    expect(metricsOf([1, 2, 3]).max_drawdown).toBe(0)
  })
})

describe('bars', () => {
  it('are the longest of which there are 50, and never shorter than a step', () => {
    for (const [steps, timeframe, calendar, size, periods] of [
      [400, '1h', 'us_equity', 6, 252],
      [1200, '1h', 'crypto', 24, 365],
      [1176, '1h', 'crypto', 1, 8760], // 49 days
      [20, '1h', 'crypto', 1, 8760],
      [3000, '1m', 'crypto', 60, 8760],
      [800, '1m', 'crypto', 15, 35040],
      [5000, '1d', 'crypto', 1, 365],
      [5000, '1w', 'crypto', 1, 52],
    ] as const) {
      expect(barsOf(steps, timeframe, calendar), `${steps} × ${timeframe}`).toEqual({ size, periods })
    }
  })

  it('compound the returns of their steps, the last of those that are left', () => {
    const [first, last] = returnsOf(Float64Array.of(1, 1.1, 1.21, 0.605), 2)
    expectClose(first!, 0.21)
    expectClose(last!, -0.5)
  })

  it('move with the market over the same steps: what holds the market is the market', () => {
    const wealth = wealthOf(MARKET)
    const metrics = metricsOf(wealth, [], 1, Float64Array.of(...wealth, 3, 4)) // the market goes on after ruin
    expectClose(metrics.beta!, 1)
    expectClose(metrics.alpha!, 0)
    expect([metrics.tracking_error, metrics.information_ratio]).toEqual([0, null])
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
