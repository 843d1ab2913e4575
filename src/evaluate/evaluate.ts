// This file says what a policy is worth on a split: a deterministic rollout beside random ones, constant ones, and what
// the market itself gave.
import {
  BENCHMARKS,
  buyAndHold,
  exposureOf,
  maxProfit,
  PORTFOLIO_BENCHMARKS,
  portfolioBenchmarks,
  shortAndHold,
  timeWeighted,
  type BenchmarkName,
  type PortfolioBenchmark,
} from './benchmarks.ts'
import type { Core, CoreMath, Random } from '../core/core.ts'
import type { Learner } from '../core/learner.ts'
import { barsOf, calendarFor, timeframeFor, returnsOf } from '../math/bars.ts'
import { tradingEnvironment } from '../env/create.ts'
import type { Env, Market, Rollout } from '../env/env.ts'
import { computeMetrics, type Metrics } from './metrics.ts'
import { tradeMetrics, type TradeMetrics } from './trades.ts'
import { finite } from '../math/statistics.ts'
import type { EnvConfig, Scenario } from '../scenario/schema.ts'
import { compareReturns, resample, type Comparison } from '../math/significance.ts'

export type { Rollout }

/** Chooses an action for an observation. */
export type Policy = (obs: ArrayLike<number>) => ArrayLike<number>

/** Metrics of the policy, and Σ ln of wealth ratios for what it is compared with; null after ruin. */
export type Evaluation = Metrics &
  TradeMetrics &
  Partial<Record<PortfolioBenchmark, number | null>> & {
    buy_and_hold: number | null
    short_and_hold: number | null
    twap: number | null
    /** Mean over the random rollouts. */
    random: number | null
    /** Result of the best constant action, known in hindsight, and the position that it takes. */
    best_constant: number | null
    best_constant_position: number
    /** Result of the perfect trader within the cap who pays no fees; of one asset without borrowing Σ ln(1 + |R|). */
    max_profit: number
  }

/** Metrics that receipts do not have, so that their format stays what it is. */
export const LATER_METRICS = [
  ...PORTFOLIO_BENCHMARKS,
  'trades',
  'turnover_total',
  'paid_fees',
  'paid_spread',
  'paid_slippage',
  'paid_borrow',
  'paid_funding',
  'max_gross_exposure',
] as const satisfies (PortfolioBenchmark | keyof TradeMetrics)[]

export interface SplitEvaluation {
  metrics: Evaluation
  agent: Rollout
  random: Rollout
  /** Wealth from before the first step on; of the random benchmark that of the first rollout. */
  benchmarks: Record<BenchmarkName, Float64Array>
  /** The same of what several assets have besides. */
  portfolios: Partial<Record<PortfolioBenchmark, Float64Array>>
  /**
   * Cumulative log rewards by name, of the agent and what it is compared with: [steps + 1], but to the end of the
   * split where others continued after the agent was ruined.
   */
  curves: { name: 'agent' | 'random' | 'buy_and_hold' | 'max_profit'; values: Float64Array }[]
}

/** One episode, of at most `maxSteps` steps. */
export function rollout(env: Env, policy: Policy, maxSteps = Infinity): Rollout {
  let { obs, info } = env.reset()
  const firstRow = info.row ?? 0
  const rewards: number[] = []
  const wealth = [info.wealth ?? NaN]
  const positions: number[] = []
  for (let done = false; !done && rewards.length < maxSteps;) {
    const result = env.step(policy(obs))
    obs = result.obs
    rewards.push(result.reward)
    wealth.push(result.info.wealth ?? NaN)
    for (let i = 0; i < (result.info.position?.length ?? 0); i++) positions.push(result.info.position![i]!)
    done = result.terminated || result.truncated
  }
  return {
    firstRow,
    rewards: Float64Array.from(rewards),
    wealth: Float64Array.from(wealth),
    positions: Float64Array.from(positions),
  }
}

/** [steps] of one asset among as many as there are. */
export function positionsIn(asset: number, assets: number, { positions }: Rollout): Float64Array {
  return positions.filter((_, i) => i % assets === asset)
}

/** The learner's actor without noise. Leaves the learner as it is, so training can continue. */
export function deterministic(learner: Pick<Learner, 'policy'>): Policy {
  return (obs) => learner.policy(obs, 1)
}

/** Uniform in [-1, 1] for every action. */
export function uniform(actionDim: number, random: Random): Policy {
  const action = new Float32Array(actionDim)
  return () => action.map(() => 2 * random.uniform() - 1)
}

/** Whole episodes through a market: they begin in cash at its first row and end at its last. */
export function createEvaluationEnv({ env }: Pick<Scenario, 'env'>, market: Market, core: Core): Env {
  const environment = tradingEnvironment(env)
  return environment.create(environment.wholeEpisodes(env), market, core.math, core.random.evaluation)
}

/** @param core whose evaluation stream the random rollouts draw from */
export function evaluate(scenario: Scenario, market: Market, policy: Policy, core: Core): SplitEvaluation {
  const { math } = core
  const env = createEvaluationEnv(scenario, market, core)
  const agent = rollout(env, policy)
  const { wealth, positions, firstRow } = agent

  const { random, meanLog } = randomRollouts(env, core, scenario.evaluation.n_random_trials)
  const exposure = exposureOf(scenario.env, market)
  const held = buyAndHold(market, firstRow, exposure)
  const portfolios = portfolioBenchmarks(market, firstRow, exposure)
  const constant = bestConstant(env, scenario.env, market.prices.length)
  const benchmarks = {
    buy_and_hold: held,
    short_and_hold: shortAndHold(held),
    twap: timeWeighted(held),
    random: random.wealth,
    best_constant: constant.wealth,
  }
  const most = maxProfit(market, math, scenario.env, firstRow)
  const course = { wealth, positions, assets: market.prices.length, market: held }
  const timeframe = timeframeFor(scenario.data)
  return {
    metrics: {
      ...computeMetrics(course, timeframe, calendarFor(scenario.evaluation), math),
      buy_and_hold: finite(lastLog(held, math)),
      short_and_hold: finite(lastLog(benchmarks.short_and_hold, math)),
      twap: finite(lastLog(benchmarks.twap, math)),
      random: finite(meanLog),
      best_constant: finite(lastLog(constant.wealth, math)),
      best_constant_position: constant.position,
      max_profit: most.at(-1)!,
      ...Object.fromEntries(
        Object.entries(portfolios).map(([name, course]) => [name, finite(lastLog(course, math))]),
      ),
      ...tradeMetrics(agent, market, scenario.env),
    },
    agent,
    random,
    benchmarks,
    portfolios,
    curves: [
      { name: 'agent', values: cumulativeLog(wealth, math) },
      { name: 'random', values: cumulativeLog(random.wealth, math) },
      { name: 'buy_and_hold', values: cumulativeLog(held, math) },
      { name: 'max_profit', values: most },
    ],
  }
}

/** The first of them, and the mean Σ ln of wealth ratios. */
function randomRollouts(env: Env, core: Core, trials: number): { random: Rollout; meanLog: number } {
  const policy = uniform(env.actionDim, core.random.evaluation)
  const random = rollout(env, policy)
  let total = lastLog(random.wealth, core.math)
  for (let i = 1; i < trials; i++) total += lastLog(rollout(env, policy).wealth, core.math)
  return { random, meanLog: total / trials }
}

/** The rollout of the constant action that ends with most wealth: the same for all assets, in the same environment. */
function bestConstant(
  env: Env,
  config: EnvConfig,
  assets: number,
): { position: number; wealth: Float64Array } {
  const rollouts = tradingEnvironment(config)
    .constantActions(config, assets)
    .map((action) => {
      const { wealth, positions } = rollout(env, () => action)
      return { position: positions[0]!, wealth }
    })
  return rollouts.reduce((best, one) => (one.wealth.at(-1)! > best.wealth.at(-1)! ? one : best))
}

export type Significance = Record<BenchmarkName, Comparison>

/**
 * Tests whether the agent's returns differ from those of each benchmark.
 * @param core whose evaluation stream tests draw from
 */
export function compareWithBenchmarks(
  { agent, benchmarks }: SplitEvaluation,
  scenario: Scenario,
  core: Core,
): Significance {
  const steps = benchmarks.buy_and_hold.length - 1
  const { size } = barsOf(steps, timeframeFor(scenario.data), calendarFor(scenario.evaluation))
  const resampled = (wealth: Float64Array) => resample(returnsOf(wealth, size), core.random.evaluation)
  const own = resampled(agent.wealth)
  const comparisons = BENCHMARKS.map((name) => {
    return [name, compareReturns(own, resampled(benchmarks[name]), core.random.evaluation, core.math)]
  })
  return Object.fromEntries(comparisons)
}

/** The metrics alone, by split. */
export function metricsBySplit<E extends Record<string, { metrics: object }>>(
  evaluation: E,
): { [S in keyof E]: E[S]['metrics'] } {
  const metrics = Object.entries(evaluation).map(([split, one]) => [split, one.metrics])
  return Object.fromEntries(metrics) as { [S in keyof E]: E[S]['metrics'] }
}

function lastLog(wealth: Float64Array, math: CoreMath): number {
  return cumulativeLog(wealth, math).at(-1)!
}

/** ln(wealth / first wealth); NaN once wealth is gone. */
export function cumulativeLog(wealth: Float64Array, math: CoreMath): Float64Array {
  return wealth.map((value) => (value > 0 ? math.log(value / wealth[0]!) : NaN))
}
