// The client against real servers of three MLflow versions.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openTracker } from '../../src/mlflow/open.ts'
import { expectFromPython, expectOverRest, logRuns } from './content.ts'
import { describeWithServers, startServer, VERSIONS, type MlflowServer } from './server.ts'

const root = mkdtempSync(join(tmpdir(), 'mlflow-rest-'))
const servers: MlflowServer[] = []
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop('SIGKILL')))
  rmSync(root, { recursive: true, force: true })
})

describeWithServers('the client and a server', () => {
  for (const [version, python] of Object.entries(VERSIONS)) {
    it(`of MLflow ${version} agree in everything`, async () => {
      const folder = mkdtempSync(join(root, 'server-'))
      const server = await startServer(folder, { python })
      servers.push(server)
      const warnings: string[] = []
      const warn = (sentence: string) => void warnings.push(sentence)
      const tracker = await openTracker(server.base, { warn, spool: join(folder, 'spool'), environment: {} })
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
    }, 180_000)
  }
})
