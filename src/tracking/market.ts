// Logs to a tracker what trials that trade have besides other trials.
import { SPLITS, type TradingEvaluations, type TradingTask } from '../task/trading.ts'
import { metricsBySplit } from '../evaluate/evaluate.ts'
import { compareRollouts } from '../report/tables/metrics.ts'
import { dataHead, dataSummary } from '../report/tables/data-overview.ts'
import { tradingEnvironment } from '../env/create.ts'
import type { Scenario } from '../scenario/schema.ts'
import { sum } from '../math/statistics.ts'
import type { TrainingCurves } from '../trial/collector.ts'
import type { TaskTracking } from './trial.ts'

/** Looks at the data once for all trials. */
export function marketTracking(scenario: Scenario, prepared: TradingTask): TaskTracking<TradingEvaluations> {
  const { table, splits } = prepared
  const { data_path: path } = scenario.data
  const digest = prepared.digest.slice(0, 32)
  const columns = Object.keys(table.columns)
  const head = dataHead(table, 50)
  const summary = dataSummary(table)
  const folder = tradingEnvironment(scenario.env).positionFolder
  return {
    validationMetric: 'train/validation_sum_log_reward',
    inputs(run) {
      run.logParams({
        dataset_shape: `${table.length}x${columns.length}`,
        dataset_columns: JSON.stringify(columns),
        date_range: summary.range,
        data_source: path,
      })
      for (const split of SPLITS) {
        const name = `${scenario.experiment_name} ${split}`
        const context = split === 'train' ? 'training' : split
        const rows = splits[split].to - splits[split].from
        run.logDataset({ name, digest, source: path, context, columns, rows })
      }
      run.logArtifact('data_overview/head.csv', head)
      run.logArtifact('data_overview/summary.md', summary.markdown)
    },
    table: (evaluation) => compareRollouts(metricsBySplit(evaluation)),
    evaluation(run, evaluation) {
      for (const split of SPLITS) {
        const { positions, rewards } = evaluation[split].agent
        const assets = positions.length / rewards.length
        run.logArtifact(`${folder}/${split}.json`, JSON.stringify([...positions.subarray(0, 100 * assets)]))
      }
    },
    totals: ({ train }, { episodes }) => ({
      'train/final_reward': sum(train.agent.rewards),
      ...changesIn(episodes),
    }),
  }
}

function changesIn({ lengths, positionChanges }: TrainingCurves['episodes']): Record<string, number> {
  const changes = sum(positionChanges)
  return {
    'train/total_position_changes': changes,
    // of no episode there is no mean
    ...(lengths.length > 0 && {
      'train/episode_avg_position_change': changes / lengths.length,
      'train/episode_avg_position_change_ratio': changes / sum(lengths),
    }),
  }
}
