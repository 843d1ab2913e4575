// What an experiment comes to, and how it is printed for a person.
import type { ControlMetrics } from '../control.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation, Significance } from '../evaluate.ts'
import { SPLITS } from '../market.ts'
import type { RunStatus } from '../mlflow/index.ts'
import { compareEvaluations } from '../report/compare.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { TaskMetrics } from '../tasks.ts'
import {
  OPPONENTS,
  type Averages,
  type ControlStatistics,
  type TrialStatistics,
} from '../trial-statistics.ts'

/** By split. */
export type Statistics = Record<SplitName, TrialStatistics> | Record<'test', ControlStatistics>

/** The document of --json. */
export interface ExperimentReport<M extends TaskMetrics = TaskMetrics> {
  experiment_name: string
  config: Scenario
  timings: { total_seconds: number }
  trials: TrialReport<M>[]
  /** Of the trials together, when any was evaluated. */
  statistics?: Statistics
}

/** One trial as --json prints it. */
export interface TrialReport<M extends TaskMetrics = TaskMetrics> {
  seed: number
  run_id: string
  status: RunStatus
  error?: string
  /** Path of the final state; absent when the trial failed before there was one. */
  checkpoint?: string
  /** Name of the receipt of a complete trial: the SHA-256 of receipt.json. */
  receipt?: string
  timings: { training_seconds: number }
  evaluation?: M
  /** Of trading: tests of the returns on the test rows, against those of each benchmark. */
  significance?: Significance
}

/** One trial: every metric of every split. Several: the main metric of each trial and its median. */
export function summarize(
  { experiment_name: name, trials, statistics, timings }: ExperimentReport,
  folder: string,
  where: string,
): void {
  const done = trials.filter((trial) => trial.evaluation)
  const [only] = done
  console.log()
  if (done.length === 1) {
    const { header, rows } = compareEvaluations(only!.evaluation!)
    print(header, rows)
  }
  if (done.length > 1) printTrials(done, statistics!)
  if (done.length > 0) console.log()
  const which = trials.length === 1 ? `seed ${trials[0]!.seed}` : `${trials.length} trials`
  const statuses = ['FAILED', 'KILLED'].flatMap((status) => {
    const number = trials.filter((trial) => trial.status === status).length
    return number > 0 ? [`, ${number} ${status.toLowerCase()}`] : []
  })
  console.log(`${name}: ${which} in ${timings.total_seconds.toFixed(1)} s${statuses.join('')}`)
  for (const { seed, receipt } of done) {
    const of = done.length > 1 ? ` of seed ${seed}` : ''
    if (receipt) console.log(`receipt${of} ${receipt.slice(0, 16)}…`)
  }
  if (done.length > 0) console.log(`checkpoints, receipts and plots: ${folder}`)
  console.log(where)
}

/** Narrow: the ends of an interval are a row each. */
function printTrials(done: TrialReport[], statistics: Statistics): void {
  if ('train' in statistics) printTrading(done as TrialReport<Record<SplitName, Evaluation>>[], statistics)
  else printControl(done as TrialReport<Record<'test', ControlMetrics>>[], statistics)
}

function printControl(
  done: TrialReport<Record<'test', ControlMetrics>>[],
  { test: { mean_episode_return: all } }: Record<'test', ControlStatistics>,
): void {
  const returns = done.map(
    ({ seed, evaluation }) => [`seed ${seed}`, evaluation!.test.mean_episode_return] as const,
  )
  const rows = [...returns, ...averageRows(all)]
  print(
    ['mean episode return', 'test'],
    rows.map(([label, value]) => [label, formatNumber(value)]),
  )
}

function averageRows({ median, iqm, iqm_interval: [low, high] }: Averages): [string, number | null][] {
  return [
    ['median', median],
    ['interquartile mean', iqm],
    ['  95 % from', low],
    ['  to', high],
  ]
}

function printTrading(
  done: TrialReport<Record<SplitName, Evaluation>>[],
  statistics: Record<SplitName, TrialStatistics>,
): void {
  const row = (name: string, value: (split: SplitName) => number | null) => [
    name,
    ...SPLITS.map((split) => formatNumber(value(split))),
  ]
  const sum = (split: SplitName) => statistics[split].sum_log_reward
  const { evaluation } = done[0]!
  print(
    ['Σ log reward', ...SPLITS],
    [
      ...done.map((trial) => row(`seed ${trial.seed}`, (split) => trial.evaluation![split].sum_log_reward)),
      ...averageRows(sum('train')).map(([label], i) => row(label, (split) => averageRows(sum(split))[i]![1])),
      ...BENCHMARK_ROWS.map(([key, label]) => row(label, (split) => evaluation![split][key])),
    ],
  )
  console.log()
  print(
    ['P(a trial is better)', ...SPLITS],
    OPPONENTS.map((key) =>
      row(LABELS[key], (split) => statistics[split].probability_of_improvement[key].estimate),
    ),
  )
}

const LABELS = { buy_and_hold: 'than buy & hold', random: 'than random', best_constant: 'than best constant' }
/** Alike for all trials. */
const BENCHMARK_ROWS = [
  ['buy_and_hold', 'buy & hold'],
  ['best_constant', 'best constant'],
  ['max_profit', 'max profit'],
] as const

function print(header: string[], rows: string[][]): void {
  for (const line of formatTable(header, rows)) console.log(line)
}
