// Trainers run trials in worker threads, which compute and send events and results. Files, tracking and the terminal are
// left to this thread, which hears signals at any time for that.
import { on } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { AnyTask } from '../../task/create.ts'
import type { EpisodicEvaluations } from '../../task/episodic.ts'
import { createCore } from '../../core/core.ts'
import type { CoreModule } from '../../core/module.ts'
import { NO_DATA, type Table } from '../../data/table.ts'
import { compareWithBenchmarks, type Significance } from '../../evaluate/evaluate.ts'
import type { TradingEvaluations } from '../../task/trading.ts'
import {
  episodicChartData,
  tradingChartData,
  type EpisodicChartData,
  type TradingChartData,
} from '../../report/charts/chart-data.ts'
import type { Scenario } from '../../scenario/schema.ts'
import type { Evaluations, Task } from '../../task/task.ts'
import { runTrial, type TrialEvent, type TrialResult } from '../../trial/trial.ts'
import type { StopFlag } from '../shared/interrupt.ts'
import { bug, fromErrorRecord, type ErrorRecord } from '../../base/errors.ts'

/** The input of a trial. A worker gets a copy of it. */
export interface TrialInput {
  scenario: Scenario
  /** A checkpoint to resume from. */
  resume: Uint8Array | undefined
  experiment: { trial: number; trials: number }
}

/** A message from a trial: each event with the seconds of training until then, and at last the result. */
export type TrainerMessage = { event: TrialEvent; seconds: number } | TrialOutput

/** The result of a trial, by the kind of its task, with the data that the report shows of it. */
export type TrialOutput =
  | {
      kind: 'trading'
      result: TrialResult<TradingEvaluations>
      /** Tests on the test rows. */
      significance: Significance
      chartData: TradingChartData
    }
  | { kind: 'episodic'; result: TrialResult<EpisodicEvaluations>; chartData: EpisodicChartData }

export interface Trainer {
  /** One trial at a time. @throws DdpgError in a sentence when it fails */
  train(input: TrialInput): AsyncIterable<TrainerMessage>
  end(): void
}

export interface Training {
  /** The scenario of the first trial. */
  scenario: Scenario
  task: AnyTask
  module: CoreModule
  /** One for each trial. */
  saved: readonly unknown[]
  /** The most trials that run at a time. */
  workers: number
  stop: StopFlag
}

/** Threads that begin at once. */
export function createTrainers({ scenario, task, module, saved, workers, stop }: Training): Trainer[] {
  const length = Math.min(workers, saved.length)
  const table = task.kind === 'trading' ? task.table : NO_DATA
  return Array.from({ length }, () => workerTrainer({ scenario, table, module, stop }))
}

/** Trains and evaluates, and tells of all but single updates. */
export function trainTrial(
  input: TrialInput,
  task: AnyTask,
  module: CoreModule,
  stop: StopFlag,
): AsyncGenerator<TrainerMessage, void> {
  const { scenario } = input
  const { trials } = input.experiment
  switch (task.kind) {
    case 'trading':
      return trainOn(task, input, module, stop, async (result) => ({
        kind: 'trading',
        result,
        significance: compareWithBenchmarks(
          result.evaluation.test,
          scenario,
          await createCore(module, scenario.seed),
        ),
        chartData: await tradingChartData(scenario, task, result, module, trials),
      }))
    case 'episodic':
      return trainOn(task, input, module, stop, async (result) => ({
        kind: 'episodic',
        result,
        chartData: await episodicChartData(task, result, module, trials),
      }))
  }
}

/** @param conclude makes the last message from the result */
async function* trainOn<E extends Evaluations>(
  task: Task<E>,
  { scenario, ...given }: TrialInput,
  module: CoreModule,
  stop: StopFlag,
  conclude: (result: TrialResult<E>) => Promise<TrialOutput>,
): AsyncGenerator<TrainerMessage, void> {
  const shouldStop = () => Atomics.load(stop, 0) !== 0
  const trial = runTrial(scenario, task, module, { ...given, shouldStop })
  for (let seconds = 0; ;) {
    const began = performance.now()
    const { done, value } = await trial.next()
    if (done) return yield conclude(value)
    seconds += (performance.now() - began) / 1000
    if (value.type !== 'update') yield { event: value, seconds }
  }
}

/** The data that a worker begins with. It shares the flag, and the code of the compiled module. */
export interface WorkerSetup {
  scenario: Scenario
  table: Table
  module: CoreModule
  stop: StopFlag
}

/** A message from a worker. */
export type WorkerMessage = TrainerMessage[] | { error: ErrorRecord }

const WORKER = new URL(`./trial-worker${extname(import.meta.url)}`, import.meta.url)

/** The thread begins at once and stays until the end; one that a trial brought down is replaced for the next trial. */
function workerTrainer(setup: WorkerSetup): Trainer {
  let worker: Worker | undefined = start()

  function start(): Worker {
    const one = new Worker(WORKER, { workerData: setup })
    for (const event of ['error', 'exit']) one.once(event, () => worker === one && (worker = undefined))
    return one
  }

  async function* train(input: TrialInput): AsyncGenerator<TrainerMessage, void> {
    worker ??= start()
    const messages = on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[WorkerMessage]>
    worker.postMessage(input)
    let isOver = false
    try {
      for await (const [message] of messages) {
        isOver = 'error' in message || 'result' in message.at(-1)!
        if ('error' in message) throw fromErrorRecord(message.error)
        yield* message
        if (isOver) return
      }
      throw bug('the worker thread ended early')
    } finally {
      if (!isOver) end() // the trial is given up: nobody listens
    }
  }

  function end(): void {
    void worker?.terminate()
    worker = undefined
  }

  return { train, end }
}
