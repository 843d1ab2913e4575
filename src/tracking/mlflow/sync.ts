// This file copies runs from one store to another. Every operation is done as if it might have been done before, so
// that a second copy, or one that broke off, adds what is missing and nothing twice.
import { setTimeout as sleep } from 'node:timers/promises'
import { serverOf, type Environment } from './http.ts'
import { openJournal } from './journal.ts'
import { runOperations } from './local-runs.ts'
import { localStore, mlflowEnvironment } from './open.ts'
import { restStore } from './rest.ts'
import { retryPolicy } from './server-tracker.ts'
import { Blocked, Refusal, type Operation, type Store } from './types.ts'
import { DdpgError, reasonOf } from '../../base/errors.ts'

export interface SyncOptions {
  /** The environment in which MLflow's variables are read, process.env by default. */
  environment?: Environment
  /** Called as the copy proceeds, of a journal in parts and of a database in runs. */
  progress?: (done: number, total: number) => void
}

export interface SyncResult {
  runs: number
  /** The operations that the store refused, in its words, and those that cannot be given to it. */
  refused: string[]
  /** One line that says where a person finds the runs. */
  where: string
}

/**
 * Copies what a journal holds and removes it.
 * @param uri the store to copy to; the journal names the one that its writer wanted
 * @throws DdpgError in a sentence for a journal that cannot be read, and for a store that does not answer or let one in
 */
export async function syncJournal(
  path: string,
  uri: string,
  { environment = mlflowEnvironment(), progress }: SyncOptions = {},
): Promise<SyncResult> {
  const journal = openJournal(path)
  try {
    const store = openStore(uri, environment)
    const total = journal.pending()
    return await copy(store, environment, function* () {
      for (let item = journal.next(), done = 0; item; item = journal.next()) {
        const refused: boolean = yield item.operation
        if (refused) journal.skip()
        else journal.done()
        progress?.(++done, total)
      }
    })
  } finally {
    journal.close()
  }
}

/**
 * Copies the runs of an mlflow.db. @param run the id of one, or its beginning; all by default
 * @throws DdpgError in a sentence for a file or run that is not there, and for a store that does not answer or let one in
 */
export function syncDatabase(
  file: string,
  run: string | undefined,
  uri: string,
  { environment = mlflowEnvironment(), progress }: SyncOptions = {},
): Promise<SyncResult> {
  const left: string[] = []
  const listener = { progress, tell: (sentence: string) => void left.push(sentence) }
  return copy(openStore(uri, environment), environment, () => runOperations(file, run, listener)).then(
    ({ refused, ...result }) => ({ ...result, refused: [...refused, ...left] }),
  )
}

function openStore(uri: string, environment: Environment): Store {
  if (uri === 'none') throw new DdpgError('runs cannot be copied to none: give the address of a server')
  return /^https?:/i.test(uri) ? restStore(serverOf(uri, environment)) : localStore(uri)
}

/** @param operations resumed with whether the one that it gave was refused */
async function copy(
  store: Store,
  environment: Environment,
  operations: () => Generator<Operation, void, boolean>,
): Promise<SyncResult> {
  const refused = new Set<string>()
  const runs = new Set<string>()
  const all = operations()
  try {
    let wasRefused = false
    for (;;) {
      const { value: operation, done } = all.next(wasRefused)
      if (done || !operation) break
      wasRefused = false
      await withRetries(store, operation, environment).catch((error: unknown) => {
        if (!(error instanceof Refusal)) throw error
        wasRefused = true
        refused.add(error.message)
      })
      runs.add(operation.run)
    }
  } finally {
    all.return()
    store.close()
  }
  return { runs: runs.size, refused: [...refused], where: store.describe() }
}

async function withRetries(store: Store, operation: Operation, environment: Environment): Promise<void> {
  const { maxRetries, backoffFactor } = retryPolicy(environment)
  for (let failures = 0; ; failures++) {
    try {
      await store.apply(operation, true)
      return
    } catch (error) {
      if (error instanceof Refusal || error instanceof Blocked) throw error
      if (failures >= maxRetries)
        throw new DdpgError(`${reasonOf(error)}: what was copied stays, run the same again`, { cause: error })
      await sleep(Math.min(backoffFactor * (1 << failures), 30) * 1000)
    }
  }
}
