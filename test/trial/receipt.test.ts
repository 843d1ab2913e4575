// A receipt is made of, and depends on, what docs/receipts.md says.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LINK_UPDATES, QUANTITIES } from '../../src/trial/chain.ts'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import {
  createReceipt,
  differingKeys,
  readReceipt,
  receiptName,
  receiptText,
  scenarioOf,
  type Receipt,
} from '../../src/trial/receipt.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import { run, smallScenario, table, type TestScenario } from '../helpers/trial.ts'
import { parse } from '../scenario/helpers.ts'

async function receiptOf(given: TestScenario = {}, data = table): Promise<Receipt> {
  return (await run(given, { data })).result.receipt!
}
const receipt = await receiptOf()

/** Dotted keys of all that is no section. */
function leaves(value: unknown, at: string[] = []): string[] {
  const isSection = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isSection) return [at.join('.')]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...at, key]))
}

describe('a receipt', () => {
  it('has one text: its keys in order, and its hash is the name', () => {
    const text = receiptText(receipt)
    const inOrder = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) return value.map(inOrder)
      const keys = Object.keys(value).toSorted()
      return Object.fromEntries(keys.map((key) => [key, inOrder((value as Record<string, unknown>)[key])]))
    }
    expect(text).toBe(`${JSON.stringify(inOrder(JSON.parse(text)), null, 2)}\n`)
    expect(text).toMatch(/^[\n -~]+$/)
    expect(receiptName(receipt)).toBe(createHash('sha256').update(text).digest('hex'))
  })

  it('is read again as it was written', () => {
    expect(readReceipt(receiptText(receipt))).toEqual(receipt)
    expect(receiptText(readReceipt(receiptText(receipt)))).toBe(receiptText(receipt))
  })

  it('has a link at the beginning, one every so many updates, and one at the end', async () => {
    const { chain, updates } = await receiptOf({ training: { optim_steps_per_batch: 60 } })
    expect(updates).toBe(1020)
    expect(chain.every).toBe(LINK_UPDATES)
    expect(chain.quantities).toEqual([...QUANTITIES])
    expect(chain.links.map((link) => Number(link.split(' ')[0]))).toEqual([0, 500, 1000, 1020])
    for (const link of chain.links) expect(link.split(' ')).toHaveLength(2 + QUANTITIES.length)
  })

  it('tells in its last link of the weights and metrics that it tells of itself', () => {
    const shown = receipt.chain.links.at(-1)!.split(' ').slice(2)
    const short = Object.fromEntries(QUANTITIES.map((name, i) => [name, shown[i]]))
    const all = { ...receipt.weights, metrics: receipt.metrics }
    for (const [name, hash] of Object.entries(all)) expect(hash.slice(0, 8), name).toBe(short[name])
  })

  it.each(readdirSync('configs').filter((name) => name.endsWith('.yaml')))(
    'gives back the scenario: %s',
    (name) => {
      const { scenario } = parse(readFileSync(`configs/${name}`, 'utf8'))
      const again = scenarioOf(read(scenario))
      expect(differingKeys(scenario, again)).toEqual([])
      expect(read(again)).toEqual(read(scenario))
    },
  )

  it('gives back values to their last digit', () => {
    const training = { tau: 0.1 + 0.2, actor_lr: 1e-7 / 3, critic_lr: 2 ** -30, gamma: 1 - 2 ** -53 }
    const scenario = smallScenario({ training, seed: 2 ** 53 - 1 })
    expect(scenarioOf(read(scenario)).training).toMatchObject(training)
    expect(scenarioOf(read(scenario)).seed).toBe(2 ** 53 - 1)
  })
})

/** The receipt of another scenario, its results aside. */
function read(scenario: Scenario): Receipt {
  const { core, data, steps, updates, weights, metrics, evaluation, chain } = receipt
  const parts = { core, data, steps, updates, weights, metrics, links: chain.links }
  return readReceipt(receiptText(createReceipt({ scenario, ...parts, evaluation: evaluation as never })))
}

describe('a receipt depends on', () => {
  /** Top-level keys and networks that differ. */
  async function changed(given: TestScenario, data = table): Promise<string[]> {
    const other = await receiptOf(given, data)
    const keys = leaves(receipt).filter((key) => {
      const at = (value: unknown) =>
        key.split('.').reduce((inner, name) => (inner as Record<string, unknown>)?.[name], value)
      return JSON.stringify(at(receipt)) !== JSON.stringify(at(other))
    })
    return [...new Set(keys.map((key) => key.replace(/^(evaluation\.\w+)\..*/, '$1')))].toSorted()
  }
  const weights = ['actor', 'actor_target', 'critic', 'critic_target'].map((name) => `weights.${name}`)
  const results = ['evaluation.test', 'evaluation.train', 'evaluation.validation', 'metrics', ...weights]

  it('the seed', async () => {
    expect(await changed({ seed: 4 })).toEqual(['chain.links', ...results, 'seed'].toSorted())
  })
  it('what the learner is told', async () => {
    expect(await changed({ training: { tau: 0.0051 } })).toEqual(
      ['chain.links', 'config.training.tau', ...results].toSorted(),
    )
  })
  it('the validations, which are among the metrics and leave the weights alone', async () => {
    expect(await changed({ training: { eval_interval: 40 } })).toEqual(
      ['chain.links', 'config.training.eval_interval', 'metrics'].toSorted(),
    )
  })
  it('the random trials of the evaluation, which are nothing but its benchmark', async () => {
    expect(await changed({ evaluation: { n_random_trials: 3 } })).toEqual([
      'config.evaluation.n_random_trials',
      'evaluation.test',
      'evaluation.train',
      'evaluation.validation',
    ])
  })
  it('a row of the data: one of the test changes what is measured there', async () => {
    const columns = { ...table.columns, close: table.columns['close']!.with(100, 51000) }
    expect(await changed({}, { ...table, columns })).toEqual(['data', 'evaluation.test'])
  })
  it('a row of the data: the smallest change of one to train on shows', async () => {
    const close = table.columns['close']!
    const columns = { ...table.columns, close: close.with(30, close[30]! * (1 + 2 ** -52)) }
    const keys = await changed({}, { ...table, columns })
    expect(keys).toEqual(expect.arrayContaining(['chain.links', 'data', 'metrics']))
  })
})

describe('the page about receipts', () => {
  const page = readFileSync('docs/receipts.md', 'utf8')
  const listed = (heading: string): string[] => {
    const section = new RegExp(`^## ${heading}\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(page)?.[1] ?? ''
    return [...section.matchAll(/^(?:\||-) `([^`]+)`/gm)].map((match) => match[1]!)
  }

  it('names every field', () => {
    expect(listed('Fields').toSorted()).toEqual(Object.keys(receipt).toSorted())
  })

  it('names every key of a scenario that is left out, and no other', () => {
    const scenario = smallScenario()
    const told = { description: 'd', expected_strategy: 'e', optimal_return_estimate: 'o' }
    const full = {
      ...scenario,
      device: 'cpu',
      data_generator: { ...scenario.data_generator!, ...told },
    } as Scenario
    const kept = [...leaves(read(full).config), 'seed']
    const left = leaves(full).filter((key) => !kept.includes(key))
    const isWithin = (key: string, name: string) => key === name || key.startsWith(`${name}.`)
    const names = listed('Left out')
    expect(left.filter((key) => !names.some((name) => isWithin(key, name)))).toEqual([])
    expect(names.filter((name) => !left.some((key) => isWithin(key, name)))).toEqual([])
    const { noise } = scenario.training
    const changing = { ...full, training: { ...full.training, noise: { ...noise, sigma_end: 0.1 } } }
    expect(read(changing).config).toHaveProperty('training.noise.anneal_steps')
  })

  it('names every tensor of a checkpoint, and those of a policy first', async () => {
    const { checkpoint, best } = (await run({ training: { algorithm: 'TD3' } })).result // it has them all
    const table = /^\| tensor .*?\n\n/ms.exec(page)![0].split('\n').slice(2)
    const named = table.map((row) =>
      [...row.split(' | ')[0]!.matchAll(/`([a-z_\d]+)/g)].map(([, name]) => name!),
    )
    const tensorsOf = (bytes: Uint8Array): string[] => {
      const names = Object.keys(openCheckpoint(bytes).tensors)
      return [...new Set(names.map((name) => name.replace(/\..*/, ''))), 'sha256'].toSorted()
    }
    const unique = (names: string[][]): string[] => [...new Set(names.flat())].toSorted()
    expect(unique(named)).toEqual(tensorsOf(checkpoint))
    expect(unique([...named.slice(0, 7), ['sha256']])).toEqual(tensorsOf(best!.bytes))
  })

  it('tells of each quantity, in order, and of the interval', () => {
    expect(listed('The chain')).toEqual([...QUANTITIES])
    expect(page).toContain(`every ${LINK_UPDATES} updates`)
  })
})

describe('reading a receipt refuses', () => {
  const text = receiptText(receipt)
  const refuse = (changed: string) => () => readReceipt(changed)

  it('what is no JSON, or another document', () => {
    const sentence = 'not a receipt, or only the beginning of one: it is not JSON'
    expect(refuse('')).toThrow(sentence)
    expect(refuse(text.slice(0, -100))).toThrow(sentence)
    for (const other of ['null', '7', '[]', '"text"', '{}'])
      expect(refuse(other)).toThrow('expected a receipt of format "ddpg-wasm receipt 1", found none')
  })
  it('another version', () => {
    expect(refuse(text.replace('ddpg-wasm receipt 1', 'ddpg-wasm receipt 2'))).toThrow(
      'expected a receipt of format "ddpg-wasm receipt 1", found "ddpg-wasm receipt 2"',
    )
  })
  it.each<[string, object, string]>([
    ['a hash that is none', { core: 'x' }, 'core must be 64 hexadecimal digits'],
    [
      'what is missing',
      { weights: undefined },
      'weights must be the hashes of actor, critic, actor_target and critic_target',
    ],
    ['a network more', { weights: { ...receipt.weights, more: '0' } }, 'weights must be the hashes of actor'],
    ['a negative count', { steps: -1 }, 'steps must be an integer, at least 0'],
    ['a seed beyond what numbers hold', { seed: 2 ** 60 }, 'seed must be an integer, at least 0'],
    ['an unknown key', { more: 1 }, 'unknown key more'],
    ['a scenario that is none', { config: [] }, 'config must be a scenario'],
    [
      'a metric that is none',
      { evaluation: { test: { x: '1' } } },
      'evaluation.test.x must be a number or null',
    ],
    ['no links', { chain: { ...receipt.chain, links: [] } }, 'chain.links must be a list of links'],
    ['a link that is none', { chain: { ...receipt.chain, links: ['0'] } }, 'chain.links.0 must be a link'],
    ['another interval', { chain: { ...receipt.chain, every: 7 } }, 'chain.every must be 500'],
    [
      'other quantities',
      { chain: { ...receipt.chain, quantities: receipt.chain.quantities.toReversed() } },
      'chain.quantities.0 must be environment, random, metrics',
    ],
  ])('%s', (_, change, sentence) => {
    expect(refuse(JSON.stringify({ ...receipt, ...change }))).toThrow(sentence)
  })
})
