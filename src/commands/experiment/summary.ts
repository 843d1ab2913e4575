// The summary of an experiment is printed for a person; its report is the document of --json.
import type { Significance } from '../../evaluate/evaluate.ts'
import type { RunStatus } from '../../tracking/mlflow/index.ts'
import { compareEpisodes, compareRollouts, type TextTable } from '../../report/tables/metrics.ts'
import {
  compareEpisodicTrials,
  compareProbabilities,
  compareTradingTrials,
} from '../../report/tables/across-trials.ts'
import { printTable } from '../shared/terminal.ts'
import type { Scenario } from '../../scenario/schema.ts'
import type { EvaluatedTrials, EpisodicTrial, TradingTrial } from '../../report/trial-summary.ts'
import type { Statistics } from '../../task/across-trials.ts'

type EvaluationMetrics = (TradingTrial | EpisodicTrial)['evaluation']

/** The document of --json. */
export interface ExperimentReport<M extends EvaluationMetrics = EvaluationMetrics> {
  experiment_name: string
  config: Scenario
  timings: { total_seconds: number }
  trials: TrialReport<M>[]
  /** Statistics over all trials, when any was evaluated. */
  statistics?: Statistics
  /** Path of the report. */
  report?: string
}

/** One trial as --json prints it. */
export interface TrialReport<M extends EvaluationMetrics = EvaluationMetrics> {
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
  /** Tests of the returns on the test rows against those of each benchmark; only of trials that trade. */
  significance?: Significance
}

/**
 * One trial: every metric of every split. Several: the main metric of each trial and its median.
 * @param evaluated those of the trials that were, if any
 */
export function summarize(
  { experiment_name: name, trials, timings, report }: ExperimentReport,
  evaluated: EvaluatedTrials | undefined,
  folder: string,
  where: string,
): void {
  const done = trials.filter((trial) => trial.evaluation)
  console.log()
  if (evaluated) {
    tablesOf(evaluated).forEach((table, i) => {
      if (i > 0) console.log()
      printTable(table)
    })
    console.log()
  }
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

function tablesOf(evaluated: EvaluatedTrials): TextTable[] {
  const several = evaluated.trials.length > 1
  switch (evaluated.kind) {
    case 'trading': {
      const { trials, statistics } = evaluated
      if (!several) return [compareRollouts(trials[0]!.evaluation)]
      return [compareTradingTrials(trials, statistics), compareProbabilities(statistics)]
    }
    case 'episodic': {
      const { trials, statistics } = evaluated
      return [several ? compareEpisodicTrials(trials, statistics) : compareEpisodes(trials[0]!.evaluation)]
    }
  }
}
