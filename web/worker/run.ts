// Runs trainings of the page: from inputs, from a checkpoint, or again from a receipt.
import { stringify } from 'yaml'
import { mustHoldRun, openCheckpoint, type CheckpointInfo } from '../../src/trial/checkpoint.ts'
import { createCore } from '../../src/core/core.ts'
import type { CoreModule } from '../../src/core/module.ts'
import { digestOf, type Table } from '../../src/data/table.ts'
import { metricsBySplit, type Rollout } from '../../src/evaluate/evaluate.ts'
import { tradingTask, SPLITS, type TradingTask } from '../../src/task/trading.ts'
import { createTrialCollector, type TrainingCurves, type TrialCollector } from '../../src/trial/collector.ts'
import { readReceipt, receiptName, receiptText, scenarioOf, type Receipt } from '../../src/trial/receipt.ts'
import { compareRollouts } from '../../src/report/tables/metrics.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import { checkTrial, runTrial, type TrialResult } from '../../src/trial/trial.ts'
import { verify } from '../../src/trial/verify.ts'
import type { Download, Finished, Reply } from '../protocol.ts'
import { DdpgError, named } from '../../src/base/errors.ts'
import { sentenceOf } from '../failure.ts'
import { follow, type Control, type FollowOptions } from './follow.ts'
import { tableOf, type OwnData } from './inputs.ts'
import type { PageTracking, Parts } from './mlflow.ts'
import { viewOfRollout } from './view.ts'

export interface Context {
  module: CoreModule
  own: OwnData | undefined
  control: Control
  post: (reply: Reply) => void
  /** Address of the MLflow that training is logged to. */
  mlflow?: string | undefined
}

export interface SavedTrial {
  bytes: Uint8Array
  info: CheckpointInfo
}

/** The result of a run, with all that its plots need. */
export interface TrialRun {
  scenario: Scenario
  prepared: TradingTask
  curves: TrainingCurves
  result: TrialResult
}

/** Trains to the end or until the user stops it. @throws DdpgError in sentences */
export async function train(scenario: Scenario, context: Context, saved?: SavedTrial): Promise<TrialRun> {
  const { module, own, control, post } = context
  const table = await tableOf(scenario, own, module)
  const prepared = await preparedFor(scenario, table, context, saved)
  await checkTrial(scenario, prepared, module)
  const options = { shouldStop: () => control.stopped, resume: saved?.bytes }
  const collector = createTrialCollector()
  const following = started(scenario, prepared, collector, context)
  const { curves } = collector
  const parts = { scenario, prepared, module, curves, resumedAt: saved?.info.step }
  const logged = await loggingOf(parts, context)
  try {
    const steps = runTrial(scenario, prepared, module, options)
    const result = (await follow(steps, { ...following, event: logged?.event }, false))!
    const ran = { scenario, prepared, curves, result }
    post({ type: 'finished', ...finished(ran) })
    void logged?.finished(result)
    return ran
  } catch (error) {
    void logged?.failed(error as Error)
    throw error
  }
}

/** Nothing of it is loaded, and nobody asked, unless the user wants it. */
async function loggingOf(parts: Parts, { mlflow, post }: Context): Promise<PageTracking | undefined> {
  if (mlflow === undefined) return undefined
  try {
    const { startLogging } = await import('./mlflow.ts')
    return await startLogging(mlflow, parts, post)
  } catch (error) {
    post({ type: 'mlflow', text: `The run is not logged: ${sentenceOf(error)}`, isProblem: true })
    return undefined
  }
}

async function preparedFor(scenario: Scenario, table: Table, { module }: Context, saved?: SavedTrial) {
  const { math } = await createCore(module, scenario.seed)
  return tradingTask(scenario, table, math, saved?.info.statistics)
}

/** Retrains from a receipt and compares every hash. @throws DdpgError in sentences */
export async function verifyReceipt(file: File, context: Context): Promise<void> {
  const { module, post } = context
  const text = await file.text()
  const receipt = named(file.name, () => readReceipt(text))
  const scenario = named(file.name, () => scenarioOf(receipt))
  const table = await tableFor(receipt, scenario, context)
  const prepared = await preparedFor(scenario, table, context)
  const following = started(scenario, prepared, createTrialCollector(), context)
  const verdict = await follow(verify(receipt, table, module), following, true)
  if (!verdict) return post({ type: 'stopped' })
  post({ type: 'verdict', identical: verdict.identical, sentence: verdict.sentence })
}

/** One's own data, or generated ones. @throws DdpgError in a sentence when the receipt is of neither */
async function tableFor(receipt: Receipt, scenario: Scenario, { own, module }: Context): Promise<Table> {
  if (own && digestOf(own.table) === receipt.data) return own.table
  const table = await tableOf(scenario, undefined, module)
  if (digestOf(table) === receipt.data) return table
  throw new DdpgError(
    'the receipt was made with other data than its data_generator generates: add the file that it was trained on first',
  )
}

/** @throws DdpgError in a sentence that names the file */
export async function readSaved(file: File): Promise<SavedTrial> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  return named(file.name, () => savedIn(bytes))
}

/** A run to resume. @throws DdpgError in a sentence when the bytes hold none */
export function savedIn(bytes: Uint8Array): SavedTrial {
  const checkpoint = openCheckpoint(bytes)
  mustHoldRun(checkpoint)
  return { bytes, info: checkpoint.info }
}

/** Tells the page that training begins; returns what it takes to follow it. */
function started(
  scenario: Scenario,
  prepared: TradingTask,
  collector: TrialCollector,
  { control, post }: Context,
): FollowOptions {
  const { seed, experiment_name: title } = scenario
  const { max_steps: maxSteps } = scenario.training
  post({ type: 'started', title, seed, maxSteps })
  const view = (rollout: Rollout, step: number) =>
    viewOfRollout(`validation at step ${step.toLocaleString('en')}`, 'validation', prepared, rollout)
  return { maxSteps, control, collector, view, post }
}

function finished({ scenario, prepared, result }: TrialRun): Finished {
  const { complete, step, evaluated, evaluation, receipt } = result
  return {
    complete,
    step,
    evaluated,
    table: compareRollouts(metricsBySplit(evaluation)),
    receipt: receipt && receiptName(receipt),
    downloads: downloadsOf(scenario, result),
    views: SPLITS.map((split) => viewOfRollout(split, split, prepared, evaluation[split].agent)),
  }
}

function downloadsOf(scenario: Scenario, { checkpoint, best, receipt }: TrialResult): Download[] {
  const yaml = stringify(scenario)
  return [
    ...(receipt ? [{ name: 'receipt.json', content: new Blob([receiptText(receipt)]) }] : []),
    { name: 'checkpoint.safetensors', content: new Blob([checkpoint]) },
    ...(best ? [{ name: 'checkpoint_best.safetensors', content: new Blob([best.bytes]) }] : []),
    { name: `${scenario.experiment_name}.yaml`, content: new Blob([yaml]) },
  ]
}

/** The plots of the command line, drawn by a library that only this loads. */
export async function plotsOf({ scenario, prepared, result, curves }: TrialRun): Promise<Download[]> {
  const { trialPlots } = await import('../../src/report/charts/trial-plots.ts')
  const title = `${scenario.experiment_name}, trial_0, seed ${scenario.seed}`
  const plots = trialPlots(title, prepared, result.evaluation, curves.losses)
  return Object.entries(plots).map(([path, svg]) => ({
    name: path.replace(/^.*\//, ''),
    content: new Blob([svg], { type: 'image/svg+xml' }),
  }))
}
