// What a report needs of the trials of an experiment.
import type { EpisodicMetrics } from '../task/episodic.ts'
import type { TrainingCurves } from '../trial/collector.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation, Significance } from '../evaluate/evaluate.ts'
import { bySplit } from '../task/trading.ts'
import { median } from '../math/statistics.ts'
import type { TaskMetrics } from '../task/create.ts'
import type { ChartData, TradingChartData } from './charts/chart-data.ts'

/** One trial, as far as it came. */
export interface TrialSummary<M extends TaskMetrics = TaskMetrics> {
  name: string
  seed: number
  /** As in the tracker. */
  status: string
  error?: string
  /** Environment steps taken. */
  step: number
  curves: TrainingCurves
  /** Of its health. */
  findings: { step: number; text: string }[]
  /** Name of the receipt of a complete trial. */
  receipt?: string
  /** What was evaluated, what came of it, and what is drawn of it; absent when the trial failed before. */
  evaluated?: 'final' | 'best'
  evaluation?: M
  chartData?: ChartData
  /** Of trading: tests on the test rows. */
  significance?: Significance
}

/** One that was evaluated on a market. */
export interface TradingTrial extends TrialSummary<Record<SplitName, Evaluation>> {
  evaluation: Record<SplitName, Evaluation>
  chartData: ChartData
  market: TradingChartData
}

/** One that was evaluated in episodes. */
export interface EpisodicTrial extends TrialSummary<Record<'test', EpisodicMetrics>> {
  evaluation: Record<'test', EpisodicMetrics>
  chartData: ChartData
  returns: number[]
}

export function tradingTrials(trials: readonly TrialSummary[]): TradingTrial[] {
  return trials.flatMap((trial) => {
    const market = trial.chartData?.market
    return market ? [{ ...trial, market } as TradingTrial] : []
  })
}

export function episodicTrials(trials: readonly TrialSummary[]): EpisodicTrial[] {
  return trials.flatMap((trial) => {
    const returns = trial.chartData?.returns
    return returns ? [{ ...trial, returns } as EpisodicTrial] : []
  })
}

/** Index of the one in the middle by that value, the lower of two; what is undefined comes first. */
export function middleOf<T>(trials: readonly T[], value: (trial: T) => number | null): number {
  const order = trials
    .map((trial, i) => ({ i, value: value(trial) ?? -Infinity }))
    .toSorted((one, other) => one.value - other.value || one.i - other.i)
  return order[Math.floor((order.length - 1) / 2)]!.i
}

/** Of every metric the median over the trials that have it; a sum of log rewards is −∞ after ruin. */
export function medianMetrics(trials: readonly TradingTrial[]): Record<SplitName, Evaluation> {
  return bySplit((split) => {
    const all = trials.map(({ evaluation }) => evaluation[split])
    const keys = Object.keys(all[0]!) as (keyof Evaluation)[]
    const valueOf = (one: Evaluation, key: keyof Evaluation) =>
      key === 'sum_log_reward' ? (one[key] ?? -Infinity) : one[key]
    const medians = keys.map((key) => [key, medianOf(all.map((one) => valueOf(one, key)))])
    return Object.fromEntries(medians) as Evaluation
  })
}

/** Of those that are numbers; null where there is none. */
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

/** What a benchmark makes of one unit on that split. */
export function heldReturn({ market: { splits } }: TradingTrial, split: SplitName): number | null {
  const held = splits[split].benchmarks.find(({ name }) => name === 'buy_and_hold')!.values.at(-1)
  return held === null || held === undefined ? null : held - 1
}
