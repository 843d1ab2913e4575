// What an experiment comes to, and how it is printed for a person.
import type { SplitName } from '../data/split.ts'
import type { Evaluation } from '../evaluate.ts'
import { SPLITS } from '../market.ts'
import { compareRollouts } from '../report/compare.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { RunStatus } from '../track/tracker.ts'

/** The document of --json. */
export interface ExperimentReport {
  experiment_name: string
  config: Scenario
  timings: { total_seconds: number }
  trials: TrialReport[]
}

/** One trial as --json prints it. */
export interface TrialReport {
  seed: number
  run_id: string
  status: RunStatus
  error?: string
  /** Path of the final state; absent when the trial failed before there was one. */
  checkpoint?: string
  /** Name of the receipt of a complete trial: the SHA-256 of receipt.json. */
  receipt?: string
  timings: { training_seconds: number }
  evaluation?: Record<SplitName, Evaluation>
}

/** One trial: every metric of every split. Several: the main metric of each trial and its median. */
export function summarize(
  { experiment_name: name, trials, timings }: ExperimentReport,
  folder: string,
  where: string,
): void {
  const done = trials.filter((trial) => trial.evaluation)
  const [only] = done
  console.log()
  if (done.length === 1) {
    const { header, rows } = compareRollouts(only!.evaluation!)
    print(header, rows)
  }
  if (done.length > 1) printTrials(done)
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

function printTrials(done: ExperimentReport['trials']): void {
  const row = (values: (number | null)[]) => values.map(formatNumber)
  const rewards = done.map(({ evaluation }) => SPLITS.map((split) => evaluation![split].sum_log_reward))
  const rows = done.map((trial, i) => [`seed ${trial.seed}`, ...row(rewards[i]!)])
  const benchmark = (key: 'buy_and_hold' | 'max_profit') =>
    row(SPLITS.map((split) => done[0]!.evaluation![split][key]))
  print(
    ['Σ log reward', ...SPLITS],
    [
      ...rows,
      ['median', ...row(SPLITS.map((_, s) => median(rewards.map((values) => values[s]!))))],
      ['buy & hold', ...benchmark('buy_and_hold')],
      ['max profit', ...benchmark('max_profit')],
    ],
  )
}

function median(values: (number | null)[]): number | null {
  const sorted = values.map((value) => value ?? -Infinity).toSorted((a, b) => a - b)
  const middle = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2
  return Number.isFinite(middle) ? middle : null
}

function print(header: string[], rows: string[][]): void {
  for (const line of formatTable(header, rows)) console.log(line)
}
