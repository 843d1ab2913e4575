// This is the embedded store: mlflow.db and mlartifacts/ side by side, which a plain `mlflow server` in that folder
// shows. Artifact addresses are relative to the server, so the folder can be moved.
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { writeArtifact } from './artifact.ts'
import { insertInto, openDatabase, transaction } from './database.ts'
import { behindGate } from './gate.ts'
import { isGone, PROCESS_TAG } from './process.ts'
import { deletedExperiment, EXPERIMENT_TAGS, isBefore, noExperiment, noRun } from './rules.ts'
import {
  newId,
  Refusal,
  type LocalStore,
  type MetricPoint,
  type Operation,
  type StartOperation,
} from './types.ts'
import { DdpgError } from '../../base/errors.ts'

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

export type ArtifactLocation = 'portable' | 'absolute'

/**
 * Opens or creates the database with the folders above it. @param uri `sqlite:///relative.db` or `sqlite:////absolute.db`
 * @throws DdpgError for another kind of URI, Error for a file that cannot be opened or whose tables are not understood
 */
export function sqliteStore(uri: string, artifacts: ArtifactLocation = 'portable'): LocalStore {
  const file = databaseFile(uri)
  const root = artifacts === 'portable' ? 'mlflow-artifacts:' : pathToFileURL(artifactsOf(file)).href
  const database = openDatabase(file)
  ensureDefaultExperiment(database)
  endDeadRuns(database)
  database.exec(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`)
  /** The earlier points of runs that are continued. */
  const earlier = new Map<string, Set<string>>()
  const isThere = (run: string, point: MetricPoint) => earlier.get(run)?.has(pointName(point)) ?? false
  const steps: { [Kind in Operation['kind']]: (operation: Of<Kind>) => void } = {
    start: (operation) => {
      if (operation.again) earlier.set(operation.run, pointsOf(database, operation.run))
      start(database, file, root, operation)
    },
    params: ({ run, params }) => insertParams(database, run, params),
    tags: ({ run, tags }) => upsertTags(database, run, tags),
    metrics: ({ run, points }) =>
      insertPoints(
        database,
        run,
        points.filter((point) => !isThere(run, point)),
      ),
    dataset: (operation) => insertDataset(database, file, operation),
    artifact: ({ run, path, content }) =>
      writeArtifact(join(artifactsOf(file), String(experimentOf(database, file, run)), run), path, content),
    end: ({ run, status, time }) =>
      database.prepare('UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?').run(status, time, run),
  }
  return behindGate({
    apply(operation: Operation) {
      const work = () => steps[operation.kind](operation as never)
      if (operation.kind === 'artifact') work()
      else transaction(database, work)
    },
    idOf: (run: string) => run,
    describe: () => viewingLine(file),
    close: () => database.close(),
  })
}

/** The longest time that a training waits for another program's write, before it leaves its own for later. */
const BUSY_MILLISECONDS = 1000

export function databaseFile(uri: string): string {
  const path = /^sqlite:\/\/\/([^?]+)$/.exec(uri)?.[1]
  if (!path || path === ':memory:' || /[\\/]$/.test(path))
    throw new DdpgError(`tracking_uri must be sqlite:///relative.db or sqlite:////absolute.db, got ${uri}`)
  return resolve(path)
}

export function artifactsOf(file: string): string {
  return join(dirname(file), 'mlartifacts')
}

/** MLflow's pages and clients expect experiment 0. */
function ensureDefaultExperiment(database: DatabaseSync): void {
  transaction(database, () => {
    if (!database.prepare('SELECT 1 FROM experiments LIMIT 1').get()) insertExperiment(database, 0, 'Default')
  })
}

/** Marks runs as KILLED at their last point when their process on this machine is gone without a word. */
export function endDeadRuns(database: DatabaseSync): void {
  const running = database
    .prepare(`SELECT run_uuid AS run, start_time AS time, value FROM runs JOIN tags USING (run_uuid)
      WHERE status = 'RUNNING' AND key = '${PROCESS_TAG}'`)
    .all()
  const kill = database.prepare(`UPDATE runs SET status = 'KILLED', end_time =
    coalesce((SELECT max(timestamp) FROM metrics WHERE metrics.run_uuid = runs.run_uuid), start_time)
    WHERE run_uuid = ?`)
  const dead = running.filter(({ value, time }) => isGone(String(value), Number(time)))
  if (dead.length > 0) transaction(database, () => dead.forEach(({ run }) => kill.run(String(run))))
}

/** @param artifacts URI of the folder of all artifacts */
function start(database: DatabaseSync, file: string, artifacts: string, operation: StartOperation): void {
  const { run, parent, tags } = operation
  const exists = database.prepare('SELECT 1 FROM runs WHERE run_uuid = ?').get(run)
  if (operation.resume && !exists) throw noRun(run, file)
  if (operation.resume || (operation.again && exists))
    database.prepare(`UPDATE runs SET status = 'RUNNING', end_time = NULL WHERE run_uuid = ?`).run(run)
  else if (!exists) insertRun(database, artifacts, experimentFor(database, file, operation), operation)
  upsertTags(database, run, { ...tags, ...(parent !== undefined && { 'mlflow.parentRunId': parent }) })
}

/** The id of the experiment, which is created when there is none of that name. */
function experimentFor(
  database: DatabaseSync,
  file: string,
  { experiment, experimentId, parent }: StartOperation,
): number {
  const [column, value] =
    experiment === undefined
      ? ['experiment_id', experimentId ?? experimentOf(database, file, parent!)]
      : ['name', experiment]
  const found = database.prepare(`SELECT * FROM experiments WHERE ${column} = ?`).get(value)
  if (found?.['lifecycle_stage'] === 'deleted') throw deletedExperiment(String(found['name']), file)
  if (found) return Number(found['experiment_id'])
  if (experiment === undefined) throw noExperiment(String(value), file)
  return insertExperiment(database, null, experiment)
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
    for (const [key, value] of Object.entries(EXPERIMENT_TAGS))
      database.prepare(insertInto('experiment_tags')).run({ key, value, experiment_id: id })
  return id
}

function insertRun(
  database: DatabaseSync,
  artifacts: string,
  experimentId: number,
  { run, name, user, time }: StartOperation,
): void {
  database.prepare(insertInto('runs')).run({
    run_uuid: run,
    name,
    source_type: 'LOCAL',
    source_name: '',
    entry_point_name: '',
    user_id: user,
    status: 'RUNNING',
    start_time: time,
    source_version: '',
    lifecycle_stage: 'active',
    artifact_uri: `${artifacts}/${experimentId}/${run}/artifacts`,
    experiment_id: experimentId,
  })
}

function experimentOf(database: DatabaseSync, file: string, run: string): number {
  const found = database.prepare('SELECT experiment_id AS id FROM runs WHERE run_uuid = ?').get(run)
  if (!found) throw noRun(run, file)
  return Number(found['id'])
}

function insertParams(database: DatabaseSync, run: string, params: Record<string, string>): void {
  const insert = database.prepare(`${insertInto('params')} ON CONFLICT DO NOTHING`)
  const select = database.prepare('SELECT value FROM params WHERE run_uuid = ? AND key = ?')
  for (const [key, value] of Object.entries(params)) {
    if (insert.run({ key, value, run_uuid: run }).changes > 0) continue
    const before = select.get(run, key)?.['value']
    if (before !== value) throw new Refusal(`parameter ${key} is ${before} and cannot become ${value}`)
  }
}

function upsertTags(database: DatabaseSync, run: string, tags: Record<string, string>): void {
  const upsert = database.prepare(
    `${insertInto('tags')} ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value`,
  )
  for (const [key, value] of Object.entries(tags)) upsert.run({ key, value, run_uuid: run })
}

function pointsOf(database: DatabaseSync, run: string): Set<string> {
  const points = database.prepare('SELECT key, value, step FROM metrics WHERE run_uuid = ?').all(run)
  return new Set((points as unknown as MetricPoint[]).map(pointName))
}

/** When it was logged does not matter. */
function pointName({ key, value, step }: MetricPoint): string {
  return `${key} ${step} ${value}`
}

function insertPoints(database: DatabaseSync, run: string, points: MetricPoint[]): void {
  const insert = database.prepare(`${insertInto('metrics')} ON CONFLICT DO NOTHING`)
  const rows = points.map((point) => ({ ...point, run_uuid: run, is_nan: 0 }))
  for (const row of rows) insert.run(row)
  const newest = new Map<string, (typeof rows)[number]>()
  for (const row of rows) {
    const known = newest.get(row.key)
    if (!known || isBefore(known, row)) newest.set(row.key, row)
  }
  const upsert = database.prepare(upsertLatest)
  for (const row of newest.values()) upsert.run(row)
}

const upsertLatest = `${insertInto('latest_metrics')} ON CONFLICT (key, run_uuid) DO UPDATE
  SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
  WHERE (excluded.step, excluded.timestamp, excluded.value)
    > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)`

function insertDataset(database: DatabaseSync, file: string, { run, dataset, context }: Of<'dataset'>): void {
  const { name, digest, source_type, source, schema = null, profile = null } = dataset
  const experiment = experimentOf(database, file, run)
  database.prepare(`${insertInto('datasets')} ON CONFLICT DO NOTHING`).run({
    dataset_uuid: newId(),
    experiment_id: experiment,
    name,
    digest,
    dataset_source_type: source_type,
    dataset_source: source,
    dataset_schema: schema,
    dataset_profile: profile,
  })
  const stored = database
    .prepare('SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?')
    .get(experiment, name, digest)
  const input = newId()
  const { changes } = database.prepare(`${insertInto('inputs')} ON CONFLICT DO NOTHING`).run({
    input_uuid: input,
    source_type: 'DATASET',
    source_id: String(stored?.['id']),
    destination_type: 'RUN',
    destination_id: run,
  })
  if (changes === 0) return
  database
    .prepare(insertInto('input_tags'))
    .run({ input_uuid: input, name: 'mlflow.data.context', value: context })
}

function hasTextStore(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((id) => existsSync(join(folder, id, 'meta.yaml')))
}

function viewingLine(file: string): string {
  const name = basename(file)
  // Without an option MLflow prefers such a folder to a file.
  const isFound = name === 'mlflow.db' && !hasTextStore(join(dirname(file), 'mlruns'))
  const store = isFound ? '' : ` --backend-store-uri "sqlite:///${name}"`
  return `runs are in ${file}, to see them: cd "${dirname(file)}" && mlflow server${store}`
}
