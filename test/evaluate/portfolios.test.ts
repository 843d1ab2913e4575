// Benchmarks of portfolios: within the cap, worth what their weights are, and of least variance where they say so.
import { describe, expect, it } from 'vitest'
import { maxProfit } from '../../src/evaluate/benchmarks.ts'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { leastVariance } from '../../src/math/least-variance.ts'
import { covariance } from '../../src/math/statistics.ts'
import type { ScenarioInput } from '../../src/scenario/schema.ts'
import { core, createMarket, envConfig, expectClose, generator, randomAction, walk } from '../env/helpers.ts'
import { parse } from '../scenario/helpers.ts'

const ASSETS = 5
const ROWS = 60
const names = Array.from({ length: ASSETS }, (_, i) => `close_${i}`)
const random = generator(11)
const prices = names.map(() => walk(random, ROWS, 0.04))
const market = { ...createMarket(prices), leastVariance: Float64Array.of(0.5, 0, 0.3, 0, 0.2) }
/** [step][asset] */
const returns = Array.from({ length: ROWS - 1 }, (_, t) =>
  prices.map((price) => price[t + 1]! / price[t]! - 1),
)

const scenarioOf = (env: ScenarioInput['env']) =>
  parse(JSON.stringify({ seed: 1, env: { price_columns: names, ...env } })).scenario
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
const logOf = (weights: number[]) =>
  sum(returns.map((moves) => Math.log(1 + sum(moves.map((move, i) => weights[i]! * move)))))

describe('benchmarks of five assets', () => {
  it.each([
    [{ weights: 'portfolio' }, 1],
    [{ weights: 'portfolio', max_gross: 0.4 }, 0.4],
    [{ max_gross: 1 }, 1],
  ] as const)('have the wealth of their weights, within the cap: %j', (env, exposure) => {
    const { metrics, portfolios } = evaluate(scenarioOf(env), market, () => randomAction(random, 6), core)
    expectClose(metrics.equal_weight!, logOf(names.map(() => exposure / ASSETS)))
    expectClose(metrics.minimum_variance!, logOf(Array.from(market.leastVariance, (w) => exposure * w)))
    const gains = prices.map((price) => price[ROWS - 1]! / price[0]!)
    expectClose(metrics.best_asset!, Math.log(1 - exposure + exposure * Math.max(...gains)))
    expectClose(metrics.buy_and_hold!, Math.log(1 - exposure + (exposure * sum(gains)) / ASSETS))
    for (const wealth of Object.values(portfolios)) expect([wealth.length, wealth[0]]).toEqual([ROWS, 1])
    expect(metrics.max_gross_exposure!).toBeLessThanOrEqual(exposure + 1e-9)
    expect(metrics.max_gross_exposure!).toBeGreaterThan(0.5 * exposure)
    // constant weights, which are among those that the agent could choose
    expect(metrics.best_constant!).toBeLessThan(metrics.max_profit)
  })

  it('has no more for the perfect trader than the cap allows', () => {
    const most = (env: ScenarioInput['env']) => maxProfit(market, core.math, envConfig(env)).at(-1)!
    const expected = (of: (gains: number[]) => number) => sum(returns.map((moves) => Math.log(1 + of(moves))))
    const sizes = (moves: number[]) => moves.map(Math.abs).toSorted((a, b) => b - a)
    expectClose(
      most({}),
      expected((moves) => sum(moves.map(Math.abs))),
    )
    expectClose(
      most({ max_gross: 1 }),
      expected((moves) => sizes(moves)[0]!),
    )
    expectClose(
      most({ max_gross: 2.5 }),
      expected((moves) => sizes(moves)[0]! + sizes(moves)[1]! + 0.5 * sizes(moves)[2]!),
    )
    expectClose(
      most({ weights: 'portfolio' }),
      expected((moves) => Math.max(0, ...moves)),
    )
    expectClose(
      most({ weights: 'portfolio', allow_shorts: true, max_gross: 0.5 }),
      expected((moves) => 0.5 * sizes(moves)[0]!),
    )
  })

  it('does not beat the perfect trader, whatever it does', () => {
    for (const weights of ['portfolio', 'long_only'] as const) {
      const scenario = scenarioOf({ weights })
      for (let seed = 0; seed < 5; seed++) {
        const actions = generator(seed)
        const policy = () => randomAction(actions, weights === 'portfolio' ? 6 : 5)
        const { metrics } = evaluate(scenario, market, policy, core)
        expect(metrics.sum_log_reward!).toBeLessThan(metrics.max_profit)
      }
    }
  })

  it('are not there for one asset', () => {
    const { metrics, portfolios } = evaluate(
      parse('{seed: 1}').scenario,
      createMarket([prices[0]!]),
      () => [1],
      core,
    )
    expect(portfolios).toEqual({})
    expect(metrics).not.toHaveProperty('equal_weight')
    expect(metrics).not.toHaveProperty('max_gross_exposure')
  })
})

describe('the weights of least variance', () => {
  it('are none negative, 1 in all, and no shift of weight lessens the variance', () => {
    for (let seed = 0; seed < 20; seed++) {
      const draw = generator(seed)
      const common = Float64Array.from({ length: 100 }, () => draw() - 0.5)
      const series = Array.from({ length: 6 }, (_, i) =>
        common.map((shared) => (0.5 + 0.3 * i) * shared + (0.2 + 0.2 * draw()) * (draw() - 0.5)),
      )
      const weights = leastVariance(series)
      expectClose(sum([...weights]), 1)
      // Karush, Kuhn and Tucker: the slope is least, and the same, where there is weight
      const slopes = series.map((one) => sum(series.map((other, k) => covariance(one, other) * weights[k]!)))
      const least = Math.min(...slopes)
      weights.forEach((weight, i) => {
        expect(weight).toBeGreaterThanOrEqual(0)
        if (weight > 1e-9) expect(slopes[i]! - least).toBeLessThan(1e-9)
      })
      expect(Math.max(...weights)).toBeGreaterThan(0.3)
    }
  })

  it('are inverse to the variances of what does not correlate', () => {
    const weights = leastVariance([Float64Array.of(1, -1, 1, -1), Float64Array.of(2, 2, -2, -2)])
    expectClose(weights[0]!, 0.8)
    expectClose(weights[1]!, 0.2)
  })
})
