// The client logs to real servers of three MLflow versions.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import type { Tracker } from '../../../src/tracking/mlflow/run.ts'
import { expectFromPython, expectOverRest, logRuns } from './content.ts'
import { describeWithServers, startServer, VERSIONS, type MlflowServer } from './server.ts'

const root = mkdtempSync(join(tmpdir(), 'mlflow-rest-'))
const servers: MlflowServer[] = []
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop('SIGKILL')))
  rmSync(root, { recursive: true, force: true })
})

interface Client {
  server: MlflowServer
  folder: string
  /** A tracker for the server at that address. */
  open: (uri: string, environment?: Record<string, string>) => Promise<Tracker>
  warnings: string[]
}

async function clientOf(settings: Parameters<typeof startServer>[1]): Promise<Client> {
  const folder = mkdtempSync(join(root, 'server-'))
  const server = await startServer(folder, settings)
  servers.push(server)
  const warnings: string[] = []
  const warn = (sentence: string) => void warnings.push(sentence)
  const open: Client['open'] = (uri, environment = {}) =>
    openTracker(uri, { warn, spool: join(folder, 'spool'), environment })
  return { server, folder, open, warnings }
}

describeWithServers('the client and a server', () => {
  for (const [version, python] of Object.entries(VERSIONS)) {
    it(`of MLflow ${version} agree in everything`, async () => {
      const { server, folder, open, warnings } = await clientOf({ python })
      const tracker = await open(server.base)
      const runs = await logRuns(tracker, 'sine wave')
      await tracker.close()
      await expectOverRest(server, ...runs)
      expectFromPython(server.base, 'sine wave')
      expect(readdirSync(folder)).not.toContain('spool')
      expect(warnings).toEqual([
        'the value of parameter long has 7000 characters: MLflow gets the first 6000',
        'MLflow cannot have the name "odd:name": it gets odd_name',
        'metric train/nan is NaN at step 250000: such values are left out of MLflow',
      ])
      await server.stop()
    })
  }

  it('below a path agree in everything', async () => {
    // older versions have their page alone there
    const { server, folder, open } = await clientOf({ options: ['--static-prefix', '/team/mlflow'] })
    expect(server.base).toMatch(/\/team\/mlflow$/)
    const tracker = await open(`${server.base}/`)
    const runs = await logRuns(tracker, 'sine wave')
    await tracker.close()
    await expectOverRest(server, ...runs)
    expectFromPython(server.base, 'sine wave')
    expect(readdirSync(folder)).not.toContain('spool')
    await server.stop()
  })

  it('that wants a login: with it all of a run, without it or with a wrong one a sentence', async () => {
    const { server, folder, open, warnings } = await clientOf({
      python: VERSIONS['early 3.x'],
      options: ['--app-name', 'basic-auth'],
      environment: { MLFLOW_FLASK_SERVER_SECRET_KEY: 'for this test' },
    })
    const { host } = new URL(server.base)
    const refusals: [uri: string, environment?: Record<string, string>][] = [
      [server.base],
      [`http://admin:mistaken@${host}`],
      [server.base, { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: 'mistaken' }],
    ]
    for (const [uri, environment] of refusals) {
      const tracker = await open(uri, environment)
      await expect(tracker.startRun({ experiment: 'sine wave', name: 'kept out' })).rejects.toThrow(
        /^http:\/\/127\.0\.0\.1:\d+ answers 401: .* \(set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or _TOKEN\)$/,
      )
      await tracker.close()
    }
    expect(readdirSync(folder)).not.toContain('spool')
    // what it is when nobody has changed it
    const [user, password] = ['admin', 'password1234']
    const tracker = await open(server.base, {
      MLFLOW_TRACKING_USERNAME: user,
      MLFLOW_TRACKING_PASSWORD: password,
    })
    await logRuns(tracker, 'sine wave')
    await tracker.close()
    const known = `http://${user}:${password}@${host}`
    expectFromPython(known, 'sine wave')
    const again = await open(known)
    const run = await again.startRun({ experiment: 'sine wave', name: 'by the address' })
    run.end('FINISHED')
    await again.close()
    expect(again.describe(run)).not.toContain(password)
    expect(warnings.join()).not.toMatch(/password1234|mistaken/)
    expect(readdirSync(folder)).not.toContain('spool')
    await server.stop()
  })

  it('that keeps artifacts to itself: up to 10 MB by way of its page, a larger one waits', async () => {
    const { server, folder, open, warnings } = await clientOf({
      options: ['--no-serve-artifacts', '--default-artifact-root', './kept'],
    })
    const tracker = await open(server.base)
    const run = await tracker.startRun({ experiment: 'sine wave', name: 'kept' })
    const files: Record<string, Uint8Array> = {
      'plots/a b.svg': new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'checkpoint.safetensors': Uint8Array.from({ length: 9_999_000 }, (_, i) => (i * 31) % 256),
    }
    run.logArtifact('large.bin', new Uint8Array(10_000_001))
    for (const [path, content] of Object.entries(files)) run.logArtifact(path, content)
    run.end('FINISHED')
    await tracker.close()
    for (const [path, content] of Object.entries(files)) {
      const query = new URLSearchParams({ run_id: run.id, path })
      const served = Buffer.from(await (await fetch(`${server.base}/get-artifact?${query}`)).arrayBuffer())
      expect(served.equals(content), path).toBe(true)
    }
    const { run: shown } = await server.get(`mlflow/runs/get?run_id=${run.id}`)
    expect(shown.info.status).toBe('FINISHED')
    expect(warnings).toEqual([
      'MLflow refuses artifact of a run, the run continues: artifact large.bin has 10000001 bytes, this server takes 10000000: start it with --serve-artifacts',
      expect.stringMatching(/^1 part of what was logged waits in .*: "ddpg mlflow sync .*" sends it$/),
    ])
    expect(readdirSync(join(folder, 'spool')).length).toBe(1)
    await server.stop()
  })
})
