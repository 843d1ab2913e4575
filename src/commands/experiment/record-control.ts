// What is recorded of trials of classic control.
import type { EpisodicEvaluations } from '../../task/episodic.ts'
import { plotReturns, plotTrainingLosses } from '../../report/charts/plot.ts'
import type { TaskRecord } from './record-task.ts'

export const controlRecord: TaskRecord<EpisodicEvaluations> = {
  validationMetric: 'train/validation_episode_return',
  inputs: () => undefined,
  evaluation(run, { test: { returns, lengths } }) {
    run.logArtifact('evaluation_data/test/episodes.json', JSON.stringify({ returns, lengths }))
  },
  totals: () => ({}),
  plots: (title, _, { losses, validations }) => ({
    'training_plots/validation_returns.svg': plotReturns({
      title,
      steps: validations.steps,
      returns: validations.scores,
    }),
    'training_plots/training_losses.svg': plotTrainingLosses({ title, ...losses }),
  }),
}
