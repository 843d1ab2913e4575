// This thread of verify.ts retrains and compares, and sends what the progress bar shows.
import { parentPort, workerData } from 'node:worker_threads'
import type { CoreModule } from '../core/module.ts'
import type { Table } from '../data/table.ts'
import { toErrorRecord, type ErrorRecord } from '../base/errors.ts'
import type { Receipt } from '../trial/receipt.ts'
import type { TrialEvent } from '../trial/trial.ts'
import { verify, type Verdict } from '../trial/verify.ts'
import type { StopFlag } from './shared/interrupt.ts'

/** The data that the thread begins with. It shares the flag, and the code of the compiled module. */
export interface VerifySetup {
  receipt: Receipt
  table: Table
  module: CoreModule
  /** The same as in verify. */
  until: number | undefined
  stop: StopFlag
}

/** A message from the thread: the events that the progress bar shows, and at last the verdict of the comparison. */
export type VerifyMessage = { events: TrialEvent[] } | { verdict: Verdict } | { error: ErrorRecord }

const { receipt, table, module, until, stop } = workerData as VerifySetup
const SEND_MILLISECONDS = 50

async function run(): Promise<void> {
  const shouldStop = () => Atomics.load(stop, 0) !== 0
  const comparison = verify(receipt, table, module, { until, shouldStop })
  const latest = new Map<TrialEvent['type'], TrialEvent>()
  const sendLatest = () => {
    send({ events: [...latest.values()] })
    latest.clear()
  }
  for (let sent = performance.now(); ;) {
    const { value, done } = await comparison.next()
    if (done) {
      sendLatest()
      return send({ verdict: value })
    }
    if (isShown(value)) latest.set(value.type, value)
    if (performance.now() - sent < SEND_MILLISECONDS) continue
    sendLatest()
    sent = performance.now()
  }
}

/** Others are many, or long. */
function isShown({ type }: TrialEvent): boolean {
  return type === 'round' || type === 'link' || type === 'episode' || type === 'losses'
}

function send(message: VerifyMessage): void {
  parentPort!.postMessage(message)
}

run().catch((error: unknown) => send({ error: toErrorRecord(error) }))
