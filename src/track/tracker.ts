// What the trainer's callers need of an experiment tracker, and the rules that hold for every store:
// which names, paths and values MLflow keeps unchanged. Stores apply them, callers need not.

export type RunStatus = 'FINISHED' | 'FAILED' | 'KILLED'

/** A write that fails later than at the start warns on stderr, once; it never stops a training. */
export interface Tracker {
  /** Begins a run in the experiment of that name, which is created when it does not exist. */
  startRun(options: { experiment: string; name: string; tags?: Record<string, string> }): Run
  /** Where to look: a line for a person. */
  describe(): string
  close(): void
}

export interface Run {
  /** 32 lower-case hex digits. */
  readonly id: string
  /** Parameters are immutable: another value for a key throws. */
  logParams(params: Record<string, string>): void
  /** Non-finite values are left out and counted. @param step environment steps, an integer */
  logMetrics(metrics: Record<string, number>, step: number): void
  setTags(tags: Record<string, string>): void
  logDataset(dataset: DatasetInput): void
  /** @param path relative, with forward slashes, such as `plots/rewards.svg` */
  logArtifact(path: string, content: Uint8Array | string): void
  /** Writes out what is pending. Called once; nothing may be logged afterwards. */
  end(status: RunStatus): void
}

export interface DatasetInput {
  name: string
  /** Of the values; at most 36 characters. */
  digest: string
  /** Path or name of the source. */
  source: string
  context: 'training' | 'validation' | 'test'
  /** Column names; every column holds float64. */
  columns: string[]
  rows: number
}

/** In characters; older MLflow servers refuse or cut what is longer. */
export const limits = { key: 250, param: 6000, tag: 5000, experiment: 256, digest: 36 }

/** A metric, parameter or tag name that every MLflow accepts: `train/loss`, with `_` for other characters. */
export function cleanKey(key: string): string {
  return cleanSegments(key.slice(0, limits.key), /[^A-Za-z0-9_\-. ]/g)
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

/** 32 lower-case hex digits. */
export function newId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}

/** A run that keeps nothing. */
export function emptyRun(): Run {
  const ignore = () => undefined
  return {
    id: newId(),
    logParams: ignore,
    logMetrics: ignore,
    setTags: ignore,
    logDataset: ignore,
    logArtifact: ignore,
    end: ignore,
  }
}

/** For `tracking_uri: none`. */
export const noTracker: Tracker = {
  startRun: emptyRun,
  describe: () => 'runs are not tracked (tracking_uri: none)',
  close: () => undefined,
}
