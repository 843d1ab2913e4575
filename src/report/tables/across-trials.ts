// Trials side by side. Narrow: the ends of an interval are a row each.
import type { EpisodicMetrics } from '../../task/episodic.ts'
import type { SplitName } from '../../data/split.ts'
import { BENCHMARKS } from '../../evaluate/benchmarks.ts'
import type { Evaluation, Significance } from '../../evaluate/evaluate.ts'
import { SPLITS } from '../../task/trading.ts'
import { median } from '../../math/statistics.ts'
import type { TaskMetrics } from '../../task/create.ts'
import {
  OPPONENTS,
  type Averages,
  type ControlStatistics,
  type Statistics,
  type TrialStatistics,
} from '../../task/across-trials.ts'
import { SERIES } from '../series.ts'
import type { TextTable } from './metrics.ts'
import { formatNumber } from './table.ts'

export interface EvaluatedTrial<M extends TaskMetrics = TaskMetrics> {
  seed: number
  evaluation: M
}

/** The main metric of each trial and its averages; of trading by split, beside what the market gave. */
export function compareTrials(trials: readonly EvaluatedTrial[], statistics: Statistics): TextTable {
  return 'train' in statistics
    ? compareTrading(trials as readonly EvaluatedTrial<Record<SplitName, Evaluation>>[], statistics)
    : compareControl(trials as readonly EvaluatedTrial<Record<'test', EpisodicMetrics>>[], statistics)
}

function compareControl(
  trials: readonly EvaluatedTrial<Record<'test', EpisodicMetrics>>[],
  { test: { mean_episode_return: all } }: Record<'test', ControlStatistics>,
): TextTable {
  const returns = trials.map(
    ({ seed, evaluation }) => [`seed ${seed}`, evaluation.test.mean_episode_return] as const,
  )
  const rows = [...returns, ...averageRows(all)]
  return {
    header: ['mean episode return', 'test'],
    rows: rows.map(([label, value]) => [label, formatNumber(value)]),
  }
}

function averageRows({ median, iqm, iqm_interval: [low, high] }: Averages): [string, number | null][] {
  return [
    ['median', median],
    ['interquartile mean', iqm],
    ['  95 % from', low],
    ['  to', high],
  ]
}

function bySplit(name: string, value: (split: SplitName) => number | null): string[] {
  return [name, ...SPLITS.map((split) => formatNumber(value(split)))]
}

function compareTrading(
  trials: readonly EvaluatedTrial<Record<SplitName, Evaluation>>[],
  statistics: Record<SplitName, TrialStatistics>,
): TextTable {
  const sum = (split: SplitName) => statistics[split].sum_log_reward
  const { evaluation } = trials[0]!
  return {
    header: ['Σ log reward', ...SPLITS],
    rows: [
      ...trials.map((trial) =>
        bySplit(`seed ${trial.seed}`, (split) => trial.evaluation[split].sum_log_reward),
      ),
      ...averageRows(sum('train')).map(([label], i) =>
        bySplit(label, (split) => averageRows(sum(split))[i]![1]),
      ),
      ...SHARED_BENCHMARKS.map((key) => bySplit(SERIES[key].label, (split) => evaluation[split][key])),
    ],
  }
}

/** How probable it is that a trial is better than a benchmark. */
export function compareProbabilities(statistics: Record<SplitName, TrialStatistics>): TextTable {
  return {
    header: ['P(a trial is better)', ...SPLITS],
    rows: OPPONENTS.map((key) =>
      bySplit(
        `than ${SERIES[key].label}`,
        (split) => statistics[split].probability_of_improvement[key].estimate,
      ),
    ),
  }
}

/** `3 of 10`; of one yes or no */
export function shareOf(count: number, all: number): string {
  return all === 1 ? (count === 1 ? 'yes' : 'no') : `${count} of ${all}`
}

/** Tests against each benchmark: medians of p over the trials, and in how many a ratio differs. */
export function compareSignificance(trials: readonly Significance[]): TextTable {
  const of = (count: number) => shareOf(count, trials.length)
  return {
    header: ['', 't', 'Mann–Whitney', 'permutation', 'Sharpe differs', 'Sortino differs'],
    rows: BENCHMARKS.map((name) => {
      const tests = trials.map((trial) => trial[name])
      const t = tests.flatMap(({ t_p }) => t_p ?? [])
      return [
        SERIES[name].label,
        formatNumber(t.length > 0 ? median(t) : null),
        formatNumber(median(tests.map(({ mann_whitney_p }) => mann_whitney_p))),
        formatNumber(median(tests.map(({ permutation_p }) => permutation_p))),
        of(tests.filter(({ sharpe }) => sharpe?.significant).length),
        of(tests.filter(({ sortino }) => sortino?.significant).length),
      ]
    }),
  }
}

/** Alike for all trials. */
const SHARED_BENCHMARKS = ['buy_and_hold', 'best_constant', 'max_profit'] as const
