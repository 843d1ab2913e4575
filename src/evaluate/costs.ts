// This file says what a policy is worth when trading costs more. Fees, slippage and half the spread are all a part of
// what is traded, so one number stands for their sum.
import type { Core } from '../core/core.ts'
import { tradingEnvironment } from '../env/create.ts'
import type { Market } from '../env/env.ts'
import { createEvaluationEnv, rollout, type Policy, type Rollout } from './evaluate.ts'
import { computeMetrics } from './metrics.ts'
import { calendarFor, timeframeFor } from '../math/bars.ts'
import type { Scenario } from '../scenario/schema.ts'

/** Basis points (1/10000) of the traded notional. */
const COSTS = [0, 1, 5, 10, 25]

export interface CostResult {
  /** Basis points of the traded notional, instead of the fees, spread and slippage of the scenario. */
  cost_bp: number
  total_return: number
  /** Per bar, as in the metrics. */
  sharpe_ratio: number | null
}

/**
 * The policy at one cost after the other. Where it observes its position, it may trade differently each time. Interest
 * and funding stay as they are.
 * @param agent its rollout at the costs of the scenario
 */
export function costSensitivity(
  scenario: Scenario,
  market: Market,
  policy: Policy,
  core: Core,
  agent: Rollout,
): CostResult[] {
  const { data, env, evaluation } = scenario
  const isSame = tradingEnvironment(env).repeatsPositions(env) && agent.rewards.length === market.rows - 1
  return COSTS.map((cost_bp) => {
    const costly = { env: { ...env, trading_fees: cost_bp / 10_000, spread: 0, slippage: 0 } }
    const actions = isSame ? again(agent, market.prices.length) : policy
    const { wealth, positions } = rollout(createEvaluationEnv(costly, market, core), actions)
    const course = { wealth, positions, assets: market.prices.length }
    const metrics = computeMetrics(course, timeframeFor(data), calendarFor(evaluation), core.math)
    return { cost_bp, total_return: metrics.total_return, sharpe_ratio: metrics.sharpe_ratio }
  })
}

/** A policy that repeats the trades of a whole rollout, for less than it costs to ask the policy again. */
function again({ positions }: Rollout, assets: number): Policy {
  let step = 0
  return () => positions.subarray(step * assets, ++step * assets)
}
