// This file logs to a server that is killed and started again, and checks that all of it is there afterwards, once.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Run } from '../../../src/tracking/mlflow/run.ts'
import type { MlflowCalls } from './server.ts'

export const ARTIFACTS = 50
export const KEYS = ['train/a', 'train/b', 'train/c', 'train/d']
const value = (step: number) => step / 7
const content = (i: number) => new Uint8Array(50_000 + i).fill(i)

/** Four points, one of each metric. */
export function logStep(run: Run, step: number): void {
  run.logMetrics(Object.fromEntries(KEYS.map((key) => [key, value(step)])), step)
}

export function logFile(run: Run, i: number): void {
  run.logArtifact(`files/${i}.bin`, content(i))
}

/** Says in words what is not as it was logged; nothing when every point and file is there once, in order. */
export async function faultsOf(
  server: MlflowCalls,
  run: string,
  steps: number,
  stored: (run: string, key: string) => number[][],
): Promise<string[]> {
  const faults: string[] = []
  for (const key of KEYS) {
    const points = stored(run, key)
    if (points.length !== steps) faults.push(`${key} has ${points.length} points of ${steps}`)
    const wrong = points.findIndex(([step, found], i) => step !== i || found !== value(i))
    if (wrong >= 0) faults.push(`${key} has at ${wrong} the point ${points[wrong]!.join(' ')}`)
  }
  const { run: shown } = await server.get(`mlflow/runs/get?run_id=${run}`)
  if (shown.info.status !== 'FINISHED') faults.push(`the run is ${shown.info.status}`)
  const { runs } = await server.post('mlflow/runs/search', { experiment_ids: [shown.info.experiment_id] })
  if (runs.length !== 1) faults.push(`there are ${runs.length} runs`)
  for (let i = 0; i < ARTIFACTS; i++) {
    const query = new URLSearchParams({ run_id: run, path: `files/${i}.bin` })
    const headers = { connection: 'close' }
    const response = await fetch(`${server.base}/get-artifact?${query}`, { headers })
    if (!Buffer.from(await response.arrayBuffer()).equals(content(i))) faults.push(`artifact ${i} differs`)
  }
  return faults
}

/** Step and value of the points in mlflow.db, as they were stored. */
export function pointsInDatabase(folder: string, run: string, key: string): number[][] {
  const database = new DatabaseSync(join(folder, 'mlflow.db'))
  const rows = database
    .prepare('SELECT step, value FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY rowid')
    .all(run, key)
  database.close()
  return rows.map((row) => [Number(row['step']), Number(row['value'])])
}

/** The same of mlruns/. */
export function pointsInFiles(folder: string, run: string, key: string): number[][] {
  const root = join(folder, 'mlruns')
  const experiment = readdirSync(root).find((id) => readdirSync(join(root, id)).includes(run))!
  const lines = readFileSync(join(root, experiment, run, 'metrics', key), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => line.split(' ').map(Number)).map(([, value, step]) => [step!, value!])
}
