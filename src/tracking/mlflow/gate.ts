// A gate stands in front of every store: it checks the names and paths of an operation, wherever it comes from.
// Journals, databases and servers are written by others, and what they call a run, a key or a file becomes a path or an
// address.
import { quoted } from '../../base/text.ts'
import { Refusal, STATUSES, type Operation, type Store } from './types.ts'

/** The same store; what the gate does not let through is refused before it. */
export function behindGate<Kind extends Store>(store: Kind): Kind {
  return {
    ...store,
    apply(operation: Operation, doubtful: boolean) {
      checkOperation(operation)
      return store.apply(operation, doubtful)
    },
  }
}

/** @throws Refusal in a sentence for a name or path that no store may be given */
function checkOperation(operation: Operation): void {
  must(isRunId(operation.run), 'the id of a run', operation.run)
  switch (operation.kind) {
    case 'start':
      if (operation.parent !== undefined) must(isRunId(operation.parent), 'the id of a run', operation.parent)
      if (operation.experimentId !== undefined)
        must(isExperimentId(operation.experimentId), 'the id of an experiment', operation.experimentId)
      return checkKeys(Object.keys(operation.tags))
    case 'params':
      return checkKeys(Object.keys(operation.params))
    case 'tags':
      return checkKeys(Object.keys(operation.tags))
    case 'metrics':
      return checkKeys(operation.points.map(({ key }) => key))
    case 'artifact':
      return must(isInnerPath(operation.path), 'the path of an artifact', operation.path)
    case 'end':
      return must(STATUSES.includes(operation.status), 'the status of a run', operation.status)
    case 'dataset':
  }
}

function checkKeys(keys: string[]): void {
  for (const key of keys) must(isInnerPath(key), 'the name of a metric, parameter or tag', key)
}

function must(isSound: boolean, what: string, found: unknown): void {
  if (isSound) return
  throw new Refusal(`${what} cannot be ${quoted(found)}`)
}

/** MLflow's own are 32 hex digits. */
export function isRunId(id: unknown): id is string {
  return typeof id === 'string' && /^[A-Za-z0-9][\w-]{0,255}$/.test(id)
}

export function isExperimentId(id: unknown): id is string {
  return typeof id === 'string' && /^\d{1,32}$/.test(id)
}

/** True for a path with forward slashes that, on every system, leads below the folder or address it is put after. */
export function isInnerPath(path: unknown): path is string {
  if (typeof path !== 'string' || /[\\\p{Cc}]/u.test(path)) return false
  // Windows drops dots and spaces at the end of a name
  return path.split('/').every((name) => !/^[. ]*$/.test(name))
}
