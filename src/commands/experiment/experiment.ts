// This command runs an experiment: scenario → data → features → trials (environment, learner, evaluation) → tracking.
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { createCore } from '../../core/core.ts'
import { loadModule, type CoreModule } from '../../core/module.ts'
import type { RunStatus } from '../../tracking/mlflow/index.ts'
import { newRunFolder, removeLeftovers } from '../../files/index.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { trackStatistics } from '../../tracking/experiment.ts'
import { CHECKPOINT } from '../../tracking/trial.ts'
import { evaluatedTrials, type EvaluatedTrials } from '../../report/trial-summary.ts'
import { checkTrial } from '../../trial/trial.ts'
import { exitWith } from '../shared/failure.ts'
import { reasonOf } from '../../base/errors.ts'
import { listenForInterrupt } from '../shared/interrupt.ts'
import { createDisplay } from '../shared/progress.ts'
import type { Destination } from './report.ts'
import {
  endManifest,
  isWhole,
  MANIFEST,
  manifestText,
  newManifest,
  type BegunRun,
  type Manifest,
} from './manifest.ts'
import { checkResumption, copiesOf, resumption, type Resumption } from './resume.ts'
import {
  loadScenario,
  noteOtherData,
  readTask,
  writeSyntheticData,
  type ScenarioOptions,
} from '../shared/scenario.ts'
import { summarize, type ExperimentReport } from './summary.ts'
import { startTracking, type Tracking } from './track.ts'
import { runTrials, type Plan, type TrialServices, type TrialEnd } from './trials.ts'
import { stopOnErrors, warn } from '../validate.ts'
import { ScenarioError } from '../../scenario/load.ts'

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
 * Runs the trials of a scenario, or resumes them, several at a time. Sets the exit code: 1 if one failed, 128 + n
 * after signal n.
 */
export async function experiment(options: ExperimentOptions): Promise<void> {
  const started = performance.now()
  const chosen = trialsOf(options)
  const { scenario, saved, trained } = chosen
  if (trained && isWhole(trained)) return tellWhole(trained, scenario, options.json)
  tidy(scenario)
  const module = await loadModule()
  const task = await taskOf(chosen, module, options.generateData)
  const display = createDisplay(options.json)
  const interrupt = listenForInterrupt(display.note, 'this round and writing a checkpoint')
  const manifest = trained?.manifest ?? newManifest(scenario, saved.length)
  const where = {
    scenario,
    uris: { given: options.trackingUri, scenario: chosen.trackingUri },
    experiment: options.name,
    core: module.sha256,
    key: manifest.key,
    again: trained !== undefined,
    description: `${saved.length} ${saved.length === 1 ? 'trial' : 'trials'} of ${chosen.source.path}, from seed ${scenario.seed}`,
    note: display.note,
  }
  const tracking = await startTracking(where, () => interrupt.exitCode() !== undefined)
  const plan = { ...chosen, task, module, workers: options.workers ?? availableParallelism() }
  const training = train(plan, manifest, tracking, { startRun: tracking.startTrial, display, interrupt })
  const { folder, done } = await training.catch(async (error: unknown) => {
    await tracking.end('FAILED')
    throw error
  })
  const ends = done.map(({ report }) => report.status)
  const status = statusOf(ends, saved.length)
  if (interrupt.exitCode() && status !== 'FINISHED') tellHowToResume(ends, folder)
  const { evaluated, report: path } = await conclude(plan, done, {
    folder,
    run: tracking.parent,
    note: display.note,
  })
  await tracking.end(status)
  // a report that could not be written is not done
  endRun({ folder, manifest }, path === undefined ? 'RUNNING' : status, display.note)
  interrupt.end()

  const report: ExperimentReport = {
    experiment_name: scenario.experiment_name,
    config: scenario,
    timings: { total_seconds: (performance.now() - started) / 1000 },
    // A server that was away may have named the runs by now.
    trials: done.map(({ report, run }) => ({ ...report, run_id: run.id })),
    ...(evaluated && { statistics: evaluated.statistics }),
    ...(path !== undefined && { report: path }),
  }
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else summarize(report, evaluated, folder, tracking.describe())
  if (interrupt.exitCode()) exitWith(interrupt.exitCode()!)
}

/** Reads the task of the scenario, once nothing stands in the way. @throws DdpgError in a sentence */
async function taskOf(
  { scenario, saved }: ChosenTrials,
  module: CoreModule,
  generateData = false,
): Promise<Plan['task']> {
  if (isNew(saved)) stopOnErrors(scenario)
  if (generateData) await writeSyntheticData(scenario, module)
  const task = await readTask(scenario, module, missingDataRemedy(scenario))
  if (isNew(saved) && !generateData) await noteOtherData(scenario, task.digest, module)
  await checkTrial(scenario, task, module)
  checkResumption(saved, scenario, task, module)
  return task
}

/** Trains into a folder of its own, or into that of the run that is finished. */
async function train(
  plan: Omit<Plan, 'folder'> & Pick<Resumption, 'trained'>,
  manifest: Manifest,
  { parent }: Tracking,
  surroundings: TrialServices,
): Promise<{ folder: string; done: TrialEnd[] }> {
  const { scenario, saved, trained } = plan
  const files = { ...copiesOf(saved), [MANIFEST]: manifestText(manifest) }
  const folder = trained?.folder ?? newRunFolder(scenario.logging.log_dir, files)
  if (trained) endManifest({ folder, manifest: { ...manifest, process: process.pid } }, 'RUNNING')
  parent.setTags({ 'ddpg.folder': folder })
  if (isNew(saved)) warn(scenario)
  return { folder, done: await runTrials({ ...plan, folder }, surroundings) }
}

/** Logs the statistics over all trials to the tracker, and writes the report. */
async function conclude(
  { scenario, task, module, saved }: Omit<Plan, 'folder'>,
  done: TrialEnd[],
  destination: Destination,
): Promise<{ evaluated: EvaluatedTrials | undefined; report: string | undefined }> {
  const { random } = await createCore(module, scenario.seed)
  const trials = done.map(({ reported }) => reported)
  const evaluated = evaluatedTrials(trials, random.evaluation)
  if (evaluated && done.length > 1)
    trackStatistics(destination.run, evaluated.statistics, scenario.training.max_steps)
  const { writeReport } = await import('./report.ts')
  const parts = {
    scenario,
    task,
    module,
    trials,
    wanted: saved.length,
    evaluated,
    random: random.evaluation,
  }
  return { evaluated, report: writeReport(parts, destination) }
}

/** Removes what killed processes left where this one is going to write. */
function tidy({ logging, data }: Scenario): void {
  removeLeftovers(logging.log_dir)
  removeLeftovers(dirname(data.data_path))
}

function endRun(run: BegunRun, status: Manifest['status'], note: (text: string) => void): void {
  try {
    endManifest(run, status)
  } catch (error) {
    note(`warning: ${run.folder} is not marked as done: ${reasonOf(error)}`)
  }
}

/** Says that the run is complete. */
function tellWhole({ folder }: BegunRun, scenario: Scenario, json = false): void {
  const { experiment_name, training } = scenario
  console.error(
    `note: run ${folder} is complete, nothing is left to do: --max-steps N beyond ${training.max_steps} extends it`,
  )
  if (json)
    console.log(JSON.stringify({ experiment_name, config: scenario, complete: true, folder }, null, 2))
}

/** Returns the status of the experiment, of which not all trials may have begun. */
function statusOf(ends: RunStatus[], wanted: number): RunStatus {
  if (ends.includes('FAILED')) return 'FAILED'
  const isWhole = ends.length === wanted && ends.every((end) => end === 'FINISHED')
  return isWhole ? 'FINISHED' : 'KILLED'
}

/** Prints the command that resumes all trials, from the checkpoint of one that has any. */
function tellHowToResume(ends: RunStatus[], folder: string): void {
  const trial = ends.indexOf(ends.includes('KILLED') ? 'KILLED' : 'FINISHED')
  if (trial < 0) return
  const checkpoint = join(folder, `trial_${trial}`, CHECKPOINT)
  console.error(`note: resume with: ddpg experiment --resume ${checkpoint}`)
}

/** A scenario and its trials, with the checkpoint that each resumes from. */
type ChosenTrials = ReturnType<typeof loadScenario> & Pick<Plan, 'saved'> & Pick<Resumption, 'trained'>

const isNew = (saved: ChosenTrials['saved']): boolean => saved.every((checkpoint) => !checkpoint)

/**
 * Adds the options that stand for a key of the scenario to the overrides.
 * @throws DdpgError that calls these options by their own names
 */
function trialsOf(options: ExperimentOptions): ChosenTrials {
  const { override = [], maxSteps, name, features, trials } = options
  const own: [option: string, override: string][] = []
  if (maxSteps !== undefined) own.push([`--max-steps ${maxSteps}`, `training.max_steps=${maxSteps}`])
  if (name !== undefined)
    own.push([`--name ${JSON.stringify(name)}`, `experiment_name=${JSON.stringify(name)}`])
  if (!features) own.push(['--no-features', 'data.no_features=true'])
  // the features that a scenario chooses have no meaning then
  const first = features ? [] : ['env.feature_columns=null', 'features=null']
  try {
    const all = [...first, ...override, ...own.map(([, text]) => text)]
    if (options.resume !== undefined) return resumption(options.resume, { ...options, override: all })
    const generateData = options.generateData ?? false
    const saved = Array.from({ length: trials }, () => undefined)
    return { ...loadScenario({ ...options, generateData, override: all }), saved }
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    const name = (text: string) =>
      own.reduce((all, [option, key]) => all.replaceAll(`-o ${key}:`, `${option}:`), text)
    throw new ScenarioError(error.problems.map(name))
  }
}

function missingDataRemedy({ data_generator: generator }: Scenario): string {
  return generator ? 'add --generate-data to generate it' : 'set data.data_path to your file'
}
