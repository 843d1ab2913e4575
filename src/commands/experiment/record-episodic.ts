// This table says what is recorded of trials that are played in episodes.
import type { EpisodicEvaluations } from '../../task/episodic.ts'
import { plotReturns, plotTrainingLosses } from '../../report/charts/plot.ts'
import { metricsBySplit } from '../../evaluate/evaluate.ts'
import { compareEpisodes } from '../../report/tables/metrics.ts'
import type { TaskRecord } from './record-task.ts'

export const episodicRecord: TaskRecord<EpisodicEvaluations> = {
  validationMetric: 'train/validation_episode_return',
  inputs: () => undefined,
  table: (evaluation) => compareEpisodes(metricsBySplit(evaluation)),
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
