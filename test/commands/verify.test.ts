// ddpg verify retrains from nothing but a receipt.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parquetToTable } from '../../src/data/parquet.ts'
import type { Receipt } from '../../src/trial/receipt.ts'
import { ended, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'

const updates = ['-o', 'training.optim_steps_per_batch=120'] // links at 0, 500, 1000 and 1200
let text: string
/** The data of the receipt, as CSV. */
let csv: string

beforeAll(async () => {
  const folder = temporaryFolder()
  const { code } = await runCli(folder, 'experiment', '-s', 'smoke', '-g', ...updates)
  expect(code).toBe(0)
  text = readFileSync(join(folder, 'logs/smoke/run_1/trial_0/receipt.json'), 'utf8')
  const bytes = readFileSync(join(folder, 'data/raw/synthetic/smoke.parquet'))
  const { table } = await parquetToTable(new Uint8Array(bytes).buffer, 'smoke.parquet')
  const columns = Object.values(table.columns)
  const rows = Array.from({ length: table.length }, (_, i) => columns.map((values) => values[i]).join(','))
  csv = [Object.keys(table.columns).join(','), ...rows].join('\n')
})

/** Verifies in a folder that holds these files and nothing else. */
async function verify(files: Record<string, string>, ...args: string[]) {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const ended = await runCli(folder, 'verify', ...args)
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(files).toSorted()) // it writes nothing
  return ended
}

const shortName = (content: string): string => createHash('sha256').update(content).digest('hex').slice(0, 16)

function changed(change: (receipt: Receipt) => void): string {
  const receipt = JSON.parse(text) as Receipt
  change(receipt)
  return JSON.stringify(receipt)
}

describe('ddpg verify', () => {
  it.concurrent('trains again and says identical', async () => {
    const { code, stdout, stderr } = await verify({ 'receipt.json': text }, 'receipt.json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [training, finished, verdict] = stdout.split('\n')
    expect(training).toBe('verify: training for 1200 steps with seed 7')
    expect(finished).toMatch(/^verify: finished after 1200 steps and 1200 updates in [\d.]+ s$/)
    expect(verdict).toBe(`receipt ${shortName(text)}: identical`)
  })

  it.concurrent('verifies a prefix', async () => {
    const { code, stdout } = await verify({ r: text }, 'r', '--until', '600')
    expect(stdout).toMatch(/\nverify: stopped after 1100 steps and 1000 updates in [\d.]+ s\n/)
    expect(stdout).toContain(`\nreceipt ${shortName(text)}: identical up to update 1000 of 1200\n`)
    expect(code).toBe(0)
  })

  it.concurrent.each<[string, (receipt: Receipt) => void, string]>([
    [
      'weights',
      ({ weights }) => (weights.actor_target = '0'.repeat(64)),
      'differs at the end, in weights.actor_target',
    ],
    [
      'a link',
      ({ chain: { links } }) => (links[2] = links[2]!.replace(/ \S+$/, ' 00000000')),
      'differs between updates 500 and 1000, in actor_target',
    ],
    [
      'the seed',
      (receipt) => (receipt.seed = 8),
      'differs before the first update, in random, critic, actor, critic_target, actor_target',
    ],
    [
      'the evaluation',
      ({ evaluation }) => (evaluation['test']!['sum_log_reward'] = 1),
      'differs at the end, in evaluation.test.sum_log_reward',
    ],
    [
      'the core',
      (receipt) => (receipt.core = 'e'.repeat(64)),
      'identical (made with core module eeeeeeeeeeee,',
    ],
  ])('tells when somebody changed %s', async (what, change, sentence) => {
    const receipt = changed(change)
    const { code, stdout, stderr } = await verify({ r: receipt }, 'r')
    expect(stdout).toContain(`\nreceipt ${shortNameOf(receipt)}: ${sentence}`)
    expect(stderr).toBe('')
    expect(code).toBe(what === 'the core' ? 0 : 1)
  })

  it.concurrent('tells when the data are not those of the generator', async () => {
    const receipt = changed((it) => (it.data = 'd'.repeat(64)))
    const { code, stdout, stderr } = await verify({ r: receipt }, 'r')
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: the receipt was made with other data than its data_generator generates: give the training data with --data-path FILE\n',
    })
  })

  it.concurrent('takes the data of the user, with or without a generator in the receipt', async () => {
    const own = changed((it) => (it.config['data_generator'] = null))
    const without = await verify({ own, 'own.csv': csv }, 'own')
    expect([without.code, without.stderr]).toEqual([
      1,
      'error: the receipt has no data_generator: give the training data with --data-path FILE\n',
    ])
    for (const receipt of [own, text]) {
      const { code, stdout } = await verify({ receipt, 'own.csv': csv }, 'receipt', '--data-path', 'own.csv')
      expect(stdout).toContain(': identical\n')
      expect(code).toBe(0)
    }
  })

  it.concurrent('refuses other data, naming both hashes', async () => {
    const other = csv.replace(/\d\n/, (end) => (end === '1\n' ? '2\n' : '1\n'))
    const files = { r: text, 'other.csv': other }
    const { code, stdout } = await verify(files, 'r', '--data-path', 'other.csv')
    expect(stdout).toMatch(
      /\nreceipt [0-9a-f]{16}: the data differ: their SHA-256 is [0-9a-f]{64}, that of the receipt [0-9a-f]{64}\n/,
    )
    expect(code).toBe(1)
    const none = await verify({ r: text }, 'r', '--data-path', 'none.csv')
    expect([none.code, none.stderr]).toEqual([1, 'error: data file none.csv does not exist\n'])
  })

  it.concurrent('prints a document with --json', async () => {
    const { code, stdout, stderr } = await verify({ r: text }, 'r', '--json')
    const receipt = createHash('sha256').update(text).digest('hex')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ receipt, identical: true, updates: 1200, sentence: 'identical' })
    const wrong = changed(({ chain: { links } }) => links.pop())
    const differs = await verify({ wrong }, 'wrong', '--json')
    expect(differs.code).toBe(1)
    expect(JSON.parse(differs.stdout)).toEqual({
      receipt: expect.stringMatching(/^[0-9a-f]{64}$/),
      identical: false,
      updates: 1000,
      difference: { from: 1000, to: 1200, quantities: ['the number of links'] },
      sentence: 'differs between updates 1000 and 1200, in the number of links',
    })
  })

  it.concurrent('refuses what is no receipt in a sentence', async () => {
    const cases: [string, string | undefined, RegExp][] = [
      ['none', undefined, /^file none does not exist$/],
      ['text', 'seed: 7', /^receipt text: not a receipt, or only the beginning of one: it is not JSON$/],
      ['half', text.slice(0, 2000), /^receipt half: not a receipt, or only the beginning of one: it is not/],
      ['{}', '{}', /^receipt \{\}: expected a receipt of format "ddpg-wasm receipt 1", found none$/],
      [
        'next',
        text.replace('receipt 1', 'receipt 2'),
        /^receipt next: expected a receipt of format "ddpg-wasm receipt 1", found "ddpg-wasm receipt 2"$/,
      ],
      ['short', changed((it) => (it.core = 'x')), /^receipt short: core must be 64 hexadecimal digits$/],
      [
        'config',
        changed((it) => (it.config['training'] = { tau: 7 })),
        /^receipt config: config:1: training\.tau must be in \(0, 1\], got 7$/m,
      ],
    ]
    for (const [name, content, sentence] of cases) {
      const { code, stdout, stderr } = await verify(content === undefined ? {} : { [name]: content }, name)
      expect(stderr).toMatch(/^error: [^\n]*\n(error: [^\n]*\n)*$/)
      expect(stderr.replace(/^error: /, '').split('\n')[0]).toMatch(sentence)
      expect([code, stdout]).toEqual([1, ''])
    }
  })

  it.concurrent.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends with what is known at %s', async (signal, code) => {
    const folder = temporaryFolder()
    // begins alike, and collects for hours before it learns
    const endless = { max_steps: 2e9, init_rand_steps: 1e9 }
    const receipt = changed((it) => Object.assign(it.config['training'] as object, endless))
    writeFileSync(join(folder, 'r'), receipt)
    const child = startCli(folder, ['verify', 'r'])
    const end = ended(child)
    await once(child.stdout!, 'data')
    child.kill(signal)
    const { stdout, stderr, ...rest } = await end
    expect(rest.code).toBe(code)
    expect(stderr).toBe('stopping after this update; press Ctrl-C again to stop at once\n')
    expect(stdout).toMatch(/: identical up to update 0 of 1200\n$/)
  })

  it.concurrent('wants one file, and a number to stop at', async () => {
    for (const args of [[], ['r', 'r'], ['r', '--until', '0'], ['r', '--until', 'x']])
      expect((await verify({ r: text }, ...args)).code).toBe(2)
  })
})

/** The short name of the receipt in a text, however it is written. */
function shortNameOf(receipt: string): string {
  const sorted = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(sorted)
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
  }
  return shortName(`${JSON.stringify(sorted(JSON.parse(receipt)), null, 2)}\n`)
}

it.concurrent('an experiment on other data than its generator makes tells what verifying it takes', async () => {
  const folder = temporaryFolder()
  await runCli(folder, 'generate-data', '-s', 'smoke')
  const other = ['experiment', '-s', 'smoke', '--max-steps', '300', '-o', 'data_generator.seed=8']
  const { code, stderr } = await runCli(folder, ...other)
  expect(code).toBe(0)
  expect(stderr).toContain(
    'note: data/raw/synthetic/smoke.parquet differs from what data_generator generates: ' +
      'to verify the receipt give the file with --data-path, to regenerate the file add --generate-data\n',
  )
  const receipt = 'logs/smoke/run_1/trial_0/receipt.json'
  expect(await runCli(folder, 'verify', receipt)).toMatchObject({ code: 1 })
  const data = ['--data-path', 'data/raw/synthetic/smoke.parquet']
  expect(await runCli(folder, 'verify', receipt, ...data)).toMatchObject({ code: 0 })
})

it.concurrent('data of another size than the generator makes train, and verify', async () => {
  const folder = temporaryFolder()
  const own = ['-o', 'data.data_path=own.parquet']
  await runCli(folder, 'generate-data', '-s', 'smoke', ...own, '-o', 'data_generator.n_periods=9')
  const larger = ['-o', 'data.train_size=200', '--max-steps', '600']
  expect(await runCli(folder, 'experiment', '-s', 'smoke', ...own, ...larger)).toMatchObject({ code: 0 })
  const receipt = 'logs/smoke/run_1/trial_0/receipt.json'
  const verified = await runCli(folder, 'verify', receipt, '--data-path', 'own.parquet')
  expect(verified.stdout).toContain(': identical\n')
})
