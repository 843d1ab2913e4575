// This is the client for a page: an MLflow server, and a journal in memory.
import { memoryJournal } from './memory-journal.ts'
import type { Tracker } from './run.ts'
import { serverTracker, warnOnce } from './server-tracker.ts'
import { noTracker } from './run.ts'
import { DdpgError } from '../../base/errors.ts'

export type { Run, RunOptions, Tracker } from './run.ts'
export type { Dataset, MetricPoint, RunStatus } from './types.ts'

export interface BrowserOptions {
  /** Shown as the user of the runs. */
  user?: string
  /** Tags of every run. */
  tags?: Record<string, string>
  /** Called once for each kind of failure; console.warn by default. */
  warn?: (sentence: string) => void
}

/**
 * The tracker of a server, which must let this page in: MLflow does for pages of http://localhost and
 * http://127.0.0.1. @param uri `http://localhost:5000`, or `none` @throws DdpgError for another kind of URI
 */
export async function openTracker(uri: string, options: BrowserOptions = {}): Promise<Tracker> {
  if (uri === 'none') return noTracker()
  if (!/^https?:/.test(uri)) throw new DdpgError(`a page logs to an http address or none, got ${uri}`)
  const { user = 'browser', tags = {}, warn = console.warn } = options
  const context = { user, tags, warn: warnOnce(warn) }
  return serverTracker(uri, {}, context, memoryJournal, { hint: originHint() })
}

/** A browser does not tell a page why it may not reach a server. */
function originHint(): string {
  const origin = globalThis.origin ?? 'null' // not that of location, which differs for a file
  const isLocal = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin)
  if (isLocal) return '; is MLflow running there? "mlflow server" starts it'
  const remedy =
    origin === 'null'
      ? 'open the page from http://localhost rather than from a file'
      : `start it with "mlflow server --cors-allowed-origins ${origin}"`
  const leave = 'or the browser keeps them from this machine: allow it if it asks'
  return `; if MLflow is running there, it does not let pages of ${origin} in: ${remedy}, ${leave}`
}
