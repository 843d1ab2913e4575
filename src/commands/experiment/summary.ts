// What an experiment comes to, and how it is printed for a person.
import type { Significance } from '../../evaluate/evaluate.ts'
import type { RunStatus } from '../../tracking/mlflow/index.ts'
import { compareEvaluations, type TextTable } from '../../report/tables/metrics.ts'
import {
  compareProbabilities,
  compareTrials,
  type EvaluatedTrial,
} from '../../report/tables/across-trials.ts'
import { formatTable } from '../../report/tables/table.ts'
import type { Scenario } from '../../scenario/schema.ts'
import type { TaskMetrics } from '../../task/create.ts'
import type { Statistics } from '../../task/across-trials.ts'

/** The document of --json. */
export interface ExperimentReport<M extends TaskMetrics = TaskMetrics> {
  experiment_name: string
  config: Scenario
  timings: { total_seconds: number }
  trials: TrialReport<M>[]
  /** Of the trials together, when any was evaluated. */
  statistics?: Statistics
  /** Path of the report. */
  report?: string
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
  { experiment_name: name, trials, statistics, timings, report }: ExperimentReport,
  folder: string,
  where: string,
): void {
  const done = trials.filter((trial) => trial.evaluation)
  const [only] = done
  console.log()
  if (done.length === 1) {
    printTable(compareEvaluations(only!.evaluation!))
  }
  if (done.length > 1) {
    printTable(compareTrials(done as EvaluatedTrial[], statistics!))
    if ('train' in statistics!) {
      console.log()
      printTable(compareProbabilities(statistics))
    }
  }
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
  if (report !== undefined) console.log(`report: ${report}`)
  console.log(where)
}

export function printTable({ header, rows }: TextTable): void {
  for (const line of formatTable(header, rows)) console.log(line)
}
