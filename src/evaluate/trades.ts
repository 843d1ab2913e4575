// What a rollout bought and sold: its positions as trades, with what each of them cost.
import type { Market } from '../env/env.ts'
import { chargeInterest, positionOf, targetPortfolio, tradeTo } from '../env/portfolio.ts'
import { evaluationStart, type Rollout } from './evaluate.ts'
import type { EnvConfig } from '../scenario/schema.ts'

export interface Trade {
  /** Of the rollout, from 1 on, and row of the market at whose price it trades. */
  step: number
  row: number
  /** Index into the prices of the market. */
  asset: number
  /** Weight of wealth in the asset before and after. */
  from: number
  to: number
  /** Units; negative are sold. */
  quantity: number
  price: number
  /** |quantity| · price, and the part of it that is paid for trading, in money. */
  notional: number
  fee: number
  /** Before the trade, in money. */
  wealth: number
}

/** Weights that differ by less are the same but for rounding. */
const LEAST_CHANGE = 1e-12

/**
 * In the order of steps, then of assets. A weight that is held drifts with the price, and to hold it is to trade.
 * @param rollout of an evaluation environment of that configuration and market
 */
export function* tradesOf(rollout: Rollout, market: Market, env: EnvConfig): Generator<Trade, void> {
  if (env.backend === 'tradingenv') yield* weightTrades(rollout, market, env.trading_fees)
  else yield* positionTrades(rollout, market.prices[0]!, env)
}

function* weightTrades(
  { positions, wealth, firstRow }: Rollout,
  { prices }: Market,
  fees: number,
): Generator<Trade, void> {
  const assets = prices.length
  for (let t = 0; t < positions.length / assets; t++) {
    const row = firstRow + t
    for (let asset = 0; asset < assets; asset++) {
      const price = prices[asset]![row]!
      const unitsOf = (at: number) =>
        (positions[at * assets + asset]! * wealth[at]!) / prices[asset]![firstRow + at]!
      const held = t === 0 ? 0 : unitsOf(t - 1)
      const [from, to] = [(held * price) / wealth[t]!, positions[t * assets + asset]!]
      if (!(Math.abs(to - from) >= LEAST_CHANGE)) continue // nor where wealth is beyond all numbers
      const quantity = unitsOf(t) - held
      const notional = Math.abs(quantity) * price
      const fee = fees * notional
      yield { step: t + 1, row, asset, from, to, quantity, price, notional, fee, wealth: wealth[t]! }
    }
  }
}

function* positionTrades(
  { positions, wealth, firstRow }: Rollout,
  prices: Float64Array,
  env: EnvConfig,
): Generator<Trade, void> {
  const { trading_fees: fees, borrow_interest_rate: rate } = env
  let target = evaluationStart(env)
  const portfolio = targetPortfolio(target, wealth[0]!, prices[firstRow]!)
  for (let t = 0; t < positions.length; t++) {
    const row = firstRow + t
    const price = prices[row]!
    const to = positions[t]!
    if (to !== target) {
      const from = positionOf(portfolio, price)
      const quantity = tradeTo(portfolio, to, price, fees)
      const notional = Math.abs(quantity) * price
      const fee = fees * notional
      yield { step: t + 1, row, asset: 0, from, to, quantity, price, notional, fee, wealth: wealth[t]! }
      target = to
    }
    chargeInterest(portfolio, rate, env.borrow_interest === 'accumulated')
  }
}
