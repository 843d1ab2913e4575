// The main path: scenario → data → features → trials (environment, learner, evaluation) → tracking.
import { createCore } from '../core/core.ts'
import { loadModule } from '../core/module.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation } from '../evaluate.ts'
import { prepare, SPLITS } from '../market.ts'
import { newRunFolder } from '../node.ts'
import type { Scenario } from '../scenario/schema.ts'
import { openTracker } from '../track/sqlite.ts'
import type { RunStatus, Tracker } from '../track/tracker.ts'
import { runTrial, type TrialEvent, type TrialResult } from '../trial.ts'
import { createProgress, type Progress } from './progress.ts'
import { recordTrial, type Experiment } from './record.ts'
import { loadScenario, readData, writeSyntheticData, type ScenarioOptions } from './scenario.ts'
import { summarize } from './summary.ts'

export interface ExperimentOptions extends ScenarioOptions {
  generateData: boolean
  trials: number
  seed?: number
  maxSteps?: number
  name?: string
  features: boolean
  json: boolean
}

/** One trial as --json prints it. */
export interface TrialReport {
  seed: number
  run_id: string
  status: RunStatus
  error?: string
  /** Path of the final state; absent when the trial failed before there was one. */
  checkpoint?: string
  timings: { training_seconds: number }
  evaluation?: Record<SplitName, Evaluation>
}

/** Runs the trials of a scenario one after the other. Sets the exit code: 1 if one failed, 130 if interrupted. */
export async function experiment(options: ExperimentOptions): Promise<void> {
  const started = performance.now()
  const { scenario, source } = loadScenario({ ...options, override: overrides(options) })
  const module = await loadModule()
  if (options.generateData) await writeSyntheticData(scenario, module)
  const { math } = await createCore(module, scenario.seed)
  const prepared = prepare(scenario, await readData(scenario), math)
  const tracker = openTracker(scenario.tracking.tracking_uri)
  const folder = newRunFolder(scenario.logging.log_dir)
  const interrupt = listenForInterrupt()

  const trials: TrialReport[] = []
  for (let i = 0; i < options.trials && !interrupt.asked(); i++) {
    const own = { ...scenario, seed: scenario.seed + i }
    const progress = createProgress(`trial ${i}`, scenario.training.max_steps, options.json)
    const parts = {
      scenario: own,
      source,
      prepared,
      module,
      folder: `${folder}/trial_${i}`,
      name: `trial_${i}`,
    }
    trials.push(await trial(parts, tracker, progress, interrupt.asked))
  }
  interrupt.stop()
  tracker.close()

  const report = {
    experiment_name: scenario.experiment_name,
    config: scenario,
    timings: { total_seconds: (performance.now() - started) / 1000 },
    trials,
  }
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else summarize(report, folder, tracker.describe())
  if (trials.some(({ status }) => status === 'FAILED')) process.exitCode = 1
  if (interrupt.asked()) process.exitCode = 130
}

/** Trains, shows and records one trial. What goes wrong in it fails the trial, not the experiment. */
async function trial(
  parts: Experiment,
  tracker: Tracker,
  progress: Progress,
  shouldStop: () => boolean,
): Promise<TrialReport> {
  const { scenario, name, prepared, module } = parts
  const run = tracker.startRun({ experiment: scenario.experiment_name, name })
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  try {
    const record = recordTrial(run, parts)
    const steps = runTrial(scenario, prepared, module, shouldStop)
    const { result, trainingSeconds } = await follow(
      steps,
      (event) => {
        record.event(event, seconds())
        progress.event(event)
      },
      seconds,
    )
    const status = result.step < scenario.training.max_steps ? 'KILLED' : 'FINISHED'
    const checkpoint = record.result(result)
    run.end(status)
    progress.end(status)
    const evaluation = Object.fromEntries(SPLITS.map((split) => [split, result.evaluation[split].metrics]))
    return {
      seed: scenario.seed,
      run_id: run.id,
      status,
      checkpoint,
      timings: { training_seconds: trainingSeconds },
      evaluation: evaluation as Record<SplitName, Evaluation>,
    }
  } catch (error) {
    const { message } = error as Error
    run.setTags({ error: message })
    run.end('FAILED')
    progress.end('FAILED')
    console.error(`error: ${name} (seed ${scenario.seed}) failed: ${message}`)
    return {
      seed: scenario.seed,
      run_id: run.id,
      status: 'FAILED',
      error: message,
      timings: { training_seconds: seconds() },
    }
  }
}

const TURN_MILLISECONDS = 50

/** Runs a trial to its end, letting signals and timers have their turn now and then. */
async function follow(
  steps: AsyncGenerator<TrialEvent, TrialResult>,
  show: (event: TrialEvent) => void,
  seconds: () => number,
): Promise<{ result: TrialResult; trainingSeconds: number }> {
  let trainingSeconds = 0
  for (let turn = performance.now(); ;) {
    const { done, value } = await steps.next()
    if (done) return { result: value, trainingSeconds }
    trainingSeconds = seconds()
    show(value)
    if (performance.now() - turn < TURN_MILLISECONDS) continue
    await new Promise((resolve) => setImmediate(resolve))
    turn = performance.now()
  }
}

/** The first Ctrl-C asks the trial to stop after its step; the second one ends the process. */
function listenForInterrupt(): { asked: () => boolean; stop: () => void } {
  let asked = false
  const onSignal = () => {
    if (asked) process.exit(130)
    asked = true
    console.error('\nstopping after this step and writing a checkpoint; press Ctrl-C again to stop at once')
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    asked: () => asked,
    stop: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

function overrides({ override, maxSteps, name, features }: ExperimentOptions): string[] {
  const own = []
  if (maxSteps !== undefined) own.push(`training.max_steps=${maxSteps}`)
  if (name !== undefined) own.push(`experiment_name=${JSON.stringify(name)}`)
  if (!features) own.push('data.no_features=true')
  return [...override, ...own]
}

export type ExperimentReport = {
  experiment_name: string
  config: Scenario
  timings: { total_seconds: number }
  trials: TrialReport[]
}
