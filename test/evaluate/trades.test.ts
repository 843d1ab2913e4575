// The trades of a rollout agree with the wealth of its environment: whoever books each of them ends with the same.
import { describe, expect, it } from 'vitest'
import { costSensitivity } from '../../src/evaluate/costs.ts'
import { evaluate, rollout, createEvaluationEnv, type Policy } from '../../src/evaluate/evaluate.ts'
import type { Market } from '../../src/env/env.ts'
import { scenarioSchema, type ScenarioInput } from '../../src/scenario/schema.ts'
import { parse } from '../scenario/helpers.ts'
import { tradesOf, type Trade } from '../../src/evaluate/trades.ts'
import { core, createMarket, expectClose, generator, randomAction, walk } from '../env/helpers.ts'

const ROWS = 200

function randomMarket(assets: number): Market {
  const random = generator(5)
  return createMarket(Array.from({ length: assets }, () => walk(random, ROWS)))
}

/** Plays random actions, books the trades, and compares the wealth of every step. */
function bookTrades(given: ScenarioInput['env'], market: Market): Trade[] {
  const { env } = scenarioSchema.parse({ env: given })
  const random = generator(9)
  const policy: Policy = () => randomAction(random, market.prices.length)
  const done = rollout(createEvaluationEnv({ env }, market, core), policy)
  const trades = [...tradesOf(done, market, env)]
  const units = market.prices.map(() => 0)
  let cash = done.wealth[0]!
  if (typeof env.initial_position === 'number') {
    units[0] = (env.initial_position * cash) / market.prices[0]![0]!
    cash *= 1 - env.initial_position
  }
  let next = 0
  for (let step = 1; step < done.wealth.length; step++) {
    for (; trades[next]?.step === step; next++) {
      const { row, asset, quantity, price, notional, fee, spread, slippage, wealth } = trades[next]!
      expect([row, price]).toEqual([step - 1, market.prices[asset]![row]])
      expectClose(notional, Math.abs(quantity) * price)
      expectClose(fee, env.trading_fees * notional)
      expectClose(spread, (env.spread / 2) * notional)
      expect(wealth).toBe(done.wealth[row])
      units[asset]! += quantity
      cash -= quantity * price
      // gym_trading_env pays for buying in units
      if (env.backend !== 'tradingenv' && quantity > 0) units[asset]! -= fee / price
      else cash -= fee + spread + slippage
    }
    const value = units.reduce((total, held, i) => total + held * market.prices[i]![step]!, cash)
    expectClose(value, done.wealth[step]!, `wealth after step ${step}`)
  }
  expect(next).toBe(trades.length)
  return trades
}

/** With volumes and ranges of bars, and none of the fields that only some scenarios need. */
function withBars(market: Market): Market {
  const random = generator(7)
  const bars = market.prices.map((price) => ({
    high: price.map((p) => p * (1 + 0.01 * random())),
    low: price.map((p) => p * (1 - 0.01 * random())),
    volume: price.map(() => 100 * random()),
  }))
  return { ...market, bars }
}

describe('the trades of a rollout', () => {
  it.each(['fixed', 'range', 'volume'] as const)(
    'tell fees, spread and slippage apart: %s',
    (slippage_model) => {
      const env = { trading_fees: 0.002, spread: 0.001, slippage: 0.05, slippage_model, no_trade_band: 0.3 }
      const trades = bookTrades(env, withBars(randomMarket(2)))
      expect(trades.length).toBeLessThan(2 * (ROWS - 1)) // some stay within the band
      for (const { slippage, notional } of trades) {
        expect(slippage).toBeGreaterThan(0)
        expect(slippage).toBeLessThanOrEqual(0.05 * notional * (1 + 1e-12))
      }
    },
  )

  it.each(['tradingenv', 'gym_trading_env.continuous'] as const)(
    'are what the metrics of %s say',
    (backend) => {
      const { scenario } = parse(JSON.stringify({ seed: 1, env: { backend, trading_fees: 0.001 } }))
      const random = generator(3)
      const market = randomMarket(1)
      const { agent, metrics } = evaluate(scenario, market, () => randomAction(random), core)
      const trades = [...tradesOf(agent, market, scenario.env)]
      expect(metrics.trades).toBe(trades.length)
      const sum = (of: (trade: Trade) => number) => trades.reduce((total, trade) => total + of(trade), 0)
      expectClose(
        metrics.turnover_total,
        sum(({ notional, wealth }) => notional / wealth),
      )
      expectClose(metrics.paid_fees, sum(({ fee }) => fee) / 10000)
      expect([metrics.paid_spread, metrics.paid_slippage, metrics.paid_borrow]).toEqual([0, 0, 0])
      // who enters and holds trades once; with fees a debt of as much would have to be made good
      const free = { ...scenario, env: { ...scenario.env, trading_fees: 0 } }
      const once = evaluate(free, market, () => [1], core).metrics
      expect([once.trades, once.n_trades]).toEqual([1, 0])
      expectClose(once.turnover_total, 1)
    },
  )

  it.each([
    ['tradingenv', {}],
    ['gym_trading_env.continuous', { borrow_interest: 'accumulated', initial_position: 0 }],
  ] as const)('and interest account for what a short of %s loses', (backend, given) => {
    const rate = 0.001
    const env = { ...given, backend, borrow_interest_rate: rate }
    const { scenario } = parse(JSON.stringify({ seed: 1, env }))
    const flat = createMarket([Array<number>(11).fill(100)])
    const { metrics, agent } = evaluate(scenario, flat, () => [-1], core)
    expect(metrics.total_return).toBeLessThan(-9 * rate)
    expectClose(metrics.paid_borrow, -metrics.total_return)
    expect(agent.wealth.at(-1)).toBeLessThan(10000)
  })

  it('of tradingenv account for its wealth, with several assets and fees', () => {
    const trades = bookTrades({ trading_fees: 0.002 }, randomMarket(2))
    expect(trades).toHaveLength(2 * (ROWS - 1))
    expect(trades[0]).toMatchObject({ step: 1, asset: 0, from: 0 })
  })

  it.each([0, 0.003])('of gym_trading_env account for its wealth, with fees of %d', (trading_fees) => {
    const env = { backend: 'gym_trading_env.continuous' as const, trading_fees, initial_position: 1 }
    const trades = bookTrades(env, randomMarket(1))
    // a position that is kept is no trade
    expect(trades.length).toBeGreaterThan(50)
    expect(trades.length).toBeLessThan(ROWS - 1)
    for (const { to } of trades) expect([-1, 0, 1]).toContain(to)
  })

  it('tells of none where a weight of 0 or 1 is held, which does not drift', () => {
    const { env } = scenarioSchema.parse({})
    const market = randomMarket(1)
    for (const [weight, trades] of [
      [0, 0],
      [1, 1],
      [-1, ROWS - 1],
    ] as const) {
      const done = rollout(createEvaluationEnv({ env }, market, core), () => [weight])
      expect([...tradesOf(done, market, env)]).toHaveLength(trades)
    }
  })
})

describe('the sensitivity to costs', () => {
  const market = randomMarket(1)

  it.each([true, false])(
    'is at its own costs what the evaluation says, and falls with them (position observed: %s)',
    (observed) => {
      const { scenario } = parse(
        `{seed: 1, env: {trading_fees: 0.0005, include_position_feature: ${observed}}}`,
      )
      // goes with the feature, or not far from where it stands
      const policy: Policy = (obs) => [
        Math.max(-1, Math.min(1, (obs[1] ?? (obs[0]! % 0.3) - 0.1) * 0.5 + 0.1)),
      ]
      const { metrics, agent } = evaluate(scenario, market, policy, core)
      let asked = 0
      const counted: Policy = (obs) => {
        asked++
        return policy(obs)
      }
      const costs = costSensitivity(scenario, market, counted, core, agent)
      expect(costs.map(({ cost_bp }) => cost_bp)).toEqual([0, 1, 5, 10, 25])
      const { total_return, sharpe_ratio } = metrics
      expect(costs[2]).toEqual({ cost_bp: 5, total_return, sharpe_ratio })
      const returns = costs.map((one) => one.total_return)
      expect(returns).toEqual(returns.toSorted((a, b) => b - a))
      expect(new Set(returns).size).toBe(5)
      // what cannot change is not asked for again
      expect(asked).toBe(observed ? 5 * (ROWS - 1) : 0)
    },
  )

  it('asks again where the agent was ruined at its own costs', () => {
    const { scenario } = parse('{seed: 1, env: {trading_fees: 0.9}}')
    const policy: Policy = (obs) => [obs[0]! < 1 ? -1 : 1]
    const { agent } = evaluate(scenario, market, policy, core)
    expect(agent.rewards.length).toBeLessThan(ROWS - 1)
    const [free] = costSensitivity(scenario, market, policy, core, agent)
    const env = { ...scenario.env, trading_fees: 0 }
    const { metrics } = evaluate({ ...scenario, env }, market, policy, core)
    expect(free!.total_return).toBe(metrics.total_return)
  })
})
