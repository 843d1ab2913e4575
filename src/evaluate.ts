// What a policy is worth on a split: a deterministic rollout beside random ones and what the market itself gave.
import type { Core, CoreMath, Random } from './core/core.ts'
import type { Learner } from './core/learner.ts'
import type { SplitName } from './data/split.ts'
import { createEnv } from './env/create.ts'
import type { Env, Market } from './env/env.ts'
import { computeMetrics, periodsPerYear, type Metrics } from './metrics.ts'
import type { Scenario } from './scenario/schema.ts'

/** Chooses an action for an observation. */
export type Policy = (obs: ArrayLike<number>) => ArrayLike<number>

export interface Rollout {
  /** Row of the market before the first step. */
  firstRow: number
  /** [steps] as the environment gave them */
  rewards: Float64Array
  /** [steps + 1], from before the first step on */
  wealth: Float64Array
  /** [steps, assets], what each step traded to, as weights of wealth */
  positions: Float64Array
}

/** Metrics of the policy, and Σ ln of wealth ratios for what it is compared with. */
export type Evaluation = Metrics & {
  buy_and_hold: number | null
  /** Mean over the random rollouts. */
  random: number | null
  /** Of the perfect unleveraged trader who pays no fees: Σ ln(1 + |R|). */
  max_profit: number
}

export interface SplitEvaluation {
  metrics: Evaluation
  agent: Rollout
  random: Rollout
  /**
   * Cumulative log rewards by name, of the agent and what it is compared with: [steps + 1], but to the end of the
   * split where others went on after the agent was ruined.
   */
  curves: { name: string; values: Float64Array }[]
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

/** The learner's actor without noise. Leaves the learner as it is, so training can go on. */
export function deterministic(learner: Pick<Learner, 'policy'>): Policy {
  return (obs) => learner.policy(obs, 1)
}

/** Uniform in [-1, 1] for every action. */
export function uniform(actionDim: number, random: Random): Policy {
  const action = new Float32Array(actionDim)
  return () => action.map(() => 2 * random.uniform() - 1)
}

/** Whole episodes through a market: they begin in cash at its first row and end at its last. */
export function createEvaluationEnv(scenario: Scenario, market: Market, core: Core): Env {
  const initial = scenario.env.initial_position === 'random' ? 0 : scenario.env.initial_position
  const config = { ...scenario.env, initial_position: initial, max_episode_duration: null }
  return createEnv(config, market, core.math, core.random.evaluation)
}

/** @param core whose evaluation stream the random rollouts draw from */
export function evaluate(scenario: Scenario, market: Market, policy: Policy, core: Core): SplitEvaluation {
  const { n_random_trials: trials, calendar } = scenario.evaluation
  const env = createEvaluationEnv(scenario, market, core)
  const agent = rollout(env, policy)
  const periods = periodsPerYear(scenario.data.timeframe, calendar)
  const assets = market.prices.length
  const metrics = computeMetrics(agent.wealth, agent.positions, assets, periods, core.math)

  const atRandom = uniform(env.actionDim, core.random.evaluation)
  const random = rollout(env, atRandom)
  const logs = [lastLog(random, core.math)]
  while (logs.length < trials) logs.push(lastLog(rollout(env, atRandom), core.math))
  const curves = [
    { name: 'agent', values: cumulativeLog(agent.wealth, core.math) },
    { name: 'random', values: cumulativeLog(random.wealth, core.math) },
    { name: 'buy & hold', values: cumulativeLog(buyAndHold(market, agent.firstRow), core.math) },
    { name: 'max profit', values: maxProfit(market, core.math, agent.firstRow) },
  ]
  return {
    metrics: {
      ...metrics,
      buy_and_hold: finite(curves[2]!.values.at(-1)!),
      random: finite(logs.reduce((total, log) => total + log, 0) / trials),
      max_profit: curves[3]!.values.at(-1)!,
    },
    agent,
    random,
    curves,
  }
}

/** The metrics alone, by split. */
export function metricsBySplit(
  evaluation: Record<SplitName, SplitEvaluation>,
): Record<SplitName, Evaluation> {
  const { train, validation, test } = evaluation
  return { train: train.metrics, validation: validation.metrics, test: test.metrics }
}

function lastLog({ wealth }: Rollout, math: CoreMath): number {
  return cumulativeLog(wealth, math).at(-1)!
}

/** Wealth of one unit put into all assets alike at the first row and left there, without fees. */
export function buyAndHold({ prices, rows }: Market, firstRow = 0): Float64Array {
  return Float64Array.from({ length: rows - firstRow }, (_, t) => {
    const ratios = prices.map((price) => price[firstRow + t]! / price[firstRow]!)
    return ratios.reduce((total, ratio) => total + ratio, 0) / ratios.length
  })
}

/** Cumulative log reward of weight 1 or −1 in each asset, always on the right side, without fees. */
function maxProfit({ prices, rows }: Market, math: CoreMath, firstRow = 0): Float64Array {
  const log = new Float64Array(rows - firstRow)
  for (let t = 1; t < log.length; t++) {
    const row = firstRow + t
    const gains = prices.map((price) => Math.abs(price[row]! / price[row - 1]! - 1))
    log[t] = log[t - 1]! + math.log(1 + gains.reduce((total, gain) => total + gain, 0))
  }
  return log
}

/** ln(wealth / first wealth); NaN once wealth is gone. */
export function cumulativeLog(wealth: Float64Array, math: CoreMath): Float64Array {
  return wealth.map((value) => (value > 0 ? math.log(value / wealth[0]!) : NaN))
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
