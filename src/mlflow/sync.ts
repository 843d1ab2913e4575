// Runs from one store to another. Every operation is done as if it might have been done before, so that a second
// copy, or one that broke off, adds what is missing and nothing twice.
import { setTimeout as sleep } from 'node:timers/promises'
import { serverOf, type Environment } from './http.ts'
import { openJournal } from './journal.ts'
import { runOperations } from './local-runs.ts'
import { localStore, mlflowEnvironment } from './open.ts'
import { restStore } from './rest.ts'
import { retryPolicy } from './server-tracker.ts'
import { Refusal, messageOf, type Operation, type Store } from './types.ts'

export interface SyncResult {
  runs: number
  /** The store's words for what it would not take. */
  refused: string[]
  /** Where to look: a line for a person. */
  where: string
}

/** Copies what a journal holds and removes it. @param uri where to, as the journal says by default */
export async function syncJournal(
  path: string,
  uri: string | undefined,
  environment: Environment = mlflowEnvironment(),
): Promise<SyncResult> {
  const journal = openJournal(path)
  try {
    const store = openStore(uri ?? journal.uri, environment)
    return await copy(store, environment, function* () {
      for (let item = journal.next(); item; item = journal.next()) {
        const refused: boolean = yield item.operation
        if (refused) journal.skip()
        else journal.done()
      }
    })
  } finally {
    journal.close()
  }
}

/** Copies the runs of an mlflow.db. @param run the id of one, or its beginning; all by default */
export function syncDatabase(
  file: string,
  run: string | undefined,
  uri: string,
  environment: Environment = mlflowEnvironment(),
): Promise<SyncResult> {
  return copy(openStore(uri, environment), environment, function* () {
    yield* runOperations(file, run)
  })
}

function openStore(uri: string, environment: Environment): Store {
  return /^https?:/.test(uri) ? restStore(serverOf(uri, environment)) : localStore(uri)
}

async function copy(
  store: Store,
  environment: Environment,
  operations: () => Generator<Operation, void, boolean>,
): Promise<SyncResult> {
  const refused: string[] = []
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
        refused.push(messageOf(error))
      })
      runs.add(operation.run)
    }
  } finally {
    all.return()
    store.close()
  }
  return { runs: runs.size, refused, where: store.describe() }
}

async function withRetries(store: Store, operation: Operation, environment: Environment): Promise<void> {
  const { maxRetries, backoffFactor } = retryPolicy(environment)
  for (let failures = 0; ; failures++) {
    try {
      await store.apply(operation, true)
      return
    } catch (error) {
      if (error instanceof Refusal) throw error
      if (failures >= maxRetries)
        throw new Error(`${messageOf(error)}: what was copied stays, run the same again`, { cause: error })
      await sleep(Math.min(backoffFactor * (1 << failures), 30) * 1000)
    }
  }
}
