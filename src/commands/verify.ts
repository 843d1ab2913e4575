// This command retrains the run of a receipt and compares every hash.
import { on } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { taskKind } from '../scenario/environments.ts'
import { createCore } from '../core/core.ts'
import { loadModule, type CoreModule } from '../core/module.ts'
import { generate } from '../data/synthetic.ts'
import { digestOf, NO_DATA, type Table } from '../data/table.ts'
import { readTable, readText } from '../files/index.ts'
import { generatedRows } from '../scenario/rules.ts'
import { BYTES_PER_ROW, MOST_GENERATED_ROWS } from '../trial/limits.ts'
import { readReceipt, receiptName, scenarioOf, type Receipt } from '../trial/receipt.ts'
import type { TrialEvent } from '../trial/trial.ts'
import type { Verdict } from '../trial/verify.ts'
import { EXIT, exitWith } from './shared/failure.ts'
import { listenForInterrupt } from './shared/interrupt.ts'
import { mustHaveData } from './shared/scenario.ts'
import { createDisplay } from './shared/progress.ts'
import type { VerifyMessage, VerifySetup } from './verify-thread.ts'
import { bug, DdpgError, fromErrorRecord, named } from '../base/errors.ts'

export interface VerifyCommandOptions {
  until?: number
  dataPath?: string
  json?: boolean
}

/** Retrains the run of a receipt and prints whether it is identical. Sets the exit code: 1 when the runs differ, 128 + n after signal n. */
export async function verifyReceiptFile(file: string, options: VerifyCommandOptions): Promise<void> {
  const text = readText(file)
  const receipt = named(`receipt ${file}`, () => readReceipt(text))
  const scenario = named(`receipt ${file}`, () => scenarioOf(receipt))
  const module = await loadModule()
  const table = await dataOf(receipt, module, options.dataPath)
  const display = createDisplay(options.json)
  const interrupt = listenForInterrupt(display.note, 'this update')
  const progress = display.trial('verify', scenario.training.max_steps, receipt.seed)
  let verdict: Verdict | undefined
  try {
    const setup = { receipt, table, module, until: options.until, stop: interrupt.stop }
    verdict = await verifyInThread(setup, progress.event)
  } finally {
    progress.end(!verdict ? 'FAILED' : verdict.updates === receipt.updates ? 'FINISHED' : 'STOPPED')
    display.end()
    interrupt.end()
  }
  const name = receiptName(receipt)
  if (options.json) console.log(JSON.stringify({ receipt: name, ...verdict }, null, 2))
  else console.log(`receipt ${name.slice(0, 16)}: ${verdict.sentence}`)
  if (!verdict.identical) exitWith(EXIT.failed)
  else if (interrupt.exitCode()) exitWith(interrupt.exitCode()!)
}

const THREAD = new URL(`./verify-thread${extname(import.meta.url)}`, import.meta.url)

/** Verifies in a thread of its own, so that this one hears signals whatever takes long there. */
async function verifyInThread(setup: VerifySetup, show: (event: TrialEvent) => void): Promise<Verdict> {
  const worker = new Worker(THREAD, { workerData: setup })
  try {
    const messages = on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[VerifyMessage]>
    for await (const [message] of messages) {
      if ('error' in message) throw fromErrorRecord(message.error)
      if ('verdict' in message) return message.verdict
      message.events.forEach(show)
    }
    throw bug('the worker thread ended early')
  } finally {
    void worker.terminate()
  }
}

/** The data that the receipt was made with: from its generator, or the user's file. */
async function dataOf(receipt: Receipt, module: CoreModule, path: string | undefined): Promise<Table> {
  const scenario = scenarioOf(receipt)
  if (path !== undefined) {
    mustHaveData(scenario, 'read')
    return (await readTable(path, scenario.data)).table
  }
  if (taskKind(scenario) === 'episodic') return NO_DATA
  const { data, data_generator: generator } = scenario
  const remedy = 'give the training data with --data-path FILE'
  if (!generator) throw new DdpgError(`the receipt has no data_generator: ${remedy}`)
  const rows = generatedRows(generator)
  if (rows > MOST_GENERATED_ROWS) {
    const take = Math.ceil((rows * BYTES_PER_ROW) / 1024 / 1024)
    throw new DdpgError(
      `the receipt's data_generator makes ${rows} rows, which would take ${take} MiB; ` +
        `${MOST_GENERATED_ROWS} are made for a receipt: make them yourself and give them with --data-path FILE`,
    )
  }
  const table = generate(generator, data.timeframe, await createCore(module, generator.seed!))
  if (digestOf(table) !== receipt.data)
    throw new DdpgError(`the receipt was made with other data than its data_generator generates: ${remedy}`)
  return table
}
