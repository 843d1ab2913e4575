// This table says what is recorded of trials that trade.
import type { TradingEvaluations, TradingTask } from '../../task/trading.ts'
import { plotColumns } from '../../report/charts/plot.ts'
import { trialPlots } from '../../report/charts/trial-plots.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { marketTracking } from '../../tracking/market.ts'
import type { TaskRecord } from './record-task.ts'

/** Looks at the data once for all trials. */
export function marketRecord(scenario: Scenario, prepared: TradingTask): TaskRecord<TradingEvaluations> {
  const tracking = marketTracking(scenario, prepared)
  const plot = plotColumns({ title: scenario.data.data_path, table: prepared.table })
  return {
    ...tracking,
    inputs(run) {
      tracking.inputs(run)
      run.logArtifact('data_overview/plots/columns.svg', plot)
    },
    plots: (title, { evaluation }, { losses }) => trialPlots(title, prepared, evaluation, losses),
  }
}
