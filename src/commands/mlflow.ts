import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import {
  mlflowEnvironment,
  syncDatabase,
  syncJournal,
  trackingUri,
  type SyncResult,
} from '../mlflow/index.ts'
import { artifactsOf, databaseFile } from '../mlflow/sqlite.ts'
import { localDatabase, type StoreOptions } from './runs.ts'

/** Starts MLflow's page and stays with it. @throws Error in a sentence when there is no MLflow */
export async function ui({ port, ...options }: StoreOptions & { port: number }): Promise<void> {
  const uri = trackingUri(options.trackingUri, mlflowEnvironment())
  if (uri === 'none') throw new Error('runs are not tracked (none), so there is nothing to look at')
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
        new Error('there is no mlflow command here: install it with "pip install mlflow", then try again'),
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

function withoutLogin(uri: string): string {
  const url = new URL(uri)
  url.username = url.password = ''
  return url.href
}

function storeOptions(uri: string): string[] {
  if (!uri.startsWith('sqlite:')) return ['--backend-store-uri', uri]
  const file = databaseFile(uri)
  if (!existsSync(file)) throw new Error(`there are no runs here: ${file} does not exist`)
  return ['--backend-store-uri', `sqlite:///${file}`, '--artifacts-destination', artifactsOf(file)]
}

/**
 * Copies runs to a server and says how many.
 * @param source a journal, an mlflow.db, or the id of a run of the local store
 * @param target where to; a journal knows it by itself, else it is MLFLOW_TRACKING_URI
 */
export async function sync(source: string, target: string | undefined, options: StoreOptions): Promise<void> {
  const result = isJournal(source)
    ? await syncJournal(source, target)
    : await syncDatabase(...databaseAndRun(source, options), target ?? serverUri())
  for (const sentence of result.refused) console.error(`error: ${sentence}`)
  console.log(`${runsOf(result)} copied; ${result.where}`)
  if (result.refused.length > 0) process.exitCode = 1
}

function isJournal(source: string): boolean {
  return basename(source) === 'journal.jsonl' || existsSync(join(source, 'journal.jsonl'))
}

function databaseAndRun(source: string, options: StoreOptions): [file: string, run: string | undefined] {
  if (existsSync(source) && statSync(source).isFile()) return [resolve(source), undefined]
  if (/^[0-9a-f]{4,32}$/.test(source)) return [localDatabase(options), source]
  const folder = dirname(source) === '.' ? '' : `, in ${dirname(source)}`
  throw new Error(
    `${source} is no journal, no mlflow.db and no id of a run: nothing of that name is here${folder}`,
  )
}

function serverUri(): string {
  const { MLFLOW_TRACKING_URI: uri } = mlflowEnvironment()
  if (uri) return uri
  throw new Error('where to? give the address of the server, as http://localhost:5000')
}

function runsOf({ runs }: SyncResult): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'}`
}
