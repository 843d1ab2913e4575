// The client against real servers of three MLflow versions.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { openTracker } from '../../src/mlflow/open.ts'
import { describeWithPython } from '../helpers/python.ts'
import { expectFromPython, expectOverRest, logRuns } from './content.ts'
import { startServer, VERSIONS } from './server.ts'

vi.setConfig({ testTimeout: 60_000 })
const root = mkdtempSync(join(tmpdir(), 'mlflow-rest-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describeWithPython('the client and a server', () => {
  for (const [version, python] of Object.entries(VERSIONS)) {
    it(`of MLflow ${version} agree in everything`, async () => {
      const folder = mkdtempSync(join(root, 'server-'))
      const server = await startServer(folder, { python })
      const warnings: string[] = []
      const spool = join(folder, 'spool')
      const tracker = await openTracker(server.base, {
        warn: (s) => warnings.push(s),
        spool,
        environment: {},
      })
      const runs = await logRuns(tracker, 'sine wave')
      await tracker.close()
      console.log(warnings, readdirSync(folder))
      await expectOverRest(server, ...runs)
      expectFromPython(server.base, 'sine wave')
      expect(readdirSync(folder)).not.toContain('spool')
      await server.stop()
      console.log(warnings)
    })
  }
})
