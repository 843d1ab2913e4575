// This command lists the runs in the local MLflow store.
import { relative } from 'node:path'
import { formatTime } from '../math/time.ts'
import { listRuns, type LocalRun } from '../tracking/mlflow/local-runs.ts'
import { mlflowEnvironment, trackingUri } from '../tracking/mlflow/index.ts'
import { databaseFile } from '../tracking/mlflow/sqlite.ts'
import { formatNumber, formatTable } from '../report/tables/table.ts'
import { DdpgError } from '../base/errors.ts'

export interface StoreOptions {
  trackingUri?: string
}

/** Lists the runs of the local store, the newest last. @throws DdpgError in a sentence when there is none */
export function runs({ json, ...options }: StoreOptions & { json?: boolean }): void {
  const file = localDatabase(options)
  const all = listRuns(file)
  if (json) return console.log(JSON.stringify(all, null, 2))
  for (const line of runsTable(all, process.stdout.isTTY ? process.stdout.columns : 0)) console.log(line)
  console.log(`\n${all.length} ${all.length === 1 ? 'run' : 'runs'} in ${file}`)
}

/** Formats the result of a run on a split: the reward of trading, the return of classic control. */
function score({ metrics }: LocalRun, split: string): string {
  const value = metrics[`eval/${split}/sum_log_reward`] ?? metrics[`eval/${split}/mean_episode_return`]
  return formatNumber(value)
}

/** Those with the greatest rank go first where there is little room. */
const COLUMNS: { name: string; rank: number; cell: (run: LocalRun) => string }[] = [
  { name: 'run', rank: 0, cell: ({ id }) => id.slice(0, 12) },
  { name: 'experiment', rank: 4, cell: ({ experiment }) => experiment },
  { name: 'name', rank: 1, cell: ({ name }) => name },
  { name: 'status', rank: 0, cell: ({ status }) => status },
  { name: 'seed', rank: 3, cell: ({ params }) => params['seed'] ?? '–' },
  { name: 'validation', rank: 5, cell: (run) => score(run, 'validation') },
  { name: 'test', rank: 2, cell: (run) => score(run, 'test') },
  { name: 'started', rank: 7, cell: ({ startTime }) => formatTime(startTime) },
  { name: 'path', rank: 6, cell: ({ tags, folder }) => tags['ddpg.folder'] ?? relative('.', folder) },
]

/** Lines of a table of as many columns as fit. @param width in characters, 0 for any */
export function runsTable(all: LocalRun[], width: number): string[] {
  const cells = COLUMNS.map(({ name, rank, cell }) => ({ rank, column: [name, ...all.map(cell)] }))
  const upTo = (rank: number) => cells.filter((one) => one.rank <= rank).map(({ column }) => column)
  const widthOf = (columns: string[][]) =>
    columns.reduce((sum, column) => sum + Math.max(...column.map((text) => text.length)) + 2, -2)
  const room = width || Infinity
  let rank = COLUMNS.length
  while (rank > 0 && widthOf(upTo(rank)) > room) rank--
  const columns = upTo(rank)
  const row = (i: number) => columns.map((column) => column[i]!)
  return formatTable(
    row(0),
    all.map((_, i) => row(i + 1)),
  )
}

/** The mlflow.db that the options and MLflow's variables name. @throws DdpgError in a sentence when it is no file */
export function localDatabase({ trackingUri: given }: StoreOptions): string {
  const uri = trackingUri(given, mlflowEnvironment())
  if (uri.startsWith('sqlite:')) return databaseFile(uri)
  throw new DdpgError(
    'runs are listed and copied from a file: give it with --tracking-uri sqlite:///mlflow.db',
  )
}
