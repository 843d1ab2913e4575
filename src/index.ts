// This is the library: everything here runs in Node, Deno, Bun and a page's worker alike.
export { barsOf, periodsPerYear, returnsOf, type Calendar } from './math/bars.ts'
export { BENCHMARKS, type BenchmarkName } from './evaluate/benchmarks.ts'
export { readCheckpoint, type CheckpointInfo } from './trial/checkpoint.ts'
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
export type { LoadedTable } from './data/columns.ts'
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
} from './evaluate/evaluate.ts'
export { guardrails, type Warning } from './scenario/guardrails.ts'
export type { Health } from './trial/health.ts'
export {
  episodicTask,
  type EpisodicEvaluations,
  type EpisodicMetrics,
  type EpisodicTask,
} from './task/episodic.ts'
export { tradingTask, type TradingEvaluations, type TradingTask } from './task/trading.ts'
export { computeMetrics, type WealthCurve, type Metrics } from './evaluate/metrics.ts'
export { readReceipt, receiptName, receiptText, scenarioOf, type Receipt } from './trial/receipt.ts'
export { parseScenario, ScenarioError, type ParseOptions } from './scenario/load.ts'
export { DdpgError, UsageError } from './base/errors.ts'
export type { Scenario, ScenarioInput } from './scenario/schema.ts'
export type { Evaluations, Task } from './task/task.ts'
export {
  newTrainState,
  train,
  type Episode,
  type Losses,
  type TrainEvent,
  type TrainOptions,
  type TrainState,
} from './trial/train.ts'
export { trialStatistics, type TrialStatistics } from './task/across-trials.ts'
export {
  evaluateCheckpoint,
  loadPolicy,
  runTrial,
  type TrialEvent,
  type TrialOptions,
  type TrialResult,
} from './trial/trial.ts'
export { verify, type Verdict, type VerifyOptions } from './trial/verify.ts'
