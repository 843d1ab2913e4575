// This file tells what a rollout bought and sold: its positions as trades, with what each of them cost.
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
