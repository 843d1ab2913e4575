// Runs are logged to a database of MLflow, whatever else has it open.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import { cleanKey, cleanPath, storedPoint } from '../../../src/tracking/mlflow/rules.ts'
import { syncJournal } from '../../../src/tracking/mlflow/sync.ts'
import type { Tracker } from '../../../src/tracking/mlflow/run.ts'
import { DdpgError } from '../../../src/base/errors.ts'

let folder: string
let file: string
let tracker: Tracker
let warnings: string[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'track-'))
  file = join(folder, 'new', 'mlflow.db')
  warnings = []
  tracker = await open()
})

afterEach(async () => {
  vi.restoreAllMocks()
  await tracker.close()
  rmSync(folder, { recursive: true })
})

function query(sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file)
  const rows = database.prepare(sql).all()
  database.close()
  return rows.map((row) => ({ ...row }))
}

function change(sql: string): void {
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
}

function open(uri = `sqlite:///${file}`): Promise<Tracker> {
  const warn = (sentence: string) => void warnings.push(sentence)
  return openTracker(uri, { warn, spool: join(folder, 'spool'), environment: {} })
}

const start = (name = 'trial_0') => tracker.startRun({ experiment: 'sine', name })

describe('opening a store', () => {
  it('makes the folders, the frozen schema and the default experiment', async () => {
    expect(query('SELECT version_num FROM alembic_version')).toEqual([{ version_num: '2d6e25af4d3e' }])
    expect(query(`SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'`)).toEqual([{ n: 16 }])
    expect(query('SELECT experiment_id AS id, name, artifact_location AS at FROM experiments')).toEqual([
      { id: 0, name: 'Default', at: 'mlflow-artifacts:/0' },
    ])
  })

  it('resolves a relative file against the working directory', async () => {
    vi.spyOn(process, 'cwd').mockReturnValue(folder)
    await (await open('sqlite:///deep/er/runs.db')).close()
    expect(existsSync(join(folder, 'deep/er/runs.db'))).toBe(true)
  })

  it.each(['sqlite://', 'sqlite:///', 'sqlite:///:memory:'])(
    'refuses %s with what is supported',
    async (uri) => {
      await expect(open(uri)).rejects.toThrow(DdpgError)
      await expect(open(uri)).rejects.toThrow(/tracking_uri must be sqlite:\/\/\/.*, got /)
    },
  )

  it('refuses a file that is no database and one of another program', async () => {
    await expect(open(`sqlite:///${import.meta.filename}`)).rejects.toThrow(
      /cannot use .* file is not a database/,
    )
    file = join(folder, 'other.db')
    change('CREATE TABLE t (x)')
    await expect(open(`sqlite:///${file}`)).rejects.toThrow(/tables of something else/)
    expect(query('SELECT name FROM sqlite_schema')).toEqual([{ name: 't' }])
  })

  it('refuses a newer schema that requires columns it does not know', async () => {
    change(`ALTER TABLE metrics ADD COLUMN harmless TEXT NOT NULL DEFAULT ''`)
    await (await open(`sqlite:///${file}`)).close()
    change(`DROP TABLE tags; CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT, owner TEXT NOT NULL)`)
    await expect(open(`sqlite:///${file}`)).rejects.toThrow(/tags\.owner is required, .* newer MLflow/)
  })

  it('refuses an older schema that lacks a column', async () => {
    change('ALTER TABLE datasets DROP COLUMN dataset_profile')
    await expect(open(`sqlite:///${file}`)).rejects.toThrow(
      /datasets\.dataset_profile is missing, .* upgrade/,
    )
  })

  it('tells the command that shows the runs', async () => {
    expect(tracker.describe()).toMatch(/cd ".*new" && mlflow server$/)
    const other = await open(`sqlite:///${folder}/other.db`)
    expect(other.describe()).toMatch(/mlflow server --backend-store-uri "sqlite:\/\/\/other\.db"$/)
    await other.close()
    // which MLflow would take first
    mkdirSync(join(folder, 'new/mlruns/0'), { recursive: true })
    writeFileSync(join(folder, 'new/mlruns/0/meta.yaml'), '')
    expect(tracker.describe()).toMatch(/mlflow server --backend-store-uri "sqlite:\/\/\/mlflow\.db"$/)
  })
})

describe('a run', () => {
  it('gets the rows that MLflow needs', async () => {
    const run = await start()
    run.end('KILLED')
    const [row] = query('SELECT * FROM runs')
    expect(row).toMatchObject({
      run_uuid: run.id,
      name: 'trial_0',
      status: 'KILLED',
      lifecycle_stage: 'active',
    })
    expect(row).toMatchObject({
      artifact_uri: `mlflow-artifacts:/1/${run.id}/artifacts`,
      source_type: 'LOCAL',
    })
    expect(run.id).toMatch(/^[0-9a-f]{32}$/)
    expect(row?.['user_id']).toBeTruthy()
    expect(Number(row?.['end_time'])).toBeGreaterThanOrEqual(Number(row?.['start_time']))
    expect(query('SELECT key FROM tags ORDER BY key').map((tag) => tag['key'])).toEqual([
      'ddpg.process',
      'mlflow.runName',
      'mlflow.source.name',
      'mlflow.source.type',
      'mlflow.user',
    ])
    expect(query('SELECT key, value FROM experiment_tags')).toEqual([
      { key: 'mlflow.experimentKind', value: 'custom_model_development' },
    ])
  })

  it('joins the experiment of its name, and is refused by a deleted one', async () => {
    ;(await start()).end('FINISHED')
    ;(await start('trial_1')).end('FINISHED')
    expect(query('SELECT DISTINCT experiment_id AS id FROM runs')).toEqual([{ id: 1 }])
    change(`UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'sine'`)
    await expect(start()).rejects.toThrow(
      /experiment "sine" is deleted in .*: restore it in MLflow or choose another name/,
    )
    await expect(tracker.startRun({ experiment: '', name: 'x' })).rejects.toThrow(DdpgError)
  })

  it('may be in an experiment that is given by its id, or in that of the run above it', async () => {
    const above = await start()
    const experimentOf = (run: { id: string }) =>
      query(`SELECT experiment_id AS id FROM runs WHERE run_uuid = '${run.id}'`)[0]?.['id']
    expect(experimentOf(await tracker.startRun({ experimentId: '0', name: 'default' }))).toBe(0)
    expect(experimentOf(await tracker.startRun({ name: 'below', parent: above }))).toBe(1)
    for (const [options, problem] of [
      [{}, 'a run needs an experiment, or a run above it'],
      [{ experimentId: '7' }, /there is no experiment 7 in .*: check its id \(MLFLOW_EXPERIMENT_ID\)/],
      [{ experimentId: 'x' }, 'the id of an experiment is a number, got "x"'],
      [{ resume: 'a'.repeat(32) }, /there is no run a+ in .*: check its id \(MLFLOW_RUN_ID\)/],
      [{ resume: '../x' }, 'the id of a run has letters, digits, _ and - alone, got "../x"'],
    ] as const)
      await expect(tracker.startRun({ name: 'x', ...options })).rejects.toThrow(problem)
    change(`UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 1`)
    await expect(tracker.startRun({ experimentId: '1', name: 'x' })).rejects.toThrow('"sine" is deleted in')
  })

  it('that goes on is of the process that goes on with it, and keeps the rest', async () => {
    const run = await start()
    run.setTags({ 'ddpg.process': `${hostname()}:4194305`, 'mlflow.user': 'who began it' })
    run.end('FAILED')
    ;(await tracker.startRun({ name: 'other', resume: run.id })).logMetrics({ a: 1 }, 1)
    await (await open()).close()
    expect(query('SELECT name, status, end_time FROM runs')).toEqual([
      { name: 'trial_0', status: 'RUNNING', end_time: null },
    ])
    expect(query(`SELECT value FROM tags WHERE key = 'mlflow.user'`)).toEqual([{ value: 'who began it' }])
  })

  it('keeps parameters immutable', async () => {
    const run = await start()
    run.logParams({ seed: '1', lr: '3e-4' })
    run.logParams({ seed: '1' })
    expect(() => run.logParams({ gamma: '.99', seed: '2' })).toThrow(/seed is 1 and cannot become 2/)
    expect(query('SELECT key, value FROM params ORDER BY key')).toEqual([
      { key: 'lr', value: '3e-4' },
      { key: 'seed', value: '1' },
    ])
  })

  it('replaces tags', async () => {
    const run = await start()
    run.setTags({ best: '1' })
    run.setTags({ best: '2' })
    expect(query(`SELECT value FROM tags WHERE key = 'best'`)).toEqual([{ value: '2' }])
  })

  it('cuts long values and says so once', async () => {
    const run = await start()
    run.logParams({ long: 'x'.repeat(7000), other: 'y'.repeat(6001), fits: 'z'.repeat(6000) })
    run.setTags({ note: 'x'.repeat(5001) })
    expect(query('SELECT key, length(value) AS n FROM params ORDER BY key')).toEqual([
      { key: 'fits', n: 6000 },
      { key: 'long', n: 6000 },
      { key: 'other', n: 6000 },
    ])
    expect(query(`SELECT length(value) AS n FROM tags WHERE key = 'note'`)).toEqual([{ n: 5000 }])
    expect(warnings).toHaveLength(1)
  })

  it('shows as latest the greatest step, then time, then value', async () => {
    const run = await start()
    vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
    run.logMetrics({ loss: 5 }, 20)
    run.logMetrics({ loss: 9 }, 10)
    run.logMetrics({ loss: 4 }, 20)
    run.end('FINISHED')
    expect(query('SELECT value, step FROM latest_metrics')).toEqual([{ value: 5, step: 20 }])
    expect(query('SELECT count(*) AS n FROM metrics')).toEqual([{ n: 3 }])
  })

  it('leaves out values that are not finite, counts them and warns once', async () => {
    const run = await start()
    run.logMetrics({ a: NaN, b: 1 }, 1)
    run.logMetrics({ a: Infinity, b: -Infinity }, 2)
    run.end('FINISHED')
    expect(query('SELECT key, value, step, is_nan FROM metrics ORDER BY key')).toEqual([
      { key: 'b', value: 1, step: 1, is_nan: 0 },
      { key: 'train/nonfinite_total', value: 3, step: 2, is_nan: 0 },
    ])
    expect(warnings).toEqual(['metric a is NaN at step 1: such values are left out of MLflow'])
  })

  it('refuses a step that is not an integer', async () => {
    const run = await start()
    expect(() => run.logMetrics({ a: 1 }, 1.5)).toThrow('step must be an integer, got 1.5')
  })

  it('writes points once there are 1000 or a second has passed, not before', async () => {
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
    const count = () => query('SELECT count(*) AS n FROM metrics')[0]?.['n']
    const run = await start()
    for (let step = 0; step < 999; step++) run.logMetrics({ a: step }, step)
    expect(count()).toBe(0)
    run.logMetrics({ a: 1 }, 999)
    expect(count()).toBe(1000)
    clock.mockReturnValue(1_000_999)
    run.logMetrics({ a: 1 }, 1000)
    expect(count()).toBe(1000)
    clock.mockReturnValue(1_001_000)
    run.logMetrics({ a: 1 }, 1001)
    expect(count()).toBe(1002)
  })

  it('links a dataset once, and shares it between runs', async () => {
    const dataset = {
      name: 'sine',
      digest: 'abc',
      source: 'data/sine.parquet',
      columns: ['close'],
      rows: 500,
    }
    for (const name of ['trial_0', 'trial_1']) {
      const run = await start(name)
      run.logDataset({ ...dataset, context: 'training' })
      run.logDataset({ ...dataset, context: 'training' })
    }
    expect(query('SELECT name, digest, dataset_profile AS p FROM datasets')).toEqual([
      { name: 'sine', digest: 'abc', p: '{"num_rows":500}' },
    ])
    expect(query('SELECT count(*) AS n FROM inputs JOIN input_tags USING (input_uuid)')).toEqual([{ n: 2 }])
    expect(query('SELECT count(*) AS n FROM input_tags')).toEqual([{ n: 2 }])
    expect(warnings).toEqual([])
  })

  it('writes artifacts inside its folder, replaces them, and leaves nothing half-written', async () => {
    const run = await start()
    run.logArtifact('plots/a.svg', '<svg/>')
    const svg = join(folder, 'new/mlartifacts/1', run.id, 'artifacts/plots/a.svg')
    linkSync(svg, join(folder, 'kept.svg'))
    run.logArtifact('plots/a.svg', '<svg>2</svg>')
    run.logArtifact('../../../escape#.bin', new Uint8Array([0, 255]))
    const root = join(folder, 'new/mlartifacts/1', run.id)
    expect(readdirSync(root, { recursive: true }).toSorted()).toEqual(
      ['artifacts', 'artifacts/_', 'artifacts/_/_', 'artifacts/_/_/_', 'artifacts/_/_/_/escape_.bin']
        .concat('artifacts/plots', 'artifacts/plots/a.svg')
        .toSorted(),
    )
    expect(readFileSync(svg, 'utf8')).toBe('<svg>2</svg>')
    expect(statSync(join(root, 'artifacts/_/_/_/escape_.bin')).size).toBe(2)
    // A replaced file is a new one: who reads the old one reads it to its end.
    expect(readFileSync(join(folder, 'kept.svg'), 'utf8')).toBe('<svg/>')
  })
})

describe('a store that stops working', () => {
  const journals = () => readdirSync(join(folder, 'spool')).map((name) => join(folder, 'spool', name))

  it('warns once, lets the training go on, and gets what it missed by a sync', async () => {
    const run = await start()
    change('ALTER TABLE metrics RENAME TO away')
    run.logParams({ seed: '1' })
    run.logMetrics({ a: 1 }, 1)
    await tracker.flush()
    run.logArtifact('a.txt', 'x')
    const later = await start('trial_1')
    later.logMetrics({ a: 2 }, 2)
    run.end('FINISHED')
    await tracker.close()
    expect(warnings).toEqual([
      'cannot log to MLflow now, the run continues: no such table: metrics',
      `6 parts of what was logged wait in ${journals()[0]}: "ddpg mlflow sync ${journals()[0]} sqlite:///${file}" sends them`,
    ])
    change('ALTER TABLE away RENAME TO metrics')
    expect(await syncJournal(journals()[0]!, `sqlite:///${file}`)).toMatchObject({ runs: 2, refused: [] })
    expect(query('SELECT value, step FROM metrics')).toEqual([
      { value: 1, step: 1 },
      { value: 2, step: 2 },
    ])
    expect(query('SELECT name, status FROM runs ORDER BY name')).toEqual([
      { name: 'trial_0', status: 'FINISHED' },
      { name: 'trial_1', status: 'KILLED' },
    ])
    expect(existsSync(join(folder, 'spool'))).toBe(false)
    tracker = await open()
  })

  it('refuses what can never be written, and goes on', async () => {
    const run = await start()
    run.logArtifact('a.txt', 'x')
    run.logArtifact('a.txt/b.txt', 'x')
    run.setTags({ done: 'yes' })
    expect(warnings).toEqual([
      'MLflow cannot have artifact of a run, which continues: artifact a.txt/b.txt: a part of its path is a file, or it is a folder',
    ])
    expect(query(`SELECT value FROM tags WHERE key = 'done'`)).toEqual([{ value: 'yes' }])
  })

  it('is written to while another program has it locked, later', async () => {
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
    const run = await start()
    change('ALTER TABLE metrics RENAME TO away')
    for (let step = 0; step < 3000; step++) run.logMetrics({ a: step }, step)
    change('ALTER TABLE away RENAME TO metrics')
    clock.mockReturnValue(1_030_000)
    run.logMetrics({ a: 1 }, 3000)
    expect(query('SELECT count(*) AS n FROM metrics')).toEqual([{ n: 3001 }])
  })

  it('gets what another program kept it from by the end at the latest', async () => {
    const run = await start()
    run.logMetrics({ a: 0 }, 0)
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    for (let step = 1; step < 5000; step++) run.logMetrics({ a: step }, step)
    run.logParams({ seed: '1' })
    const closed = tracker.close()
    setTimeout(() => other.close(), 100)
    await closed
    expect(warnings).toEqual(['cannot log to MLflow now, the run continues: database is locked'])
    expect(query('SELECT count(*) AS n, max(step) AS last FROM metrics')).toEqual([{ n: 5000, last: 4999 }])
    expect(query('SELECT value FROM params')).toEqual([{ value: '1' }])
    expect(query('SELECT status FROM runs')).toEqual([{ status: 'KILLED' }])
    expect(existsSync(join(folder, 'spool'))).toBe(false)
  })

  it('marks the runs of killed processes of this machine KILLED, no others', async () => {
    const [gone, alive, elsewhere] = [await start('a'), await start('b'), await start('c')]
    gone.setTags({ 'ddpg.process': `${hostname()}:4194305` })
    gone.logMetrics({ a: 1 }, 1, 1_700_000_000_000)
    elsewhere.setTags({ 'ddpg.process': 'another-machine:1' })
    await tracker.flush()
    await (await open()).close()
    expect(query('SELECT run_uuid AS id, status, end_time FROM runs ORDER BY name')).toEqual([
      { id: gone.id, status: 'KILLED', end_time: 1_700_000_000_000 },
      { id: alive.id, status: 'RUNNING', end_time: null },
      { id: elsewhere.id, status: 'RUNNING', end_time: null },
    ])
  })

  it('keeps what was flushed before a kill -9', async () => {
    const program = `
      import { openTracker } from ${JSON.stringify(new URL('../../../src/tracking/mlflow/open.ts', import.meta.url).href)}
      const tracker = await openTracker(${JSON.stringify(`sqlite:///${file}`)})
      const run = await tracker.startRun({ experiment: 'sine', name: 'killed' })
      for (let step = 0; ; step++) {
        run.logMetrics({ a: step }, step)
        if (step === 5000) process.stdout.write('flushed')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const [points] = query('SELECT count(*) AS n, max(step) AS last FROM metrics')
    expect(points?.['n']).toBeGreaterThanOrEqual(5000)
    expect(points?.['last']).toBe(Number(points?.['n']) - 1)
    expect(query('SELECT step FROM latest_metrics')).toEqual([{ step: points?.['last'] }])
    expect(query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(query('SELECT status FROM runs')).toEqual([{ status: 'RUNNING' }])
  })
})

describe('no tracker', () => {
  it('hands out runs with ids of their own and writes nothing', async () => {
    const none = await openTracker('none')
    const [a, b] = await Promise.all(['a', 'b'].map((name) => none.startRun({ experiment: 'sine', name })))
    a?.logMetrics({ a: 1 }, 1)
    a?.end('FINISHED')
    expect(a?.id).toMatch(/^[0-9a-f]{32}$/)
    expect(a?.id).not.toBe(b?.id)
  })
})

it('a point has no zeros below 0, which the JSON of a server would not give back', () => {
  expect(storedPoint('a', -0, 1, -0, expect.fail)).toEqual({ key: 'a', value: 0, timestamp: 1, step: 0 })
})

describe('names', () => {
  it.each([
    ['train/critic_loss', 'train/critic_loss'],
    ['a b.c-d', 'a b.c-d'],
    ['é#:%', '____'],
    ['/a//b/', 'a/b'],
    ['../x/./y', '_/x/_/y'],
    ['', '_'],
    [`${'k'.repeat(249)}/tail`, 'k'.repeat(249)],
  ])('makes the key %j into %j', (key, expected) => {
    expect(cleanKey(key)).toBe(expected)
  })

  it.each([
    ['plots/a b.svg', 'plots/a b.svg'],
    ['x@1+2=3~.bin', 'x@1+2=3~.bin'],
    ['a\\b:c%.txt', 'a_b_c_.txt'],
    ['/etc/passwd', 'etc/passwd'],
    ['a/../../b', 'a/_/_/b'],
  ])('makes the artifact path %j into %j', (path, expected) => {
    expect(cleanPath(path)).toBe(expected)
  })
})
