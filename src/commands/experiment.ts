// The main path: scenario → data → features → trials (environment, learner, evaluation) → tracking.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createCore, type Random } from '../core/core.ts'
import { loadModule } from '../core/module.ts'
import type { RunStatus } from '../mlflow/index.ts'
import { newRunFolder } from '../node.ts'
import type { Scenario } from '../scenario/schema.ts'
import { trackStatistics } from '../tracking/experiment.ts'
import { CHECKPOINT } from '../tracking/trial.ts'
import { controlStatistics, trialStatistics, type Statistics } from '../trial-statistics.ts'
import { checkTrial } from '../trial.ts'
import { listenForInterrupt } from './interrupt.ts'
import { createDisplay } from './progress.ts'
import { checkResumption, copyCheckpoints, resumption, type Saved } from './resume.ts'
import {
  loadScenario,
  noteOtherData,
  readTask,
  writeSyntheticData,
  type ScenarioOptions,
} from './scenario.ts'
import { summarize, type ExperimentReport, type TrialReport } from './summary.ts'
import { startTracking } from './track.ts'
import { runTrials, type TrialEnd } from './trials.ts'
import { stopOnErrors, warn } from './validate.ts'

export interface ExperimentOptions extends ScenarioOptions {
  generateData?: boolean
  trials: number
  /** Trials at a time; the cores by default. */
  workers?: number
  seed?: number
  maxSteps?: number
  name?: string
  features: boolean
  /** A checkpoint file, or `last`. */
  resume?: string
  trackingUri?: string
  json?: boolean
}

/**
 * Runs the trials of a scenario, or goes on with them, several at a time. Sets the exit code: 1 if one failed, 128 + n
 * after signal n.
 */
export async function experiment(options: ExperimentOptions): Promise<void> {
  const started = performance.now()
  const { scenario, trackingUri, source, saved } = trialsOf(options)
  const isNew = saved.every((checkpoint) => !checkpoint)
  if (isNew) stopOnErrors(scenario)
  const module = await loadModule()
  if (options.generateData) await writeSyntheticData(scenario, module)
  const task = await readTask(scenario, module, missingDataRemedy(scenario))
  if (isNew && !options.generateData) await noteOtherData(scenario, task.digest, module)
  await checkTrial(scenario, task, module)
  checkResumption(saved, scenario, task, module)

  const display = createDisplay(options.json)
  const interrupt = listenForInterrupt(display.note, ' and writing a checkpoint')
  const where = {
    scenario,
    uris: { given: options.trackingUri, scenario: trackingUri },
    experiment: options.name,
    core: module.sha256,
    description: `${saved.length} ${saved.length === 1 ? 'trial' : 'trials'} of ${source.path}, from seed ${scenario.seed}`,
    note: display.note,
  }
  const tracking = await startTracking(where, () => interrupt.exitCode() !== undefined)
  let folder: string
  let done: TrialEnd[]
  try {
    folder = newRunFolder(scenario.logging.log_dir)
    tracking.parent.setTags({ 'ddpg.folder': folder })
    copyCheckpoints(saved, folder)
    if (isNew) warn(scenario)
    const workers = options.workers ?? availableParallelism()
    const plan = { scenario, source, task, module, folder, saved, workers }
    done = await runTrials(plan, { startRun: tracking.startTrial, display, interrupt })
  } catch (error) {
    await tracking.end('FAILED')
    throw error
  }
  const ends = done.map(({ report }) => report.status)
  const status = statusOf(ends, saved.length)
  if (interrupt.exitCode() && status !== 'FINISHED') tellHowToGoOn(ends, folder)
  const { random } = await createCore(module, scenario.seed)
  const statistics = statisticsOf(
    done.map(({ report }) => report),
    random.evaluation,
  )
  if (statistics && done.length > 1) trackStatistics(tracking.parent, statistics, scenario.training.max_steps)
  const { writeReport } = await import('./report.ts')
  const reported = {
    scenario,
    task,
    module,
    trials: done.map(({ reported }) => reported),
    wanted: saved.length,
    statistics,
    random: random.evaluation,
  }
  const page = writeReport(reported, { folder, run: tracking.parent, note: display.note })
  await tracking.end(status)
  interrupt.end()
  // A server that was away may have named the runs by now.
  const trials = done.map(({ report, run }) => ({ ...report, run_id: run.id }))

  const report: ExperimentReport = {
    experiment_name: scenario.experiment_name,
    config: scenario,
    timings: { total_seconds: (performance.now() - started) / 1000 },
    trials,
    ...(statistics && { statistics }),
    ...(page !== undefined && { report: page }),
  }
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else summarize(report, folder, tracking.describe())
  if (ends.includes('FAILED')) process.exitCode = 1
  if (interrupt.exitCode()) process.exitCode = interrupt.exitCode()
}

/** Of the experiment, of which not all trials may have begun. */
function statusOf(ends: RunStatus[], wanted: number): RunStatus {
  if (ends.includes('FAILED')) return 'FAILED'
  const isWhole = ends.length === wanted && ends.every((end) => end === 'FINISHED')
  return isWhole ? 'FINISHED' : 'KILLED'
}

/** The command that goes on with all trials, from the checkpoint of one that has any. */
function tellHowToGoOn(ends: RunStatus[], folder: string): void {
  const trial = ends.indexOf(ends.includes('KILLED') ? 'KILLED' : 'FINISHED')
  if (trial < 0) return
  const checkpoint = join(folder, `trial_${trial}`, CHECKPOINT)
  console.error(`note: it goes on with: ddpg experiment --resume ${checkpoint}`)
}

/** Of the trials that were evaluated. */
function statisticsOf(trials: TrialReport[], random: Random): Statistics | undefined {
  const evaluations = trials.flatMap(({ evaluation }) => evaluation ?? [])
  const trading = evaluations.flatMap((one) => ('train' in one ? [one] : []))
  if (trading.length > 0) return trialStatistics(trading, random)
  const control = evaluations.flatMap((one) => ('train' in one ? [] : [one]))
  return control.length > 0 ? controlStatistics(control, random) : undefined
}

/**
 * The scenario with the options that stand for a key on top, and its trials: of each what it goes on from.
 * @throws Error that calls these options by their own names
 */
function trialsOf(
  options: ExperimentOptions,
): ReturnType<typeof loadScenario> & { saved: (Saved | undefined)[] } {
  const { override = [], maxSteps, name, features, trials } = options
  const own: [option: string, override: string][] = []
  if (maxSteps !== undefined) own.push([`--max-steps ${maxSteps}`, `training.max_steps=${maxSteps}`])
  if (name !== undefined)
    own.push([`--name ${JSON.stringify(name)}`, `experiment_name=${JSON.stringify(name)}`])
  if (!features) own.push(['--no-features', 'data.no_features=true'])
  // the features that a scenario chooses have no meaning then
  const first = features ? [] : ['env.feature_columns=null']
  try {
    const all = [...first, ...override, ...own.map(([, text]) => text)]
    if (options.resume !== undefined) return resumption(options.resume, all)
    const generateData = options.generateData ?? false
    const saved = Array.from({ length: trials }, () => undefined)
    return { ...loadScenario({ ...options, generateData, override: all }), saved }
  } catch (error) {
    const { message } = error as Error
    const named = own.reduce((text, [option, key]) => text.replaceAll(`-o ${key}:`, `${option}:`), message)
    throw new Error(named, { cause: error })
  }
}

function missingDataRemedy({ data_generator: generator }: Scenario): string {
  return generator ? 'add --generate-data to make it' : 'set data.data_path to your file'
}
