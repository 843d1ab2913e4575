// A server is killed and started again while points and 50 artifacts are logged: all of it arrives, in order, once.
// Over a database, and over files, where a server keeps a point twice that it is sent twice.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import type { Run } from '../../../src/tracking/mlflow/run.ts'
import { ARTIFACTS, faultsOf, KEYS, logFile, logStep, pointsInDatabase, pointsInFiles } from './fault.ts'
import { describeWithServers, freePort, startServer, VERSIONS, type MlflowServer } from './server.ts'

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
async function logAll(run: Run, steps: number, troubled: Promise<void>): Promise<void> {
  let calm = false
  void troubled.finally(() => (calm = true))
  const bursts = 1000
  const size = steps / bursts
  for (let burst = 0; burst < bursts; burst++) {
    for (let step = burst * size; step < (burst + 1) * size; step++) logStep(run, step)
    if (burst % (bursts / ARTIFACTS) === 0) logFile(run, burst / (bursts / ARTIFACTS))
    if (!calm) await sleep(25)
  }
}

describeWithServers('a server that is killed', () => {
  it.each([
    [10, 'a database', 200_000, VERSIONS['early 3.x'], 'sqlite:///mlflow.db', pointsInDatabase],
    [3, 'files', 20_000, VERSIONS['2.x'], './mlruns', pointsInFiles],
  ])('%i times over %s has all of %i points once', async (kills, _, points, python, uri, stored) => {
    const steps = points / KEYS.length
    const folder = mkdtempSync(join(root, 'server-'))
    const port = await freePort()
    const start = () => startServer(folder, { python, port, options: ['--backend-store-uri', uri] })
    server = await start()
    const warnings: string[] = []
    const warn = (sentence: string) => void warnings.push(sentence)
    const tracker = await openTracker(server.base, { warn, spool: join(folder, 'spool'), environment: {} })
    const run = await tracker.startRun({ experiment: 'faults', name: 'killed' })
    const troubled = killAndRestart(kills, start)
    await logAll(run, steps, troubled)
    await troubled
    run.end('FINISHED')
    await tracker.close()
    expect(warnings.join()).toMatch(/does not answer .*; the run continues, what it logs waits in/)
    expect(warnings.length).toBe(1)
    expect(readdirSync(folder)).not.toContain('spool')
    expect(await faultsOf(server, run.id, steps, (id, key) => stored(folder, id, key))).toEqual([])
    await server.stop()
  })
})
