import { controlTask, isControl, type ControlMetrics, type ControlTask } from './control.ts'
import type { CoreMath } from './core/core.ts'
import type { SplitName } from './data/split.ts'
import type { Table } from './data/table.ts'
import type { Evaluation } from './evaluate.ts'
import type { FeatureStatistics } from './features/features.ts'
import { prepare, type Prepared } from './market.ts'
import type { Scenario } from './scenario/schema.ts'

/** Metrics by split, of one of the tasks. */
export type TaskMetrics = Record<SplitName, Evaluation> | Record<'test', ControlMetrics>

/** What a scenario is about. @param table NO_DATA for classic control @throws as prepare does */
export function createTask(
  scenario: Scenario,
  table: Table,
  math: CoreMath,
  statistics?: FeatureStatistics,
): Prepared | ControlTask {
  return isControl(scenario) ? controlTask(scenario) : prepare(scenario, table, math, statistics)
}
