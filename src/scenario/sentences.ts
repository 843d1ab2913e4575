// This file makes one sentence for each thing that the schema objects to.
import type { z } from 'zod'
import {
  hasNoEffect,
  jsonSchema,
  kindOf,
  orList,
  propertiesOf,
  rangeOf,
  schemaAt,
  variantsOf,
  type JsonSchema,
} from './describe.ts'
import { nearest, quoted, shown } from '../base/text.ts'
import { valueAt } from './overrides.ts'
import { backendsWhere } from './environments.ts'
import type { Finding } from './place.ts'
import { isMapping, type Path } from './source.ts'

/** Why a value that the Python original knows is refused here. */
const reasons: Record<string, string> = {
  'training.algorithm': 'only DDPG and TD3 are implemented',
  'training.delay_qvalue': 'target values always come from the target critic',
  device: 'everything runs in WebAssembly on the CPU',
}

/** @param tree the tree that was read @param written the text of a plain value as it stands in the file */
export function findings(
  issue: z.core.$ZodIssue,
  tree: unknown,
  written: (path: Path) => string | undefined,
): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      return { paths: [path], text: unknownKey(path, tree) }
    })
  }
  const value = valueAt(tree, issue.path)
  return [{ paths: [issue.path], text: sentence(issue, tree, value, written(issue.path)) }]
}

function sentence(issue: z.core.$ZodIssue, tree: unknown, value: unknown, written?: string): string {
  const name = keyName(issue.path)
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    const generator = schemaAt(issue.path.slice(0, -1), tree) ?? {}
    const expected = orList(generators(generator).map(({ pattern_type }) => pattern_type?.const))
    if (value === undefined) return `${name} is missing: it must be ${expected}`
    return `${name} must be ${expected}, got ${quote(value, true, written)}`
  }
  const schema = schemaAt(issue.path, tree) ?? {}
  if (name === 'env.backend' && typeof value === 'string') {
    const why = backendReason(value)
    if (why !== '')
      return `${name} ${shown(value)} ${why}; use ${orList(backendsWhere(({ kind }) => kind === 'trading'))}`
  }
  const bare = variantsOf(schema).some((one) => one.enum !== undefined || one.const !== undefined)
  const got = `got ${quote(value, bare, written)}`
  const reason = reasons[name] === undefined ? '' : `: ${reasons[name]}`
  return `${name} must ${requirement(issue, schema, value)}, ${got}${reason}`
}

function requirement(issue: z.core.$ZodIssue, schema: JsonSchema, value: unknown): string {
  // zod's own wording of a pattern is of no use to a reader, the schema's is
  if (issue.code === 'invalid_format') return issue.message.replace(/^must /, '')
  if (issue.code !== 'too_small' && issue.code !== 'too_big') {
    return `be ${typeof value === 'number' ? kindOf(schema).replace('a number', 'a finite number') : kindOf(schema)}`
  }
  if (typeof value === 'string') {
    return value === '' ? 'not be empty' : `have at most ${schema.maxLength} characters`
  }
  if (Array.isArray(value)) return `have ${rangeOf(schema)} entries`
  const beyond = issue.code === 'too_big' && issue.maximum === Number.MAX_SAFE_INTEGER
  return `be ${beyond ? `at most ${issue.maximum}` : rangeOf(schema)}`
}

function backendReason(backend: string): string {
  if (backend.startsWith('gym_anytrading.')) return 'has only sell and buy'
  return backend === 'gym_trading_env.discrete' ? 'has only discrete actions' : ''
}

/** `training.noise.sigma`, `env.positions[2]`. */
function keyName(path: Path): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`
    return name === '' ? shown(String(key)) : `${name}.${shown(String(key))}`
  }, '')
}

function quote(value: unknown, bare: boolean, written?: string): string {
  if (typeof value === 'string') return bare && value !== '' ? shown(value) : quoted(value)
  if (Array.isArray(value)) {
    const short = value.length <= 20 && value.every((entry) => typeof entry !== 'object')
    return short ? `[${value.map((entry) => quote(entry, false)).join(', ')}]` : `a list of ${value.length}`
  }
  return isMapping(value) ? 'a mapping' : shown(written ?? String(value))
}

function unknownKey(path: Path, tree: unknown): string {
  const name = keyName(path)
  const key = String(path.at(-1))
  const outer = path.slice(0, -1)
  const section = schemaAt(outer, tree) ?? {}
  const patterns = generators(section).filter((keys) => Object.hasOwn(keys, key))
  if (patterns.length > 0) {
    return `unknown key ${name}: only ${orList(patterns.map(({ pattern_type }) => pattern_type?.const))} has it`
  }
  const keys = allKeys(jsonSchema)
  const elsewhere = keys.find((known) => known.at(-1) === key)
  if (elsewhere !== undefined) {
    const where = elsewhere.length > 1 ? keyName(elsewhere.slice(0, -1)) : 'the top level'
    return `unknown key ${name}, ${shown(key)} belongs to ${where}: ${keyName(elsewhere)}`
  }
  const beside = usable(propertiesOf(section, valueAt(tree, outer))).map(([known]) => [...outer, known])
  const near = nearest(key, [...beside, ...keys], (path) => String(path.at(-1)))
  return near === undefined ? `unknown key ${name}` : `unknown key ${name}, did you mean ${keyName(near)}?`
}

/** The keys of each kind of data generator; empty when `section` is not that of the data generator. */
function generators(section: JsonSchema): Record<string, JsonSchema>[] {
  return variantsOf(section).flatMap(({ properties }) => (properties?.pattern_type ? [properties] : []))
}

function usable(properties: Record<string, JsonSchema>): [string, JsonSchema][] {
  return Object.entries(properties).filter(([, schema]) => !hasNoEffect(schema))
}

function allKeys(schema: JsonSchema, outer: Path = []): Path[] {
  return usable(propertiesOf(schema)).flatMap(([key, inner]) => [
    [...outer, key],
    ...allKeys(inner, [...outer, key]),
  ])
}
