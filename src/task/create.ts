// This file makes the task of a scenario, of whatever kind it is.
import type { CoreMath } from '../core/core.ts'
import type { Table } from '../data/table.ts'
import type { FeatureStatistics } from '../features/index.ts'
import { taskKind } from '../scenario/environments.ts'
import type { Scenario } from '../scenario/schema.ts'
import { episodicTask, type EpisodicTask } from './episodic.ts'
import { tradingTask, type TradingTask } from './trading.ts'

/** A task of one of the kinds, which `kind` tells apart. */
export type AnyTask = TradingTask | EpisodicTask

/** The task of a scenario. @param table NO_DATA for episodic tasks @throws as tradingTask does */
export function createTask(
  scenario: Scenario,
  table: Table,
  math: CoreMath,
  statistics?: FeatureStatistics,
): AnyTask {
  switch (taskKind(scenario)) {
    case 'trading':
      return tradingTask(scenario, table, math, statistics)
    case 'episodic':
      return episodicTask(scenario)
  }
}
