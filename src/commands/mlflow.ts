// These commands open the runs in MLflow's own page and copy them to a server.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { SingleBar } from 'cli-progress'
import {
  mlflowEnvironment,
  syncDatabase,
  syncJournal,
  trackingUri,
  type SyncResult,
} from '../tracking/mlflow/index.ts'
import { quoted } from '../base/text.ts'
import { targetOf } from '../tracking/mlflow/journal.ts'
import { tidyRuns } from '../tracking/mlflow/local-runs.ts'
import { artifactsOf, databaseFile } from '../tracking/mlflow/sqlite.ts'
import { withoutLogin } from '../scenario/login.ts'
import { EXIT, exitWith } from './shared/failure.ts'
import { localDatabase, type StoreOptions } from './runs.ts'
import { DdpgError, UsageError } from '../base/errors.ts'

/** Starts MLflow's page and stays with it. @throws DdpgError in a sentence when there is no MLflow */
export async function ui({ port, ...options }: StoreOptions & { port: number }): Promise<void> {
  const uri = trackingUri(options.trackingUri, mlflowEnvironment())
  if (uri === 'none') throw new DdpgError('the tracking URI is none: there are no runs to open')
  if (/^https?:/.test(uri)) return console.log(`the runs are on a server, open ${withoutLogin(uri)}`)
  const address = ['--host', '127.0.0.1', '--port', String(port)]
  const child = spawn('mlflow', ['server', ...storeOptions(uri), ...address], {
    stdio: 'inherit',
    env: { ...process.env, ...(!uri.startsWith('sqlite:') && { MLFLOW_ALLOW_FILE_STORE: 'true' }) },
  })
  await new Promise<void>((done, fail) => {
    child.on('spawn', () => console.log(`open http://127.0.0.1:${port}; Ctrl-C ends it`))
    child.on('error', () =>
      fail(
        new DdpgError(
          'there is no mlflow command here: install it with "pip install mlflow", then try again',
        ),
      ),
    )
    child.on('exit', (code) => {
      process.exitCode = code ?? 0
      done()
    })
    // A terminal sends it to both: MLflow ends, and then this.
    process.on('SIGINT', () => undefined)
    process.on('SIGTERM', () => child.kill('SIGTERM'))
  })
}

function storeOptions(uri: string): string[] {
  if (!uri.startsWith('sqlite:')) return ['--backend-store-uri', uri]
  const file = databaseFile(uri)
  tidyRuns(file)
  return ['--backend-store-uri', `sqlite:///${file}`, '--artifacts-destination', artifactsOf(file)]
}

/**
 * Copies runs to a server and says how many.
 * @param source a journal, a folder of journals, an mlflow.db, or the id of a run of the local store
 * @param target the store to copy to, MLFLOW_TRACKING_URI by default
 * @throws DdpgError in a sentence, for a journal with where it was meant to go: who wrote it may be a stranger
 */
export async function sync(source: string, target: string | undefined, options: StoreOptions): Promise<void> {
  const journals = journalsOf(source)
  if (journals.length === 0) {
    const [file, run] = databaseAndRun(source, options)
    const uri = target ?? serverUri('give the address of the server, as http://localhost:5000')
    return tell(await withBar('runs', (progress) => syncDatabase(file, run, uri, { progress })))
  }
  for (const journal of journals) {
    const uri =
      target ??
      serverUri(`journal ${journal} was meant for ${quoted(targetOf(journal))}, give that or another address`)
    tell(await withBar('parts', (progress) => syncJournal(journal, uri, { progress })))
  }
}

/** The journal that it is, or those in it, oldest first. */
function journalsOf(source: string): string[] {
  const isJournal = (path: string) => existsSync(join(path, 'journal.jsonl'))
  if (basename(source) === 'journal.jsonl' || isJournal(source)) return [source]
  if (!isFolder(source)) return []
  // links, which may lead elsewhere, are no folders here
  return readdirSync(source, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(source, name))
    .filter(isJournal)
    .toSorted()
}

function databaseAndRun(source: string, options: StoreOptions): [file: string, run: string | undefined] {
  if (existsSync(source) && !isFolder(source)) return [resolve(source), undefined]
  if (/^[0-9a-f]{4,32}$/.test(source)) return [localDatabase(options), source]
  if (existsSync(join(source, '0', 'meta.yaml')))
    throw new DdpgError(
      `${source} is a folder of text files: "mlflow migrate-filestore --source ${source} --target sqlite:///mlflow.db" ` +
        'makes an mlflow.db from it, which can be copied',
    )
  const found = isFolder(source) ? 'it is another folder' : 'nothing of that name is here'
  const folder = dirname(source) === '.' ? '' : `, in ${dirname(source)}`
  throw new DdpgError(`${source} is not a journal, an mlflow.db or the id of a run: ${found}${folder}`)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Shows on a terminal how far the work is. */
async function withBar<T>(
  what: string,
  work: (progress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) return work(() => undefined)
  const format = `copying {bar} {value} of {total} ${what}`
  const bar = new SingleBar({ format, barsize: 20, clearOnComplete: true, hideCursor: true })
  let isStarted = false
  const progress = (done: number, total: number) => {
    if (!isStarted) bar.start(total, done)
    isStarted = true
    bar.update(done)
  }
  try {
    return await work(progress)
  } finally {
    bar.stop()
  }
}

function tell(result: SyncResult): void {
  for (const sentence of result.refused) console.error(`error: ${sentence}`)
  console.log(`${runsOf(result)} copied; ${result.where}`)
  if (result.refused.length > 0) exitWith(EXIT.failed)
}

function serverUri(remedy: string): string {
  const { MLFLOW_TRACKING_URI: uri } = mlflowEnvironment()
  if (uri) return uri
  throw new UsageError(`where to? ${remedy}`)
}

function runsOf({ runs }: SyncResult): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'}`
}
