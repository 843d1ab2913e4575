import { resolve } from 'node:path'
import { formatTime } from '../data/time.ts'
import { listRuns, type LocalRun } from '../mlflow/local-runs.ts'
import { mlflowEnvironment, trackingUri } from '../mlflow/index.ts'
import { databaseFile } from '../mlflow/sqlite.ts'
import { formatNumber, formatTable } from '../report/table.ts'

export interface StoreOptions {
  trackingUri?: string
}

const METRICS = ['eval/validation/sum_log_reward', 'eval/test/sum_log_reward']

/** Lists the runs of the local store, the newest last. @throws Error in a sentence when there is none */
export function runs({ json, ...options }: StoreOptions & { json?: boolean }): void {
  const file = localDatabase(options)
  const all = listRuns(file)
  if (json) return console.log(JSON.stringify(all, null, 2))
  const rows = all.map((run) => [
    run.id.slice(0, 12),
    run.experiment,
    run.name,
    run.status,
    run.params['seed'] ?? '–',
    ...METRICS.map((key) => formatNumber(run.metrics[key] ?? null)),
    formatTime(run.startTime),
  ])
  const header = ['run', 'experiment', 'name', 'status', 'seed', 'validation', 'test', 'started']
  for (const line of formatTable(header, rows)) console.log(line)
  console.log(`\n${all.length} runs in ${file}, artifacts in ${artifactsFolder(file, all)}`)
}

function artifactsFolder(file: string, [first]: LocalRun[]): string {
  return first ? first.folder.replace(/[\\/][^\\/]+[\\/][^\\/]+[\\/]artifacts$/, '') : resolve(file, '..')
}

/** The mlflow.db that the options and MLflow's variables name. @throws Error in a sentence when it is no file */
export function localDatabase({ trackingUri: given }: StoreOptions): string {
  const uri = trackingUri(given, mlflowEnvironment())
  if (uri.startsWith('sqlite:')) return databaseFile(uri)
  throw new Error('runs are listed and copied from a file: give it with --tracking-uri sqlite:///mlflow.db')
}
