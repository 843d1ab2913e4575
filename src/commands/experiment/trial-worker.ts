// A worker thread of trainer.ts runs this file: it trains the trials that it receives, one after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { createCore } from '../../core/core.ts'
import { toErrorRecord } from '../../base/errors.ts'
import { createTask } from '../../task/create.ts'
import {
  trainTrial,
  type TrainerMessage,
  type TrialInput,
  type WorkerMessage,
  type WorkerSetup,
} from './trainer.ts'

const { scenario, table, module, stop } = workerData as WorkerSetup
const { math } = await createCore(module, scenario.seed)
const task = createTask(scenario, table, math)

const SEND_MILLISECONDS = 50

/** Sends the messages of a trial in batches, a few times a second; of rounds the last is enough. */
async function train(input: TrialInput): Promise<void> {
  let batch: TrainerMessage[] = []
  let sent = performance.now()
  for await (const message of trainTrial(input, task, module, stop)) {
    if (isRound(message) && batch.length > 0 && isRound(batch.at(-1)!)) batch.pop()
    batch.push(message)
    if (performance.now() - sent < SEND_MILLISECONDS && !('result' in message)) continue
    send(batch)
    batch = []
    sent = performance.now()
  }
}

function isRound(message: TrainerMessage): boolean {
  return 'event' in message && message.event.type === 'round'
}

function send(message: WorkerMessage): void {
  parentPort!.postMessage(message)
}

parentPort!.on('message', (input: TrialInput) => {
  train(input).catch((error: unknown) => send({ error: toErrorRecord(error) }))
})
