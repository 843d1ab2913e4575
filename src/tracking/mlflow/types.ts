// These types pass between the parts of the MLflow client. A run is a list of operations; every store does them, and
// doing one again changes nothing. So a queue, a file on disk and a copy to another store are the same list.
import { DdpgError } from '../../base/errors.ts'

export const STATUSES = ['FINISHED', 'FAILED', 'KILLED'] as const
export type RunStatus = (typeof STATUSES)[number]

/** One value of a metric. @property timestamp milliseconds since 1970 @property step an integer */
export interface MetricPoint {
  key: string
  value: number
  timestamp: number
  step: number
}

/** A data set as an input of a run. */
export interface Dataset {
  name: string
  /** Digest of the values; at most 36 characters. */
  digest: string
  /** Path or name of the source. */
  source: string
  /** `training`, `validation`, `test`, or a word of yours. */
  context: string
  /** Column names; every column holds float64. */
  columns: string[]
  rows: number
}

/** A data set as MLflow stores it, all texts. */
export interface StoredDataset {
  name: string
  digest: string
  source_type: string
  source: string
  schema?: string
  profile?: string
}

/** `run` is the key of the run: 32 hex digits that the client chose. Times are milliseconds since 1970. */
export type Operation =
  | StartOperation
  | { kind: 'params'; run: string; params: Record<string, string> }
  | { kind: 'tags'; run: string; tags: Record<string, string> }
  | { kind: 'metrics'; run: string; points: MetricPoint[] }
  | { kind: 'dataset'; run: string; dataset: StoredDataset; context: string }
  | { kind: 'artifact'; run: string; path: string; content: Uint8Array }
  | { kind: 'end'; run: string; status: RunStatus; time: number }

export interface StartOperation {
  kind: 'start'
  run: string
  /** Its name. Without a name and an id, that of the run above. */
  experiment?: string
  experimentId?: string
  name: string
  user: string
  time: number
  tags: Record<string, string>
  /** Key of the run above this one. */
  parent?: string
  /** The run exists under this very id and is continued. */
  resume?: true
  /** A run of this key may exist and is continued: its points come again, and are not kept twice. */
  again?: true
}

/** A place that keeps runs. @throws Refusal when the operation can never succeed, another Error when it may later */
export interface Store {
  /** @param doubtful whether it may have been done already, wholly or in part */
  apply(operation: Operation, doubtful: boolean): void | Promise<void>
  /** The store's own id of a run that was started. */
  idOf(run: string): string
  /** One line that says where a person finds the runs. */
  describe(run?: string): string
  close(): void
}

/** A store that is done when `apply` returns. */
export interface LocalStore extends Store {
  apply(operation: Operation, doubtful: boolean): void
}

/** The store understood and said no: trying again is of no use. */
export class Refusal extends DdpgError {}

/** No answer, or one that may be another next time. */
export class Unavailable extends DdpgError {
  /** The time that the server asked for. */
  readonly retryAfterMilliseconds: number | undefined
  constructor(message: string, options?: ErrorOptions & { retryAfterMilliseconds?: number }) {
    super(message, options)
    this.retryAfterMilliseconds = options?.retryAfterMilliseconds
  }
}

/**
 * A login or an address that is wrong, as it seems. Before the first run someone is there to mend it; later it is
 * waited for, since proxies answer so too while a server restarts.
 */
export class Blocked extends Unavailable {}

/** Operations that were not done yet, oldest first. */
export interface Journal {
  /** The place where a person finds it. */
  readonly place: string
  /** The URI of the store that it is meant for, without credentials; to be shown, not to be followed. */
  readonly uri: string
  append(operation: Operation): void
  /** The oldest operation; the same until `done` or `skip` is called. */
  next(): { operation: Operation; doubtful: boolean } | undefined
  /** The oldest operation is done. */
  done(): void
  /** The oldest operation was refused: it stays in the journal, others have their turn. */
  skip(): void
  /** The number of operations that were not done yet. */
  pending(): number
  /** Closes it, and removes it when nothing is pending. */
  close(): void
}

/** Brings operations to a store. */
export interface Delivery {
  /** Resolves when the store has the run, or cannot be reached and the run waits. @throws Refusal */
  start(operation: StartOperation): Promise<void>
  push(operation: Operation): void
  /** Resolves when all is done, or all that the store can be given now. */
  flush(): Promise<void>
  close(): Promise<void>
  /** Stops at once. */
  abandon(): void
}

/** Prints a sentence, once for each topic. */
export type Warn = (topic: string, sentence: string) => void

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** 32 lower-case hex digits. */
export function newId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
