// What differs between tasks in what is recorded of a trial.
import type { Losses } from '../report/plot.ts'
import type { Evaluations } from '../task.ts'
import type { Run } from '../mlflow/run.ts'
import type { Episode } from '../train.ts'
import type { TrialResult } from '../trial.ts'

/** Of all trials on one task. */
export interface TaskRecord<E extends Evaluations = Evaluations> {
  /** What the score of a validation is called. */
  validationMetric: string
  /** The data, before the first step. */
  inputs(run: Run): void
  /** Artifacts of the evaluation, besides its metrics. */
  evaluation(run: Run, evaluation: E): void
  /** Metrics of the whole trial, besides those of all trials. */
  totals(evaluation: E, episodes: Episode[]): Record<string, number>
  /** The pictures, as SVG by artifact path. @param title of all of them */
  plots(title: string, result: TrialResult<E>, course: Course): Record<string, string>
}

/** Over environment steps. */
export interface Course {
  losses: Losses
  validations: { steps: number[]; scores: number[] }
}
