// Runs are kept in a folder of text files, of which MLflow's lists break at half a line.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import { describeWithPython, runPython } from '../../helpers/python.ts'
import type { Json } from './server.ts'

let folder: string
let root: string
let warnings: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
  root = join(folder, 'mlruns')
  warnings = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (uri = root) =>
  openTracker(uri, {
    warn: (sentence) => void warnings.push(sentence),
    spool: join(folder, 'spool'),
    environment: {},
  })

it('come with a warning, once', async () => {
  const tracker = await open()
  ;(await tracker.startRun({ experiment: 'sine', name: 'a' })).end('FINISHED')
  await tracker.close()
  expect(warnings).toEqual([
    'MLflow 3.13 and newer show a folder of text files only with MLFLOW_ALLOW_FILE_STORE=true',
  ])
})

it('are in the experiment that is given by its id, or in that of the run above', async () => {
  const tracker = await open()
  const above = await tracker.startRun({ experimentId: '0', name: 'above' })
  const below = await tracker.startRun({ name: 'below', parent: above })
  for (const run of [above, below]) expect(existsSync(join(root, '0', run.id, 'meta.yaml'))).toBe(true)
  await expect(tracker.startRun({ experimentId: '7', name: 'x' })).rejects.toThrow(
    'there is no experiment 7 in',
  )
  await expect(tracker.startRun({ resume: 'a1', name: 'x' })).rejects.toThrow('there is no run a1 in')
  await tracker.close()
})

it('of killed processes of this machine become KILLED', async () => {
  const tracker = await open()
  const [gone, alive] = [
    await tracker.startRun({ experimentId: '0', name: 'gone' }),
    await tracker.startRun({ experimentId: '0', name: 'alive' }),
  ]
  gone.logMetrics({ a: 1 }, 1)
  await tracker.flush()
  writeFileSync(join(root, '0', gone.id, 'tags/ddpg.process'), `${hostname()}:4194305`)
  await (await open()).close()
  const meta = (id: string) => readFileSync(join(root, '0', id, 'meta.yaml'), 'utf8')
  expect(meta(gone.id)).toMatch(/^end_time: \d{13}\n[^]*^status: 5$/m)
  expect(meta(alive.id)).toMatch(/^end_time: null\n[^]*^status: 1$/m)
  await tracker.close()
})

it('have a point once, of which the one beside it failed', async () => {
  const tracker = await open()
  const run = await tracker.startRun({ experimentId: '0', name: 'a' })
  const [a, b] = ['a', 'b'].map((key) => join(root, '0', run.id, 'metrics', key)) as [string, string]
  mkdirSync(dirname(b), { recursive: true })
  symlinkSync('/dev/full', b)
  run.logMetrics({ a: 1, b: 2 }, 3, 1000)
  await tracker.flush()
  expect(readFileSync(a, 'utf8')).toBe('1000 1 3\n')
  rmSync(b)
  await tracker.close()
  expect([a, b].map((file) => readFileSync(file, 'utf8'))).toEqual(['1000 1 3\n', '1000 2 3\n'])
  expect(existsSync(join(folder, 'spool'))).toBe(false)
})

it.each([
  ['runs.db', 'the tracking URI runs.db has no kind, did you mean sqlite:///runs.db?'],
  ['localhost:5000', 'the tracking URI localhost:5000 has no kind, did you mean http://localhost:5000?'],
  ['127.0.0.1:5000/ml', 'has no kind, did you mean http://127.0.0.1:5000/ml?'],
  ['mysql+pymysql://me:secret@host/db', /^(?!.*secret).*to mysql\+pymysql directly: start "mlflow server/],
  ['mssql+pyodbc://x', 'to mssql+pyodbc directly'],
  ['databricks://profile', 'Databricks is not supported'],
  ['uc', 'Databricks is not supported'],
  ['dbfs:/x', 'its kind is dbfs'],
])('are not what %s asks for', async (uri, problem) => {
  await expect(open(uri)).rejects.toThrow(problem)
})

describeWithPython('runs in a folder of text files', () => {
  it("are whole for MLflow's client after a kill -9, with all that was flushed", async () => {
    const program = `
      import { openTracker } from ${JSON.stringify(new URL('../../../src/tracking/mlflow/open.ts', import.meta.url).href)}
      const tracker = await openTracker(${JSON.stringify(root)})
      const run = await tracker.startRun({ experiment: 'sine', name: 'killed' })
      for (let step = 0; ; step++) {
        run.logMetrics({ 'train/a': step / 3, b: step }, step)
        if (step === 5000) process.stdout.write('flushed')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: folder })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await open()).close()
    const { runs } = runPython('tracking/mlflow/read.py', root, 'sine') as Json
    const [{ status, history }] = runs
    expect(status).toBe('KILLED')
    expect(history['b'].length).toBeGreaterThanOrEqual(5000)
    for (const key of ['train/a', 'b']) {
      const wrong = history[key].findIndex(
        ([step, value]: number[], i: number) => step !== i || value !== (key === 'b' ? i : i / 3),
      )
      expect(wrong, key).toBe(-1)
    }
  })
})
