// This file says what trading and holding cost in `tradingenv`: fee, half the spread and slippage on what is traded,
// interest on what is borrowed and funding on what is held.
import type { EnvConfig } from '../scenario/schema.ts'
import type { Market } from './env.ts'

export type CostConfig = Pick<
  EnvConfig,
  'trading_fees' | 'spread' | 'slippage' | 'slippage_model' | 'borrow_interest_rate' | 'funding_rate'
>

/** As a fraction of the notional, for so many units (not negative) of an asset at a row. */
export type Slippage = (asset: number, row: number, units: number) => number

export function createSlippage({ slippage, slippage_model: model }: CostConfig, market: Market): Slippage {
  const { prices, bars = [] } = market
  if (model === 'fixed' || slippage === 0) return () => slippage
  if (model === 'range')
    return (asset, row) => {
      const { high, low } = bars[asset]!
      return (slippage * (high[row]! - low[row]!)) / prices[asset]![row]!
    }
  return (asset, row, units) => {
    const volume = bars[asset]!.volume[row]!
    // who trades more than there is pays for all of it; of a bar without volume too
    return slippage * (units < volume ? units / volume : 1)
  }
}

/** The cost of holding weights from a row to the next, as fractions of wealth; funding may be an income. */
export interface HoldingCost {
  borrow: number
  funding: number
}

/** The function that gives the costs of holding, undefined where there are none; what it returns is reused. */
export function createHolding(
  { borrow_interest_rate: rate, funding_rate: funding }: CostConfig,
  market: Market,
): ((weights: ArrayLike<number>, row: number) => HoldingCost) | undefined {
  if (rate === 0 && funding === 0) return undefined
  const cost: HoldingCost = { borrow: 0, funding: 0 }
  const fundingAt = (asset: number, row: number) =>
    typeof funding === 'number' ? funding : market.funding![asset]![row]!
  return (weights, row) => {
    let [short, net] = [0, 0]
    cost.funding = 0
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!
      short += Math.max(0, -weight)
      net += weight
      if (weight !== 0) cost.funding += weight * fundingAt(i, row)
    }
    cost.borrow = rate * (short + Math.max(0, net - 1))
    return cost
  }
}
