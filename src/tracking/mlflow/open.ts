// This file makes the tracker that a tracking URI names.
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { storedLogin } from './credentials.ts'
import { hasSqlite } from './database.ts'
import { deliverAtOnce } from './delivery.ts'
import { fileStore, storeFolder } from './file-store.ts'
import { numberOf, type Environment } from './http.ts'
import { createJournal, leftJournals } from './journal.ts'
import { memoryJournal } from './memory-journal.ts'
import { PROCESS_TAG, thisProcess } from './process.ts'
import { createTracker, noTracker, type Tracker } from './run.ts'
import { threadedExchange } from './threaded-exchange.ts'
import { contextTags, serverTracker, warnOnce } from './server-tracker.ts'
import { databaseFile, sqliteStore, type ArtifactLocation } from './sqlite.ts'
import { messageOf, newId, type Journal, type LocalStore, type Warn } from './types.ts'
import { DdpgError } from '../../base/errors.ts'

export interface TrackerOptions {
  /** Tags of every run. */
  tags?: Record<string, string>
  /** The environment in which MLflow's variables are read, process.env by default. */
  environment?: Environment
  /** Called once for each kind of failure; a line on stderr by default. */
  warn?: (sentence: string) => void
  /** Folder of what waits for a store, `.mlflow-spool` by default. */
  spool?: string
  /**
   * The location of artifacts beside an mlflow.db: `portable` by default, so that a server shows them wherever the
   * folder is moved; `absolute` for MLflow's Python client without a server.
   */
  artifactLocation?: ArtifactLocation
}

/**
 * The URI that runs go to: the given one, else `MLFLOW_TRACKING_URI`, else that of the scenario, else mlflow.db here.
 */
export function trackingUri(given: string | undefined, environment: Environment, scenario?: string): string {
  return given || environment['MLFLOW_TRACKING_URI'] || scenario || 'sqlite:///mlflow.db'
}

/**
 * The tracker of a URI: `sqlite:///FILE`, `http(s)://HOST[:PORT][/PREFIX]`, `file:FOLDER`, a folder, or `none`.
 * @throws DdpgError for another kind of URI, Error for a store that cannot be used
 */
export async function openTracker(uri: string, options: TrackerOptions = {}): Promise<Tracker> {
  const { environment = mlflowEnvironment(), spool = '.mlflow-spool' } = options
  const warn = warnOnce(options.warn ?? ((sentence) => process.stderr.write(`warning: ${sentence}\n`)))
  if (uri === 'none') return noTracker()
  tellOfJournals(spool, warn)
  const context = {
    user: userName(),
    flushMilliseconds: 1000 * numberOf(environment, 'MLFLOW_ASYNC_LOGGING_BUFFERING_SECONDS', 1),
    tags: {
      'mlflow.source.name': process.argv[1] ?? '',
      [PROCESS_TAG]: thisProcess(),
      ...contextTags(environment),
      ...options.tags,
    },
    warn,
  }
  if (/^https?:/.test(uri)) {
    warnOfUnusable(environment, warn)
    const journal = (base: string) => newJournal(spool, base, warn)
    return serverTracker(uri, environment, context, journal, { exchange: threadedExchange() })
  }
  if (uri.startsWith('sqlite:') && !hasSqlite()) {
    const sentence = 'runs are not tracked: this runtime has no node:sqlite'
    warn('sqlite', `${sentence}, use Node 22.18 or newer to track them`)
    return { ...noTracker(), describe: () => sentence }
  }
  const store = localStore(uri, options.artifactLocation)
  if (!uri.startsWith('sqlite:'))
    warn('files', 'MLflow 3.13 and newer show a folder of text files only with MLFLOW_ALLOW_FILE_STORE=true')
  return createTracker(
    store,
    deliverAtOnce(store, () => newJournal(spool, absolute(uri), warn), warn),
    context,
  )
}

/** Warns of journals that a killed process left. */
function tellOfJournals(spool: string, warn: Warn): void {
  const [first, ...others] = leftJournals(spool)
  if (first === undefined) return
  const [what, place] = others.length === 0 ? ['a journal', first] : [`${1 + others.length} journals`, spool]
  warn(
    'journals',
    `earlier runs have not reached MLflow completely: "ddpg mlflow sync ${place}" sends ${what} that is left`,
  )
}

/** The URI of the same file or folder from any other folder. */
function absolute(uri: string): string {
  return uri.startsWith('sqlite:') ? `sqlite:///${databaseFile(uri)}` : `file:${storeFolder(uri)}`
}

const VARIABLES =
  'TRACKING_URI TRACKING_USERNAME TRACKING_PASSWORD TRACKING_TOKEN TRACKING_INSECURE_TLS TRACKING_SERVER_CERT_PATH ' +
  'TRACKING_AUTH TRACKING_AWS_SIGV4 WORKSPACE EXPERIMENT_NAME EXPERIMENT_ID RUN_ID RUN_CONTEXT HTTP_REQUEST_MAX_RETRIES ' +
  'HTTP_REQUEST_BACKOFF_FACTOR HTTP_REQUEST_BACKOFF_JITTER HTTP_REQUEST_TIMEOUT HTTP_RESPECT_RETRY_AFTER_HEADER ' +
  'ENABLE_SYSTEM_METRICS_LOGGING SYSTEM_METRICS_SAMPLING_INTERVAL SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING ' +
  'ASYNC_LOGGING_BUFFERING_SECONDS'

/** MLflow's variables that have an effect here, and the login of its user. Those that Deno may not read are absent. */
export function mlflowEnvironment(): Environment {
  const names = [...VARIABLES.split(' ').map((name) => `MLFLOW_${name}`), 'NODE_EXTRA_CA_CERTS']
  const read = (name: string) => {
    try {
      return process.env[name]
    } catch {
      return undefined
    }
  }
  const found = Object.fromEntries(names.map((name) => [name, read(name)]))
  const hasLogin = found['MLFLOW_TRACKING_USERNAME'] || found['MLFLOW_TRACKING_TOKEN']
  return hasLogin ? found : { ...found, ...storedLogin() }
}

/** The store of a file or folder. @throws DdpgError for another kind of URI, Error for one that cannot be used */
export function localStore(uri: string, artifacts?: ArtifactLocation): LocalStore {
  if (uri.startsWith('sqlite:')) return sqliteStore(uri, artifacts)
  refuseMistaken(uri)
  const scheme =
    /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1] ?? (/^(databricks|databricks-uc|uc)$/.test(uri) ? uri : 'file')
  if (scheme === 'file') return fileStore(uri)
  if (/^(postgresql|mysql|mssql)/.test(scheme))
    throw new DdpgError(
      `runs cannot be written to ${scheme} directly: start "mlflow server --backend-store-uri ${scheme}://…" and give its http address`,
    )
  const supported = 'sqlite:///FILE, an http address, file:FOLDER or none'
  if (/^(databricks|uc)/.test(scheme))
    throw new DdpgError(
      `Databricks is not supported: log to ${supported}, and take the runs over with MLflow's tools`,
    )
  throw new DdpgError(`the tracking URI must be ${supported}, its kind is ${scheme}`)
}

/** Refuses a URI that would be taken for a folder and is not meant for one. */
function refuseMistaken(uri: string): void {
  const meant = /^[a-z0-9.-]+:\d+(\/|$)/i.test(uri)
    ? `http://${uri}`
    : /\.(db|sqlite3?)$/i.test(uri) && !/^[a-z][a-z0-9+.-]+:/i.test(uri)
      ? `sqlite:///${uri}`
      : undefined
  if (meant) throw new DdpgError(`the tracking URI ${uri} has no kind, did you mean ${meant}?`)
}

function newJournal(spool: string, uri: string, warn: Warn): Journal {
  const time = new Date().toISOString().replace(/\..*/, '').replaceAll(':', '')
  try {
    return createJournal(join(spool, `${time}-${newId().slice(0, 6)}`), uri)
  } catch (error) {
    warn('journal', `what MLflow does not take at once waits in memory only: ${messageOf(error)}`)
    return memoryJournal()
  }
}

/** Variables of MLflow's Python client that fetch cannot follow. */
function warnOfUnusable(environment: Environment, warn: Warn): void {
  if (/^(true|1)$/i.test(environment['MLFLOW_TRACKING_INSECURE_TLS'] ?? ''))
    warn('tls', 'MLFLOW_TRACKING_INSECURE_TLS has no effect: give the certificate with NODE_EXTRA_CA_CERTS')
  if (environment['MLFLOW_TRACKING_SERVER_CERT_PATH'] && !environment['NODE_EXTRA_CA_CERTS'])
    warn('tls', 'MLFLOW_TRACKING_SERVER_CERT_PATH has no effect: set NODE_EXTRA_CA_CERTS to the same file')
  for (const name of ['MLFLOW_TRACKING_AUTH', 'MLFLOW_TRACKING_AWS_SIGV4'])
    if (environment[name]) warn(name, `${name} has no effect: it is for plugins of MLflow's Python client`)
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // The user of a container may have no name.
    return 'unknown'
  }
}
