import { episodicTask, isControl, type EpisodicMetrics, type EpisodicTask } from './episodic.ts'
import type { CoreMath } from '../core/core.ts'
import type { SplitName } from '../data/split.ts'
import type { Table } from '../data/table.ts'
import type { Evaluation } from '../evaluate/evaluate.ts'
import type { FeatureStatistics } from '../features/index.ts'
import { tradingTask, type TradingTask } from './trading.ts'
import type { Scenario } from '../scenario/schema.ts'

/** Metrics by split, of one of the tasks. */
export type TaskMetrics = Record<SplitName, Evaluation> | Record<'test', EpisodicMetrics>

/** What a scenario is about. @param table NO_DATA for classic control @throws as tradingTask does */
export function createTask(
  scenario: Scenario,
  table: Table,
  math: CoreMath,
  statistics?: FeatureStatistics,
): TradingTask | EpisodicTask {
  return isControl(scenario) ? episodicTask(scenario) : tradingTask(scenario, table, math, statistics)
}
