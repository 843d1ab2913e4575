// This file says which features a scenario observes: those of the list `features`, or those of env.feature_columns.
import { DdpgError } from '../base/errors.ts'
import { warmUpOf, type Feature } from '../features/language/expression.ts'
import { listFeatures, PRESETS } from '../features/language/presets.ts'
import { readFeatures } from '../features/language/read.ts'
import { listed, quoted, shown } from '../base/text.ts'
import type { Finding } from './place.ts'
import type { ParsedScenario } from './schema.ts'

type Chosen = Pick<ParsedScenario, 'data' | 'env' | 'features'>

/** The features that data.no_features observes instead. */
const PLAIN = ['open', 'high', 'low', 'close', 'volume'].map((name) => `feature_${name} = ${name}`)

/** Entries of `features`, undefined without any. */
function entriesOf({ features }: Pick<ParsedScenario, 'features'>): readonly string[] | undefined {
  return typeof features === 'string' ? [features] : features
}

/**
 * The features that are observed, in their order.
 * @throws DdpgError for names in env.feature_columns that there are not
 */
export function observedFeatures(scenario: Chosen): Feature[] {
  const entries = entriesOf(scenario)
  if (entries) return listFeatures(entries)
  const { data, env } = scenario
  const all = (data.no_features ? PLAIN : PRESETS.original!.entries).flatMap(readFeatures)
  const names = env.feature_columns ?? all.map(({ name }) => name)
  const found = names.map((name) => all.find((feature) => feature.name === name))
  const unknown = names.filter((_, i) => found[i] === undefined)
  if (unknown.length > 0)
    throw new DdpgError(
      `env.feature_columns names ${listed(unknown)}, have ${all.map(({ name }) => name).join(', ')}${data.no_features ? ' (data.no_features is true)' : ''}`,
    )
  return found as Feature[]
}

/** Names of what is observed; where they are not known, as many as there are. */
export function observedNames(scenario: Chosen): readonly string[] {
  const entries = entriesOf(scenario)
  if (entries) return listFeatures(entries).map(({ name }) => name)
  return scenario.env.feature_columns ?? PLAIN
}

/** A sentence for each entry that is wrong, or for all of them together. */
export function wrongFeatures(scenario: Chosen): Finding[] {
  const entries = entriesOf(scenario)
  if (entries === undefined) return []
  const isList = typeof scenario.features !== 'string'
  const wrong = entries.flatMap((entry, i): Finding[] => {
    const text = problemOf(() => listFeatures([entry]))
    if (text === undefined) return []
    const hint = isList && isOpen(entry) ? ': in a list in one line, quote what has commas' : ''
    const name = isList ? `features[${i}]` : 'features'
    return [
      { paths: [isList ? ['features', i] : ['features']], text: `${name} ${quoted(entry)}: ${text}${hint}` },
    ]
  })
  if (wrong.length > 0) return wrong
  const text = problemOf(() => listFeatures(entries))
  return text === undefined ? [] : [{ paths: [['features']], text: `features ${text}` }]
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof DdpgError) return error.message
    throw error
  }
}

/** YAML cuts `[macd(12, 26)]` at its comma. */
function isOpen(entry: string): boolean {
  return entry.split('(').length > entry.split(')').length
}

/** The rows at the beginning of the data that the features cost, in a sentence, where they do. */
export function warmUpNotes(scenario: Chosen): string[] {
  const features = entriesOf(scenario) === undefined ? [] : observedFeatures(scenario)
  const rows = Math.max(0, ...features.map(({ expression }) => warmUpOf(expression)))
  const slowest = features.find(({ expression }) => warmUpOf(expression) === rows)
  if (rows === 0 || slowest === undefined) return []
  return [`the first ${rows} rows have no value of the feature ${shown(slowest.name)} and are not trained on`]
}
