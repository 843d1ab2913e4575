// This file tells what a rollout bought and sold: its positions as trades, with what each of them cost.
// It also sums them up: how many, how much was traded, and what all of it took.
import { tradingEnvironment } from '../env/create.ts'
import type { Market, Rollout, Trade } from '../env/env.ts'
import type { EnvConfig } from '../scenario/schema.ts'

export type { Trade }

/**
 * The trades of a rollout, in the order of steps, then of assets.
 * @param rollout of an evaluation environment of that configuration and market
 */
export function tradesOf(rollout: Rollout, market: Market, env: EnvConfig): Generator<Trade, void> {
  return tradingEnvironment(env).trades(rollout, market, env)
}

/** The trades and costs of a rollout. Costs are parts of its first wealth. */
export interface TradeMetrics {
  /** Trades, that into the first position and those that only undo a drift among them: the lines of --save-trades. */
  trades: number
  /** Sum of what was traded, each trade as a part of the wealth before it. */
  turnover_total: number
  paid_fees: number
  paid_spread: number
  paid_slippage: number
  /** Interest on what was borrowed, and funding, which may be an income. */
  paid_borrow: number
  paid_funding: number
  /** The greatest Σ |weight| after a trade, of several assets. */
  max_gross_exposure?: number | null
}

export function tradeMetrics(rollout: Rollout, market: Market, env: EnvConfig): TradeMetrics {
  const first = rollout.wealth[0]!
  const total = { trades: 0, turnover_total: 0, paid_fees: 0, paid_spread: 0, paid_slippage: 0 }
  for (const { notional, fee, spread, slippage, wealth } of tradesOf(rollout, market, env)) {
    total.trades++
    total.turnover_total += notional / wealth
    total.paid_fees += fee / first
    total.paid_spread += spread / first
    total.paid_slippage += slippage / first
  }
  const { borrow, funding } = tradingEnvironment(env).holding(rollout, market, env)
  const assets = market.prices.length
  return {
    ...total,
    paid_borrow: borrow / first,
    paid_funding: funding / first,
    ...(assets > 1 && { max_gross_exposure: mostGross(rollout.positions, assets) }),
  }
}

function mostGross(positions: Float64Array, assets: number): number {
  let most = 0
  for (let at = 0; at < positions.length; at += assets) {
    let gross = 0
    for (let i = 0; i < assets; i++) gross += Math.abs(positions[at + i]!)
    most = Math.max(most, gross)
  }
  return most
}
