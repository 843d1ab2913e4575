// This is the store behind an MLflow server, reached by its REST calls.
import { quoted, shown } from '../../base/text.ts'
import { behindGate, isInnerPath } from './gate.ts'
import { decode, request, NotFound, type Server } from './http.ts'
import { REPLIES, type MetricReply, type Reply, type RestCall, type RunReply } from './replies.ts'
import { deletedExperiment, EXPERIMENT_TAGS, isBefore, noExperiment, noRun } from './rules.ts'
import {
  Blocked,
  Refusal,
  type Operation,
  type MetricPoint,
  type StartOperation,
  type Store,
} from './types.ts'

/** The tag by which a run is found again: creating one is the only call that must not be made twice. */
const RUN_KEY = 'ddpg.run_key'

interface ServerRun {
  id: string
  experimentId: string
  artifactUri: string
  /** Made here, and every point since then was acknowledged: nothing of its history can be in doubt. */
  isFresh?: boolean
  /** Asked for more than once: a server that was given up may still make another. */
  mayHaveTwin?: boolean
  /** The run is continued: its points come again, at other times. */
  isContinued?: boolean
}

const API = 'api/2.0/mlflow'
/** The most pages that are read, of 25,000 points each. */
const MOST_PAGES = 1000

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

export function restStore(server: Server): Store {
  const experiments = new Map<string, string>()
  const runs = new Map<string, ServerRun>()
  /** The points of each metric that a server has, while points are in doubt. */
  const history = new Map<string, Set<string>>()
  const stopping = new AbortController()
  const { signal } = stopping
  const get = async <Call extends RestCall>(call: Call, query: Record<string, string>) =>
    checked(
      call,
      await request(server, { method: 'GET', path: `${API}/${call}?${new URLSearchParams(query)}`, signal }),
    )
  const post = async <Call extends RestCall>(call: Call, body: object) =>
    checked(call, await request(server, { method: 'POST', path: `${API}/${call}`, body, signal }))

  /** @throws Blocked when MLflow would not answer so */
  function checked<Call extends RestCall>(call: Call, reply: unknown): Reply<Call> {
    const { success, data } = REPLIES[call].safeParse(reply)
    if (success) return data as Reply<Call>
    throw new Blocked(`${server.base} answers ${call} with something else than MLflow: is the address right?`)
  }

  const steps: { [Kind in Operation['kind']]: (operation: Of<Kind>, doubtful: boolean) => Promise<unknown> } =
    {
      start,
      params: ({ run, params }) => post('runs/log-batch', { run_id: known(run).id, params: pairs(params) }),
      tags: ({ run, tags }) => post('runs/log-batch', { run_id: known(run).id, tags: pairs(tags) }),
      metrics,
      dataset,
      artifact,
      end,
    }

  function known(run: string): ServerRun {
    const found = runs.get(run)
    if (!found) throw new Refusal(`run ${run} could not be started on ${server.base}`)
    return found
  }

  async function start(operation: StartOperation, doubtful: boolean): Promise<void> {
    const { run, name, parent, user, time } = operation
    const tags = {
      ...operation.tags,
      ...(parent !== undefined && { 'mlflow.parentRunId': known(parent).id }),
    }
    if (operation.resume) {
      const found = await runWithId(run)
      if (!found) throw noRun(run, server.base)
      runs.set(run, found)
      await post('runs/update', { run_id: run, status: 'RUNNING' })
      await post('runs/log-batch', { run_id: run, tags: pairs(tags) })
      return
    }
    const experimentId = await experimentFor(operation)
    const { again = false } = operation
    const found = doubtful || again ? await findRun(experimentId, run) : undefined
    runs.set(run, { ...(found ?? (await createRun())), mayHaveTwin: doubtful, isContinued: again })
    if (found && again) await post('runs/update', { run_id: found.id, status: 'RUNNING' })
    // It may have been copied without the run above it.
    if (found) await post('runs/log-batch', { run_id: found.id, tags: pairs(tags) })

    async function createRun(): Promise<ServerRun> {
      const reply = await post('runs/create', {
        experiment_id: experimentId,
        user_id: user,
        run_name: name,
        start_time: time,
        tags: pairs({ ...tags, [RUN_KEY]: run }),
      })
      return { ...serverRun(reply.run.info), isFresh: true }
    }
  }

  async function runWithId(id: string): Promise<ServerRun | undefined> {
    try {
      return serverRun((await get('runs/get', { run_id: id })).run.info)
    } catch (error) {
      if (error instanceof NotFound) return undefined
      throw error
    }
  }

  /**
   * Finds a run by its id where the server is on the very file that runs are copied from, else by the tag. Of several,
   * which a server makes that answers after it was given up, that which was logged to: the empty ones are deleted.
   */
  async function findRun(experimentId: string, run: string): Promise<ServerRun | undefined> {
    const same = await runWithId(run)
    if (same) return same
    const filter = `tags.\`${RUN_KEY}\` = '${run}'`
    const reply = await post('runs/search', { experiment_ids: [experimentId], filter, max_results: 10 })
    const size = ({ data }: RunReply) => (data?.params ?? []).length + (data?.metrics ?? []).length
    const all = (reply.runs ?? []).toSorted((a, b) => size(b) - size(a))
    const twins = all.slice(1).filter((twin) => size(twin) === 0)
    for (const { info } of twins) await post('runs/delete', { run_id: info.run_id })
    return all[0] && serverRun(all[0].info)
  }

  async function end({ run, status, time }: Of<'end'>): Promise<void> {
    const { id, experimentId, mayHaveTwin } = known(run)
    if (mayHaveTwin) await findRun(experimentId, run)
    await post('runs/update', { run_id: id, status, end_time: time })
  }

  async function experimentFor({ experiment, experimentId, parent }: StartOperation): Promise<string> {
    if (experiment !== undefined) return experimentOf(experiment)
    return experimentId === undefined ? known(parent!).experimentId : existingExperiment(experimentId)
  }

  async function existingExperiment(id: string): Promise<string> {
    const { experiment } = await get('experiments/get', { experiment_id: id }).catch((error: unknown) => {
      if (error instanceof NotFound) throw noExperiment(id, server.base)
      throw error
    })
    if (experiment.lifecycle_stage === 'deleted') throw deletedExperiment(experiment.name ?? id, server.base)
    return id
  }

  async function experimentOf(name: string): Promise<string> {
    const id = experiments.get(name) ?? (await findExperiment(name)) ?? (await createExperiment(name))
    experiments.set(name, id)
    return id
  }

  async function findExperiment(name: string): Promise<string | undefined> {
    try {
      const { experiment } = await get('experiments/get-by-name', { experiment_name: name })
      if (experiment.lifecycle_stage === 'active') return experiment.experiment_id
    } catch (error) {
      if (error instanceof NotFound) return undefined
      throw error
    }
    throw deletedExperiment(name, server.base)
  }

  async function createExperiment(name: string): Promise<string> {
    try {
      return (await post('experiments/create', { name, tags: pairs(EXPERIMENT_TAGS) })).experiment_id
    } catch (error) {
      // Another program was first.
      const found = error instanceof Refusal ? await findExperiment(name) : undefined
      if (found === undefined) throw error
      return found
    }
  }

  /** Servers over SQL drop a point that they have; others keep it twice. */
  async function metrics({ run, points }: Of<'metrics'>, doubtful: boolean): Promise<void> {
    const { id, isFresh, isContinued = false } = known(run)
    const nameOf = isContinued ? timeless : identity
    const mayBeThere = (doubtful || isContinued) && !isFresh
    if (!mayBeThere) history.clear()
    const missing = mayBeThere ? await missingPoints(id, points, isContinued) : points
    if (missing.length === 0) return
    await post('runs/log-batch', { run_id: id, metrics: missing }).catch((error: unknown) => {
      history.clear()
      known(run).isFresh = false
      throw error
    })
    if (mayBeThere) for (const point of missing) history.get(`${id} ${point.key}`)?.add(nameOf(point))
  }

  /** A history is long: it is read only of a metric whose newest point is not before all of these. */
  async function missingPoints(
    id: string,
    points: MetricPoint[],
    isContinued: boolean,
  ): Promise<MetricPoint[]> {
    const nameOf = isContinued ? timeless : identity
    const unread = points.filter(({ key }) => !history.has(`${id} ${key}`))
    const latest = unread.length > 0 ? await latestPoints(id) : new Map<string, MetricPoint>()
    const isNewer = (point: MetricPoint) => {
      const newest = latest.get(point.key)
      return !newest || (!isContinued && isBefore(newest, point))
    }
    const doubtful = unread.filter((point) => !isNewer(point))
    for (const key of new Set(doubtful.map((point) => point.key)))
      history.set(`${id} ${key}`, await readHistory(id, key, nameOf))
    return points.filter((point) => !history.get(`${id} ${point.key}`)?.has(nameOf(point)))
  }

  async function latestPoints(id: string): Promise<Map<string, MetricPoint>> {
    const { run } = await get('runs/get', { run_id: id })
    // the API leaves out zeros
    const points = (run.data?.metrics ?? []).map(pointOf)
    return new Map(points.map((point) => [point.key, point]))
  }

  async function readHistory(
    id: string,
    key: string,
    nameOf: (point: MetricPoint) => string,
  ): Promise<Set<string>> {
    const present = new Set<string>()
    const query = { run_id: id, metric_key: key, max_results: '25000' }
    let token: string | undefined
    for (let pages = 0; pages === 0 || token; pages++) {
      if (pages === MOST_PAGES)
        throw new Refusal(`${server.base} has more than ${MOST_PAGES} pages of the metric ${shown(key)}`)
      const page: Reply<'metrics/get-history'> = await get('metrics/get-history', {
        ...query,
        ...(token && { page_token: token }),
      })
      for (const point of page.metrics ?? []) present.add(nameOf(pointOf(point)))
      token = page.next_page_token
    }
    return present
  }

  async function dataset({ run, dataset, context }: Of<'dataset'>, doubtful: boolean): Promise<void> {
    const { id } = known(run)
    if (doubtful && (await hasInput(id, dataset, context))) return
    const tags = pairs({ 'mlflow.data.context': context })
    await post('runs/log-inputs', { run_id: id, datasets: [{ tags, dataset }] })
  }

  async function hasInput(id: string, wanted: Of<'dataset'>['dataset'], context: string): Promise<boolean> {
    const { run } = await get('runs/get', { run_id: id })
    return (run.inputs?.dataset_inputs ?? []).some(
      ({ dataset, tags }) =>
        dataset.name === wanted.name && dataset.digest === wanted.digest && tags?.[0]?.value === context,
    )
  }

  async function artifact({ run, path, content }: Of<'artifact'>): Promise<void> {
    const { id, artifactUri } = known(run)
    const proxied = /^mlflow-artifacts:(?:\/\/([^/]*))?\/(.*)$/.exec(artifactUri)
    if (proxied) {
      const [, host, encodedRoot = ''] = proxied
      const root = decode(encodedRoot)
      // The user decides whom a run talks to, not a server.
      if ((host && host !== new URL(server.base).host) || !isInnerPath(root))
        throw new Refusal(
          `artifact ${path} is not sent: the server keeps those of the run at ${quoted(artifactUri)}, ` +
            `which is not below ${server.base}`,
        )
      const encoded = `${root}/${path}`.split('/').map(encodeURIComponent).join('/')
      const target = `api/2.0/mlflow-artifacts/artifacts/${encoded}`
      await request(server, { method: 'PUT', path: target, body: content, signal })
      return
    }
    // The way of MLflow's own page, the only one to a folder or a cloud that is the server's.
    if (content.length > PAGE_BYTES)
      throw new Refusal(
        `artifact ${path} has ${content.length} bytes, this server takes ${PAGE_BYTES}: start it with --serve-artifacts`,
      )
    const query = new URLSearchParams({ run_uuid: id, path })
    const target = `ajax-api/2.0/mlflow/upload-artifact?${query}`
    await request(server, { method: 'POST', path: target, body: content, signal })
  }

  return behindGate({
    async apply(operation: Operation, doubtful: boolean) {
      await steps[operation.kind](operation as never, doubtful)
    },
    idOf: (run: string) => runs.get(run)?.id ?? run,
    describe(run?: string) {
      const found = run === undefined ? undefined : runs.get(run)
      return found
        ? `run on ${server.base}/#/experiments/${found.experimentId}/runs/${found.id}`
        : `runs are on ${server.base}`
    },
    close: () => stopping.abort(),
  })
}

const PAGE_BYTES = 10_000_000

function serverRun({
  run_id: id,
  experiment_id: experimentId,
  artifact_uri: artifactUri = '',
}: RunReply['info']): ServerRun {
  return { id, experimentId, artifactUri }
}

function pairs(values: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }))
}

/** The identity of a point, whatever its time. */
function timeless(point: Partial<MetricPoint>): string {
  return identity({ ...point, timestamp: 0 })
}

/** The API leaves out zeros. */
function pointOf({ key = '', value = 0, timestamp = 0, step = 0 }: MetricReply): MetricPoint {
  return { key, value: Number(value), timestamp: Number(timestamp), step: Number(step) }
}

/** A point's row is its identity. */
function identity({ key, value, timestamp, step }: Partial<MetricPoint>): string {
  return `${key} ${Number(value ?? 0)} ${Number(timestamp ?? 0)} ${Number(step ?? 0)}`
}
