// A trial summary holds all that a report needs of one trial.
import type { EpisodicMetrics } from '../task/episodic.ts'
import type { TrainingCurves } from '../trial/collector.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation, Significance } from '../evaluate/evaluate.ts'
import { bySplit } from '../task/trading.ts'
import { median } from '../math/statistics.ts'
import {
  episodicStatistics,
  trialStatistics,
  type EpisodicStatistics,
  type TrialStatistics,
} from '../task/across-trials.ts'
import type { Random } from '../core/core.ts'
import type { EpisodicChartData, TradingChartData } from './charts/chart-data.ts'

/** A trial as far as it came, whatever kind its task is of. */
interface TrialCourse {
  name: string
  seed: number
  /** The status that the tracker has. */
  status: string
  error?: string
  /** Environment steps taken. */
  step: number
  curves: TrainingCurves
  /** Signs of ill health while it trained. */
  findings: { step: number; text: string }[]
  /** Name of the receipt of a complete trial. */
  receipt?: string
}

/** A trial that failed before its evaluation. */
export interface UnevaluatedTrial extends TrialCourse {
  kind?: undefined
}

/** A trial that was evaluated on a market. */
export interface TradingTrial extends TrialCourse {
  kind: 'trading'
  evaluated: 'final' | 'best'
  evaluation: Record<SplitName, Evaluation>
  chartData: TradingChartData
  /** Tests on the test rows. */
  significance: Significance
}

/** A trial that was evaluated in episodes. */
export interface EpisodicTrial extends TrialCourse {
  kind: 'episodic'
  evaluated: 'final' | 'best'
  evaluation: Record<'test', EpisodicMetrics>
  chartData: EpisodicChartData
}

export type TrialSummary = UnevaluatedTrial | TradingTrial | EpisodicTrial

/** The trials of an experiment that were evaluated, with what they say together. */
export type EvaluatedTrials =
  | { kind: 'trading'; trials: TradingTrial[]; statistics: Record<SplitName, TrialStatistics> }
  | { kind: 'episodic'; trials: EpisodicTrial[]; statistics: Record<'test', EpisodicStatistics> }

/** @param random the stream that intervals draw from @returns undefined when no trial was evaluated */
export function evaluatedTrials(
  summaries: readonly TrialSummary[],
  random: Random,
): EvaluatedTrials | undefined {
  const trading = summaries.filter((trial) => trial.kind === 'trading')
  if (trading.length > 0) {
    const evaluations = trading.map(({ evaluation }) => evaluation)
    return { kind: 'trading', trials: trading, statistics: trialStatistics(evaluations, random) }
  }
  const episodic = summaries.filter((trial) => trial.kind === 'episodic')
  if (episodic.length === 0) return undefined
  const evaluations = episodic.map(({ evaluation }) => evaluation)
  return { kind: 'episodic', trials: episodic, statistics: episodicStatistics(evaluations, random) }
}

/** Index of the one in the middle by that value, the lower of two; what is undefined comes first. */
export function middleOf<T>(trials: readonly T[], value: (trial: T) => number | null): number {
  const order = trials
    .map((trial, i) => ({ i, value: value(trial) ?? -Infinity }))
    .toSorted((one, other) => one.value - other.value || one.i - other.i)
  return order[Math.floor((order.length - 1) / 2)]!.i
}

/** The median of every metric over the trials that have it; a sum of log rewards is −∞ after ruin. */
export function medianMetrics(trials: readonly TradingTrial[]): Record<SplitName, Evaluation> {
  return bySplit((split) => {
    const all = trials.map(({ evaluation }) => evaluation[split])
    const keys = Object.keys(all[0]!) as (keyof Evaluation)[]
    const valueOf = (one: Evaluation, key: keyof Evaluation) =>
      key === 'sum_log_reward' ? (one[key] ?? -Infinity) : (one[key] ?? null)
    const medians = keys.map((key) => [key, medianOf(all.map((one) => valueOf(one, key)))])
    return Object.fromEntries(medians) as Evaluation
  })
}

/** The median of the values that are numbers; null where there is none. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null && !Number.isNaN(value)) as number[]
  return numbers.length > 0 ? median(numbers) : null
}

/** Part of what the perfect trader without fees earns, by Σ log reward; null after ruin, and of wealth beyond numbers. */
export function captured({ sum_log_reward: sum, max_profit: most }: Evaluation): number | null {
  return sum === null || !Number.isFinite(sum) || !(most > 0) ? null : sum / most
}

/** Total return on that split at that cost. */
export function returnAt({ costs }: TradingChartData, split: SplitName, cost: number): number {
  return costs[split].find(({ cost_bp }) => cost_bp === cost)!.total_return
}

/** The total return of buy and hold on that split. */
export function heldReturn({ chartData: { splits } }: TradingTrial, split: SplitName): number | null {
  const held = splits[split].benchmarks.find(({ name }) => name === 'buy_and_hold')!.values.at(-1)
  return held === null || held === undefined ? null : held - 1
}
