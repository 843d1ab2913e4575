// What several trials of a scenario say together.
import type { ControlMetrics } from './control.ts'
import type { Random } from './core/core.ts'
import type { SplitName } from './data/split.ts'
import type { Evaluation } from './evaluate.ts'
import { SPLITS } from './market.ts'
import {
  bootstrap,
  interquartileMean,
  median,
  percentileInterval,
  probabilityOfImprovement,
  type Interval,
} from './statistics.ts'

/** Of one split. Intervals hold 95 % of a stratified bootstrap; null is what ruined trials leave undefined. */
export interface TrialStatistics {
  trials: number
  sum_log_reward: Averages
  /**
   * Of the Σ log reward of a trial over that of a benchmark: P(trial > benchmark), ties as halves. The random
   * benchmark of a trial is the mean of its random rollouts.
   */
  probability_of_improvement: Record<Opponent, { estimate: number; interval: Interval }>
}

/** Of one metric over trials; the interval is that of the interquartile mean. */
export interface Averages {
  median: number | null
  iqm: number | null
  iqm_interval: [number | null, number | null]
}

/** Of classic control. */
export interface ControlStatistics {
  trials: number
  mean_episode_return: Averages
}

export const OPPONENTS = ['buy_and_hold', 'random', 'best_constant'] as const
type Opponent = (typeof OPPONENTS)[number]

const REPETITIONS = 10_000

/** @param evaluations of one trial or more @param random what the bootstrap draws from */
export function trialStatistics(
  evaluations: readonly Record<SplitName, Evaluation>[],
  random: Random,
): Record<SplitName, TrialStatistics> {
  const entries = SPLITS.map((split) => [
    split,
    statisticsOf(
      evaluations.map((evaluation) => evaluation[split]),
      random,
    ),
  ])
  return Object.fromEntries(entries)
}

/** The same of classic control. */
export function controlStatistics(
  evaluations: readonly Record<'test', ControlMetrics>[],
  random: Random,
): Record<'test', ControlStatistics> {
  const returns = evaluations.map(({ test }) => test.mean_episode_return)
  return { test: { trials: returns.length, mean_episode_return: averagesOf(returns, random) } }
}

function averagesOf(values: number[], random: Random): Averages {
  const [low, high] = intervalOf([values], ([drawn]) => interquartileMean(drawn!), random)
  return {
    median: defined(median(values)),
    iqm: defined(interquartileMean(values)),
    iqm_interval: [defined(low), defined(high)],
  }
}

function intervalOf(
  strata: number[][],
  statistic: (drawn: Float64Array[]) => number,
  random: Random,
): Interval {
  return percentileInterval(bootstrap(strata, statistic, random, REPETITIONS))
}

function statisticsOf(evaluations: Evaluation[], random: Random): TrialStatistics {
  // nothing is worse than ruin
  const values = (key: 'sum_log_reward' | Opponent) => evaluations.map((one) => one[key] ?? -Infinity)
  const own = values('sum_log_reward')
  const averages = averagesOf(own, random)
  const improvements = OPPONENTS.map((key) => {
    // to single precision: who only holds the market ties with it, however the sum was rounded
    const [x, y] = [own.map(Math.fround), values(key).map(Math.fround)]
    const estimate = probabilityOfImprovement(x, y)
    return [
      key,
      { estimate, interval: intervalOf([x, y], ([a, b]) => probabilityOfImprovement(a!, b!), random) },
    ]
  })
  return {
    trials: evaluations.length,
    sum_log_reward: averages,
    probability_of_improvement: Object.fromEntries(improvements),
  }
}

function defined(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
