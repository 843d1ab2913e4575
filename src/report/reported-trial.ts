// What a report needs of the trials of an experiment.
import type { ControlMetrics } from '../control.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation, Significance } from '../evaluate.ts'
import { bySplit } from '../market.ts'
import { median } from '../statistics.ts'
import type { TaskMetrics } from '../tasks.ts'
import { BENCHMARK_LABELS } from './compare.ts'
import type { Drawing, MarketDrawing } from './drawing.ts'

/** Over environment steps. */
export interface Course {
  losses: { steps: number[]; criticLoss: number[]; actorLoss: number[] }
  validations: { steps: number[]; scores: number[] }
}

/** One trial, as far as it came. */
export interface ReportedTrial<M extends TaskMetrics = TaskMetrics> {
  name: string
  seed: number
  /** As in the tracker. */
  status: string
  error?: string
  /** Environment steps taken. */
  step: number
  course: Course
  /** Of its health. */
  findings: { step: number; text: string }[]
  /** Name of the receipt of a complete trial. */
  receipt?: string
  /** What was evaluated, what came of it, and what is drawn of it; absent when the trial failed before. */
  evaluated?: 'final' | 'best'
  evaluation?: M
  drawing?: Drawing
  /** Of trading: tests on the test rows. */
  significance?: Significance
}

/** One that was evaluated on a market. */
export interface MarketTrial extends ReportedTrial<Record<SplitName, Evaluation>> {
  evaluation: Record<SplitName, Evaluation>
  drawing: Drawing
  market: MarketDrawing
}

/** One that was evaluated in episodes. */
export interface ControlTrial extends ReportedTrial<Record<'test', ControlMetrics>> {
  evaluation: Record<'test', ControlMetrics>
  drawing: Drawing
  returns: number[]
}

export function marketTrials(trials: readonly ReportedTrial[]): MarketTrial[] {
  return trials.flatMap((trial) => {
    const market = trial.drawing?.market
    return market ? [{ ...trial, market } as MarketTrial] : []
  })
}

export function controlTrials(trials: readonly ReportedTrial[]): ControlTrial[] {
  return trials.flatMap((trial) => {
    const returns = trial.drawing?.returns
    return returns ? [{ ...trial, returns } as ControlTrial] : []
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
export function medianMetrics(trials: readonly MarketTrial[]): Record<SplitName, Evaluation> {
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
export function returnAt({ costs }: MarketDrawing, split: SplitName, cost: number): number {
  return costs[split].find(({ cost_bp }) => cost_bp === cost)!.total_return
}

/** What a benchmark makes of one unit on that split. */
export function heldReturn({ market: { splits } }: MarketTrial, split: SplitName): number | null {
  const held = splits[split].benchmarks
    .find(({ name }) => name === BENCHMARK_LABELS.buy_and_hold)!
    .values.at(-1)
  return held === null || held === undefined ? null : held - 1
}
