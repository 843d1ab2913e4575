// The embedded tracker: mlflow.db and mlartifacts/ side by side, which a plain `mlflow server` in that folder
// shows. Artifact addresses are relative to the server, so the folder can be moved.

import { userInfo } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { hasSqlite, insertInto, openDatabase, transaction } from './database.ts'
import { attempt, createRun, upsertTags, type Store } from './run.ts'
import { emptyRun, limits, newId, noTracker, type Run, type Tracker } from './tracker.ts'

type RunOptions = Parameters<Tracker['startRun']>[0]

/**
 * The tracker of a URI; where the runtime has no SQLite, a warning and one that keeps nothing.
 * @param uri `sqlite:///FILE`, relative to the working directory or absolute, or `none`
 */
export function openTracker(uri: string): Tracker {
  if (uri === 'none') return noTracker
  if (uri.startsWith('sqlite:')) return hasSqlite() ? openSqliteTracker(uri) : withoutSqlite()
  throw new RangeError(`tracking_uri must be sqlite:///FILE or none, got ${uri}`)
}

/**
 * Opens or creates the database with the folders above it. Throws a RangeError for another kind of URI, an
 * Error for a file that cannot be opened or whose tables are not understood.
 * @param uri `sqlite:///relative.db` or `sqlite:////absolute.db`
 */
function openSqliteTracker(uri: string): Tracker {
  const file = resolve(databasePath(uri))
  const database = openDatabase(file)
  ensureDefaultExperiment(database)
  const store = { file, database, artifacts: join(dirname(file), 'mlartifacts'), warn: warnOnce() }
  return {
    startRun: (options) => startRun(store, options),
    describe: () => viewingLine(file),
    close: () => database.close(),
  }
}

function withoutSqlite(): Tracker {
  const sentence = 'runs are not tracked: this runtime has no node:sqlite'
  process.stderr.write(`warning: ${sentence}, use Node 22.18 or newer to track them\n`)
  return { ...noTracker, describe: () => sentence }
}

function startRun(store: Store, options: RunOptions): Run {
  const { experiment } = options
  if (experiment === '' || experiment.length > limits.experiment)
    throw new RangeError(
      `the experiment name must have 1 to ${limits.experiment} characters, got ${experiment.length}`,
    )
  const id = newId()
  let experimentId: number | undefined
  const written = attempt(store, `run ${options.name}`, () =>
    transaction(store.database, () => {
      experimentId = experimentFor(store.database, experiment)
      if (experimentId !== undefined) insertRun(store, id, experimentId, options)
    }),
  )
  if (!written) return emptyRun()
  if (experimentId === undefined)
    throw new Error(
      `experiment "${experiment}" is deleted in ${store.file}: restore it in MLflow or choose another name`,
    )
  return createRun(store, id, experimentId)
}

function databasePath(uri: string): string {
  const path = /^sqlite:\/\/\/([^?]+)$/.exec(uri)?.[1]
  if (!path || path === ':memory:' || /[\\/]$/.test(path))
    throw new RangeError(`tracking_uri must be sqlite:///relative.db or sqlite:////absolute.db, got ${uri}`)
  return path
}

/** MLflow's pages and clients expect experiment 0. */
function ensureDefaultExperiment(database: DatabaseSync): void {
  transaction(database, () => {
    if (!database.prepare('SELECT 1 FROM experiments LIMIT 1').get()) insertExperiment(database, 0, 'Default')
  })
}

/** The id, with the experiment created when there is none; undefined when it is deleted. */
function experimentFor(database: DatabaseSync, name: string): number | undefined {
  const found = database
    .prepare('SELECT experiment_id AS id, lifecycle_stage AS stage FROM experiments WHERE name = ?')
    .get(name)
  if (!found) return insertExperiment(database, null, name)
  return found['stage'] === 'deleted' ? undefined : Number(found['id'])
}

/** @param experimentId null for the next free one */
function insertExperiment(database: DatabaseSync, experimentId: number | null, name: string): number {
  const now = Date.now()
  const { lastInsertRowid } = database.prepare(insertInto('experiments')).run({
    experiment_id: experimentId,
    name,
    artifact_location: '',
    lifecycle_stage: 'active',
    creation_time: now,
    last_update_time: now,
  })
  const id = Number(lastInsertRowid)
  database
    .prepare('UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?')
    .run(`mlflow-artifacts:/${id}`, id)
  if (experimentId === null)
    database
      .prepare(insertInto('experiment_tags'))
      // Makes MLflow open the experiment with its table of runs rather than with traces.
      .run({ key: 'mlflow.experimentKind', value: 'custom_model_development', experiment_id: id })
  return id
}

function insertRun(store: Store, id: string, experimentId: number, options: RunOptions): void {
  const user = userName()
  const name = options.name.slice(0, limits.key)
  store.database.prepare(insertInto('runs')).run({
    run_uuid: id,
    name,
    source_type: 'LOCAL',
    source_name: '',
    entry_point_name: '',
    user_id: user,
    status: 'RUNNING',
    start_time: Date.now(),
    source_version: '',
    lifecycle_stage: 'active',
    artifact_uri: `mlflow-artifacts:/${experimentId}/${id}/artifacts`,
    experiment_id: experimentId,
  })
  upsertTags(store, id, {
    'mlflow.user': user,
    'mlflow.source.name': process.argv[1] ?? 'ddpg',
    'mlflow.source.type': 'LOCAL',
    ...options.tags,
    'mlflow.runName': name,
  })
}

function warnOnce(): Store['warn'] {
  const said = new Set<string>()
  return (topic, sentence) => {
    if (said.has(topic)) return
    said.add(topic)
    process.stderr.write(`warning: ${sentence}\n`)
  }
}

function viewingLine(file: string): string {
  const name = basename(file)
  const store = name === 'mlflow.db' ? '' : ` --backend-store-uri "sqlite:///${name}"`
  return `runs are in ${file}, to see them: cd "${dirname(file)}" && mlflow server${store}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // The user of a container may have no name.
    return 'unknown'
  }
}
