// The receipt of a real run depends on nothing that it should not, and another program computes the same hashes.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parquetToTable } from '../../src/data/parquet.ts'
import { cli, ended, overrides, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'
import { withoutWarnings } from '../helpers/warnings.ts'

const smoke = ['experiment', '-s', 'smoke', '-g']
const folder = temporaryFolder()
const trial = join(folder, 'logs/smoke/run_1/trial_0')
let text: string

beforeAll(async () => {
  const { code, stdout } = await runCli(folder, ...smoke)
  expect(code).toBe(0)
  text = readFileSync(join(trial, 'receipt.json'), 'utf8')
  expect(stdout).toContain(`\nreceipt ${nameOf(text).slice(0, 16)}…\n`)
})

const nameOf = (content: string): string => createHash('sha256').update(content).digest('hex')

/** The one receipt under a folder. */
function receiptIn(where: string): string {
  const found = globSync('**/receipt.json', { cwd: where, exclude: ['mlartifacts'] })
  expect(found).toHaveLength(1)
  return readFileSync(join(where, found[0]!), 'utf8')
}

interface Varied {
  args?: string[]
  env?: Record<string, string>
  node?: string[]
}

/** Another host, user and time, and random numbers that are none. */
const elsewhere = `
  import os from 'node:os'
  import { syncBuiltinESMExports } from 'node:module'
  os.hostname = () => 'elsewhere'
  os.userInfo = () => ({ username: 'somebody', uid: 1, gid: 1, shell: null, homedir: '/' })
  os.availableParallelism = () => 64
  syncBuiltinESMExports()
  const now = Date.now
  Date.now = () => now() - 1e12
  Math.random = () => 0.5
`

describe('the receipt of a run is the same', () => {
  it.concurrent.each<[string, Varied]>([
    ['at another time, in another folder', {}],
    [
      'on another host, for another user, in another year',
      { node: ['--import', `data:text/javascript,${encodeURIComponent(elsewhere)}`] },
    ],
    [
      'in Turkish, in Nepal, under another name, with an MLflow server that is away',
      {
        env: {
          LANG: 'tr_TR.UTF-8',
          LC_ALL: 'tr_TR.UTF-8',
          TZ: 'Asia/Kathmandu',
          MLFLOW_TRACKING_URI: 'http://127.0.0.1:9',
          MLFLOW_EXPERIMENT_NAME: 'theirs',
        },
        args: ['--name', 'another'],
      },
    ],
    [
      'in no language, west of Greenwich, with the data in another file, without tracking',
      {
        env: { LANG: 'C', LC_ALL: 'C', TZ: 'America/St_Johns' },
        args: overrides('data.data_path=elsewhere/x.parquet', 'tracking.tracking_uri=none'),
      },
    ],
    [
      'with logs and tracking elsewhere, without plots',
      {
        args: overrides(
          'logging={log_dir: results, save_plots: false}',
          'tracking.tracking_uri=sqlite:///runs/own.db',
        ),
      },
    ],
    [
      'with other intervals of logs and checkpoints, as a document, with MLflow in a folder',
      {
        args: [
          '--json',
          '--tracking-uri',
          'file:runs',
          ...overrides(
            'training.log_interval=7',
            'training.checkpoint_interval=100',
            'training.checkpoint_keep=null',
          ),
        ],
      },
    ],
    ['as the last of two trials', { args: ['--seed', '6', '--trials', '2'] }],
  ])('%s', async (_, { args = [], env = {}, node = [] }) => {
    const where = temporaryFolder()
    const { code } = await ended(startCli(where, [...smoke, ...args], node, env))
    expect(code).toBe(0)
    const found = globSync('**/receipt.json', { cwd: where, exclude: ['mlartifacts', 'runs'] }).toSorted()
    expect(readFileSync(join(where, found.at(-1)!), 'utf8')).toBe(text)
  })

  it.concurrent('on a terminal', async () => {
    const where = temporaryFolder()
    const command = `stty cols 120 rows 40; exec "${process.execPath}" "${cli}" ${smoke.join(' ')}`
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: where, stdio: 'pipe' })
    const { code, stdout } = await ended(child)
    expect(code).toBe(0)
    expect(stdout).toContain('\u001B') // it was one
    expect(receiptIn(where)).toBe(text)
  })

  it.concurrent('from parquet and from CSV with the same values', async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()]
    const bytes = readFileSync(join(folder, 'data/raw/synthetic/smoke.parquet'))
    const { table } = await parquetToTable(new Uint8Array(bytes).buffer, 'smoke.parquet')
    const columns = Object.entries(table.columns)
    const rows = Array.from({ length: table.length }, (_, i) =>
      columns
        .map(([name, values]) => (name === 'timestamp' ? new Date(values[i]!).toISOString() : values[i]))
        .join(';'),
    )
    writeFileSync(join(one, 'own.parquet'), bytes)
    writeFileSync(
      join(other, 'own.csv'),
      [columns.map(([name]) => name.toUpperCase()).join(';'), ...rows].join('\r\n'),
    )
    const receipts = await Promise.all(
      (
        [
          [one, 'own.parquet'],
          [other, 'own.csv'],
        ] as const
      ).map(async ([where, file]) => {
        const args = ['experiment', '-s', 'smoke', '-o', `data.data_path=${file}`]
        expect((await runCli(where, ...args)).code).toBe(0)
        return receiptIn(where)
      }),
    )
    expect(receipts).toEqual([text, text])
  })
})

describe('the receipt of a run', () => {
  it('is among the artifacts of its MLflow run, with its name as a tag', () => {
    const [artifact, ...more] = globSync('mlartifacts/**/receipt.json', { cwd: folder })
    expect(more).toEqual([])
    expect(readFileSync(join(folder, artifact!), 'utf8')).toBe(text)
    const database = new DatabaseSync(join(folder, 'mlflow.db'), { readOnly: true })
    const tags = database.prepare("SELECT value FROM tags WHERE key = 'receipt'").all()
    database.close()
    expect(tags.map(({ value }) => value)).toEqual([nameOf(text)])
  })

  it('holds nothing of the machine', () => {
    for (const told of [folder, 'data_path', 'logs', 'mlflow', process.version])
      expect(text).not.toContain(told)
  })

  it('is named by sha256sum', () => {
    const output = execFileSync('sha256sum', [join(trial, 'receipt.json')], { encoding: 'utf8' })
    expect(output.slice(0, 64)).toBe(nameOf(text))
  })

  it.concurrent('is not there when the run was not to its end', async () => {
    const where = temporaryFolder()
    const args = [...smoke, '--max-steps', '5000000', '-o', 'training.checkpoint_interval=2000', '--json']
    const child = startCli(where, args)
    const end = ended(child)
    while (globSync('logs/**/checkpoint_step_*.safetensors', { cwd: where }).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    const { trials } = JSON.parse((await end).stdout)
    expect(trials[0]).not.toHaveProperty('receipt')
    expect(globSync('**/receipt.json', { cwd: where })).toEqual([])
  })
})

describeWithPython('a receipt in Python', () => {
  it.each([
    ['smoke', []],
    ['two assets', overrides('env.price_columns=[close, open]', 'env.include_position_feature=true')],
    [
      'positions',
      overrides(
        'env.backend=gym_trading_env.continuous',
        'env.windows=2',
        'training.optim_steps_per_batch=60',
        'training.noise={type: ou, sigma: 0.3}',
      ),
    ],
  ])('has the hashes that hashlib finds: %s', async (name, args) => {
    const where = join(temporaryFolder(), name)
    mkdirSync(where)
    const { code, stderr } = await runCli(where, ...smoke, ...args)
    expect([code, withoutWarnings(stderr)]).toEqual([0, ''])
    const files = join(where, 'logs/smoke/run_1/trial_0')
    cpSync(fileURLToPath(new URL('../../build/core.wasm', import.meta.url)), join(where, 'core.wasm'))
    const content = readFileSync(join(files, 'receipt.json'), 'utf8')
    const { weights, metrics, data, core, chain } = JSON.parse(content)
    expect(
      runPython(
        'commands/receipt_peer.py',
        join(files, 'checkpoint.safetensors'),
        join(where, 'data/raw/synthetic/smoke.parquet'),
        join(where, 'core.wasm'),
        join(files, 'receipt.json'),
      ),
    ).toEqual({
      weights,
      metrics,
      data,
      core,
      link: chain.links.at(-1),
      name: nameOf(content),
      checksum: true,
    })
  })
})
