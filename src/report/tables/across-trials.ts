// Sets trials side by side. The tables are narrow: the ends of an interval are a row each.
import type { EpisodicMetrics } from '../../task/episodic.ts'
import type { SplitName } from '../../data/split.ts'
import { BENCHMARKS } from '../../evaluate/benchmarks.ts'
import type { Evaluation, Significance } from '../../evaluate/evaluate.ts'
import { SPLITS } from '../../task/trading.ts'
import { median } from '../../math/statistics.ts'
import {
  OPPONENTS,
  type Averages,
  type EpisodicStatistics,
  type TrialStatistics,
} from '../../task/across-trials.ts'
import { SERIES } from '../series.ts'
import type { TextTable } from './metrics.ts'
import { formatNumber } from './table.ts'

/** The part of a trial that these tables read. */
interface TrialOf<Metrics> {
  seed: number
  evaluation: Metrics
}

/** The mean return of each trial and its averages. */
export function compareEpisodicTrials(
  trials: readonly TrialOf<Record<'test', EpisodicMetrics>>[],
  { test: { mean_episode_return: all } }: Record<'test', EpisodicStatistics>,
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

export const CI_LABELS: [low: string, high: string] = ['95 % CI low', '95 % CI high']

function averageRows({ median, iqm, iqm_interval: [low, high] }: Averages): [string, number | null][] {
  return [
    ['median', median],
    ['interquartile mean', iqm],
    [`  ${CI_LABELS[0]}`, low],
    [`  ${CI_LABELS[1]}`, high],
  ]
}

function splitRow(name: string, value: (split: SplitName) => number | null): string[] {
  return [name, ...SPLITS.map((split) => formatNumber(value(split)))]
}

/** Σ log reward of each trial and its averages by split, beside what the market gave. */
export function compareTradingTrials(
  trials: readonly TrialOf<Record<SplitName, Evaluation>>[],
  statistics: Record<SplitName, TrialStatistics>,
): TextTable {
  const sum = (split: SplitName) => statistics[split].sum_log_reward
  const { evaluation } = trials[0]!
  return {
    header: ['Σ log reward', ...SPLITS],
    rows: [
      ...trials.map((trial) =>
        splitRow(`seed ${trial.seed}`, (split) => trial.evaluation[split].sum_log_reward),
      ),
      ...averageRows(sum('train')).map(([label], i) =>
        splitRow(label, (split) => averageRows(sum(split))[i]![1]),
      ),
      ...SHARED_BENCHMARKS.map((key) => splitRow(SERIES[key].label, (split) => evaluation[split][key])),
    ],
  }
}

/** Tabulates how probable it is that a trial is better than a benchmark. */
export function compareProbabilities(statistics: Record<SplitName, TrialStatistics>): TextTable {
  return {
    header: ['P(a trial is better)', ...SPLITS],
    rows: OPPONENTS.map((key) =>
      splitRow(
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
