// The trials of an experiment: each is trained by one of the trainers, shown and recorded here.
import { join } from 'node:path'
import type { AnyTask } from '../../task/create.ts'
import type { CoreModule } from '../../core/module.ts'
import { metricsBySplit } from '../../evaluate/evaluate.ts'
import { logSystemMetrics, type Run } from '../../tracking/mlflow/index.ts'
import { readBytes, type ScenarioFile } from '../../files/index.ts'
import { receiptName } from '../../trial/receipt.ts'
import { createTrialCollector } from '../../trial/collector.ts'
import type { TrialSummary } from '../../report/trial-summary.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { messageOf } from '../../tracking/mlflow/types.ts'
import { tellFailure } from '../shared/failure.ts'
import { bug } from '../../base/errors.ts'
import { takeTurns, type Interrupt } from '../shared/interrupt.ts'
import type { Display } from '../shared/progress.ts'
import type { TrialParts } from './record.ts'
import type { TaskRecord } from './record-task.ts'
import type { ResumePoint } from './resume.ts'
import type { TrialReport } from './summary.ts'
import {
  createTrainers,
  type TrainerMessage,
  type Trainer,
  type TrialInput,
  type TrialOutput,
} from './trainer.ts'
import type { TrialEvent } from '../../trial/trial.ts'

/** The trials that are to be trained. */
export interface Plan {
  /** Its `seed` is that of trial 0. */
  scenario: Scenario
  source: ScenarioFile
  task: AnyTask
  module: CoreModule
  /** The folder of the run; each trial has one in it. */
  folder: string
  /** The checkpoint that each trial resumes from; undefined for a trial that starts from its beginning. */
  saved: readonly (ResumePoint | undefined)[]
  /** Trials at a time, at most. */
  workers: number
}

export interface TrialServices {
  /** Begins the run of a trial in the tracker. */
  startRun(name: string): Promise<Run>
  /** Ended with the last trial. */
  display: Display
  interrupt: Interrupt
}

export interface TrialEnd {
  report: TrialReport
  run: Run
  reported: TrialSummary
}

/**
 * Trains the trials, beginning them in their order. After an interrupt no more are begun.
 * @returns the end of each trial that was begun, in order
 */
export async function runTrials(
  plan: Plan,
  { startRun, display, interrupt }: TrialServices,
): Promise<TrialEnd[]> {
  const trainers = createTrainers({ ...plan, stop: interrupt.stop })
  const ends: TrialEnd[] = []
  let next = 0
  try {
    // Not above: what draws takes longer to load than a mistake in the scenario takes to find.
    const { taskRecord } = await import('./record.ts')
    const record = taskRecord(plan.scenario, plan.task)
    const takeTrials = async (trainer: Trainer): Promise<void> => {
      while (next < plan.saved.length && !interrupt.exitCode()) {
        const parts = partsOf(plan, record, next++)
        const run = await startRun(parts.name)
        ends[parts.trial] = await runTrial(parts, run, trainer, display)
      }
    }
    await Promise.all(trainers.map(takeTrials))
    return ends
  } finally {
    for (const trainer of trainers) trainer.end()
    display.end()
  }
}

function partsOf({ scenario, source, folder, saved }: Plan, record: TaskRecord, trial: number): TrialParts {
  const name = `trial_${trial}`
  return {
    trial,
    trials: saved.length,
    name,
    scenario: { ...scenario, seed: scenario.seed + trial },
    source,
    record,
    folder: join(folder, name),
    resumed: saved[trial],
  }
}

/** Trains, shows and records one trial. What goes wrong in it fails the trial, not the experiment. */
async function runTrial(parts: TrialParts, run: Run, trainer: Trainer, display: Display): Promise<TrialEnd> {
  const { scenario, name, trial } = parts
  const stopSystemMetrics = logSystemMetrics(run)
  const progress = display.trial(`trial ${trial}`, scenario.training.max_steps, scenario.seed)
  const collector = createTrialCollector()
  let training = 0
  const common = () => ({
    seed: scenario.seed,
    run_id: run.id,
    timings: { training_seconds: training },
  })
  const collected = () => {
    const { step, curves, findings } = collector
    return { name, seed: scenario.seed, step, curves, findings }
  }
  try {
    const { recordTrial } = await import('./record.ts')
    const record = recordTrial(run, parts, collector.curves, display.note)
    const output = await follow(trainer.train(inputOf(parts)), (event, seconds) => {
      training = seconds
      collector.event(event)
      record.event(event, seconds)
      progress.event(event)
      if (event.type !== 'health') return
      for (const finding of event.findings) display.note(`note: ${name}, step ${event.step}: ${finding}`)
    })
    const { result } = output
    const summary = evaluationOf(output)
    const { kind: _kind, chartData: _charts, ...numbers } = summary
    const checkpoint = record.result(result, output.kind === 'trading' ? output.significance : undefined)
    stopSystemMetrics()
    const status = result.complete ? 'FINISHED' : 'KILLED'
    run.end(status)
    progress.end(status)
    if (result.evaluated !== scenario.evaluation.policy)
      display.note(`note: ${name} ended before its first validation, so its final policy is evaluated`)
    const receipt = result.receipt && receiptName(result.receipt)
    const named = receipt ? { receipt } : {}
    return {
      run,
      report: { ...common(), status, checkpoint, ...named, ...numbers },
      reported: { ...collected(), status, ...named, evaluated: result.evaluated, ...summary },
    }
  } catch (error) {
    const message = messageOf(error)
    stopSystemMetrics()
    run.setTags({ error: message })
    run.end('FAILED')
    progress.end('FAILED')
    tellFailure(error, `${name} (seed ${scenario.seed}) failed: `, display.note)
    const failed = { status: 'FAILED', error: message } as const
    return { run, report: { ...common(), ...failed }, reported: { ...collected(), ...failed } }
  }
}

function inputOf({ scenario, trial, trials, resumed }: TrialParts): TrialInput {
  const resume = resumed && readBytes(resumed.path, 'checkpoint')
  return { scenario, resume, experiment: { trial, trials } }
}

/** The numbers of an evaluation, as the report and --json have them. */
function evaluationOf(output: TrialOutput) {
  switch (output.kind) {
    case 'trading': {
      const { kind, result, significance, chartData } = output
      return { kind, evaluation: metricsBySplit(result.evaluation), significance, chartData }
    }
    case 'episodic': {
      const { kind, result, chartData } = output
      return { kind, evaluation: metricsBySplit(result.evaluation), chartData }
    }
  }
}

/** Follows a trial to its end. */
async function follow(
  trial: AsyncIterable<TrainerMessage>,
  show: (event: TrialEvent, seconds: number) => void,
): Promise<TrialOutput> {
  const turn = takeTurns()
  for await (const message of trial) {
    if ('result' in message) return message
    show(message.event, message.seconds)
    await turn()
  }
  throw bug('the trial ended without a result')
}
