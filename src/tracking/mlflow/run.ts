// This file has runs as their user sees them. Logging makes operations; nothing here waits for a store.
import {
  checkExperiment,
  checkRunId,
  checkStatus,
  cleanKey,
  cleanPath,
  cleanText,
  datasetOperation,
  LIMITS,
  splitPairs,
  storedParams,
  storedPoint,
  storedTags,
} from './rules.ts'
import {
  newId,
  type Dataset,
  type Delivery,
  type MetricPoint,
  type RunStatus,
  type Store,
  type Warn,
} from './types.ts'
import { DdpgError } from '../../base/errors.ts'

export interface RunOptions {
  /** Its name; created when there is none. That of `parent` by default. */
  experiment?: string
  /** The id of an experiment that exists, instead of its name. */
  experimentId?: string
  name: string
  tags?: Record<string, string>
  /** Description in Markdown. */
  description?: string
  /** The run that this one is shown below. */
  parent?: Run
  /** The id of a run that exists and is continued. */
  resume?: string
  /** 32 hex digits by which it is found again; random by default. */
  key?: string
  /** True when a run of that key may exist: it is continued, and points that it has are not kept twice. */
  again?: boolean
}

/** A failure to write warns once and never throws; bad arguments do throw. */
export interface Run {
  /** 32 hex digits. Until a server that was away gave the run its own id, the key in its tag `ddpg.run_key`. */
  readonly id: string
  /** Parameters are immutable. @throws DdpgError when a key gets another value or it is no string */
  logParams(params: Record<string, string>): void
  /**
   * Non-finite values are left out and counted in `train/nonfinite_total`.
   * @param step an integer, as environment steps
   * @param timestamp milliseconds since 1970, now by default
   */
  logMetrics(metrics: Record<string, number>, step: number, timestamp?: number): void
  setTags(tags: Record<string, string>): void
  logDataset(dataset: Dataset): void
  /** @param path relative, with forward slashes, such as `plots/rewards.svg` */
  logArtifact(path: string, content: Uint8Array | string): void
  /** Nothing may be logged afterwards. Returns at once: `close` of the tracker waits for the store. */
  end(status: RunStatus): void
}

export interface Tracker {
  /**
   * Begins a run. A server that does not answer delays it by seconds at most, and is brought up to date later.
   * @throws DdpgError for a bad name or id, Error when the store refuses: no such login, a deleted experiment
   */
  startRun(options: RunOptions): Promise<Run>
  /** One line that says where a person finds the runs. @param run as an address of its own, where there is one */
  describe(run?: Run): string
  /** Resolves when the store has all that was logged, or cannot be reached. */
  flush(): Promise<void>
  /**
   * Ends what is open, KILLED by default. What the store could not be given stays in the journal, and a warning says
   * so.
   */
  close(status?: RunStatus): Promise<void>
  /** Closes at the sudden end of a process, without waiting for anything. */
  abandon(status?: RunStatus): void
}

/** The data that a tracker adds to each of its runs. */
export interface TrackerContext {
  user: string
  /** Points wait so long for others at most, a second by default. */
  flushMilliseconds?: number
  tags: Record<string, string>
  warn: Warn
}

export function createTracker(store: Store, delivery: Delivery, context: TrackerContext): Tracker {
  const open = new Map<Run, PointQueue>()
  let closing: Promise<void> | undefined

  async function close(status: RunStatus): Promise<void> {
    endOpen(status)
    await delivery.close()
    store.close()
  }

  function endOpen(status: RunStatus): void {
    for (const run of open.keys()) run.end(status)
  }

  return {
    async startRun({ experiment, experimentId, name, tags = {}, description, parent, resume, ...chosen }) {
      checkExperiment(experiment, experimentId, parent !== undefined || resume !== undefined)
      if (resume !== undefined) checkRunId(resume)
      const key = resume ?? chosen.key ?? newId()
      const runName = cleanText(name.slice(0, LIMITS.key))
      const own = { ...(description !== undefined && { 'mlflow.note.content': description }), ...tags }
      const facts = { 'mlflow.user': context.user, 'mlflow.source.type': 'LOCAL', ...context.tags }
      const all =
        resume === undefined
          ? { ...facts, ...own, 'mlflow.runName': runName }
          : { ...ofThisProcess(context.tags), ...own }
      const [first = {}, ...others] = splitPairs(storedTags(all, context.warn))
      await delivery.start({
        kind: 'start',
        run: key,
        ...(experiment !== undefined && { experiment: cleanText(experiment) }),
        ...(experimentId !== undefined && { experimentId }),
        name: runName,
        user: context.user,
        time: Date.now(),
        tags: first,
        ...(parent && { parent: keys.get(parent)! }),
        ...(resume !== undefined && { resume: true }),
        ...(chosen.again && { again: true }),
      })
      for (const part of others) delivery.push({ kind: 'tags', run: key, tags: part })
      const queue = pointQueue(key, delivery, context.flushMilliseconds ?? 1000)
      const run = createRun(key, store, delivery, queue, context.warn, () => open.delete(run))
      keys.set(run, key)
      open.set(run, queue)
      return run
    },
    describe: (run) => store.describe(run && keys.get(run)),
    flush() {
      for (const queue of open.values()) queue.flush()
      return delivery.flush()
    },
    close(status = 'KILLED') {
      closing ??= close(status)
      return closing
    },
    abandon(status = 'KILLED') {
      endOpen(status)
      delivery.abandon()
    },
  }
}

/** A run that is continued keeps its name, and who began it from where. */
function ofThisProcess(tags: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('mlflow.')))
}

/** A run's id changes when a server names it, its key does not. */
const keys = new WeakMap<Run, string>()

function createRun(
  run: string,
  store: Store,
  delivery: Delivery,
  queue: PointQueue,
  warn: Warn,
  whenEnded: () => void,
): Run {
  const params = new Map<string, string>()
  /** Metrics have the same few names again and again. */
  const metricKeys = new Map<string, string>()
  function keyOf(name: string): string {
    let key = metricKeys.get(name)
    if (key === undefined) metricKeys.set(name, (key = cleanKey(name, warn)))
    return key
  }
  let nonFinite = { count: 0, step: 0 }
  let ended = false
  const refuseEnded = () => {
    if (ended) throw new DdpgError('the run has ended: nothing can be logged to it')
  }
  return {
    get id() {
      return store.idOf(run)
    },
    logParams(values) {
      refuseEnded()
      const stored = storedParams(values, warn)
      for (const [key, value] of Object.entries(stored)) {
        const before = params.get(key)
        if (before === value) delete stored[key]
        else if (before !== undefined)
          throw new DdpgError(
            `parameter ${key} is ${before} and cannot become ${value}: parameters are immutable`,
          )
      }
      for (const [key, value] of Object.entries(stored)) params.set(key, value)
      for (const part of splitPairs(stored)) delivery.push({ kind: 'params', run, params: part })
    },
    logMetrics(metrics, step, timestamp = Date.now()) {
      refuseEnded()
      const points: MetricPoint[] = []
      for (const name of Object.keys(metrics)) {
        const point = storedPoint(keyOf(name), metrics[name]!, timestamp, step, warn)
        if (point) points.push(point)
        else nonFinite = { count: nonFinite.count + 1, step }
      }
      queue.push(points)
    },
    setTags(tags) {
      refuseEnded()
      for (const part of splitPairs(storedTags(tags, warn))) delivery.push({ kind: 'tags', run, tags: part })
    },
    logDataset(dataset) {
      refuseEnded()
      delivery.push(datasetOperation(run, dataset, warn))
    },
    logArtifact(path, content) {
      refuseEnded()
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
      delivery.push({ kind: 'artifact', run, path: cleanPath(path), content: bytes })
    },
    end(status) {
      checkStatus(status)
      if (ended) return
      const { count, step } = nonFinite
      if (count > 0) queue.push([{ key: 'train/nonfinite_total', value: count, timestamp: Date.now(), step }])
      queue.end()
      delivery.push({ kind: 'end', run, status, time: Date.now() })
      ended = true
      whenEnded()
    },
  }
}

interface PointQueue {
  push(points: MetricPoint[]): void
  flush(): void
  end(): void
}

/** Collects points, at most as many as one operation carries. */
function pointQueue(run: string, delivery: Delivery, patience: number): PointQueue {
  let pending: MetricPoint[] = []
  let flushAt = Date.now() + patience
  function flush() {
    const began = Date.now()
    if (pending.length > 0) delivery.push({ kind: 'metrics', run, points: pending })
    pending = []
    const now = Date.now()
    // a slow disk gets a hundredth of the time
    flushAt = now + Math.max(patience, 100 * (now - began))
  }
  // A training asks by itself; this is for the points before a pause. It must not keep a program from ending.
  const timer: unknown = setInterval(() => Date.now() >= flushAt && flush(), Math.max(patience, 100))
  if (typeof timer === 'object') (timer as { unref(): void }).unref()
  return {
    push(points) {
      for (const point of points) {
        pending.push(point)
        if (pending.length >= LIMITS.points) flush()
      }
      if (Date.now() >= flushAt) flush()
    },
    flush,
    end() {
      clearInterval(timer as ReturnType<typeof setInterval>)
      flush()
    },
  }
}

/** A tracker for `none`, whose runs keep nothing. */
export function noTracker(): Tracker {
  const ignore = () => undefined
  return {
    startRun: async () => ({
      id: newId(),
      logParams: ignore,
      logMetrics: ignore,
      setTags: ignore,
      logDataset: ignore,
      logArtifact: ignore,
      end: ignore,
    }),
    describe: () => 'runs are not tracked (tracking_uri: none)',
    flush: async () => undefined,
    close: async () => undefined,
    abandon: ignore,
  }
}
