// Checkpoints and receipts of strangers, and the user's own scenarios, lead a run only where they may.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, overrides, receiptOf, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { resealed } from '../helpers/trial.ts'
import { withoutWarnings } from '../helpers/warnings.ts'
import { startFake, type FakeServer } from '../tracking/mlflow/fake-server.ts'

const smoke = ['experiment', '-s', 'smoke', '-g', '--max-steps', '400']
const home = temporaryFolder()
const trial = 'logs/smoke/run_1/trial_0'
let server: FakeServer
beforeAll(async () => {
  server = await startFake()
  const { code } = await runCli(home, ...smoke, ...overrides('training.checkpoint_interval=200'))
  expect(code).toBe(0)
})
afterAll(() => server.close())

/** A checkpoint at step 200 with another scenario in it. */
function forged(change: (scenario: Record<string, Record<string, unknown>>) => void): Uint8Array {
  return resealed(readFileSync(join(home, trial, 'checkpoint_step_200.safetensors')), ({ metadata }) => {
    const scenario = JSON.parse(metadata['scenario']!)
    change(scenario)
    metadata['scenario'] = JSON.stringify(scenario)
  })
}

/** Resumes it where nothing is, with a login for MLflow in the environment. */
async function resume(bytes: Uint8Array, name: string, ...args: string[]) {
  const where = temporaryFolder()
  const path = join(where, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  const login = { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 's3cret' }
  const end = await ended(startCli(where, ['experiment', '--resume', name, ...args], [], login))
  return { where, ...end }
}

describe('a checkpoint of a stranger', () => {
  it.concurrent.each<[string, string, (out: string) => unknown, string]>([
    ['logging', 'log_dir', (out) => out, '-o logging.log_dir=FOLDER'],
    ['logging', 'log_dir', () => '../out', '-o logging.log_dir=FOLDER'],
    ['logging', 'log_dir', () => '.git/hooks', '-o logging.log_dir=FOLDER'],
    ['data', 'data_path', (out) => `${out}/x.parquet`, '-o data.data_path=FILE'],
    ['data', 'data_path', () => '../x.parquet', '-o data.data_path=FILE'],
    ['data', 'data_path', () => 'data/raw/synthetic/../../../x.parquet', '-o data.data_path=FILE'],
    ['tracking', 'tracking_uri', (out) => `sqlite:///${out}/x.db`, '--tracking-uri URI'],
    ['tracking', 'tracking_uri', (out) => `file:${out}`, '--tracking-uri URI'],
    ['tracking', 'tracking_uri', () => server.base, '--tracking-uri URI'],
  ])('that gives %s.%s is not followed, but shown and asked for', async (section, key, value, option) => {
    const out = join(temporaryFolder(), 'out')
    const bytes = forged((scenario) => (scenario[section]![key] = value(out)))
    const { where, code, stdout, stderr } = await resume(bytes, 'it', '-g')
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: checkpoint it names places that a run writes to or talks to, which only you can choose: ' +
        `give ${option} (there it is ${JSON.stringify(value(out))})\n`,
    })
    expect(readdirSync(where)).toEqual(['it'])
    expect([existsSync(out), server.asked.length]).toEqual([false, 0])
  })

  it.concurrent('goes on where the command line says', async () => {
    const bytes = forged(({ logging, data, tracking }) => {
      logging!['log_dir'] = '/nowhere'
      data!['data_path'] = '/nowhere.parquet'
      tracking!['tracking_uri'] = server.base
    })
    const given = [
      '--tracking-uri',
      'none',
      ...overrides('logging={log_dir: here}', 'data.data_path=d.parquet'),
    ]
    const { where, code } = await resume(bytes, 'it', '-g', ...given)
    expect(code).toBe(0)
    expect(readdirSync(where).toSorted()).toEqual(['d.parquet', 'here', 'it'])
    expect(receiptOf(where, 'here/run_1/trial_0')).toBe(receiptOf(home, trial))
    expect(server.asked).toEqual([])
  })

  it.concurrent('that lies where its run wrote goes on beside it', async () => {
    const bytes = forged(({ logging }) => (logging!['log_dir'] = 'mine'))
    const { where, code } = await resume(bytes, 'mine/run_7/trial_0/checkpoint.safetensors', '-g')
    expect(code).toBe(0)
    expect(receiptOf(where, 'mine/run_8/trial_0')).toBe(receiptOf(home, trial))
  })

  it.concurrent('has no data on another machine, for evaluate either', async () => {
    const bytes = forged(({ data }) => (data!['data_path'] = '\\\\evil\\share\\x.csv'))
    const { where, stderr } = await resume(bytes, 'it')
    expect(stderr).toContain('give -o data.data_path=FILE (there it is "\\\\\\\\evil\\\\share\\\\x.csv")')
    expect(await runCli(where, 'evaluate', '--checkpoint', 'it')).toMatchObject({
      code: 1,
      stderr:
        'error: checkpoint it: its data are on another machine, "\\\\\\\\evil\\\\share\\\\x.csv": go to the folder of the experiment, or give your file with --data-path\n',
    })
  })
})

describe('a receipt of a stranger', () => {
  it('makes verify write nothing and talk to nobody', async () => {
    const where = temporaryFolder()
    const receipt = JSON.parse(receiptOf(home, trial))
    writeFileSync(join(where, 'receipt.json'), JSON.stringify(receipt))
    expect((await runCli(where, 'verify', 'receipt.json')).code).toBe(0)
    expect(readdirSync(where)).toEqual(['receipt.json'])
    const more: [string, object][] = [
      ['tracking', { tracking_uri: server.base }],
      ['logging', { log_dir: `${where}/out` }],
      ['data', { ...receipt.config.data, data_path: `${where}/out.parquet` }],
    ]
    for (const [section, value] of more) {
      const config = { ...receipt.config, [section]: value }
      writeFileSync(join(where, 'receipt.json'), JSON.stringify({ ...receipt, config }))
      const { stdout, stderr } = await runCli(where, 'verify', 'receipt.json')
      expect(stdout + stderr, section).toMatch(/receipt/)
      expect(readdirSync(where)).toEqual(['receipt.json'])
    }
    expect(server.asked).toEqual([])
  })
})

describe("a scenario of one's own", () => {
  const shipped = readFileSync(new URL('../../configs/smoke.yaml', import.meta.url), 'utf8')

  /** smoke with these keys (`section.key`) too. */
  function scenarioWith(keys: Record<string, string>): string {
    return Object.entries(keys).reduce((text, [path, value]) => {
      const [section, key] = path.split('.')
      const line = `  ${key}: ${JSON.stringify(value)}\n`
      return text.includes(`\n${section}:\n`)
        ? text.replace(`\n${section}:\n`, `\n${section}:\n${line}`)
        : `${text}\n${section}:\n${line}`
    }, shipped)
  }

  /** Trains it in a folder within another. */
  async function train(keys: (outer: string) => Record<string, string>, ...args: string[]) {
    const outer = temporaryFolder()
    const where = join(outer, 'inner')
    mkdirSync(where)
    writeFileSync(join(where, 'mine.yaml'), scenarioWith(keys(outer)))
    const end = await runCli(where, 'experiment', '-c', 'mine.yaml', '-g', '--max-steps', '400', ...args)
    return { outer, where, ...end }
  }

  it.concurrent.each([
    ['logging.log_dir', '../logs', '../logs'],
    ['data.data_path', 'a/../../d.parquet', 'a/../../d.parquet'],
    ['tracking.tracking_uri', 'sqlite:///../x.db', '../x.db'],
    ['tracking.tracking_uri', 'file:../mlruns', '../mlruns'],
    ['tracking.tracking_uri', 'x/../../mlruns', 'x/../../mlruns'],
  ])('is refused when its %s leads out of the folder by dots: %s', async (key, value, path) => {
    const { outer, where, code, stdout, stderr } = await train(() => ({ [key]: value }))
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: mine.yaml: ${key} "${path}" leads out of this folder: write it as an absolute path, or give it with -o\n`,
    })
    expect([readdirSync(outer), readdirSync(where)]).toEqual([['inner'], ['mine.yaml']])
  })

  it.concurrent('may write elsewhere by an absolute path, which is told', async () => {
    const { outer, code, stderr } = await train((folder) => ({
      'logging.log_dir': `${folder}/logs`,
      'data.data_path': `${folder}/d.parquet`,
      'tracking.tracking_uri': `sqlite:///${folder}/runs.db`,
    }))
    expect(code).toBe(0)
    const told = [
      ['logging.log_dir', 'logs'],
      ['data.data_path', 'd.parquet'],
      ['tracking.tracking_uri', 'runs.db'],
    ].map(([key, name]) => `note: ${key} is outside of this folder: it is written to at ${outer}/${name}\n`)
    expect(withoutWarnings(stderr)).toBe(told.join(''))
    expect(readdirSync(outer).toSorted()).toEqual(['d.parquet', 'inner', 'logs', 'mlartifacts', 'runs.db'])
  })

  it.concurrent('writes where the command line says instead, without more words', async () => {
    const { outer, code, stderr } = await train(
      () => ({ 'logging.log_dir': '../wrong', 'tracking.tracking_uri': 'sqlite:///../wrong.db' }),
      ...overrides('logging.log_dir=../logs'),
      '--tracking-uri',
      'sqlite:///../runs.db',
    )
    expect([code, withoutWarnings(stderr)]).toEqual([0, ''])
    expect(readdirSync(outer).toSorted()).toEqual(['inner', 'logs', 'mlartifacts', 'runs.db'])
  })
})
