// This file reads the runs of an mlflow.db: the list of them, and each as the operations that make it.
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { readWhole } from '../../files/disk.ts'
import { filesBelow } from './artifact.ts'
import { openDatabase } from './database.ts'
import { isInnerPath } from './gate.ts'
import { LIMITS, splitPairs } from './rules.ts'
import { artifactsOf, endDeadRuns } from './sqlite.ts'
import type { Operation, MetricPoint, RunStatus, StoredDataset } from './types.ts'
import { DdpgError } from '../../base/errors.ts'

export interface LocalRun {
  id: string
  experiment: string
  name: string
  status: RunStatus | 'RUNNING' | 'SCHEDULED'
  startTime: number
  params: Record<string, string>
  tags: Record<string, string>
  /** The newest value of each. */
  metrics: Record<string, number>
  /** The folder of its artifacts; an address where it is no folder of this machine. */
  folder: string
}

/** All runs that are not deleted, oldest first. @throws DdpgError in a sentence when there is no such file, or no MLflow's */
export function listRuns(file: string): LocalRun[] {
  return withDatabase(file, (database) => runRows(database).map((row) => localRun(database, file, row)))
}

/**
 * The operations of runs, those of a parent before those of its children.
 * @param wanted the id of a run, or the beginning of one; all runs when absent. Runs below it come along
 * @param listener called with each run that is done, and of how many, and in a sentence with what cannot be copied
 * @throws DdpgError in a sentence when there is no such run
 */
export function* runOperations(
  file: string,
  wanted?: string,
  listener: CopyListener = {},
): Generator<Operation> {
  const database = openExisting(file)
  try {
    const rows = runRows(database)
    const chosen = wanted === undefined ? rows : familyOf(database, file, rows, wanted)
    const ids = new Set(chosen.map((row) => row['id']!))
    for (const [i, row] of parentsFirst(database, chosen).entries()) {
      yield* operationsOf(database, file, row, ids)
      for (const sentence of lossesOf(database, file, row)) listener.tell?.(sentence)
      listener.progress?.(i + 1, chosen.length)
    }
  } finally {
    database.close()
  }
}

export interface CopyListener {
  progress?: ((done: number, total: number) => void) | undefined
  tell?: (sentence: string) => void
}

/** A row as SQLite gives it; its columns are known. */
type Row = Record<string, string | number | null>

function runRows(database: DatabaseSync): Row[] {
  const sql = `SELECT run_uuid AS id, r.name, user_id, status, start_time, end_time, artifact_uri, e.name AS experiment
    FROM runs r JOIN experiments e USING (experiment_id)
    WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active' ORDER BY start_time, r.rowid`
  return database.prepare(sql).all() as Row[]
}

function localRun(database: DatabaseSync, file: string, row: Row): LocalRun {
  const latest = database.prepare('SELECT key, value FROM latest_metrics WHERE run_uuid = ? AND NOT is_nan')
  return {
    id: String(row['id']),
    experiment: String(row['experiment']),
    name: String(row['name']),
    status: row['status'] as LocalRun['status'],
    startTime: Number(row['start_time']),
    params: pairsOf(database, 'params', row),
    tags: pairsOf(database, 'tags', row),
    metrics: Object.fromEntries(latest.all(row['id']!).map(({ key, value }) => [key, value])),
    folder: folderOf(file, row) ?? String(row['artifact_uri']),
  }
}

/**
 * The folder in which a server on the file, or the program that made the run, keeps the artifacts; undefined for
 * another place. The database may be a stranger's: nothing is read that is outside its folder or is laid out otherwise
 * than MLflow does.
 */
function folderOf(file: string, row: Row): string | undefined {
  const named = folderNamed(file, row)
  if (named === undefined) return undefined
  const [root, folder] = [dirname(file), named].map(realPath) as [string, string]
  const inner = relative(root, folder).replaceAll(sep, '/')
  return isInnerPath(inner) && `/${inner}`.endsWith(`/${row['id']}/artifacts`) ? folder : undefined
}

/** The path with its links resolved, as far as it exists. */
function realPath(path: string): string {
  if (existsSync(path) || dirname(path) === path) return realpathSync(path)
  return join(realPath(dirname(path)), basename(path))
}

function folderNamed(file: string, row: Row): string | undefined {
  const uri = String(row['artifact_uri'])
  const [, served] = /^mlflow-artifacts:\/([^/].*)$/.exec(uri) ?? []
  if (served !== undefined) return join(artifactsOf(file), served)
  if (/^file:\/\/(localhost)?\//.test(uri)) return fileURLToPath(uri)
  return isAbsolute(uri) ? uri : undefined
}

/**
 * Says what is lost: values that MLflow's pages cannot show, which are left out everywhere, and files kept elsewhere.
 */
function* lossesOf(database: DatabaseSync, file: string, row: Row): Generator<string> {
  const run = `run ${String(row['id']).slice(0, 12)}`
  const counted = database.prepare('SELECT count(*) AS n FROM metrics WHERE run_uuid = ? AND is_nan')
  const { n } = counted.get(row['id']!)!
  if (Number(n) > 0) yield `${run} has ${n} values that are no numbers: they are left out`
  if (folderOf(file, row) === undefined)
    yield `${run} has its artifacts at ${row['artifact_uri']}, which is not below ${dirname(file)}: they are not copied`
}

function pairsOf(database: DatabaseSync, table: 'params' | 'tags', row: Row): Record<string, string> {
  const rows = database.prepare(`SELECT key, value FROM ${table} WHERE run_uuid = ?`).all(row['id']!)
  return Object.fromEntries(rows.map(({ key, value }) => [key, String(value ?? '')]))
}

function parentOf(database: DatabaseSync, row: Row): string | undefined {
  return pairsOf(database, 'tags', row)['mlflow.parentRunId']
}

function familyOf(database: DatabaseSync, file: string, rows: Row[], wanted: string): Row[] {
  const found = rows.filter((row) => String(row['id']).startsWith(wanted))
  if (found.length !== 1)
    throw new DdpgError(
      found.length === 0
        ? `run ${wanted} is not in ${file}: "ddpg runs" lists those there are`
        : `${found.length} runs of ${file} begin with ${wanted}: give more of the id`,
    )
  const family = new Set([found[0]!['id']])
  for (let size = 0; size < family.size;) {
    size = family.size
    for (const row of rows) if (family.has(parentOf(database, row) ?? '')) family.add(row['id']!)
  }
  return rows.filter((row) => family.has(row['id']!))
}

function parentsFirst(database: DatabaseSync, rows: Row[]): Row[] {
  const byId = new Map(rows.map((row) => [row['id'], row]))
  const sorted = new Set<Row>()
  const visit = (row: Row): void => {
    const parent = byId.get(parentOf(database, row) ?? null)
    if (parent && parent !== row && !sorted.has(parent)) visit(parent)
    sorted.add(row)
  }
  rows.forEach(visit)
  return [...sorted]
}

/** @param ids of the runs that are copied: one above that is not among them is left out */
function* operationsOf(
  database: DatabaseSync,
  file: string,
  row: Row,
  ids: ReadonlySet<string | number>,
): Generator<Operation> {
  const run = String(row['id'])
  const { 'mlflow.parentRunId': parent, ...tags } = pairsOf(database, 'tags', row)
  const [first = {}, ...others] = splitPairs(tags)
  yield {
    kind: 'start',
    run,
    experiment: String(row['experiment']),
    name: String(row['name'] ?? ''),
    user: String(row['user_id'] ?? ''),
    time: Number(row['start_time']),
    tags: first,
    ...(parent !== undefined && ids.has(parent) && { parent }),
  }
  for (const part of others) yield { kind: 'tags', run, tags: part }
  for (const params of splitPairs(pairsOf(database, 'params', row))) yield { kind: 'params', run, params }
  yield* datasetsOf(database, run)
  yield* pointsOf(database, run)
  yield* artifactsIn(folderOf(file, row), run)
  if (row['end_time'] !== null)
    yield { kind: 'end', run, status: row['status'] as RunStatus, time: Number(row['end_time']) }
}

function* datasetsOf(database: DatabaseSync, run: string): Generator<Operation> {
  const sql = `SELECT name, digest, dataset_source_type AS source_type, dataset_source AS source,
    dataset_schema AS schema, dataset_profile AS profile, t.value AS context
    FROM inputs i JOIN datasets d ON i.source_id = d.dataset_uuid
    LEFT JOIN (SELECT input_uuid, value FROM input_tags WHERE name = 'mlflow.data.context') t USING (input_uuid)
    WHERE i.destination_id = ? AND i.source_type = 'DATASET'`
  for (const { context, ...found } of database.prepare(sql).all(run)) {
    const known = Object.entries(found).filter(([, value]) => value !== null)
    yield {
      kind: 'dataset',
      run,
      dataset: Object.fromEntries(known) as unknown as StoredDataset,
      context: String(context ?? ''),
    }
  }
}

/**
 * Key by key, so that a store that reads back does it once for each. Each is read at once: while a query is under way
 * a training could not write to the file.
 */
function* pointsOf(database: DatabaseSync, run: string): Generator<Operation> {
  const keys = database.prepare('SELECT key FROM latest_metrics WHERE run_uuid = ? ORDER BY key').all(run)
  const ofKey = database.prepare(
    'SELECT key, value, timestamp, step FROM metrics WHERE run_uuid = ? AND key = ? AND NOT is_nan ORDER BY rowid',
  )
  let points: MetricPoint[] = []
  for (const { key } of keys) {
    points = [...points, ...(ofKey.all(run, key!) as unknown as MetricPoint[])]
    while (points.length >= LIMITS.points)
      yield { kind: 'metrics', run, points: points.splice(0, LIMITS.points) }
  }
  if (points.length > 0) yield { kind: 'metrics', run, points }
}

function* artifactsIn(folder: string | undefined, run: string): Generator<Operation> {
  if (folder === undefined) return
  for (const path of filesBelow(folder)) {
    const relative = path.slice(folder.length + 1).replaceAll('\\', '/')
    yield { kind: 'artifact', run, path: relative, content: readWhole(path) }
  }
}

/** Marks the runs of killed processes KILLED. @throws DdpgError in a sentence when there is no such file, or no MLflow's */
export function tidyRuns(file: string): void {
  openExisting(file).close()
}

function openExisting(file: string): DatabaseSync {
  if (!existsSync(file)) throw new DdpgError(`there are no runs here: ${file} does not exist`)
  const database = openDatabase(file)
  endDeadRuns(database)
  return database
}

function withDatabase<T>(file: string, read: (database: DatabaseSync) => T): T {
  const database = openExisting(file)
  try {
    return read(database)
  } finally {
    database.close()
  }
}
