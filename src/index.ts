// The library: everything here runs in Node, Deno, Bun and a page's worker alike.
export { barsOf, periodsPerYear, returnsOf, type Calendar } from './bars.ts'
export { BENCHMARKS, type BenchmarkName } from './benchmarks.ts'
export { readCheckpoint, type CheckpointInfo } from './checkpoint.ts'
export { createCore, type Core, type CoreMath, type Random, type StreamName } from './core/core.ts'
export {
  createLearner,
  type Learner,
  type LearnerOptions,
  type Noise,
  type UpdateStatistics,
} from './core/learner.ts'
export { loadModule, type CoreModule } from './core/module.ts'
export { csvToTable } from './data/csv.ts'
export type { Loaded } from './data/ohlcv.ts'
export { parquetToTable, tableToParquet } from './data/parquet.ts'
export type { SplitName } from './data/split.ts'
export { generate } from './data/synthetic.ts'
export { digestOf, NO_DATA, type Table } from './data/table.ts'
export { createControlEnv, createEnv } from './env/create.ts'
export type { Env, Market, ResumableEnv, StepInfo, StepResult } from './env/env.ts'
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
export { guardrails, type Warning } from './guardrails.ts'
export type { Health } from './health.ts'
export { controlTask, type ControlEvaluations, type ControlMetrics, type ControlTask } from './control.ts'
export { prepare, type MarketEvaluations, type Prepared } from './market.ts'
export { computeMetrics, type Course, type Metrics } from './metrics.ts'
export { readReceipt, receiptName, receiptText, scenarioOf, type Receipt } from './receipt.ts'
export { parseScenario, type ParseOptions } from './scenario/load.ts'
export type { Scenario, ScenarioInput } from './scenario/schema.ts'
export type { Evaluations, Task } from './task.ts'
export {
  newTrainState,
  train,
  type Episode,
  type Losses,
  type TrainEvent,
  type TrainOptions,
  type TrainState,
} from './train.ts'
export { trialStatistics, type TrialStatistics } from './trial-statistics.ts'
export {
  evaluateCheckpoint,
  loadPolicy,
  runTrial,
  type TrialEvent,
  type TrialOptions,
  type TrialResult,
} from './trial.ts'
export { verify, type Verdict, type VerifyOptions } from './verify.ts'
