// These rules hold for every store: which names, values and sizes MLflow keeps unchanged. A server answers 200 to
// some values and stores others (a fractional step becomes 0, a number as a parameter an empty text), so nothing
// reaches a store that was not made here.
import { quoted } from '../../base/text.ts'
import { isExperimentId, isRunId } from './gate.ts'
import {
  Refusal,
  STATUSES,
  type Dataset,
  type Operation,
  type MetricPoint,
  type RunStatus,
  type Warn,
} from './types.ts'
import { DdpgError } from '../../base/errors.ts'

/** Makes MLflow open the experiment with its table of runs rather than with traces. */
export const EXPERIMENT_TAGS = { 'mlflow.experimentKind': 'custom_model_development' }

/** The limits, in characters but for `bytes`; older servers refuse or cut what is longer. */
export const LIMITS = {
  key: 250,
  param: 6000,
  tag: 5000,
  experiment: 256,
  points: 1000,
  pairs: 100,
  bytes: 900_000,
  dataset: 500,
  digest: 36,
  source: 65_535,
  schema: 1_048_575,
}

/** A metric, parameter or tag name that every MLflow accepts: `train/loss`, with `_` for other characters. */
export function cleanKey(key: string, warn?: Warn): string {
  const clean = cleanSegments(key, /[^A-Za-z0-9_\-. ]/g)
    .slice(0, LIMITS.key)
    .replace(/\/$/, '')
  if (clean !== key) warn?.('names', `MLflow cannot have the name ${JSON.stringify(key)}: it gets ${clean}`)
  return clean
}

/** A relative artifact path that can be stored, listed and downloaded, and that stays inside its run. */
export function cleanPath(path: string): string {
  return cleanSegments(path, /[^A-Za-z0-9._+=@~ -]/g)
}

/** MLflow wants a normal path: no empty segment, none that is only dots. */
function cleanSegments(path: string, forbidden: RegExp): string {
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => segment.replace(forbidden, '_').replace(/^\.{1,2}$/, '_'))
  return segments.join('/') || '_'
}

/** A text that every database stores: no half characters, no zeros. */
export function cleanText(text: string): string {
  return text.replace(/\p{Surrogate}|\0/gu, '\uFFFD')
}

/** @throws DdpgError when the value is no text */
function storedText(what: string, value: unknown, length: number, warn: Warn): string {
  if (typeof value !== 'string') throw new DdpgError(`${what} must be a string, got ${String(value)}`)
  if (value.length > length)
    warn('truncated', `the value of ${what} has ${value.length} characters: MLflow gets the first ${length}`)
  return cleanText(value.slice(0, length))
}

/** @throws DdpgError when a store cannot have an experiment of that name or id, or one is needed */
export function checkExperiment(name: string | undefined, id: string | undefined, isKnown: boolean): void {
  if (name === undefined && id === undefined && !isKnown)
    throw new DdpgError('a run needs an experiment, or a run above it')
  if (name !== undefined && (typeof name !== 'string' || name === '' || name.length > LIMITS.experiment))
    throw new DdpgError(
      `the experiment name must have 1 to ${LIMITS.experiment} characters, got ${String(name).length}`,
    )
  if (id !== undefined && !isExperimentId(id))
    throw new DdpgError(`the id of an experiment is a number, got ${JSON.stringify(id)}`)
}

/** @param where the store */
export function deletedExperiment(name: string, where: string): Refusal {
  return new Refusal(
    `experiment ${quoted(name)} is deleted in ${where}: restore it in MLflow or choose another name`,
  )
}

/** @param where the store */
export function noExperiment(id: string, where: string): Refusal {
  return new Refusal(`there is no experiment ${id} in ${where}: check its id (MLFLOW_EXPERIMENT_ID)`)
}

/** @param where the store */
export function noRun(id: string, where: string): Refusal {
  return new Refusal(`there is no run ${id} in ${where}: check its id (MLFLOW_RUN_ID)`)
}

/** @throws DdpgError when no store can have a run of that id */
export function checkRunId(id: string): void {
  if (!isRunId(id))
    throw new DdpgError(`the id of a run has letters, digits, _ and - alone, got ${JSON.stringify(id)}`)
}

/** @throws DdpgError for a value that is no text */
export function storedTags(tags: Record<string, string>, warn: Warn): Record<string, string> {
  return storedPairs('tag', tags, LIMITS.tag, warn)
}

/** @throws DdpgError for a value that is no text, Error when two names become one with two values */
export function storedParams(params: Record<string, string>, warn: Warn): Record<string, string> {
  return storedPairs('parameter', params, LIMITS.param, warn)
}

function storedPairs(what: string, pairs: Record<string, string>, length: number, warn: Warn) {
  const stored = new Map<string, string>()
  for (const [name, text] of Object.entries(pairs)) {
    const key = cleanKey(name, warn)
    const value = storedText(`${what} ${key}`, text, length, warn)
    const before = stored.get(key)
    if (before !== undefined && before !== value)
      throw new DdpgError(`${what} ${key} is given twice, as ${before} and as ${value}: use another name`)
    stored.set(key, value)
  }
  return Object.fromEntries(stored)
}

/**
 * A point as MLflow stores it; undefined for a value that is not finite, which MLflow's pages cannot show.
 * @param key as `cleanKey` gives it
 * @throws DdpgError or DdpgError for a value, step or time of another kind
 */
export function storedPoint(
  key: string,
  value: number,
  timestamp: number,
  step: number,
  warn: Warn,
): MetricPoint | undefined {
  if (typeof value !== 'number') throw new DdpgError(`metric ${key} must be a number, got ${String(value)}`)
  if (!Number.isSafeInteger(step)) throw new DdpgError(`step must be an integer, got ${step}`)
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw new DdpgError(`timestamp must be whole milliseconds since 1970, got ${timestamp}`)
  // + 0: MLflow's JSON has no -0
  if (Number.isFinite(value)) return { key, value: value + 0, timestamp, step: step + 0 }
  warn('nonfinite', `metric ${key} is ${value} at step ${step}: such values are left out of MLflow`)
  return undefined
}

/** MLflow's newest point is the one with the greatest step, then time, then value. */
export function isBefore(one: MetricPoint, other: MetricPoint): boolean {
  return (one.step - other.step || one.timestamp - other.timestamp || one.value - other.value) < 0
}

/** @throws DdpgError for a status that MLflow does not know */
export function checkStatus(status: RunStatus): void {
  if (!STATUSES.includes(status))
    throw new DdpgError(`the status must be ${STATUSES.join(', ')}, got ${String(status)}`)
}

/** The operation that records an input of a run. */
export function datasetOperation(run: string, dataset: Dataset, warn: Warn): Operation {
  const { columns, rows } = dataset
  const text = (key: 'name' | 'digest' | 'context', length: number) =>
    storedText(`dataset ${key}`, dataset[key], length, warn)
  const colspec = columns.map((column) => ({ type: 'double', name: cleanText(column), required: true }))
  const schema = JSON.stringify({ mlflow_colspec: colspec })
  return {
    kind: 'dataset',
    run,
    context: text('context', LIMITS.dataset),
    dataset: {
      name: text('name', LIMITS.dataset),
      digest: text('digest', LIMITS.digest),
      source_type: 'local',
      source: JSON.stringify({ uri: cleanText(dataset.source).slice(0, LIMITS.source / 8) }),
      // half a schema is none
      ...(schema.length <= LIMITS.schema && { schema }),
      profile: JSON.stringify({ num_rows: rows }),
    },
  }
}

/** Pairs in parts that one request may carry. */
export function splitPairs(pairs: Record<string, string>): Record<string, string>[] {
  const parts: Record<string, string>[] = []
  let room = { pairs: 0, bytes: 0 }
  for (const [key, value] of Object.entries(pairs)) {
    const bytes = bytesOf({ key, value })
    if (room.pairs < 1 || room.bytes < bytes) {
      parts.push({})
      room = { pairs: LIMITS.pairs, bytes: LIMITS.bytes }
    }
    parts.at(-1)![key] = value
    room = { pairs: room.pairs - 1, bytes: room.bytes - bytes }
  }
  return parts
}

function bytesOf(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).length + 1
}
