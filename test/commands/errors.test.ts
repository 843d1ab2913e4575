// Everything that a user can get wrong before the first step gives one sentence, no stack, and the right exit code.
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { loadScenario } from '../../src/commands/shared/scenario.ts'
import { runCli, temporaryFolder } from '../helpers/cli.ts'

const HINT = '(ddpg --help lists the commands)\n'

/** Runs in a folder with these files, a null standing for a folder. */
function runWith(files: Record<string, string | null>, ...args: string[]) {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, text === null ? name : join(name, '..')), { recursive: true })
    if (text !== null) writeFileSync(join(folder, name), text)
  }
  return runCli(folder, ...args)
}

async function expectError(
  sentence: string,
  args: string[],
  files: Record<string, string | null> = {},
  exitCode = 1,
  note = '',
): Promise<void> {
  const { code, stdout, stderr } = await runWith(files, ...args)
  expect(stderr).toBe(`${note}error: ${sentence}\n`)
  expect(stdout).toBe('')
  expect(code).toBe(exitCode)
}

async function expectUsageError(sentence: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await runWith({}, ...args)
  expect(stderr).toBe(`error: ${sentence}\n${HINT}`)
  expect(stdout).toBe('')
  expect(code).toBe(2)
}

/** Says what was understood of own.csv with that many rows. */
function understood(rows: number): string {
  return `note: own.csv: 1m, UTC, 2024-01-01 00:00 … 2024-01-01 00:${rows - 1}, ${rows} bars\n`
}

/** Rows of one minute each from midnight on. */
function csv(rows: number, change: (row: string[], i: number) => void = () => undefined): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const row = [
      `2024-01-01T00:${String(i).padStart(2, '0')}:00Z`,
      '100',
      '102',
      '99',
      String(100 + (i % 3)),
      '5',
    ]
    change(row, i)
    return row.join(',')
  })
  return ['Date,Open,High,Low,Close,Volume', ...lines].join('\n')
}
const own =
  'data: {data_path: own.csv, timeframe: 1m, train_size: 20, validation_size: 5, test_size: 5}\nseed: 3\n'

describe('a wrong command line', () => {
  it.concurrent.each([
    ["unknown command 'experimen'\n(Did you mean experiment?)", ['experimen']],
    ["unknown option '--bogus'", ['experiment', '-s', 'smoke', '--bogus']],
    ["too many arguments for 'experiment'. Expected 0 arguments but got 1: more.", ['experiment', 'more']],
    [
      "option '-s, --scenario <name>' cannot be used with option '-c, --config <file>'",
      ['experiment', '-s', 'smoke', '-c', 'own.yaml'],
    ],
    [
      'which scenario? give --scenario NAME or --config FILE (ddpg scenarios lists the names)',
      ['experiment'],
    ],
    [
      'which scenario? give --scenario NAME or --config FILE (ddpg scenarios lists the names)',
      ['generate-data'],
    ],
    [
      "option '-t, --trials <n>' argument '1.5' is invalid. It must be an integer, from 1 to 10000.",
      ['experiment', '-s', 'smoke', '--trials', '1.5'],
    ],
    [
      "option '--seed <n>' argument '-1' is invalid. It must be an integer, at least 0.",
      ['experiment', '-s', 'smoke', '--seed', '-1'],
    ],
    ["required option '--checkpoint <file>' not specified", ['evaluate']],
  ])('is a usage error: %s', (sentence, args) => expectUsageError(sentence, ...args))
})

describe('a scenario that cannot be read', () => {
  const notUnderstood = (sentence: string, args: string[], files = {}) =>
    expectError(sentence, args, files, 2)
  it.concurrent('is looked for by name, and the nearest one suggested', () =>
    notUnderstood(
      'scenario sine_wav not found, did you mean sine_wave? (there are mean_reversion, mountain_car_continuous, pendulum, sine_wave, smoke, upward_drift)',
      ['experiment', '-s', 'sine_wav'],
    ))
  it.concurrent('may be a file that was given as a name', () =>
    notUnderstood(
      'scenario own.yaml is a file: give it with --config own.yaml',
      ['experiment', '-s', 'own.yaml'],
      {
        'own.yaml': own,
      },
    ))
  it.concurrent('may be missing', () =>
    expectError('file none.yaml does not exist', ['experiment', '-c', 'none.yaml']))
  it.concurrent('may be a folder', () =>
    expectError('file folder is a folder', ['experiment', '-c', 'folder'], { folder: null }))
  it.concurrent('may have a file where its path needs a folder', () =>
    expectError(
      'file own.yaml/x.yaml cannot exist: a part of its path is a file, not a folder',
      ['experiment', '-c', 'own.yaml/x.yaml'],
      { 'own.yaml': own },
    ))
  it.concurrent('is wrong in all these places at once', () =>
    notUnderstood(
      [
        'bad.yaml:1: seed must be an integer or null, got "x"',
        'error: bad.yaml:3: unknown key training.actor_lrr, did you mean training.actor_lr?',
        'error: bad.yaml:4: training.tau must be in (0, 1], got 7',
        'error: -o foo: must be key=value, such as training.actor_lr=3e-4',
      ].join('\n'),
      ['experiment', '-c', 'bad.yaml', '-o', 'foo'],
      { 'bad.yaml': 'seed: x\ntraining:\n  actor_lrr: 3\n  tau: 7\n' },
    ))
  it.concurrent('names the options that stand for a key as they were given', () =>
    notUnderstood(
      [
        '--name "a/../b": experiment_name must begin with a letter or digit and hold only letters, digits, space and _ . -, got "a/../b"',
        'error: --max-steps 100: training.init_rand_steps must be below training.max_steps 100, got 200: nothing would be learned',
      ].join('\n'),
      ['experiment', '-s', 'smoke', '--name', 'a/../b', '--max-steps', '100'],
    ))
})

describe('data that cannot be used', () => {
  const parquet = 'data/raw/synthetic/smoke.parquet'
  it.concurrent('are missing', () =>
    expectError(`data file ${parquet} does not exist: add --generate-data to generate it`, [
      'experiment',
      '-s',
      'smoke',
      '--json',
    ]))
  it.concurrent('are missing, and cannot be generated', () =>
    expectError(
      'data file own.csv does not exist: set data.data_path to your file',
      ['experiment', '-c', 'o.yaml'],
      {
        'o.yaml': own,
      },
    ))
  it.concurrent('have no generator', () =>
    expectError(
      'the scenario has no data_generator: its data come from own.csv',
      ['generate-data', '-c', 'o.yaml'],
      { 'o.yaml': own },
    ))
  it.concurrent('are the own file of a user, which is not replaced', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'data/raw/synthetic'), { recursive: true })
    writeFileSync(join(folder, parquet), 'mine')
    const { code, stderr } = await runCli(folder, 'experiment', '-s', 'smoke', '-g')
    expect(stderr).toBe(
      `error: ${parquet} was not generated by ddpg and is not replaced: move it or change data.data_path\n`,
    )
    expect(code).toBe(1)
    expect(readFileSync(join(folder, parquet), 'utf8')).toBe('mine')
  })
  it.concurrent('would be written below a file', () =>
    expectError(
      'file own.csv/x.parquet cannot exist: a part of its path is a file, not a folder',
      ['generate-data', '-s', 'smoke', '-o', 'data.data_path=own.csv/x.parquet'],
      { 'own.csv': csv(30) },
    ))
  it.concurrent('are not parquet', () =>
    expectError(
      `${parquet} cannot be read as parquet: parquet file invalid (footer != PAR1)`,
      ['experiment', '-s', 'smoke'],
      { [parquet]: 'not parquet at all, whatever it is called' },
    ))
  it.concurrent('have problems in several rows', () =>
    expectError(
      [
        'own.csv: open is not positive in row 6 (-2)',
        '  close is not a number in row 4 (empty)',
        '  time repeats an earlier row in row 9: keep one row for each time',
      ].join('\n'),
      ['experiment', '-c', 'o.yaml'],
      {
        'o.yaml': own,
        'own.csv': csv(30, (row, i) => {
          if (i === 3) row[4] = ''
          if (i === 5) row[1] = '-2'
          if (i === 8) row[0] = '2024-01-01T00:07:00Z'
        }),
      },
    ))
  it.concurrent('are more UTF-16 than fits a string', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'o.yaml'), own)
    writeFileSync(join(folder, 'own.csv'), csv(30))
    truncateSync(join(folder, 'own.csv'), 600 * 1024 * 1024)
    const { code, stderr } = await runCli(folder, 'experiment', '-c', 'o.yaml')
    expect(stderr).toBe(
      'error: own.csv: it has 600 MiB of utf-16le, of which at most 256 MiB are read: save it as UTF-8 or parquet\n',
    )
    expect(code).toBe(1)
  })
  it.concurrent('lack the columns that are to be traded', () =>
    expectError(
      'env.price_columns names vwap, have open, high, low, close, volume',
      ['experiment', '-c', 'o.yaml', '-o', 'env.price_columns=[close, vwap]'],
      { 'o.yaml': own, 'own.csv': csv(30) },
      1,
      understood(30),
    ))
  it.concurrent('are too few for the splits', () =>
    expectError(
      'own.csv has 22 rows: data.train_size 20 leaves 2 for validation and test, which need 2 each: lower it to 18 or less',
      ['experiment', '-c', 'o.yaml'],
      { 'o.yaml': own, 'own.csv': csv(22) },
      1,
      understood(22),
    ))
})

describe('data that may not be what is meant', () => {
  const tooFew = /^error: own\.csv has 22 rows: .*\n/m
  it.concurrent('have another spacing than the timeframe says', async () => {
    const files = { 'o.yaml': own, 'own.csv': csv(22) }
    const { stderr } = await runWith(files, 'experiment', '-c', 'o.yaml', '-o', 'data.timeframe=1h')
    expect(stderr).toBe(
      'error: own.csv has a row every 1m, data.timeframe is 1h: correct it, or leave it out to take what the data show\n',
    )
  })
  it.concurrent('have a spacing that is irregular, but usually what the timeframe says', async () => {
    const late = csv(22, (row, i) => {
      if (i >= 15) row[0] = row[0]!.replace('T00', 'T07')
    })
    const files = { 'o.yaml': own, 'own.csv': late }
    const { stderr } = await runWith(files, 'experiment', '-c', 'o.yaml', '-o', 'data.timeframe=60s')
    expect(stderr.replace(tooFew, '')).toBe(
      'warning: own.csv: gaps, more than the usual 60 s since the row before, at row 16\n' +
        'note: own.csv: 1m, UTC, 2024-01-01 00:00 … 2024-01-01 07:21, 22 bars\n',
    )
  })
  it('exist, so that keys of the generator change nothing without --generate-data', () => {
    const path = join(temporaryFolder(), 'own.parquet')
    const override = ['data_generator.n_periods=6', ` data.data_path=${path}`, 'data_generator.seed = 4']
    const notes = (options: { generateData?: boolean }): unknown[] => {
      const say = vi.spyOn(console, 'error').mockReturnValue()
      loadScenario({ scenario: 'sine_wave', override, ...options })
      const said = say.mock.calls.flat()
      say.mockRestore()
      return said
    }
    expect(notes({ generateData: false })).toEqual([])
    writeFileSync(path, '')
    expect(notes({ generateData: false })).toEqual([
      'note: data_generator.n_periods has no effect on data that exist: add --generate-data',
      'note: data_generator.seed has no effect on data that exist: add --generate-data',
    ])
    expect(notes({ generateData: true })).toEqual([])
    expect(notes({})).toEqual([])
  })
})

describe('a place that cannot be written to', () => {
  it.concurrent.each([
    [
      'tracking.tracking_uri=databricks',
      "Databricks is not supported: log to sqlite:///FILE, an http address, file:FOLDER or none, and take the runs over with MLflow's tools",
      understood(30),
    ],
    ['logging.log_dir=o.yaml', 'folder o.yaml cannot exist: a part of its path is a file, not a folder', ''],
  ])('ends the experiment before it trains: %s', (override, sentence, note) =>
    expectError(
      sentence,
      ['experiment', '-c', 'o.yaml', '-o', override],
      { 'o.yaml': own, 'own.csv': csv(30) },
      1,
      note,
    ),
  )
  it.concurrent('ends the experiment before it trains: a mlflow.db that is none', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'mlflow.db'), 'some text, which is no database')
    const { code, stdout, stderr } = await runCli(folder, 'experiment', '-s', 'smoke', '-g')
    expect(stderr).toMatch(/^error: cannot use .*mlflow\.db as an MLflow database: file is not a database\n$/)
    expect([code, stdout]).toEqual([1, ''])
    expect(readdirSync(folder).toSorted()).toEqual(['data', 'mlflow.db'])
  })
})
