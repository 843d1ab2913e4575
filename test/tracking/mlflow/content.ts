// This file logs a run with everything that a run can hold, and checks what an MLflow must show of it.
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Run, Tracker } from '../../../src/tracking/mlflow/run.ts'
import { runPython } from '../../helpers/python.ts'
import type { Json, MlflowServer } from './server.ts'

const steps = Array.from({ length: 2500 }, (_, i) => (i + 1) * 100)
const loss = (step: number) => 1 / step
const time = (step: number) => 1_700_000_000_000 + step
const extremes = { tiny: 5e-324, large: 1.7976931348623157e308, negative: -1e21, zero: -0, third: 1 / 3 }

const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) % 256)
/** By the path that is given, and the path that is kept. */
const artifacts: [given: string, kept: string, content: string | Uint8Array][] = [
  ['checkpoints/best 1.safetensors', 'checkpoints/best 1.safetensors', bytes],
  ['plots/rewards.svg', 'plots/rewards.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['report.md', 'report.md', '# Ergebnis: größer\n'],
  ['odd/a%b+c#d.txt', 'odd/a_b+c_d.txt', 'odd'],
  ['odd/größe.txt', 'odd/gr__e.txt', 'accents'],
  ['../outside.txt', '_/outside.txt', 'outside'],
  ['empty.txt', 'empty.txt', ''],
  ['large.bin', 'large.bin', new Uint8Array(20_000_000).fill(7)],
]
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
const params = {
  seed: '1',
  'network.actor_hidden_dims': '[64,64]',
  empty: '',
  long: 'é'.repeat(7000),
  emoji: `${'x'.repeat(5999)}🙂`,
  'odd:name': 'x',
  ...Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`p${i}`, 'ü'.repeat(5000)])),
}
const keptParams = {
  ...params,
  long: 'é'.repeat(6000),
  emoji: `${'x'.repeat(5999)}\uFFFD`,
  odd_name: 'x',
}
delete (keptParams as Json)['odd:name']

/** Logs a run with one below it; both are ended. */
export async function logRuns(tracker: Tracker, experiment: string): Promise<[parent: Run, child: Run]> {
  const parent = await tracker.startRun({ experiment, name: 'all trials', description: '# Two trials' })
  const child = await tracker.startRun({ experiment, name: 'trial_0', parent, tags: { env: 'tradingenv' } })
  logContent(child)
  child.end('FINISHED')
  parent.end('KILLED')
  return [parent, child]
}

export function logContent(run: Run): void {
  run.logParams(params)
  run.setTags({ algorithm: 'DDPG', long: 'y'.repeat(6000), replaced: '1' })
  run.setTags({ replaced: '2' })
  for (const context of ['training', 'validation'])
    run.logDataset({
      name: `sine ${context}`,
      digest: 'abc123',
      source: 'data/sine_wave.parquet',
      context,
      columns: ['close'],
      rows: 500,
    })
  for (const step of steps) run.logMetrics({ 'train/loss': loss(step), 'train/q': step }, step, time(step))
  run.logMetrics({ ...extremes, 'train/nan': NaN, 'train/inf': -Infinity }, 250_000, time(0))
  for (const [given, , content] of artifacts) run.logArtifact(given, content)
}

/** Everything over REST. */
export async function expectOverRest(server: MlflowServer, parent: Run, child: Run): Promise<void> {
  const { run: above } = await server.get(`mlflow/runs/get?run_id=${parent.id}`)
  expect(above.info).toMatchObject({ status: 'KILLED', run_name: 'all trials' })
  expect(keyed(above.data.tags)).toMatchObject({ 'mlflow.note.content': '# Two trials' })
  const { run } = await server.get(`mlflow/runs/get?run_id=${child.id}`)
  expect(run.info).toMatchObject({ status: 'FINISHED', lifecycle_stage: 'active', run_name: 'trial_0' })
  expect(run.info.end_time).toBeGreaterThanOrEqual(run.info.start_time)
  expect(run.info.user_id).toBeTruthy()
  expect(keyed(run.data.params)).toEqual(keptParams)
  expect(keyed(run.data.tags)).toMatchObject({
    algorithm: 'DDPG',
    env: 'tradingenv',
    replaced: '2',
    long: 'y'.repeat(5000),
    'mlflow.parentRunId': parent.id,
    'mlflow.runName': 'trial_0',
    'mlflow.user': run.info.user_id,
  })
  const inputs = (run.inputs.dataset_inputs as Json[]).map(({ dataset, tags }) => [
    dataset.name,
    dataset.digest,
    tags[0].key,
    tags[0].value,
  ])
  expect(inputs.toSorted()).toEqual([
    ['sine training', 'abc123', 'mlflow.data.context', 'training'],
    ['sine validation', 'abc123', 'mlflow.data.context', 'validation'],
  ])
  for (const [, kept, content] of artifacts) {
    const folder = kept.replace(/\/?[^/]*$/, '')
    const { files } = await server.get(
      `mlflow/artifacts/list?${new URLSearchParams({ run_id: child.id, ...(folder && { path: folder }) })}`,
    )
    const listed = (files as Json[]).find(({ path }) => path === kept)
    expect(Number(listed?.['file_size'] ?? 0), kept).toBe(Buffer.from(content).length)
    const url = `${server.base}/get-artifact?${new URLSearchParams({ run_id: child.id, path: kept })}`
    const served = Buffer.from(await (await fetch(url)).arrayBuffer())
    expect(served.equals(Buffer.from(content)), kept).toBe(true)
  }
}

/** Compares with what MLflow's own client reads, value for value. @param uri of the server or the store */
export function expectFromPython(uri: string, experiment: string): void {
  const seen = runPython('tracking/mlflow/read.py', uri, experiment) as Json
  expect(seen['tags']).toMatchObject({ 'mlflow.experimentKind': 'custom_model_development' })
  const children = (seen['runs'] as Json[]).filter((run) => run['parent'])
  expect(children.length).toBeGreaterThan(0)
  for (const run of children) {
    expect(run['status']).toBe('FINISHED')
    expect(run['params']).toEqual(keptParams)
    const { history } = run
    expect(history['train/loss']).toEqual(steps.map((step) => [step, loss(step), time(step)]))
    expect(history['train/q']).toEqual(steps.map((step) => [step, step, time(step)]))
    for (const [key, value] of Object.entries(extremes))
      expect(history[key], key).toEqual([[250_000, value + 0, time(0)]])
    expect(history['train/nonfinite_total'].map((point: number[]) => point.slice(0, 2))).toEqual([
      [250_000, 2],
    ])
    expect(Object.keys(history).length).toBe(8)
    expect(run['metrics']['train/loss']).toBe(loss(250_000))
    expect(run['datasets'].length).toBe(2)
    expect(run['datasets'][0].schema).toEqual({
      mlflow_colspec: [{ type: 'double', name: 'close', required: true }],
    })
    expect(run['artifacts']).toEqual(
      Object.fromEntries(artifacts.map(([, kept, content]) => [kept, sha256(content)])),
    )
  }
}

export function keyed(pairs: { key: string; value: unknown }[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? '']))
}
