// What a policy is worth when trading costs more. Fees, slippage and half the spread are all a part of what is traded,
// so one number stands for their sum.
import type { Core } from './core/core.ts'
import type { Market } from './env/env.ts'
import { createEvaluationEnv, rollout, type Policy } from './evaluate.ts'
import { computeMetrics } from './metrics.ts'
import type { Scenario } from './scenario/schema.ts'

/** Basis points (1/10000) of the traded notional. */
const COSTS = [0, 1, 5, 10, 25]

export interface CostResult {
  /** Basis points of the traded notional, instead of `env.trading_fees`. */
  cost_bp: number
  total_return: number
  /** Per bar, as in the metrics. */
  sharpe_ratio: number | null
}

/** The policy at one cost after the other. Where it observes its position, it may trade differently each time. */
export function costSensitivity(
  scenario: Scenario,
  market: Market,
  policy: Policy,
  core: Core,
): CostResult[] {
  const { data, env, evaluation } = scenario
  return COSTS.map((cost_bp) => {
    const costly = { ...scenario, env: { ...env, trading_fees: cost_bp / 10_000 } }
    const { wealth, positions } = rollout(createEvaluationEnv(costly, market, core), policy)
    const course = { wealth, positions, assets: market.prices.length }
    const metrics = computeMetrics(course, data.timeframe, evaluation.calendar, core.math)
    return { cost_bp, total_return: metrics.total_return, sharpe_ratio: metrics.sharpe_ratio }
  })
}
