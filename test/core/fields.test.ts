// The host's table of fields follows the classes of assembly/ name by name.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  BLOCKS,
  COUNTERS,
  DIMENSIONS,
  HYPERPARAMETERS,
  NETWORK_NAMES,
  REPLAY_NAMES,
  SHAPE,
  STATISTICS,
  WIDTHS,
} from '../../src/core/fields.ts'
import { PRODUCT } from '../helpers/kernels.ts'

const source = (file: string) => readFileSync(new URL(`../../assembly/${file}`, import.meta.url), 'utf8')

/** Names and types of the fields of a class, in order. */
function fieldsOf(file: string, name: string): { name: string; type: string }[] {
  const body = new RegExp(`class ${name}( extends \\w+)? \\{\\n(.*?)\\n\\}`, 's').exec(source(file))?.[2]
  const fields = [...body!.matchAll(/^ {2}(\w+): (\w+)/gm)].map(([, field, type]) => ({
    name: field!,
    type: type!,
  }))
  expect(fields.length).toBe(body!.split('\n').filter((line) => /^ {2}\w/.test(line)).length)
  return fields
}

const names = (fields: { name: string }[]) => fields.map(({ name }) => name)
const [agent, mlp] = ['agent/learner.ts', 'nn/mlp.ts']

it.each([
  [agent, 'Dimensions', DIMENSIONS, 'i32'],
  [agent, 'Hyperparameters', HYPERPARAMETERS, 'f64'],
  [agent, 'Counters', COUNTERS, 'f64'],
  [agent, 'Statistics', STATISTICS, 'f64'],
  [mlp, 'Shape', SHAPE, 'i32'],
  ['products/product.ts', 'Product', PRODUCT, 'i32'],
])('%s, class %s, has the fields of the table, of one type', (file, name, table, type) => {
  expect(fieldsOf(file, name)).toEqual(table.map((field) => ({ name: field, type })))
})

it('the blocks of a network stand in the order of the table, and the record ends with them', () => {
  const fields = fieldsOf(mlp, 'Mlp')
  expect(names(fields).slice(fields.findIndex((field) => field.name === BLOCKS[0]))).toEqual(BLOCKS)
})

it('the fields of the replay buffer stand in the order of the table', () => {
  const replay = names(fieldsOf(agent, 'Learner')).filter((name) => name.startsWith('replay'))
  expect(replay).toEqual(REPLAY_NAMES)
})

it('the networks are those of the table, in its order', () => {
  const text = source(agent)
  const numbers = NETWORK_NAMES.map((name, i) => `const ${name.toUpperCase()}: i32 = ${i}\n`).join('')
  expect(text).toContain(`${numbers}const NETWORKS: i32 = ${NETWORK_NAMES.length}\n`)
  const held = fieldsOf(agent, 'Learner').filter(({ type }) => type === 'Mlp')
  expect(names(held)).toEqual(NETWORK_NAMES)
  for (const name of NETWORK_NAMES) expect(text).toContain(`l.${name} = networkOf(${name.toUpperCase()})`)
})

it('a shape has room for the inputs and every layer', () => {
  const [, layers] = /MAX_LAYERS: i32 = (\d+)/.exec(source(mlp))!
  expect(WIDTHS).toBe(Number(layers) + 1)
})

it('no record of static memory has its size as a literal', () => {
  for (const file of [agent, mlp, 'products/product.ts'])
    expect(source(file)).not.toMatch(/memory\.data\(\s*\d/)
})
