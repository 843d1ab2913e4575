// A TaskRecord is what differs between tasks in the record of a trial.
import type { TrainingCurves } from '../../trial/collector.ts'
import type { Evaluations } from '../../task/task.ts'
import type { TaskTracking } from '../../tracking/trial.ts'
import type { TrialResult } from '../../trial/trial.ts'

/** The part of the record that all trials on one task share. */
export interface TaskRecord<E extends Evaluations = Evaluations> extends TaskTracking<E> {
  /** The pictures, as SVG by artifact path. @param title of all of them */
  plots(title: string, result: TrialResult<E>, curves: TrainingCurves): Record<string, string>
}
