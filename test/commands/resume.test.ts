// Real runs are stopped and resumed, and files that must not be resumed from are refused.
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ExperimentReport } from '../../src/commands/experiment/summary.ts'
import { ended, filesIn, overrides, receiptOf, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { resealed } from '../helpers/trial.ts'

const smoke = ['experiment', '-s', 'smoke', '-g']
const resumeLast = ['experiment', '--resume', 'last']

/** A complete run with checkpoints at steps 200, 400, … 1000. */
const folder = temporaryFolder()
const trial = 'logs/smoke/run_1/trial_0'
beforeAll(async () => {
  const { code } = await runCli(
    folder,
    ...smoke,
    ...overrides('training.checkpoint_interval=200', 'training.checkpoint_keep=null'),
  )
  expect(code).toBe(0)
})

/** A folder with the data of smoke and these files. */
function folderWith(files: Record<string, Uint8Array>): string {
  const where = temporaryFolder()
  const data = 'data/raw/synthetic/smoke.parquet'
  for (const [name, content] of Object.entries({ [data]: readFileSync(join(folder, data)), ...files })) {
    mkdirSync(join(where, dirname(name)), { recursive: true })
    writeFileSync(join(where, name), content)
  }
  return where
}

const checkpointAt = (step: number): Buffer =>
  readFileSync(join(folder, trial, `checkpoint_step_${step}.safetensors`))

const error = (sentence: string) => ({ code: 1, stdout: '', stderr: `error: ${sentence}\n` })

describe('a run that is resumed', () => {
  it.concurrent('from a file ends with the receipt of the run that was never stopped', async () => {
    const where = folderWith({ 'at 400': checkpointAt(400) })
    const { code, stdout, stderr } = await runCli(where, 'experiment', '--resume', 'at 400')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^trial 0: training for 1200 steps with seed 7\n/)
    expect(receiptOf(where, trial)).toBe(receiptOf(folder, trial))
    for (const name of ['checkpoint.safetensors', 'checkpoint_best.safetensors', 'training_losses.svg'])
      expect(
        readFileSync(join(where, trial, name)).equals(readFileSync(join(folder, trial, name))),
        name,
      ).toBe(true)
    expect(metricsIn(where)).toEqual(metricsIn(folder))
    expect(tagsIn(where)).toMatchObject({ resumed_from: 'at 400', resumed_at_step: '400' })
  })

  it.concurrent('has more steps when it is told so, and never fewer', async () => {
    const where = folderWith({ complete: readFileSync(join(folder, trial, 'checkpoint.safetensors')) })
    const longer = temporaryFolder()
    const [extended, whole, fewer] = await Promise.all([
      runCli(where, 'experiment', '--resume', 'complete', '--max-steps', '1500'),
      runCli(longer, ...smoke, '--max-steps', '1500'),
      runCli(where, 'experiment', '--resume', 'complete', '--max-steps', '600'),
    ])
    expect([extended.code, whole.code]).toEqual([0, 0])
    expect(receiptOf(where, trial)).toBe(receiptOf(longer, trial))
    expect(fewer).toEqual(error('checkpoint complete: it is already at step 1200, training.max_steps is 600'))
  })

  it.concurrent('makes the data that are missing, and does as it is told in what does not matter', async () => {
    const where = temporaryFolder()
    writeFileSync(join(where, 'c'), checkpointAt(800))
    const changed = overrides(
      'logging.log_dir=elsewhere',
      'training.log_interval=50',
      'tracking.tracking_uri=none',
    )
    const missing = await runCli(where, 'experiment', '--resume', 'c', ...changed)
    expect(missing).toEqual(
      error('data file data/raw/synthetic/smoke.parquet does not exist: add --generate-data to generate it'),
    )
    expect((await runCli(where, 'experiment', '--resume', 'c', '-g', ...changed)).code).toBe(0)
    expect(receiptOf(where, 'elsewhere/run_1/trial_0')).toBe(receiptOf(folder, trial))
    expect(existsSync(join(where, 'mlflow.db'))).toBe(false)
  })
})

const filesWarning =
  'warning: MLflow 3.13 and newer show a folder of text files only with MLFLOW_ALLOW_FILE_STORE=true\n'

/** Names of the runs that the store has, and how many points of each metric, but for those of the machine. */
function pointsIn(where: string): unknown {
  if (!existsSync(join(where, 'mlflow.db')))
    return globSync('mlruns/*/*/metrics/{train,eval,health}/**/*', { cwd: where, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [
        entry.name,
        readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n').length,
      ])
      .toSorted()
  const database = new DatabaseSync(join(where, 'mlflow.db'), { readOnly: true })
  const rows = database
    .prepare(
      `SELECT run_uuid, r.name, status, key, count(*) AS n FROM runs r JOIN metrics USING (run_uuid)
       WHERE key NOT LIKE 'system%' AND key NOT LIKE 'time%' GROUP BY run_uuid, key ORDER BY run_uuid, key`,
    )
    .all()
  database.close()
  return rows.map((row) => ({ ...row }))
}

describe('--resume last', () => {
  /** Files and when they were written. */
  async function last(files: [name: string, content: Uint8Array][]) {
    const where = folderWith(Object.fromEntries(files))
    files.forEach(([name], i) => utimesSync(join(where, name), i, i))
    return { where, ...(await runCli(where, ...resumeLast)) }
  }
  const damaged = () => checkpointAt(1000).fill(7, 20_000, 20_010)

  it.concurrent('takes the newest, whatever its name and folder', async () => {
    const { code, stderr } = await last([
      ['logs/a/run_1/trial_0/checkpoint_step_1000.safetensors', checkpointAt(1000)],
      ['logs/b/run_7/trial_3/checkpoint_step_200.safetensors', checkpointAt(200)],
      ['logs/b/run_7/trial_3/checkpoint_best.safetensors', checkpointAt(400)],
      ['logs/b/run_7/trial_3/checkpoint_step_600.safetensors.123.tmp', checkpointAt(600)],
      ['checkpoint.safetensors', checkpointAt(800)],
    ])
    expect(stderr).toBe('note: resuming logs/b/run_7/trial_3/checkpoint_step_200.safetensors\n')
    expect(code).toBe(0)
  })

  it.concurrent('takes the one before when the newest is damaged, with a warning', async () => {
    const { where, code, stderr } = await last([
      ['logs/a/run_1/trial_0/checkpoint_step_600.safetensors', checkpointAt(600)],
      ['logs/a/run_1/trial_0/checkpoint_step_1000.safetensors', damaged()],
      ['logs/a/run_1/trial_0/checkpoint.safetensors', new Uint8Array(0)],
    ])
    expect(stderr).toBe(
      'warning: checkpoint logs/a/run_1/trial_0/checkpoint.safetensors: not a safetensors file, or only the beginning of one; trying the previous one\n' +
        'warning: checkpoint logs/a/run_1/trial_0/checkpoint_step_1000.safetensors: damaged or cut: its content does not match its checksum; trying the previous one\n' +
        'note: resuming logs/a/run_1/trial_0/checkpoint_step_600.safetensors\n',
    )
    expect(code).toBe(0)
    expect(receiptOf(where, trial)).toBe(receiptOf(folder, trial))
  })

  it.concurrent('has nothing to take', async () => {
    const none = error('there is no checkpoint under logs/: give the file with --resume FILE')
    expect(await runCli(temporaryFolder(), ...resumeLast)).toEqual(none)
    const { stderr } = await last([['logs/a/run_1/trial_0/checkpoint.safetensors.9.tmp', checkpointAt(600)]])
    expect(stderr).toBe(none.stderr)
  })

  it.concurrent('changes nothing of a run that is complete', async () => {
    const files = () => readdirSync(folder, { recursive: true }).toSorted()
    const before = files()
    const said =
      `note: resuming ${trial}/checkpoint.safetensors\n` +
      'note: run logs/smoke/run_1 is complete, nothing is left to do: --max-steps N beyond 1200 extends it\n'
    expect(await runCli(folder, ...resumeLast)).toEqual({ code: 0, stdout: '', stderr: said })
    const { code, stdout, stderr } = await runCli(folder, ...resumeLast, '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: said })
    expect(JSON.parse(stdout)).toMatchObject({ complete: true, folder: 'logs/smoke/run_1' })
    expect(files()).toEqual(before)
  })

  it.concurrent.each(['sqlite:///mlflow.db', 'file:mlruns'])(
    'writes what is missing of a run that is trained, into the same run of %s',
    async (uri) => {
      const where = temporaryFolder()
      const tracking = ['--tracking-uri', uri]
      expect((await runCli(where, ...smoke, ...tracking)).code).toBe(0)
      const run = join(where, 'logs/smoke/run_1')
      const names = ['report.html', 'report.md', 'trial_0/receipt.json', 'trial_0/training_losses.svg']
      const whole = names.map((name) => readFileSync(join(run, name), 'utf8'))
      const points = pointsIn(where)
      // as of a process that was killed, and of one that lives on
      writeFileSync(join(run, 'report.html.999999999.tmp'), '')
      writeFileSync(join(run, `report.html.${process.pid}.tmp`), '')
      for (const name of names) rmSync(join(run, name))
      const { code, stderr } = await runCli(where, ...resumeLast, ...tracking)
      expect([code, stderr.replace(/^note: resuming .*\n/, '')]).toEqual([
        0,
        uri.startsWith('file') ? filesWarning : '',
      ])
      expect(names.map((name) => readFileSync(join(run, name), 'utf8'))).toEqual(whole)
      expect(pointsIn(where)).toEqual(points)
      expect(readdirSync(join(where, 'logs/smoke'))).toEqual(['run_1'])
      expect(globSync('**/*.tmp', { cwd: where })).toEqual([
        `logs/smoke/run_1/report.html.${process.pid}.tmp`,
      ])
    },
  )

  it.concurrent('begins the last run anew when it was killed before its first checkpoint', async () => {
    const where = temporaryFolder()
    expect((await runCli(where, ...smoke)).code).toBe(0)
    const run = join(where, 'logs/smoke/run_1')
    const receipt = receiptOf(where, trial)
    rmSync(join(run, 'trial_0'), { recursive: true })
    const path = join(run, 'manifest.json')
    writeFileSync(
      path,
      JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), status: 'RUNNING', files: [] }),
    )
    const { code, stderr } = await runCli(where, ...resumeLast)
    expect(code).toBe(0)
    expect(stderr).toContain(
      'note: logs/smoke/run_1 ended before its first checkpoint, so it starts from the beginning\n',
    )
    expect(receiptOf(where, 'logs/smoke/run_2/trial_0')).toBe(receipt)
  })
})

describe('resuming refuses', () => {
  async function resume(bytes: Uint8Array, ...args: string[]) {
    const where = folderWith({ it: bytes })
    const end = await runCli(where, 'experiment', '--resume', 'it', ...args)
    expect(existsSync(join(where, 'logs')) || existsSync(join(where, 'mlflow.db'))).toBe(false)
    return end
  }

  it.concurrent('files that are not whole, or of another version, by evaluate too', async () => {
    const whole = checkpointAt(400)
    const version = (n: number) =>
      resealed(whole, ({ metadata }) => (metadata['format'] = `ddpg-wasm checkpoint ${n}`))
    const checksum = 'damaged or cut: its content does not match its checksum'
    const cases: [Uint8Array, string][] = [
      [whole.with(20_000, whole[20_000]! ^ 1), checksum],
      [whole.with(whole.length - 1, whole.at(-1)! ^ 128), checksum],
      [whole.subarray(0, -1), checksum],
      [whole.subarray(0, 4), 'not a safetensors file, or only the beginning of one'],
      ...[1, 3].map((n): [Uint8Array, string] => [
        version(n),
        `expected a file of format "ddpg-wasm checkpoint 2", found "ddpg-wasm checkpoint ${n}"`,
      ]),
    ]
    for (const [bytes, sentence] of cases)
      expect(await resume(bytes)).toEqual(error(`checkpoint it: ${sentence}`))
    const [bytes, sentence] = cases[0]!
    const evaluate = await runCli(folderWith({ it: bytes }), 'evaluate', '--checkpoint', 'it')
    expect(evaluate).toEqual(error(`checkpoint it: ${sentence}`))
  })

  it.concurrent('a policy, a key that matters, other data, another core', async () => {
    const policy = readFileSync(join(folder, trial, 'checkpoint_best.safetensors'))
    expect(await resume(policy)).toEqual(
      error(
        'checkpoint it: it holds a policy and no run: resume from checkpoint.safetensors or checkpoint_step_….safetensors',
      ),
    )
    expect(await resume(checkpointAt(400), ...overrides('training.tau=0.5', 'seed=3'))).toEqual(
      error('training.tau, seed cannot change when a run is resumed: start a new run'),
    )
    const other = (key: string) =>
      resealed(checkpointAt(400), ({ metadata }) => (metadata[key] = JSON.stringify('0'.repeat(64))))
    expect((await resume(other('data'))).stderr).toMatch(
      /^error: checkpoint it: it was trained on other data \(SHA-256 000000000000\) than these \([0-9a-f]{12}\): give it its own\n$/,
    )
    expect((await resume(other('core'))).stderr).toMatch(
      /^error: checkpoint it: it was written with core module 000000000000, this is [0-9a-f]{12}: resume it with the version that wrote it\n$/,
    )
  })

  it.concurrent('options that it answers itself', async () => {
    for (const option of [
      ['--scenario', 'smoke'],
      ['--config', 'x.yaml'],
      ['--seed', '1'],
      ['--trials', '2'],
      ['--name', 'x'],
      ['--no-features'],
    ]) {
      const { code, stderr } = await runCli(folder, ...resumeLast, ...option)
      expect(stderr).toMatch(/^error: option '--resume <file>' cannot be used with option '/)
      expect(code).toBe(2)
    }
  })
})

const soon = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('a run that was interrupted', () => {
  const many = [...smoke, '--max-steps', '40000', ...overrides('training.checkpoint_interval=1000')]

  it.concurrent('tells the command when it prints a document too', async () => {
    const where = temporaryFolder()
    const child = startCli(where, [...many, '--json'])
    const end = ended(child)
    while (filesIn(where, 'checkpoint_step_*.safetensors').length === 0) await soon()
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await end
    expect(code).toBe(143)
    expect(stderr).toContain('note: resume with: ddpg experiment --resume ')
    const { trials } = JSON.parse(stdout) as ExperimentReport
    expect(trials.map(({ status, receipt }) => [status, receipt])).toEqual([['KILLED', undefined]])
  })
})

describe('checkpoint_keep', () => {
  it.concurrent.each([
    ['1', [1000]],
    ['3', [600, 800, 1000]],
    ['null', [200, 400, 600, 800, 1000]],
    [undefined, [800, 1000]],
  ])('%s leaves the newest', async (keep, steps) => {
    const where = temporaryFolder()
    const given = keep === undefined ? [] : [`training.checkpoint_keep=${keep}`]
    await runCli(where, ...smoke, ...overrides('training.checkpoint_interval=200', ...given))
    const left = readdirSync(join(where, trial)).flatMap((name) =>
      name.startsWith('checkpoint_step_') ? [Number(/\d+/.exec(name)![0])] : [],
    )
    expect(left.toSorted((a, b) => a - b)).toEqual(steps)
    const artifacts = globSync('mlartifacts/**/checkpoints/*', { cwd: where }).map((path) => basename(path))
    expect(artifacts.toSorted()).toEqual(['checkpoint.safetensors', 'checkpoint_best.safetensors'])
  })
})

function query(where: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(where, 'mlflow.db'), { readOnly: true })
  const rows = database.prepare(sql).all()
  database.close()
  return rows.map((row) => ({ ...row }))
}

/**
 * All but times, which are of the training after it was resumed. Distinct, since MLflow's table holds equal points of one
 * millisecond once.
 */
const metricsIn = (where: string) =>
  query(
    where,
    "SELECT DISTINCT key, step, value FROM metrics WHERE key NOT LIKE 'time/%' AND key NOT LIKE 'system/%' ORDER BY key, step, value",
  )

const tagsIn = (where: string) =>
  Object.fromEntries(query(where, 'SELECT key, value FROM tags').map(({ key, value }) => [key, value]))
