// Real servers of three MLflow versions show the files that the client writes: after the folder was moved, with a run
// under way while a plain `mlflow server` starts and brings the database up to date, and afterwards.
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import { syncDatabase } from '../../../src/tracking/mlflow/sync.ts'
import { python, pythonEnvironment, runPython } from '../../helpers/python.ts'
import { expectFromPython, expectOverRest, logContent, logRuns } from './content.ts'
import { describeWithServers, startServer, VERSIONS, type Json, type MlflowServer } from './server.ts'

const root = mkdtempSync(join(tmpdir(), 'mlflow-local-'))
const servers: MlflowServer[] = []
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop('SIGKILL')))
  rmSync(root, { recursive: true, force: true })
})

async function serve(...parameters: Parameters<typeof startServer>): Promise<MlflowServer> {
  const server = await startServer(...parameters)
  servers.push(server)
  return server
}

const open = (uri: string) => openTracker(uri, { warn: () => undefined, environment: {} })

describeWithServers('mlflow server', () => {
  for (const [version, interpreter] of Object.entries(VERSIONS)) {
    it(`${version} shows mlflow.db, moved, upgraded and written on`, async () => {
      const origin = mkdtempSync(join(root, 'origin-'))
      const folder = `${origin} moved`
      const before = await open(`sqlite:///${origin}/mlflow.db`)
      const runs = await logRuns(before, 'sine wave')
      await before.close()
      renameSync(origin, folder)
      const database = join(folder, 'mlflow.db')
      expect(integrity(database)).toEqual([{ integrity_check: 'ok' }])
      const fresh = join(folder, 'fresh.db')
      copyFileSync(database, fresh)

      const during = await open(`sqlite:///${database}`)
      const parent = await during.startRun({ experiment: 'sine wave', name: 'later trials' })
      const child = await during.startRun({ experiment: 'sine wave', name: 'trial_1', parent })
      // Before 3.7 the default was another.
      const options = interpreter === python ? [] : ['--backend-store-uri', 'sqlite:///mlflow.db']
      const server = await serve(folder, { python: interpreter, options })
      logContent(child)
      child.end('FINISHED')
      parent.end('FAILED')
      await during.close()

      await expectOverRest(server, ...runs)
      const { run } = await server.get(`mlflow/runs/get?run_id=${parent.id}`)
      expect(run.info.status).toBe('FAILED')
      expectFromPython(server.base, 'sine wave')
      const { experiments } = await server.post('mlflow/experiments/search', { max_results: 100 })
      const seen = experiments.map((found: Json) => [
        found['experiment_id'],
        found['name'],
        found['artifact_location'],
      ])
      expect(seen.toSorted()).toEqual([
        ['0', 'Default', 'mlflow-artifacts:/0'],
        ['1', 'sine wave', 'mlflow-artifacts:/1'],
      ])
      expect(query(database, 'SELECT version_num AS v FROM alembic_version')).not.toEqual([
        { v: '2d6e25af4d3e' },
      ])
      expect(integrity(database)).toEqual([{ integrity_check: 'ok' }])

      const upgrade = ['-m', 'mlflow', 'db', 'upgrade', `sqlite:///${fresh}`]
      execFileSync(interpreter, upgrade, { env: pythonEnvironment(), stdio: 'pipe' })
      expect(integrity(fresh)).toEqual([{ integrity_check: 'ok' }])
      await server.stop()
    })
  }

  it('has a database of ours upgraded to the schema of one of its own', async () => {
    const [ours, born] = [join(root, 'ours.db'), join(root, 'born.db')]
    await (await open(`sqlite:///${ours}`)).close()
    expect(runPython('tracking/mlflow/schema.py', born, ours)).toEqual(['Default'])
    expect(schema(ours)).toEqual(schema(born))
  })

  it('shows mlruns/ when it is told to, and migrates it', async () => {
    const folder = mkdtempSync(join(root, 'files-'))
    const tracker = await open(`file:${folder}/mlruns`)
    const runs = await logRuns(tracker, 'sine wave: "größer"')
    await tracker.close()
    expect(tracker.describe()).toMatch(
      /MLFLOW_ALLOW_FILE_STORE=true mlflow server --backend-store-uri ".*mlruns"/,
    )
    const environment = { MLFLOW_ALLOW_FILE_STORE: 'true' }
    const server = await serve(folder, { options: ['--backend-store-uri', './mlruns'], environment })
    await expectOverRest(server, ...runs)
    expectFromPython(server.base, 'sine wave: "größer"')
    await server.stop()
    const migration = [
      '-m',
      'mlflow',
      'migrate-filestore',
      '--source',
      './mlruns',
      '--target',
      'sqlite:///new.db',
    ]
    execFileSync(python, migration, { cwd: folder, env: pythonEnvironment(), stdio: 'pipe' })
    expectFromPython(`sqlite:///${folder}/new.db`, 'sine wave: "größer"')
  })

  it('gets a copy of mlflow.db with a parent, children and all they hold, and the second copy adds nothing', async () => {
    const folder = mkdtempSync(join(root, 'copy-'))
    const database = join(folder, 'mlflow.db')
    const tracker = await open(`sqlite:///${database}`)
    await logRuns(tracker, 'sine wave')
    await (await tracker.startRun({ experiment: 'other', name: 'alone' })).end('FAILED')
    await tracker.close()
    const far = mkdtempSync(join(root, 'far-'))
    const server = await serve(far)
    const result = await syncDatabase(database, undefined, server.base)
    expect(result).toMatchObject({ runs: 3, refused: [] })
    expectFromPython(server.base, 'sine wave')
    const rows = () => query(join(far, 'mlflow.db'), countRows)
    const once = rows()
    const [child] = query(database, `SELECT run_uuid AS id FROM runs WHERE name = 'trial_0'`)
    expect(await syncDatabase(database, child!['id'].slice(0, 12), server.base)).toMatchObject({
      runs: 1,
    })
    expect(await syncDatabase(database, undefined, server.base)).toMatchObject({ runs: 3, refused: [] })
    expect(rows()).toEqual(once)
    expectFromPython(server.base, 'sine wave')
    // a run is not copied into the file that it is in
    expect(await syncDatabase(join(far, 'mlflow.db'), undefined, server.base)).toMatchObject({ runs: 3 })
    expect(rows()).toEqual(once)
    await server.stop()
  })

  it("has runs of which MLflow's client reads all without it, artifacts too, when their location is absolute", async () => {
    const folder = mkdtempSync(join(root, 'größer '))
    const uri = `sqlite:///${folder}/mlflow.db`
    const tracker = await openTracker(uri, {
      warn: () => undefined,
      environment: {},
      artifactLocation: 'absolute',
    })
    const runs = await logRuns(tracker, 'sine wave')
    await tracker.close()
    expectFromPython(uri, 'sine wave')
    const server = await serve(folder)
    await expectOverRest(server, ...runs)
    await server.stop()
  })
})

const countRows = `SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM metrics) AS metrics,
  (SELECT count(*) FROM params) AS params, (SELECT count(*) FROM tags) AS tags, (SELECT count(*) FROM inputs) AS inputs,
  (SELECT count(*) FROM experiments) AS experiments`

function query(file: string, sql: string): Json[] {
  const opened = new DatabaseSync(file)
  const rows = opened.prepare(sql).all()
  opened.close()
  return rows.map((row) => ({ ...row }))
}

/** `ok` alone when both the file and its foreign keys are sound. */
function integrity(file: string): Json[] {
  return [...query(file, 'PRAGMA integrity_check'), ...query(file, 'PRAGMA foreign_key_check')]
}

/** Tables with their columns, and indexes, by name: the order depends on the history of the file. */
function schema(file: string): string[] {
  const columns = query(
    file,
    `SELECT t.name || '.' || c.name || ' ' || c.type || c."notnull" || c.pk || coalesce(c.dflt_value, '') AS line
     FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'`,
  )
  const indexes = query(
    file,
    `SELECT name || ' on ' || tbl_name AS line FROM sqlite_schema WHERE type = 'index'`,
  )
  return [...columns, ...indexes].map((row) => String(row['line'])).toSorted()
}
