// What an experiment prints when it is over.
import { SPLITS } from '../market.ts'
import { compareRollouts } from '../report/compare.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { ExperimentReport } from './experiment.ts'

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
  console.log()
  console.log(
    `${name}: ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} in ${timings.total_seconds.toFixed(1)} s`,
  )
  console.log(`checkpoints and plots: ${folder}`)
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
