// A server is killed and started again while points and 50 artifacts are logged: all of it arrives, in order, once.
// Over a database, and over files, where a server keeps a point twice that it is sent twice.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { openTracker } from '../../src/mlflow/open.ts'
import type { Run } from '../../src/mlflow/run.ts'
import { describeWithServers, freePort, startServer, VERSIONS, type MlflowServer } from './server.ts'

const ARTIFACTS = 50
const keys = ['train/a', 'train/b', 'train/c', 'train/d']
const value = (step: number) => step / 7
const content = (i: number) => new Uint8Array(50_000 + i).fill(i)

const root = mkdtempSync(join(tmpdir(), 'mlflow-fault-'))
let server: MlflowServer
afterAll(async () => {
  await server.stop('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

async function killAndRestart(kills: number, start: () => Promise<MlflowServer>): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await sleep(300 + 50 * kill)
    await server.stop('SIGKILL')
    await sleep(100)
    server = await start()
  }
}

/** Logs evenly for as long as the server is troubled, in no more time than a training would give it. */
async function logAll(run: Run, perKey: number, troubled: Promise<void>): Promise<void> {
  let calm = false
  void troubled.finally(() => (calm = true))
  const bursts = 1000
  for (let burst = 0; burst < bursts; burst++) {
    const size = perKey / bursts
    for (let step = burst * size; step < (burst + 1) * size; step++)
      run.logMetrics(Object.fromEntries(keys.map((key) => [key, value(step)])), step)
    if (burst % (bursts / ARTIFACTS) === 0) {
      const i = burst / (bursts / ARTIFACTS)
      run.logArtifact(`files/${i}.bin`, content(i))
    }
    if (!calm) await sleep(25)
  }
}

describeWithServers('a server that is killed', () => {
  it.each([
    [10, 'a database', 200_000, VERSIONS['early 3.x'], 'sqlite:///mlflow.db', pointsInDatabase],
    [3, 'files', 20_000, VERSIONS['2.x'], './mlruns', pointsInFiles],
  ])(
    '%i times over %s has all of %i points once',
    async (kills, _, points, python, uri, stored) => {
      const perKey = points / keys.length
      const folder = mkdtempSync(join(root, 'server-'))
      const port = await freePort()
      const start = () => startServer(folder, { python, port, options: ['--backend-store-uri', uri] })
      server = await start()
      const warnings: string[] = []
      const warn = (sentence: string) => void warnings.push(sentence)
      const tracker = await openTracker(server.base, { warn, spool: join(folder, 'spool'), environment: {} })
      const run = await tracker.startRun({ experiment: 'faults', name: 'killed' })
      const troubled = killAndRestart(kills, start)
      await logAll(run, perKey, troubled)
      await troubled
      run.end('FINISHED')
      await tracker.close()
      expect(warnings.join()).toMatch(/does not answer .*; the run goes on, what it logs waits in/)
      expect(warnings.length).toBe(1)
      expect(readdirSync(folder)).not.toContain('spool')
      for (const key of keys) {
        const points = stored(folder, run.id, key)
        expect(points.length, key).toBe(perKey)
        // compared here: a failing matcher would print all of them
        expect(points.findIndex(([step, found], i) => step !== i || found !== value(i))).toBe(-1)
      }
      const { run: shown } = await server.get(`mlflow/runs/get?run_id=${run.id}`)
      expect(shown.info.status).toBe('FINISHED')
      const { runs } = await server.post('mlflow/runs/search', { experiment_ids: [shown.info.experiment_id] })
      expect(runs.length).toBe(1)
      for (let i = 0; i < ARTIFACTS; i++) {
        const query = new URLSearchParams({ run_id: run.id, path: `files/${i}.bin` })
        const response = await fetch(`${server.base}/get-artifact?${query}`)
        expect(Buffer.from(await response.arrayBuffer()).equals(content(i)), `artifact ${i}`).toBe(true)
      }
      await server.stop()
    },
    300_000,
  )
})

/** Step and value, as they were stored. */
function pointsInDatabase(folder: string, run: string, key: string): number[][] {
  const database = new DatabaseSync(join(folder, 'mlflow.db'))
  const rows = database
    .prepare('SELECT step, value FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY rowid')
    .all(run, key)
  database.close()
  return rows.map((row) => [Number(row['step']), Number(row['value'])])
}

function pointsInFiles(folder: string, run: string, key: string): number[][] {
  const root = join(folder, 'mlruns')
  const experiment = readdirSync(root).find((id) => readdirSync(join(root, id)).includes(run))!
  const lines = readFileSync(join(root, experiment, run, 'metrics', key), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => line.split(' ').map(Number)).map(([, value, step]) => [step!, value!])
}
