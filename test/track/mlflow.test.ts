// What a real MLflow shows of the files that the tracker writes, after the folder was moved, with a run under way
// while a plain `mlflow server` starts and brings the database up to date.

import { spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openTracker } from '../../src/track/sqlite.ts'
import type { Run } from '../../src/track/tracker.ts'
import { describeWithPython, python, pythonEnvironment, runPython } from '../helpers/python.ts'

// The server shares the machine with the other tests.
vi.setConfig({ testTimeout: 30_000 })

// oxlint-disable-next-line typescript/no-explicit-any -- replies of a foreign API, which the tests look into
type Json = Record<string, any>

const steps = Array.from({ length: 30 }, (_, i) => (i + 1) * 100)
const loss = (step: number) => 1 / step
const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) % 256)
const artifacts: Record<string, string | Uint8Array> = {
  'checkpoints/best 1.safetensors': bytes,
  'config/scenario.json': '{"seed":1}',
  'plots/rewards.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'report.md': '# Ergebnis: größer\n',
}
const params = { seed: '1', 'network.actor_hidden_dims': '[64,64]', empty: '', long: 'é'.repeat(7000) }

const root = join(tmpdir(), `track-mlflow-${process.pid}`)
const folder = join(root, 'moved here')
const database = join(folder, 'mlflow.db')

describeWithPython('mlflow server on the files of the tracker', () => {
  let server: ChildProcess
  let base: string
  const ids: string[] = []

  beforeAll(async () => {
    const warnings = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const origin = join(root, 'origin')
    const before = openTracker(`sqlite:///${origin}/mlflow.db`)
    ids.push(
      logRun(before.startRun({ experiment: 'sine_wave', name: 'trial_0', tags: { env: 'tradingenv' } })),
    )
    before.close()
    expect(integrity(join(origin, 'mlflow.db'))).toEqual([{ integrity_check: 'ok' }])
    renameSync(origin, folder)
    copyFileSync(database, join(root, 'upgraded.db'))

    const during = openTracker(`sqlite:///${database}`)
    const run = during.startRun({ experiment: 'sine_wave', name: 'trial_1' })
    const port = await freePort()
    base = `http://127.0.0.1:${port}`
    server = startServer(port)
    await untilHealthy(server, base)
    ids.push(logRun(run))
    during.close()

    const after = openTracker(`sqlite:///${database}`)
    ids.push(logRun(after.startRun({ experiment: 'sine_wave', name: 'trial_2' })))
    after.close()
    warnings.mockRestore()
  }, 300_000)

  afterAll(async () => {
    await stop(server)
    rmSync(root, { recursive: true })
  }, 30_000)

  const get = async (path: string) => (await fetch(`${base}/api/2.0/${path}`)).json() as Promise<Json>

  const post = async (path: string, body: Json) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${base}/api/2.0/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return response.json() as Promise<Json>
  }

  it('has brought the database up to date', () => {
    expect(query(database, 'SELECT version_num AS v FROM alembic_version')).not.toEqual([
      { v: '2d6e25af4d3e' },
    ])
  })

  it('shows the experiments over REST', async () => {
    const { experiments } = await post('mlflow/experiments/search', { max_results: 100 })
    const seen = experiments.map((found: Json) => [
      found['experiment_id'],
      found['name'],
      found['artifact_location'],
    ])
    expect(seen.toSorted()).toEqual([
      ['0', 'Default', 'mlflow-artifacts:/0'],
      ['1', 'sine_wave', 'mlflow-artifacts:/1'],
    ])
    const { experiment } = await get('mlflow/experiments/get-by-name?experiment_name=sine_wave')
    expect(keyed(experiment.tags)).toMatchObject({ 'mlflow.experimentKind': 'custom_model_development' })
  })

  it('finds the runs over REST, written before, while and after it came up', async () => {
    const { runs } = await post('mlflow/runs/search', {
      experiment_ids: ['1'],
      order_by: ['attributes.start_time ASC'],
    })
    expect(runs.map((run: Json) => run['info'].run_id)).toEqual(ids)
    expect(runs.map((run: Json) => run['info'].run_name)).toEqual(['trial_0', 'trial_1', 'trial_2'])
  })

  it.each([0, 1, 2])('shows the content of run %i over REST', async (index) => {
    const { run } = await get(`mlflow/runs/get?run_id=${ids[index]}`)
    expect(run.info).toMatchObject({ status: 'FINISHED', lifecycle_stage: 'active', experiment_id: '1' })
    expect(run.info.end_time).toBeGreaterThanOrEqual(run.info.start_time)
    expect(keyed(run.data.params)).toEqual({ ...params, long: 'é'.repeat(6000) })
    expect(keyed(run.data.tags)).toMatchObject({ algorithm: 'DDPG', 'mlflow.runName': `trial_${index}` })
    expect(keyed(run.data.metrics)).toEqual({
      'eval/return': -2.5,
      'train/loss': loss(3000),
      'train/nonfinite_total': 1,
    })
    expect(run.data.metrics.find((metric: Json) => metric['key'] === 'train/loss').step).toBe(3000)
    const [input] = run.inputs.dataset_inputs
    expect(input.dataset).toMatchObject({ name: 'sine_wave', digest: 'abc123', source_type: 'local' })
    expect(input.tags).toEqual([{ key: 'mlflow.data.context', value: 'training' }])
  })

  it('gives the full history over REST', async () => {
    const { metrics } = await get(
      `mlflow/metrics/get-history?run_id=${ids[0]}&metric_key=train/loss&max_results=25000`,
    )
    expect(metrics.map((metric: Json) => [metric['step'], metric['value']])).toEqual(
      steps.map((step) => [step, loss(step)]),
    )
  })

  it('lists and serves the artifacts over REST', async () => {
    const top = await get(`mlflow/artifacts/list?run_id=${ids[2]}`)
    expect(top['files'].map((found: Json) => found['path'])).toEqual([
      'checkpoints',
      'config',
      'plots',
      'report.md',
    ])
    const { files } = await get(`mlflow/artifacts/list?run_id=${ids[2]}&path=checkpoints`)
    expect(files).toEqual([
      { path: 'checkpoints/best 1.safetensors', is_dir: false, file_size: bytes.length },
    ])
    for (const [path, content] of Object.entries(artifacts)) {
      const url = `${base}/api/2.0/mlflow-artifacts/artifacts/1/${ids[2]}/artifacts/${encodeURI(path)}`
      const response = await fetch(url)
      expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(content))).toBe(true)
    }
  })

  it("tells MLflow's own client the same", () => {
    const seen = runPython('track/read.py', base, 'sine_wave') as Json
    expect(seen['tags']).toMatchObject({ 'mlflow.experimentKind': 'custom_model_development' })
    expect(seen['runs'].map((run: Json) => run['id'])).toEqual(ids)
    for (const run of seen['runs']) {
      expect(run.status).toBe('FINISHED')
      expect(run.params).toEqual({ ...params, long: 'é'.repeat(6000) })
      expect(run.history).toEqual({
        'eval/return': [[3000, -2.5]],
        'train/loss': steps.map((step) => [step, loss(step)]),
        'train/nonfinite_total': [[3000, 1]],
      })
      expect(run.datasets).toEqual([
        {
          name: 'sine_wave',
          digest: 'abc123',
          context: 'training',
          schema: { mlflow_colspec: [{ type: 'double', name: 'close', required: true }] },
        },
      ])
      expect(run.artifacts).toEqual(
        Object.fromEntries(
          Object.entries(artifacts).map(([path, content]) => [path, Buffer.from(content).toString('hex')]),
        ),
      )
    }
  }, 120_000)

  it('leaves a sound database, with the schema of one that MLflow made and of one that it upgraded', () => {
    expect(integrity(database)).toEqual([{ integrity_check: 'ok' }])
    const born = join(root, 'born.db')
    const upgraded = join(root, 'upgraded.db')
    expect(runPython('track/schema.py', born, upgraded)).toEqual(['Default'])
    expect(schema(database)).toEqual(schema(born))
    expect(schema(upgraded)).toEqual(schema(born))
    expect(integrity(upgraded)).toEqual([{ integrity_check: 'ok' }])
  }, 120_000)
})

function logRun(run: Run): string {
  run.logParams(params)
  run.setTags({ algorithm: 'DDPG' })
  run.logDataset({
    name: 'sine_wave',
    digest: 'abc123',
    source: 'data/sine_wave.parquet',
    context: 'training',
    columns: ['close'],
    rows: 500,
  })
  for (const step of steps) run.logMetrics({ 'train/loss': loss(step) }, step)
  run.logMetrics({ 'eval/return': -2.5, 'train/q': NaN }, 3000)
  for (const [path, content] of Object.entries(artifacts)) run.logArtifact(path, content)
  run.end('FINISHED')
  return run.id
}

/** A plain server, as a person would type it in the folder, but for the port. */
function startServer(port: number): ChildProcess {
  const options = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1']
  return spawn(python, ['-m', 'mlflow', 'server', ...options], {
    cwd: folder,
    env: pythonEnvironment(),
    stdio: 'ignore',
    detached: true,
  })
}

async function untilHealthy(server: ChildProcess, base: string): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt++) {
    if (server.exitCode !== null) throw new Error(`mlflow server ended with code ${server.exitCode}`)
    const response = await fetch(`${base}/health`).catch(() => undefined)
    if (response?.ok) return
    await sleep(250)
  }
  throw new Error('mlflow server did not answer within 200 s')
}

/** Ends the server with its workers: it leads a process group of its own. */
async function stop(server: ChildProcess | undefined): Promise<void> {
  if (!server?.pid || server.exitCode !== null) return
  const { pid } = server
  const ended = new Promise((done) => server.once('exit', done))
  process.kill(-pid, 'SIGTERM')
  const impatient = setTimeout(() => process.kill(-pid, 'SIGKILL'), 15_000)
  await ended
  clearTimeout(impatient)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => probe.once('listening', done))
  const address = probe.address()
  await new Promise((done) => probe.close(done))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

function keyed(pairs: { key: string; value: unknown }[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? '']))
}

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
