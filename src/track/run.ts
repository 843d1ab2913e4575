// One run in mlflow.db: its parameters, points, tags, datasets and files.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { insertInto, messageOf, transaction } from './database.ts'
import { cleanKey, cleanPath, limits, newId } from './tracker.ts'
import type { DatasetInput, Run } from './tracker.ts'

const flushRows = 1000
const flushMilliseconds = 1000
/** A database that stays locked costs the training one wait for the lock in this time. */
const retryMilliseconds = 30_000
/** About 100 MB of points; beyond it an unwritable database would exhaust the memory. */
const maxPendingRows = 1_000_000

export interface Store {
  file: string
  database: DatabaseSync
  artifacts: string
  /** Prints a sentence on stderr, the first time for each topic. */
  warn(topic: string, sentence: string): void
}

/** The run of that id, whose row exists. */
export function createRun(store: Store, id: string, experimentId: number): Run {
  const { database } = store
  const params = new Map<string, string>()
  const metrics = metricWriter(store, id)
  const folder = join(store.artifacts, String(experimentId), id)
  return {
    id,
    logParams(values) {
      const added = newParams(store, params, values)
      attempt(store, 'parameters', () =>
        transaction(database, () => {
          const insert = database.prepare(insertInto('params'))
          for (const [key, value] of added) insert.run({ key, value, run_uuid: id })
        }),
      )
      for (const [key, value] of added) params.set(key, value)
    },
    logMetrics: metrics.add,
    setTags(tags) {
      attempt(store, 'tags', () => transaction(database, () => upsertTags(store, id, tags)))
    },
    logDataset(dataset) {
      attempt(store, 'the dataset', () =>
        transaction(database, () => insertDataset(database, id, experimentId, dataset)),
      )
    },
    logArtifact(path, content) {
      attempt(store, `artifact ${path}`, () => writeArtifact(folder, cleanPath(path), content))
    },
    end(status) {
      metrics.end()
      attempt(store, 'the end of the run', () =>
        database
          .prepare('UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?')
          .run(status, Date.now(), id),
      )
    },
  }
}

/** Collects points, so that a training pays for a transaction about once a second only. */
function metricWriter(store: Store, runId: string) {
  let pending: { key: string; value: number; timestamp: number; step: number }[] = []
  let flushAt = Date.now() + flushMilliseconds
  let failing = false
  let nonFinite = 0
  let lastStep = 0
  let lost = 0

  function flush() {
    if (pending.length === 0) return
    const written = attempt(store, 'metrics', () =>
      transaction(store.database, () => {
        const insert = store.database.prepare(`${insertInto('metrics')} ON CONFLICT DO NOTHING`)
        const upsert = store.database.prepare(upsertLatest)
        for (const point of pending) {
          const row = { ...point, run_uuid: runId, is_nan: 0 }
          insert.run(row)
          upsert.run(row)
        }
      }),
    )
    if (!written && pending.length >= maxPendingRows) lost += pending.length
    if (written || pending.length >= maxPendingRows) pending = []
    failing = !written
    flushAt = Date.now() + (failing ? retryMilliseconds : flushMilliseconds)
  }

  return {
    add(metrics: Record<string, number>, step: number) {
      if (!Number.isSafeInteger(step)) throw new RangeError(`step must be an integer, got ${step}`)
      const timestamp = Date.now()
      lastStep = step
      for (const [name, value] of Object.entries(metrics)) {
        const key = cleanKey(name)
        if (Number.isFinite(value)) pending.push({ key, value, timestamp, step })
        else {
          nonFinite++
          store.warn(
            'nonfinite',
            `metric ${key} is ${value} at step ${step}: such values are left out of MLflow`,
          )
        }
      }
      if (timestamp >= flushAt || (pending.length >= flushRows && !failing)) flush()
    },
    end() {
      if (nonFinite > 0)
        pending.push({
          key: 'train/nonfinite_total',
          value: nonFinite,
          timestamp: Date.now(),
          step: lastStep,
        })
      flush()
      lost += pending.length
      if (lost > 0) store.warn('lost', `${lost} metric values could not be written to ${store.file}`)
    },
  }
}

/** MLflow's newest point is the one with the greatest step, then time, then value. */
const upsertLatest = `${insertInto('latest_metrics')} ON CONFLICT (key, run_uuid) DO UPDATE
  SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
  WHERE (excluded.step, excluded.timestamp, excluded.value)
    > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)`

export function upsertTags(store: Store, runId: string, tags: Record<string, string>): void {
  const upsert = store.database.prepare(
    `${insertInto('tags')} ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value`,
  )
  for (const [key, value] of Object.entries(tags))
    upsert.run({ key: cleanKey(key), value: truncate(store, key, value, limits.tag), run_uuid: runId })
}

/** Those that `known` does not hold yet, as they will be stored; throws when one would change. */
function newParams(
  store: Store,
  known: ReadonlyMap<string, string>,
  values: Record<string, string>,
): Map<string, string> {
  const added = new Map<string, string>()
  for (const [name, text] of Object.entries(values)) {
    const key = cleanKey(name)
    const value = truncate(store, name, text, limits.param)
    const before = known.get(key) ?? added.get(key)
    if (before === undefined) added.set(key, value)
    else if (before !== value)
      throw new Error(`parameter ${key} is ${before} and cannot become ${value}: parameters are immutable`)
  }
  return added
}

function truncate(store: Store, key: string, value: string, length: number): string {
  if (value.length <= length) return value
  store.warn(
    'truncated',
    `the value of ${key} has ${value.length} characters: MLflow gets the first ${length}`,
  )
  return value.slice(0, length)
}

function insertDataset(database: DatabaseSync, runId: string, experimentId: number, dataset: DatasetInput) {
  const { name } = dataset
  const digest = dataset.digest.slice(0, limits.digest)
  const colspec = dataset.columns.map((column) => ({ type: 'double', name: column, required: true }))
  database.prepare(`${insertInto('datasets')} ON CONFLICT DO NOTHING`).run({
    dataset_uuid: newId(),
    experiment_id: experimentId,
    name,
    digest,
    dataset_source_type: 'local',
    dataset_source: JSON.stringify({ uri: dataset.source }),
    dataset_schema: JSON.stringify({ mlflow_colspec: colspec }),
    dataset_profile: JSON.stringify({ num_rows: dataset.rows }),
  })
  const stored = database
    .prepare('SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?')
    .get(experimentId, name, digest)
  const input = newId()
  const { changes } = database.prepare(`${insertInto('inputs')} ON CONFLICT DO NOTHING`).run({
    input_uuid: input,
    source_type: 'DATASET',
    source_id: String(stored?.['id']),
    destination_type: 'RUN',
    destination_id: runId,
  })
  if (changes === 0) return
  database
    .prepare(insertInto('input_tags'))
    .run({ input_uuid: input, name: 'mlflow.data.context', value: dataset.context })
}

/** A reader never sees half a file: it gets its name when it is complete. */
function writeArtifact(folder: string, path: string, content: Uint8Array | string): void {
  const target = join(folder, 'artifacts', path)
  const partial = join(folder, `${newId()}.part`)
  mkdirSync(dirname(target), { recursive: true })
  try {
    writeFileSync(partial, content)
    renameSync(partial, target)
  } finally {
    rmSync(partial, { force: true })
  }
}

/** Does the work; when that fails, says so once and returns false, for a training must not stop. */
export function attempt(store: Store, what: string, work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    store.warn('write', `cannot write ${what} beside ${store.file}, training goes on: ${messageOf(error)}`)
    return false
  }
}
