// The main path: scenario → data → features → trials (environment, learner, evaluation) → tracking.
import { isControl } from '../control.ts'
import { createCore, type Random } from '../core/core.ts'
import { loadModule, type CoreModule } from '../core/module.ts'
import { compareWithBenchmarks, metricsBySplit, type Significance } from '../evaluate.ts'
import type { MarketEvaluations } from '../market.ts'
import { logSystemMetrics, type Run, type RunStatus } from '../mlflow/index.ts'
import { newRunFolder } from '../node.ts'
import { receiptName } from '../receipt.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { Evaluations } from '../task.ts'
import type { TaskMetrics } from '../tasks.ts'
import { controlStatistics, trialStatistics } from '../trial-statistics.ts'
import { checkTrial, runTrial, type TrialEvent, type TrialResult } from '../trial.ts'
import { createProgress, type Progress } from './progress.ts'
import type { Experiment } from './record.ts'
import { checkResumption, resumption, type Resumption } from './resume.ts'
import {
  loadScenario,
  noteOtherData,
  readTask,
  writeSyntheticData,
  type ScenarioOptions,
} from './scenario.ts'
import { startTracking } from './track.ts'
import { stopOnErrors, warn } from './validate.ts'
import { summarize, type ExperimentReport, type Statistics, type TrialReport } from './summary.ts'

export interface ExperimentOptions extends ScenarioOptions {
  generateData?: boolean
  trials: number
  seed?: number
  maxSteps?: number
  name?: string
  features: boolean
  /** A checkpoint file, or `last`. */
  resume?: string
  trackingUri?: string
  json?: boolean
}

/** Runs the trials of a scenario one after the other, or the rest of them. Sets the exit code: 1 if one failed, 128 + n after signal n. */
export async function experiment(options: ExperimentOptions): Promise<void> {
  const started = performance.now()
  const { scenario, trackingUri, source, resume } = scenarioOf(options)
  if (!resume) stopOnErrors(scenario)
  const module = await loadModule()
  if (options.generateData) await writeSyntheticData(scenario, module)
  const task = await readTask(scenario, module, missingDataRemedy(scenario))
  if (!options.generateData && !resume) await noteOtherData(scenario, task.digest, module)
  await checkTrial(scenario, task, module)
  if (resume) checkResumption(resume, scenario, task, module)
  const { trial: first, trials: count } = resume ?? { trial: 0, trials: options.trials }
  const interrupt = listenForInterrupt()
  const isStopped = () => interrupt.exitCode() !== undefined
  const where = {
    scenario,
    uris: { given: options.trackingUri, scenario: trackingUri },
    experiment: options.name,
    core: module.sha256,
    description: `${count} ${count === 1 ? 'trial' : 'trials'} of ${source.path}, from seed ${scenario.seed}`,
  }
  const tracking = await startTracking(where, isStopped)

  const trials: TrialReport[] = []
  const runs: Run[] = []
  let folder: string
  try {
    folder = newRunFolder(scenario.logging.log_dir)
    tracking.parent.setTags({ 'ddpg.folder': folder })
    // Not above: what draws takes longer to load than a mistake in the scenario takes to find.
    const { taskRecord } = await import('./record.ts')
    const record = taskRecord(scenario, task)
    if (!resume) warn(scenario)
    for (let i = first; i < count && !isStopped(); i++) {
      const own = { ...scenario, seed: scenario.seed + i - first }
      const resumed = i === first ? resume : undefined
      const progress = createProgress(`trial ${i}`, scenario.training.max_steps, own.seed, options.json)
      const parts = {
        scenario: own,
        source,
        task,
        record,
        module,
        folder: `${folder}/trial_${i}`,
        name: `trial_${i}`,
        resumed,
        experiment: { trial: i, trials: count },
      }
      const run = await tracking.startTrial(parts.name)
      runs.push(run)
      trials.push(await trial(parts, run, progress, isStopped))
    }
  } catch (error) {
    await tracking.end('FAILED')
    throw error
  }
  await tracking.end(statusOf(trials, count - first))
  // A server that was away may have named the runs by now.
  trials.forEach((report, i) => (report.run_id = runs[i]!.id))
  interrupt.stop()

  const { random } = await createCore(module, scenario.seed)
  const statistics = statisticsOf(trials, random.evaluation)
  const report: ExperimentReport = {
    experiment_name: scenario.experiment_name,
    config: scenario,
    timings: { total_seconds: (performance.now() - started) / 1000 },
    trials,
    ...(statistics && { statistics }),
  }
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else summarize(report, folder, tracking.describe())
  if (trials.some(({ status }) => status === 'FAILED')) process.exitCode = 1
  if (interrupt.exitCode()) process.exitCode = interrupt.exitCode()
}

/** Of the experiment, of which not all trials may have begun. */
function statusOf(trials: TrialReport[], wanted: number): RunStatus {
  if (trials.some(({ status }) => status === 'FAILED')) return 'FAILED'
  const isWhole = trials.length === wanted && trials.every(({ status }) => status === 'FINISHED')
  return isWhole ? 'FINISHED' : 'KILLED'
}

/** Of the trials that were evaluated. */
function statisticsOf(trials: TrialReport[], random: Random): Statistics | undefined {
  const evaluations = trials.flatMap(({ evaluation }) => evaluation ?? [])
  const trading = evaluations.flatMap((one) => ('train' in one ? [one] : []))
  if (trading.length > 0) return trialStatistics(trading, random)
  const control = evaluations.flatMap((one) => ('train' in one ? [] : [one]))
  return control.length > 0 ? controlStatistics(control, random) : undefined
}

/** Trains, shows and records one trial. What goes wrong in it fails the trial, not the experiment. */
async function trial(
  parts: Experiment,
  run: Run,
  progress: Progress,
  shouldStop: () => boolean,
): Promise<TrialReport> {
  const { scenario, name, task, module, resumed, experiment } = parts
  const stopSystemMetrics = logSystemMetrics(run)
  const course = { seconds: 0 }
  const common = () => ({
    seed: scenario.seed,
    run_id: run.id,
    timings: { training_seconds: course.seconds },
  })
  try {
    const { recordTrial } = await import('./record.ts')
    const record = recordTrial(run, parts)
    const steps = runTrial(scenario, task, module, { shouldStop, resume: resumed?.bytes, experiment })
    const result = await follow(steps, course, (event) => {
      record.event(event, course.seconds)
      progress.event(event)
      if (event.type !== 'health') return
      for (const finding of event.findings) progress.note(`note: ${name}, step ${event.step}: ${finding}`)
    })
    const significance = await significanceOf(result.evaluation, scenario, module)
    const checkpoint = record.result(result, significance)
    stopSystemMetrics()
    const status = result.complete ? 'FINISHED' : 'KILLED'
    run.end(status)
    progress.end(status)
    if (result.evaluated !== scenario.evaluation.policy)
      console.error(`note: ${name} ended before its first validation, so its final policy is evaluated`)
    if (!result.complete)
      console.error(
        `note: ${name} goes on with: ddpg experiment --resume ${parts.folder}/checkpoint.safetensors`,
      )
    const receipt = result.receipt && receiptName(result.receipt)
    const evaluation = metricsBySplit(result.evaluation) as TaskMetrics
    const ends = { ...(receipt && { receipt }), evaluation, ...(significance && { significance }) }
    return { ...common(), status, checkpoint, ...ends }
  } catch (error) {
    const { message } = error as Error
    stopSystemMetrics()
    run.setTags({ error: message })
    run.end('FAILED')
    progress.end('FAILED')
    console.error(`error: ${name} (seed ${scenario.seed}) failed: ${message}`)
    return { ...common(), status: 'FAILED', error: message }
  }
}

/** Of trading, on the test rows. */
async function significanceOf(
  evaluation: Evaluations,
  scenario: Scenario,
  module: CoreModule,
): Promise<Significance | undefined> {
  if (isControl(scenario)) return undefined
  const core = await createCore(module, scenario.seed)
  return compareWithBenchmarks((evaluation as MarketEvaluations).test, scenario, core)
}

/** What is known of a training under way. */
interface Course {
  /** Spent in training, without what is logged, written and evaluated at its end. */
  seconds: number
}

const TURN_MILLISECONDS = 50

/** Runs a trial to its end, letting signals and timers have their turn now and then. */
async function follow(
  steps: AsyncGenerator<TrialEvent, TrialResult<Evaluations>>,
  course: Course,
  show: (event: TrialEvent) => void,
): Promise<TrialResult<Evaluations>> {
  for (let turn = performance.now(); ;) {
    const began = performance.now()
    const { done, value } = await steps.next()
    if (done) return value
    course.seconds += (performance.now() - began) / 1000
    show(value)
    if (performance.now() - turn < TURN_MILLISECONDS) continue
    await new Promise((resolve) => setImmediate(resolve))
    turn = performance.now()
  }
}

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** The first signal asks the trial to stop after its step and gives the exit code; the second ends the process. */
function listenForInterrupt(): { exitCode: () => number | undefined; stop: () => void } {
  let code: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    if (code !== undefined) process.exit(code)
    code = EXIT_CODES[signal as keyof typeof EXIT_CODES]
    console.error('\nstopping after this round and writing a checkpoint; press Ctrl-C again to stop at once')
  }
  for (const signal of Object.keys(EXIT_CODES)) process.on(signal, onSignal)
  return {
    exitCode: () => code,
    stop: () => {
      for (const signal of Object.keys(EXIT_CODES)) process.off(signal, onSignal)
    },
  }
}

/** The scenario with the options that stand for a key on top. @throws Error that calls these by their own names */
function scenarioOf(options: ExperimentOptions): ReturnType<typeof loadScenario> & { resume?: Resumption } {
  const { override = [], maxSteps, name, features } = options
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
    return loadScenario({ ...options, generateData: options.generateData ?? false, override: all })
  } catch (error) {
    const { message } = error as Error
    const named = own.reduce((text, [option, key]) => text.replaceAll(`-o ${key}:`, `${option}:`), message)
    throw new Error(named, { cause: error })
  }
}

function missingDataRemedy({ data_generator: generator }: Scenario): string {
  return generator ? 'add --generate-data to make it' : 'set data.data_path to your file'
}
