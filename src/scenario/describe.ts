// This file says in words what a key accepts: one wording for the loader's sentences and for the guide's table.
import { z } from 'zod'
import { NO_EFFECT } from './kinds.ts'
import { scenarioSchema } from './schema.ts'

/** The part of JSON Schema (draft 7) that the scenario's schema uses. */
export interface JsonSchema {
  type?: string
  description?: string
  default?: unknown
  properties?: Record<string, JsonSchema>
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  items?: JsonSchema | JsonSchema[]
  minItems?: number
  maxItems?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

/** The scenario's schema for what files hold, as JSON Schema draft 7. */
export const jsonSchema = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-7' }) as JsonSchema

/** The alternatives of a schema, itself when it has none, unions within unions laid flat. */
export function variantsOf(schema: JsonSchema): JsonSchema[] {
  const variants = schema.anyOf ?? schema.oneOf
  return variants === undefined ? [schema] : variants.flatMap(variantsOf)
}

export function isNullable(schema: JsonSchema): boolean {
  return variantsOf(schema).some((variant) => variant.type === 'null')
}

export function hasNoEffect(schema: JsonSchema): boolean {
  return schema.description?.startsWith(NO_EFFECT) ?? false
}

/** The keys of a section; of a data generator, those of the pattern that `value` names, of all patterns without it. */
export function propertiesOf(schema: JsonSchema, value?: unknown): Record<string, JsonSchema> {
  const variants = variantsOf(schema).filter((variant) => variant.properties !== undefined)
  const pattern = (value as Record<string, unknown> | undefined)?.pattern_type
  const named = variants.filter((variant) => variant.properties?.pattern_type?.const === pattern)
  return Object.assign({}, ...(named.length > 0 ? named : variants).map((variant) => variant.properties))
}

/** The schema of the key at `path`, undefined when there is none. @param value what the file holds at the top */
export function schemaAt(path: readonly PropertyKey[], value: unknown): JsonSchema | undefined {
  let schema: JsonSchema | undefined = jsonSchema
  let held = value
  for (const key of path) {
    if (schema === undefined) return undefined
    const list: JsonSchema | undefined = variantsOf(schema).find((variant) => variant.type === 'array')
    if (typeof key === 'number' && list !== undefined) {
      schema = Array.isArray(list.items) ? list.items[key] : list.items
    } else {
      const properties = propertiesOf(schema, held)
      schema = Object.hasOwn(properties, key) ? properties[String(key)] : undefined
    }
    held = (held as Record<PropertyKey, unknown> | null | undefined)?.[key]
  }
  return schema
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(words: readonly unknown[]): string {
  return [words.slice(0, -1).join(', '), String(words.at(-1))].filter((part) => part !== '').join(' or ')
}

/** Names the kind of value that a key takes, such as `an integer`, `true or false`, `l2, l1 or smooth_l1`. */
export function kindOf(schema: JsonSchema): string {
  const variants = variantsOf(schema)
  if (variants.length > 1) return orList([...new Set(variants.map(kindOf))])
  if (schema.const !== undefined) return String(schema.const)
  if (schema.enum !== undefined) return orList(schema.enum)
  if (schema.type === 'array') {
    const item = Array.isArray(schema.items) ? schema.items[0] : schema.items
    return `a list of ${kindOf(item ?? {}).replace(/^an? /, '')}s`
  }
  const kinds: Record<string, string> = {
    number: 'a number',
    integer: 'an integer',
    boolean: 'true or false',
    string: 'a string',
    object: 'a mapping',
    null: 'null',
  }
  return kinds[schema.type ?? ''] ?? 'anything'
}

/** The range of a number, such as `in (0, 1]` or `at least 2`, the number of entries of a list; empty when free. */
export function rangeOf(schema: JsonSchema): string {
  const variant = variantsOf(schema).find((one) => one.type !== 'null') ?? schema
  if (variant.type === 'array') {
    const [least, most] = [sizeOf(variant, variant.minItems), sizeOf(variant, variant.maxItems)]
    if (least === undefined && most === undefined) return ''
    if (most === undefined) return `at least ${least}`
    return least === most ? `exactly ${least}` : `${least ?? 0} to ${most}`
  }
  const low = variant.exclusiveMinimum ?? bound(variant.minimum)
  const high = variant.exclusiveMaximum ?? bound(variant.maximum)
  if (low !== undefined && high !== undefined) {
    const open = variant.exclusiveMinimum === undefined ? '[' : '('
    const close = variant.exclusiveMaximum === undefined ? ']' : ')'
    return `in ${open}${low}, ${high}${close}`
  }
  if (low !== undefined) return `${variant.exclusiveMinimum === undefined ? 'at least' : 'above'} ${low}`
  if (high !== undefined) return `${variant.exclusiveMaximum === undefined ? 'at most' : 'below'} ${high}`
  return ''
}

/** A tuple's length counts as its least and its most. */
function sizeOf(schema: JsonSchema, stated: number | undefined): number | undefined {
  return Array.isArray(schema.items) ? schema.items.length : stated
}

/** The ends of the safe integers are in every integer's schema and say nothing. */
function bound(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? undefined : value
}
