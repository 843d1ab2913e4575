// Writes what follows from the scenario's schema, configs/schema.json and the tables in docs/scenario.md, and what follows
// from the table of indicators, those in docs/features.md.
//   node tools/docs.ts           writes them
//   node tools/docs.ts --check   fails when one is out of date
import { readFileSync, writeFileSync } from 'node:fs'
import {
  hasNoEffect,
  jsonSchema,
  kindOf,
  propertiesOf,
  rangeOf,
  variantsOf,
  type JsonSchema,
} from '../src/scenario/describe.ts'

import { FAMILIES, outputsOf } from '../src/features/indicators/index.ts'
import type { Indicator } from '../src/features/indicators/indicator.ts'
import { PRESETS } from '../src/features/language/presets.ts'

const root = new URL('../', import.meta.url)
type Marks = readonly [begin: string, end: string]
const marksOf = (what: string): Marks => [
  `<!-- ${what}: written by node tools/docs.ts -->`,
  `<!-- end of ${what} -->`,
]

function editorSchema(): string {
  const { properties, ...rest } = jsonSchema
  // the Python original accepts both names of this section, so the loader does
  const environment = { ...properties?.env, description: 'another name of env' }
  const schema = { title: 'ddpg-wasm scenario', ...rest, properties: { ...properties, environment } }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** `integer ≥ 1`, `number in (0, 1]`, `list of 1 to 8 integers in [1, 4096]`. */
function typeCell(schema: JsonSchema): string {
  const words = variantsOf(schema).map((variant) => {
    const words = variant.enum ?? (variant.const === undefined ? undefined : [variant.const])
    if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(', ')
    if (variant.type === 'null') return '`null`'
    const kind = kindOf(variant).replace(/^an? /, '')
    if (variant.type !== 'array') return `${kind} ${rangeCell(variant)}`.trim()
    const item = Array.isArray(variant.items) ? variant.items[0] : variant.items
    return `${kind.replace('list of', `list of ${rangeCell(variant)}`)} ${rangeCell(item ?? {})}`.trim()
  })
  return words.join(' or ')
}

function rangeCell(schema: JsonSchema): string {
  return rangeOf(schema)
    .replace('in [1, 2147483647]', '≥ 1') // the largest 32-bit count, which no run comes near
    .replace(/^at least/, '≥')
    .replace(/^above/, '>')
}

function table(keys: [string, JsonSchema][]): string {
  const rows = keys.map(([key, schema]) => {
    const standard = schema.default === undefined ? '' : `\`${inYaml(schema.default)}\``
    const meaning = (schema.description ?? '').replaceAll('<', '\\<').replaceAll('|', '\\|')
    return `| \`${key}\` | ${typeCell(schema)} | ${standard} | ${meaning} |`
  })
  return ['| Key | Value | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function sentence({ description = '' }: JsonSchema): string {
  return `${description.charAt(0).toUpperCase()}${description.slice(1)}.`
}

function inYaml(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

/** The keys of a section and of the mappings in it, those that have an effect. */
function keysOf(properties: Record<string, JsonSchema>, outer = ''): [string, JsonSchema][] {
  return Object.entries(properties).flatMap(([key, schema]): [string, JsonSchema][] => {
    const inner = propertiesOf(schema)
    if (Object.keys(inner).length > 0) return keysOf(inner, `${outer}${key}.`)
    return hasNoEffect(schema) ? [] : [[outer + key, schema]]
  })
}

function tables(): string {
  const sections = Object.entries(jsonSchema.properties ?? {})
  const isSection = ([, schema]: [string, JsonSchema]) => Object.keys(propertiesOf(schema)).length > 0
  const top = sections.filter((one) => !isSection(one))
  const parts = ['### Top level', table(top)]
  for (const [name, schema] of sections.filter(isSection)) {
    const patterns = variantsOf(schema).filter((variant) => variant.properties !== undefined)
    parts.push(`### ${name}`, sentence(schema))
    if (patterns.length === 1) parts.push(table(keysOf(propertiesOf(schema))))
    else parts.push(...generatorTables(patterns))
  }
  const idle = sections.flatMap(([name, schema]) =>
    Object.entries(propertiesOf(schema))
      .filter(([, one]) => hasNoEffect(one))
      .map(([key]) => `\`${name}.${key}\``),
  )
  parts.push(
    '### Without effect',
    `Accepted because files of the Python original have them: ${idle.join(', ')}.`,
  )
  return parts.join('\n\n')
}

/** One table of the keys that all patterns share, then one for each pattern. */
function generatorTables(patterns: JsonSchema[]): string[] {
  const all = patterns.map((pattern) => Object.entries(pattern.properties ?? {}))
  const isShared = ([key, schema]: [string, JsonSchema]) =>
    all.every((keys) =>
      keys.some(([other, same]) => key === other && JSON.stringify(schema) === JSON.stringify(same)),
    )
  const shared = (all[0] ?? []).filter(isShared)
  return [
    'Every pattern has:',
    table(shared),
    ...patterns.flatMap(({ properties = {} }) => {
      const { pattern_type: pattern, ...own } = properties
      const title = `\`pattern_type: ${String(pattern?.const)}\`, ${pattern?.description ?? ''}:`
      return [title, table(Object.entries(own).filter((one) => !isShared(one)))]
    }),
  ]
}

/** All indicators by family, then the presets. */
function indicators(): string {
  const parts = Object.entries(FAMILIES).flatMap(([family, members]) => [
    `### ${family}`,
    markdownTable(
      ['Indicator', 'Formula', 'Lost', 'As in'],
      Object.entries(members).map(([name, indicator]) => [
        `\`${callOf(name, indicator)}\``,
        indicator.formula + outputsCell(indicator),
        String(indicator.warmUp(indicator.parameters.map(({ standard }) => standard))),
        indicator.source,
      ]),
    ),
  ])
  const presets = Object.entries(PRESETS).map(([name, { meaning, entries }]) => [
    `\`${name}\``,
    meaning,
    entries.map((entry) => `\`${entry}\``).join(', '),
  ])
  const about =
    'Periods are integers of at most 100,000 (1,000 where a row takes as many steps). C, O, H, L and V are the bar; x is the series, x₋ₙ the one n rows before, p the period.'
  return [about, ...parts, '### Presets', markdownTable(['Entry', 'Meaning', 'Features'], presets)].join(
    '\n\n',
  )
}

function callOf(name: string, { series, parameters }: Indicator): string {
  const of = series === 'needed' || series === 'volume' ? [series === 'needed' ? 'x' : series] : []
  const inside = [...of, ...parameters.map(({ standard }) => String(standard))]
  return inside.length === 0 ? name : `${name}(${inside.join(', ')})`
}

function outputsCell(indicator: Indicator): string {
  const outputs = outputsOf(indicator)
  return outputs.length === 1 ? '' : `. Gives ${outputs.map((output) => `\`.${output}\``).join(', ')}`
}

function markdownTable(header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n')
}

/** The text with `made` between its two marks. */
function between(text: string, name: string, [begin, end]: Marks, made: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${name} must hold the lines ${begin} and ${end}`)
  return `${text.slice(0, from)}${begin}\n\n${made}\n\n${text.slice(to)}`
}

const check = process.argv.includes('--check')
for (const [name, make] of [
  ['configs/schema.json', editorSchema],
  ['docs/scenario.md', (text: string) => between(text, 'docs/scenario.md', marksOf('keys'), tables())],
  [
    'docs/features.md',
    (text: string) => between(text, 'docs/features.md', marksOf('indicators'), indicators()),
  ],
] as const) {
  const file = new URL(name, root)
  const made = make(name.endsWith('.md') || check ? readFileSync(file, 'utf8') : '')
  if (!check) writeFileSync(file, made)
  else if (readFileSync(file, 'utf8') !== made) {
    console.error(`${name} is out of date: run node tools/docs.ts`)
    process.exitCode = 1
  }
}
