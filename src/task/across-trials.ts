// This file says what several trials of a scenario say together.
import type { EpisodicMetrics } from './episodic.ts'
import type { Random } from '../core/core.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation } from '../evaluate/evaluate.ts'
import { SPLITS } from './trading.ts'
import {
  bootstrap,
  finite,
  interquartileMean,
  meanOfMiddle,
  median,
  percentileInterval,
  probabilityOfImprovement,
  quantile,
  type Interval,
} from '../math/statistics.ts'

/**
 * Statistics of one split. Intervals hold 95 % of a stratified bootstrap; null is what ruined trials leave undefined.
 */
export interface TrialStatistics {
  trials: number
  sum_log_reward: Averages
  total_return: Averages
  /** Over the trials that have one. */
  sharpe_annualized: Averages
  max_drawdown: Averages
  /**
   * P(trial > benchmark), with ties as halves, for the Σ log reward of a trial and that of a benchmark. The random
   * benchmark of a trial is the mean of its random rollouts.
   */
  probability_of_improvement: Record<Opponent, { estimate: number; interval: Interval }>
}

/** Averages of one metric over trials. The median is over trials, where rliable's is over tasks. */
export interface Averages {
  median: number | null
  median_interval: [number | null, number | null]
  iqm: number | null
  iqm_interval: [number | null, number | null]
}

/** Statistics of tasks that are played in episodes. */
export interface EpisodicStatistics {
  trials: number
  mean_episode_return: Averages
}

/** The statistics by split, as they are written. */
export type Statistics = Record<SplitName, TrialStatistics> | Record<'test', EpisodicStatistics>

export const OPPONENTS = ['buy_and_hold', 'random', 'best_constant'] as const
type Opponent = (typeof OPPONENTS)[number]

/** Draws of averages, and of probabilities, which take a comparison for each pair: as many as rliable's examples. */
const REPETITIONS = { averages: 10_000, probabilities: 2000 }

/** @param evaluations of one trial or more @param random the stream that the bootstrap draws from */
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

/** The statistics of trials that are played in episodes. */
export function episodicStatistics(
  evaluations: readonly Record<'test', EpisodicMetrics>[],
  random: Random,
): Record<'test', EpisodicStatistics> {
  const returns = evaluations.map(({ test }) => test.mean_episode_return)
  return { test: { trials: returns.length, mean_episode_return: averagesOf(returns, random) } }
}

function averagesOf(values: number[], random: Random): Averages {
  if (values.length === 0)
    return { median: null, median_interval: [null, null], iqm: null, iqm_interval: [null, null] }
  const interval = (statistic: (sorted: Float64Array) => number): Averages['iqm_interval'] => {
    const draw = ([again]: Float64Array[]) => {
      // oxlint-disable-next-line unicorn/no-array-sort -- a copy for each draw takes longer than all the rest
      return statistic(again!.sort())
    }
    const drawn = bootstrap([values], draw, random, REPETITIONS.averages)
    const [low, high] = percentileInterval(drawn)
    return [finite(low), finite(high)]
  }
  return {
    median: finite(median(values)),
    median_interval: interval((sorted) => quantile(sorted, 0.5)),
    iqm: finite(interquartileMean(values)),
    iqm_interval: interval(meanOfMiddle),
  }
}

function statisticsOf(evaluations: Evaluation[], random: Random): TrialStatistics {
  // nothing is worse than ruin
  const values = (key: 'sum_log_reward' | Opponent) => evaluations.map((one) => one[key] ?? -Infinity)
  const own = values('sum_log_reward')
  const averages = {
    sum_log_reward: averagesOf(own, random),
    total_return: averagesOf(
      evaluations.map((one) => one.total_return),
      random,
    ),
    sharpe_annualized: averagesOf(
      evaluations.flatMap((one) => one.sharpe_annualized ?? []),
      random,
    ),
    max_drawdown: averagesOf(
      evaluations.map((one) => one.max_drawdown),
      random,
    ),
  }
  const improvements = OPPONENTS.map((key) => {
    // to single precision: who only holds the market ties with it, however the sum was rounded
    const [x, y] = [own.map(Math.fround), values(key).map(Math.fround)]
    const estimate = probabilityOfImprovement(x, y)
    const drawn = bootstrap(
      [x, y],
      ([a, b]) => probabilityOfImprovement(a!, b!),
      random,
      REPETITIONS.probabilities,
    )
    return [key, { estimate, interval: percentileInterval(drawn) }]
  })
  return {
    trials: evaluations.length,
    ...averages,
    probability_of_improvement: Object.fromEntries(improvements),
  }
}
