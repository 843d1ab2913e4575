// The library: everything here runs in Node, Deno, Bun and a page's worker alike.
export { createCore, type Core, type CoreMath, type Random, type StreamName } from './core/core.ts'
export {
  createLearner,
  type Learner,
  type LearnerOptions,
  type Noise,
  type UpdateStatistics,
} from './core/learner.ts'
export { loadModule } from './core/module.ts'
export { csvToTable } from './data/csv.ts'
export type { Loaded } from './data/ohlcv.ts'
export { parquetToTable, tableToParquet } from './data/parquet.ts'
export type { SplitName } from './data/split.ts'
export { generate } from './data/synthetic.ts'
export type { Table } from './data/table.ts'
export { createEnv } from './env/create.ts'
export type { Env, Market, StepInfo, StepResult } from './env/env.ts'
export {
  deterministic,
  evaluate,
  rollout,
  uniform,
  type Evaluation,
  type Policy,
  type Rollout,
  type SplitEvaluation,
} from './evaluate.ts'
export { prepare, type Prepared } from './market.ts'
export { computeMetrics, periodsPerYear, type Metrics } from './metrics.ts'
export { parseScenario, type ParseOptions } from './scenario/load.ts'
export type { Scenario, ScenarioInput } from './scenario/schema.ts'
export { train, type Episode, type Losses, type TrainEvent, type TrainOptions } from './train.ts'
export {
  evaluateCheckpoint,
  loadPolicy,
  readCheckpoint,
  runTrial,
  type TrialEvent,
  type TrialResult,
} from './trial.ts'
