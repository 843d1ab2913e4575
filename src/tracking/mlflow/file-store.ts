// This is the store of MLflow before 3.7: a folder mlruns/ of text files. MLflow refuses it since 3.13 unless a
// variable allows it, so it is only used when asked for.
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createHash, randomInt } from 'node:crypto'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { makeFolder } from '../../files/disk.ts'
import { filesBelow, NAME_TAKEN, writeArtifact } from './artifact.ts'
import { behindGate } from './gate.ts'
import { isGone, PROCESS_TAG } from './process.ts'
import { deletedExperiment, EXPERIMENT_TAGS, noExperiment, noRun } from './rules.ts'
import { Refusal, type LocalStore, type Operation, type StartOperation } from './types.ts'
import { DdpgError, reasonOf } from '../../base/errors.ts'

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

/** MLflow's numbers of the states. */
const STATUS = { RUNNING: 1, FINISHED: 3, FAILED: 4, KILLED: 5 }

/** @param uri `file:` with a path, or a path; created. @throws DdpgError when the folder cannot be used */
export function fileStore(uri: string): LocalStore {
  const root = storeFolder(uri)
  try {
    makeFolder(join(root, '.trash'))
    if (!existsSync(join(root, '0'))) createExperiment(root, '0', 'Default')
    endDeadRuns(root)
  } catch (error) {
    throw new DdpgError(`cannot use folder ${root} for runs: ${reasonOf(error)}`, { cause: error })
  }
  const folders = new Map<string, string>()
  const folderOf = (run: string) => {
    const folder = folders.get(run) ?? findRun(root, run)
    if (folder === undefined) throw noRun(run, root)
    folders.set(run, folder)
    return folder
  }
  /** Runs that are continued: their points come again, at other times. */
  const continued = new Set<string>()
  const steps: { [Kind in Operation['kind']]: (operation: Of<Kind>, doubtful: boolean) => void } = {
    start: (operation) => {
      if (operation.again) continued.add(operation.run)
      start(root, operation)
    },
    params: ({ run, params }) => writeParams(folderOf(run), params),
    tags: ({ run, tags }) => writeTags(folderOf(run), tags),
    metrics: (operation, doubtful) =>
      appendPoints(folderOf(operation.run), operation, doubtful, continued.has(operation.run)),
    dataset: (operation) => writeDataset(folderOf(operation.run), operation),
    artifact: ({ run, path, content }) => writeArtifact(folderOf(run), path, content),
    end: ({ run, status, time }) => changeMeta(folderOf(run), { status: STATUS[status], end_time: time }),
  }
  return behindGate({
    apply(operation: Operation, doubtful: boolean) {
      try {
        steps[operation.kind](operation as never, doubtful)
      } catch (error) {
        // Names with a slash are folders here.
        const { code = '', message } = error as NodeJS.ErrnoException
        if (!NAME_TAKEN.includes(code)) throw error
        throw new Refusal(
          `in this store the name of a metric, parameter or tag cannot continue another one: ${message}`,
          { cause: error },
        )
      }
    },
    idOf: (run: string) => run,
    describe: () =>
      `runs are in ${root}, to see them: MLFLOW_ALLOW_FILE_STORE=true mlflow server --backend-store-uri "${root}"; ` +
      `or, for good: mlflow migrate-filestore --source "${root}" --target sqlite:///mlflow.db && mlflow server`,
    close: () => undefined,
  })
}

/** Marks runs as KILLED at their last point when their process on this machine is gone without a word. */
function endDeadRuns(root: string): void {
  const experiments = readdirSync(root).filter((id) => /^\d+$/.test(id))
  const runs = experiments.flatMap((id) => readdirSync(join(root, id)).map((run) => join(root, id, run)))
  for (const folder of runs) {
    const tag = join(folder, 'tags', PROCESS_TAG)
    if (!existsSync(tag)) continue
    const { status, start_time: start } = readMeta(folder) ?? {}
    if (status !== STATUS.RUNNING || !isGone(readFileSync(tag, 'utf8'), Number(start))) continue
    const times = filesBelow(join(folder, 'metrics')).map((file) => Math.round(statSync(file).mtimeMs))
    changeMeta(folder, { status: STATUS.KILLED, end_time: Math.max(Number(start), ...times) })
  }
}

/** @param uri `file:` with a path, or a path */
export function storeFolder(uri: string): string {
  return uri.startsWith('file://') ? fileURLToPath(uri) : resolve(uri.replace(/^file:/, ''))
}

function start(root: string, operation: StartOperation): void {
  const { run, name, user, time, parent, tags } = operation
  const existing = findRun(root, run)
  if (operation.resume && !existing) throw noRun(run, root)
  const id = existing === undefined ? experimentFor(root, operation) : ''
  const folder = existing ?? join(root, id, run)
  for (const part of ['metrics', 'params', 'artifacts', 'tags']) makeFolder(join(folder, part))
  writeTags(folder, { ...tags, ...(parent !== undefined && { 'mlflow.parentRunId': parent }) })
  // Last: a run without its folders breaks MLflow's lists.
  if (existing !== undefined) return changeMeta(folder, { status: STATUS.RUNNING, end_time: null })
  writeMeta(folder, {
    artifact_uri: `${pathToFileURL(folder).href}/artifacts`,
    deleted_time: null,
    end_time: null,
    entry_point_name: '',
    experiment_id: id,
    lifecycle_stage: 'active',
    run_id: run,
    run_name: name,
    source_name: '',
    source_type: 4,
    source_version: '',
    start_time: time,
    status: STATUS.RUNNING,
    tags: [],
    user_id: user,
  })
}

/** The id of the experiment, which is created when there is none of that name. */
function experimentFor(root: string, { experiment, experimentId, parent }: StartOperation): string {
  if (experiment !== undefined) return experimentNamed(root, experiment)
  if (experimentId === undefined) {
    const above = findRun(root, parent!)
    if (above === undefined) throw noRun(parent!, root)
    return basename(dirname(above))
  }
  const deleted = readMeta(join(root, '.trash', experimentId))
  if (deleted) throw deletedExperiment(String(deleted['name']), root)
  if (!readMeta(join(root, experimentId))) throw noExperiment(experimentId, root)
  return experimentId
}

function experimentNamed(root: string, name: string): string {
  const named = (folder: string) =>
    readdirSync(folder).find((id) => /^\d+$/.test(id) && readMeta(join(folder, id))?.['name'] === name)
  if (named(join(root, '.trash'))) throw deletedExperiment(name, root)
  const found = named(root)
  if (found) return found
  const id = String(randomInt(1e8, 1e9)) + String(randomInt(1e8, 1e9))
  createExperiment(root, id, name)
  return id
}

function createExperiment(root: string, id: string, name: string): void {
  const folder = join(root, id)
  const now = Date.now()
  writeTags(folder, EXPERIMENT_TAGS)
  writeMeta(folder, {
    artifact_location: pathToFileURL(folder).href,
    creation_time: now,
    experiment_id: id,
    last_update_time: now,
    lifecycle_stage: 'active',
    name,
  })
}

function findRun(root: string, run: string): string | undefined {
  const id = readdirSync(root).find((id) => existsSync(join(root, id, run, 'meta.yaml')))
  return id === undefined ? undefined : join(root, id, run)
}

function writeParams(folder: string, params: Record<string, string>): void {
  for (const [key, value] of Object.entries(params)) {
    const file = join(folder, 'params', key)
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    if (before === undefined) writeWhole(folder, file, value)
    else if (before !== value) throw new Refusal(`parameter ${key} is ${before} and cannot become ${value}`)
  }
}

function writeTags(folder: string, tags: Record<string, string>): void {
  for (const [key, value] of Object.entries(tags)) writeWhole(folder, join(folder, 'tags', key), value)
}

/** A line per point, all of a key in one piece: half a line would break MLflow's lists. */
function appendPoints(
  folder: string,
  { points }: Of<'metrics'>,
  doubtful: boolean,
  isContinued: boolean,
): void {
  const nameOf = (line: string) => (isContinued ? line.replace(/^\d+ /, '') : line)
  for (const key of new Set(points.map((point) => point.key))) {
    const file = join(folder, 'metrics', key)
    const lines = points
      .filter((point) => point.key === key)
      .map(({ timestamp, value, step }) => `${timestamp} ${value} ${step}\n`)
    makeFolder(dirname(file))
    const size = existsSync(file) ? statSync(file).size : 0
    const isRead = (doubtful || isContinued) && size > 0
    const present = new Set(
      isRead
        ? readFileSync(file, 'utf8')
            .split(/(?<=\n)/)
            .map(nameOf)
        : [],
    )
    try {
      appendFileSync(file, lines.filter((line) => !present.has(nameOf(line))).join(''))
    } catch (error) {
      if (existsSync(file)) truncateSync(file, size)
      throw error
    }
  }
}

function writeDataset(folder: string, { run, dataset, context }: Of<'dataset'>): void {
  const { name, digest } = dataset
  const id = md5(name + digest)
  const datasets = join(dirname(folder), 'datasets', id)
  writeMeta(datasets, { ...dataset, schema: dataset.schema ?? null, profile: dataset.profile ?? null })
  writeMeta(join(folder, 'inputs', md5(id + run)), {
    source_type: 'DATASET',
    source_id: id,
    destination_type: 'RUN',
    destination_id: id,
    tags: { 'mlflow.data.context': context },
  })
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

type Meta = Record<string, unknown>

/** YAML of which each value is JSON. */
function writeMeta(folder: string, meta: Meta): void {
  const lines = Object.entries(meta).map(([key, value]) => `${key}: ${yamlScalar(value)}\n`)
  writeWhole(folder, join(folder, 'meta.yaml'), lines.join(''))
}

/** JSON of the value, with the characters escaped that YAML would not read as JSON does. */
function yamlScalar(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u00ad\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The name alone is read back from a file that MLflow wrote; our own are read whole. */
function readMeta(folder: string): Meta | undefined {
  const file = join(folder, 'meta.yaml')
  if (!existsSync(file)) return undefined
  const entries = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => /^(\w+): (.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key, text]) => [key!, scalarOf(text!)])
  return Object.fromEntries(entries) as Meta
}

function scalarOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.replace(/^'(.*)'$/, (_, inner: string) => inner.replaceAll("''", "'"))
  }
}

/** Changes values of a run that MLflow may have written meanwhile. */
function changeMeta(folder: string, values: Meta): void {
  const text = readFileSync(join(folder, 'meta.yaml'), 'utf8')
  const changed = text.split('\n').map((line) => {
    const key = line.slice(0, line.indexOf(': '))
    return Object.hasOwn(values, key) ? `${key}: ${yamlScalar(values[key])}` : line
  })
  writeWhole(folder, join(folder, 'meta.yaml'), changed.join('\n'))
}

/** The new file waits beside meta.yaml: MLflow takes any file among the tags for a tag. */
function writeWhole(folder: string, file: string, content: string): void {
  makeFolder(dirname(file))
  makeFolder(folder)
  const partial = join(folder, `.${process.pid}.tmp`)
  writeFileSync(partial, content)
  renameSync(partial, file)
}
