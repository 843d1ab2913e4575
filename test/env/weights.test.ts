// Weights of portfolios stay below their cap, and wealth accounts for every cost: a broker who knows only units and cash
// ends with the same.
import { describe, expect, it } from 'vitest'
import type { ScenarioInput } from '../../src/scenario/schema.ts'
import type { Market } from '../../src/env/env.ts'
import { tradingTask } from '../../src/task/trading.ts'
import { smallScenario, table } from '../helpers/trial.ts'
import {
  core,
  createMarket,
  envConfig,
  expectClose,
  generator,
  randomAction,
  testEnv,
  walk,
} from './helpers.ts'

const ASSETS = 5
const ROWS = 60
const names = Array.from({ length: ASSETS }, (_, i) => `close_${i}`)

function randomMarket(seed: number): Market {
  const random = generator(seed)
  const prices = names.map(() => walk(random, ROWS, 0.05))
  const bars = prices.map((price) => ({
    high: Float64Array.from(price, (p) => p * (1 + 0.02 * random())),
    low: Float64Array.from(price, (p) => p * (1 - 0.02 * random())),
    volume: Float64Array.from(price, () => 200 * random()),
  }))
  const funding = prices.map((price) => Float64Array.from(price, () => 0.002 * (random() - 0.4)))
  bars[0]!.volume[7] = 0
  return { ...createMarket(prices), priceNames: names, bars, funding }
}

/** The weights that each step traded to, and wealth before the first and after every step. */
function play(given: ScenarioInput['env'], market: Market, seed = 1) {
  const env = testEnv(market, { price_columns: names, ...given })
  const random = generator(seed)
  const positions: number[][] = []
  const wealth = [env.reset().info.wealth!]
  for (let done = false; !done;) {
    // many at the bounds, as those of a policy
    const action = randomAction(random, env.actionDim).map((a) => Math.max(-1, Math.min(1, 2 * a)))
    const { info, terminated, truncated } = env.step(action)
    positions.push(Array.from(info.position!))
    wealth.push(info.wealth!)
    done = terminated || truncated
  }
  return { positions, wealth, actionDim: env.actionDim }
}

const gross = (weights: number[]) => weights.reduce((sum, weight) => sum + Math.abs(weight), 0)

describe('weights', () => {
  it.each<[ScenarioInput['env'], number, least: number]>([
    [{ weights: 'portfolio' }, 1, 0],
    [{ weights: 'portfolio', allow_shorts: true }, 1, -1],
    [{ weights: 'portfolio', max_gross: 0.6 }, 0.6, 0],
    [{ weights: 'long_only' }, 1, 0],
    [{ weights: 'long_only', max_gross: 1.5 }, 1.5, 0],
    [{ weights: 'long_short', max_gross: 2 }, 2, -1],
    [{ weights: 'portfolio', allow_shorts: true, no_trade_band: 0.2 }, 1, -1],
    [{ weights: 'long_only', no_trade_band: 0.3, trading_fees: 0.01 }, 1, 0],
  ])('of random actions stay within the cap: %j', (given, cap, least) => {
    for (let seed = 0; seed < 5; seed++) {
      const { positions } = play(given, randomMarket(seed), seed)
      expect(positions).toHaveLength(ROWS - 1)
      for (const weights of positions) {
        expect(gross(weights)).toBeLessThanOrEqual(cap + 1e-9)
        for (const weight of weights) expect(weight).toBeGreaterThanOrEqual(least)
      }
      expect(Math.max(...positions.map(gross))).toBeGreaterThan(0.5 * cap)
      if (least < 0) expect(Math.min(...positions.flat())).toBeLessThan(0)
    }
  })

  it('of long_short are the actions, whose sum of sizes is that of as many assets as there are', () => {
    const { positions, actionDim } = play({}, randomMarket(1))
    expect(actionDim).toBe(ASSETS)
    expect(Math.max(...positions.map(gross))).toBeGreaterThan(3)
  })

  it('of a portfolio are shares of what all actions ask for, cash among them', () => {
    const env = testEnv(randomMarket(1), { price_columns: names, weights: 'portfolio' })
    expect(env.actionDim).toBe(ASSETS + 1)
    const weightsOf = (action: number[]) => {
      env.reset()
      return Array.from(env.step(action).info.position!)
    }
    expect(weightsOf([-1, 1, -1, -1, -1, -1])).toEqual([1, 0, 0, 0, 0])
    expect(weightsOf([1, 1, 1, -1, -1, -1])).toEqual([1 / 3, 1 / 3, 0, 0, 0])
    expect(weightsOf([1, -1, -1, -1, -1, -1])).toEqual([0, 0, 0, 0, 0])
    expect(weightsOf([-1, -1, -1, -1, -1, -1])).toEqual([0, 0, 0, 0, 0]) // nothing asked for is cash
    const short = testEnv(randomMarket(1), { price_columns: names, weights: 'portfolio', allow_shorts: true })
    short.reset()
    expect(Array.from(short.step([-1, 1, -1, 0, 0, 0]).info.position!)).toEqual([0.5, -0.5, 0, 0, 0])
  })

  it('are left where they drifted to while they would change by less than the band', () => {
    const env = testEnv(createMarket([[100, 110, 110, 110]]), { no_trade_band: 0.05, trading_fees: 0.01 })
    env.reset()
    env.step([0.5])
    const drifted = (0.5 * 1.1) / (1 + 0.05 - 0.005)
    const held = env.step([0.5])
    expectClose(held.info.position![0]!, drifted)
    expect(held.reward).toBe(0)
    expect(env.step([0.4]).info.position![0]).toBe(0.4)
  })
})

describe('wealth', () => {
  it.each<[ScenarioInput['env']]>([
    [{ spread: 0.004 }],
    [{ slippage: 0.002, trading_fees: 0.001 }],
    [{ slippage: 0.1, slippage_model: 'range' }],
    [{ slippage: 0.05, slippage_model: 'volume', trading_fees: 0.001, spread: 0.001 }],
    [{ borrow_interest_rate: 0.001 }],
    [{ borrow_interest_rate: 0.001, weights: 'long_only', max_gross: 2 }],
    [{ funding_rate: 0.0005 }],
    [{ funding_rate: names, borrow_interest_rate: 0.0002, trading_fees: 0.001, no_trade_band: 0.3 }],
  ])('pays all of it and nothing else: %j', (given) => {
    const costs = envConfig(given)
    const market = randomMarket(3)
    const { positions, wealth } = play({ weights: 'portfolio', allow_shorts: true, ...given }, market, 6)
    let cash = 10000
    const units = names.map(() => 0)
    let paid = 0
    for (let t = 0; t < ROWS - 1; t++) {
      const price = market.prices.map((all) => all[t]!)
      const before = units.reduce((sum, unit, i) => sum + unit * price[i]!, cash)
      expectClose(before, wealth[t]!)
      positions[t]!.forEach((weight, i) => {
        const wanted = (weight * before) / price[i]!
        const bought = wanted - units[i]!
        const { high, low, volume } = market.bars![i]!
        const slippage = {
          fixed: costs.slippage,
          range: (costs.slippage * (high[t]! - low[t]!)) / price[i]!,
          volume: costs.slippage * (Math.abs(bought) < volume[t]! ? Math.abs(bought) / volume[t]! : 1),
        }[costs.slippage_model]
        const cost = (costs.trading_fees + costs.spread / 2 + slippage) * Math.abs(bought) * price[i]!
        cash -= bought * price[i]! + cost
        paid += Math.abs(cost)
        units[i] = wanted
      })
      // on what is owed before the costs of the same step
      const short = positions[t]!.reduce((sum, weight) => sum + Math.max(0, -weight), 0)
      const borrowed = Math.max(0, positions[t]!.reduce((sum, weight) => sum + weight, 0) - 1)
      const interest = costs.borrow_interest_rate * (short + borrowed) * before
      const rate = (i: number) =>
        typeof costs.funding_rate === 'number' ? costs.funding_rate : market.funding![i]![t]!
      const funding = positions[t]!.reduce((sum, weight, i) => sum + weight * rate(i) * before, 0)
      cash -= interest + funding
      paid += interest + Math.abs(funding)
    }
    expectClose(
      units.reduce((sum, unit, i) => sum + unit * market.prices[i]![ROWS - 1]!, cash),
      wealth.at(-1)!,
    )
    expect(paid).toBeGreaterThan(10)
  })
})

describe('columns of costs', () => {
  const taskOf = (env: object) => tradingTask(smallScenario({ env }), table, core.math)

  it('are those of the data, cut to the rows of each split', () => {
    const { markets, splits } = taskOf({ slippage: 0.1, slippage_model: 'range', funding_rate: 'volume' })
    const { from, to } = splits.test
    expect(markets.test.bars![0]!.high).toEqual(table.columns['high']!.subarray(from, to))
    expect(markets.test.funding![0]).toEqual(table.columns['volume']!.subarray(from, to))
  })

  it('are refused in a sentence where the data do not have them', () => {
    expect(() => taskOf({ funding_rate: 'funding' })).toThrow(
      /^env.funding_rate needs the column funding, have open/,
    )
    expect(() => taskOf({ funding_rate: ['open', 'close'] })).toThrow(
      'env.funding_rate must name one column for each asset, 1, got 2',
    )
    expect(() => taskOf({ slippage: 1, slippage_model: 'volume', price_columns: ['open'] })).toThrow(
      'env.slippage_model volume needs bars: env.price_columns open must be a column of closes, such as close_X',
    )
  })
})
