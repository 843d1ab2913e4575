// This file turns the text of a scenario file into a complete, valid scenario, or tells all that is wrong with it at
// once.
import { isNullable, jsonSchema, propertiesOf, type JsonSchema } from './describe.ts'
import { warmUpNotes } from './features.ts'
import { withoutLogin } from './login.ts'
import { applyOverride, otherNames, readOverride, valueAt, without, withoutKeys } from './overrides.ts'
import { locate, place, type Finding, type Origin } from './place.ts'
import { complete, nameProblem, resolveKeys } from './resolve.ts'
import { brokenRules } from './rules.ts'
import { scenarioSchema, type ParsedScenario, type Scenario } from './schema.ts'
import { findings } from './sentences.ts'
import { listed, oneLine, shown } from '../base/text.ts'
import { isMapping, LIMITS, readSource, type Problem } from './source.ts'
import { UsageError } from '../base/errors.ts'

type Tree = Record<string, unknown>

export interface ParseOptions {
  /** `key=value` each, the value in YAML, laid on top of the file in this order. */
  overrides?: readonly string[]
  /** Takes the place of the scenario's seed; the data keep the file's seed when it has one. */
  seed?: number | null
  /** Called at most once, when neither file nor caller gives a seed; returns an integer in [0, 2^53). */
  randomSeed: () => number
}

/** The error that `parseScenario` throws; its message holds the problems, one a line. */
export class ScenarioError extends UsageError {
  override name = 'ScenarioError'
  readonly problems: string[]
  constructor(problems: string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * Reads a scenario.
 * @param file its name: experiment, data file and log folder are called after it by default
 * @returns the complete scenario; its tracking.tracking_uri with the login that the scenario itself is rid of; and
 * notes for the user: a sentence each on what was given in vain, and on rows that features cost
 * @throws {ScenarioError} with all problems, each a sentence that begins with `file:line` or `-o key=value`
 */
export function parseScenario(
  text: string,
  file: string,
  options: ParseOptions,
): { scenario: Scenario; trackingUri: string; notes: string[] } {
  const given = (options.overrides ?? []).reduce((sum, override) => sum + override.length, 0)
  if (given > LIMITS.characters)
    throw scenarioError(file, [
      { about: '', text: `the overrides have ${given} characters, at most ${LIMITS.characters} are read` },
    ])
  const source = readSource(text)
  const read = (options.overrides ?? []).map(readOverride)
  const malformed = read.flatMap((one) => ('problem' in one ? [{ about: '', text: one.problem }] : []))
  if (source.broken) throw scenarioError(file, [...source.problems, ...malformed])
  const overrides = read.flatMap((one) => ('problem' in one ? [] : [one]))
  const tree = dropNulls(overrides.reduce<Tree>(applyOverride, oneEnv(source.value)), jsonSchema)

  const origin = { source, overrides }
  const { parsed, sound, wrong, hidden } = validated(tree, origin)
  const { scenario, notes } = resolveKeys(parsed, sound)
  const faults = [...wrong, ...brokenRules(scenario, wrong.map(blamed)), ...twoNames(sound, source.value)]
  const problems = [
    ...source.problems,
    ...faults.map((finding) => place(finding, origin)),
    ...malformed,
    ...nameProblem(scenario, file),
    ...seedProblem(options.seed),
  ]
  if (problems.length > 0) throw scenarioError(file, problems, hidden)
  const { tracking_uri: trackingUri } = scenario.tracking
  const tracking = { ...scenario.tracking, tracking_uri: withoutLogin(trackingUri) }
  return {
    scenario: complete({ ...scenario, tracking }, file, options),
    trackingUri,
    notes: [...notes, ...warmUpNotes(scenario)],
  }
}

/** The schema's verdict: `sound` is the tree without what it objects to, so that rules can look at the rest. */
function validated(
  tree: Tree,
  origin: Origin,
): { parsed: ParsedScenario; sound: Tree; wrong: Finding[]; hidden: number } {
  const { success, data, error } = scenarioSchema.safeParse(tree)
  if (success) return { parsed: data, sound: tree, wrong: [], hidden: 0 }
  // a guess at what each of thousands of keys was meant to be would take long, and nobody would read it
  const unknown = error.issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.length : 0))
  const hidden = unknown.reduce((sum, keys) => sum + Math.max(0, keys - LISTED), 0)
  const wrong = error.issues.flatMap((issue) => {
    const short = issue.code === 'unrecognized_keys' ? { ...issue, keys: issue.keys.slice(0, LISTED) } : issue
    return findings(short, tree, (path) => locate([path], origin).text)
  })
  const sound = error.issues.reduce<Tree>((rest, issue) => {
    // without a pattern there is no data generator
    if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
      return without(rest, ['data_generator'])
    const list = issue.path.findIndex((key) => typeof key === 'number')
    const path = list < 0 ? issue.path : issue.path.slice(0, list)
    return issue.code === 'unrecognized_keys' ? withoutKeys(rest, path, issue.keys) : without(rest, path)
  }, tree)
  return { parsed: scenarioSchema.parse(sound), sound, wrong, hidden }
}

/** The key that a finding is about, other names resolved and the index in a list left out. */
function blamed({ paths: [path = []] }: Finding): string {
  const key = path.filter((part) => typeof part !== 'number').join('.')
  return otherNames.find(([other]) => other === key)?.[1] ?? key
}

/** null stands for the default of a key, unless the schema gives null a meaning of its own. */
function dropNulls(tree: Tree, schema: JsonSchema): Tree {
  const properties = propertiesOf(schema, tree)
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const known = Object.hasOwn(properties, key) ? properties[key] : undefined
      if (value === null && known !== undefined && !isNullable(known)) return []
      return [[key, known !== undefined && isMapping(value) ? dropNulls(value, known) : value]]
    }),
  )
}

/** The section env may be called environment. */
function oneEnv({ environment, ...tree }: Tree): Tree {
  return environment === undefined ? tree : { ...tree, env: environment }
}

function twoNames(tree: Tree, file: Tree): Finding[] {
  const sections = 'env' in file && 'environment' in file
  const text = 'env and environment are two names of one section: keep one'
  return [
    ...(sections ? [{ paths: [['environment']], text }] : []),
    ...otherNames.flatMap(([other, key]) => {
      const [given, same] = [valueAt(tree, other.split('.')), valueAt(tree, key.split('.'))]
      if (given === undefined || same === undefined || String(given) === String(same)) return []
      const differ = `${other} ${written(given)} and ${key} ${written(same)} differ`
      return [{ paths: [other.split('.')], text: `${differ}: they are two names of one key, keep one` }]
    }),
  ]
}

function written(value: unknown): string {
  return Array.isArray(value) ? `[${listed(value)}]` : shown(String(value))
}

function seedProblem(seed: number | null | undefined): Problem[] {
  if (seed === undefined || seed === null || (Number.isSafeInteger(seed) && seed >= 0)) return []
  return [{ about: '', text: `--seed must be an integer in [0, ${Number.MAX_SAFE_INTEGER}], got ${seed}` }]
}

/** Problems that are reported of one scenario. */
const LISTED = 20

/**
 * Lists problems in the order of the file's lines, then those not in the file.
 * @param hidden problems that are not reported
 */
function scenarioError(file: string, problems: readonly Problem[], hidden = 0): ScenarioError {
  const order = ({ about }: Problem) => (typeof about === 'number' ? about : Number.MAX_SAFE_INTEGER)
  const sentences = problems
    .toSorted((one, other) => order(one) - order(other))
    .map(({ about, text }) => {
      const name = oneLine(file)
      const subject = typeof about === 'string' ? about : about === 0 ? name : `${name}:${about}`
      return subject === '' ? text : `${subject}: ${text}`
    })
  const unique = [...new Set(sentences)]
  const all = unique.slice(0, LISTED)
  const more = unique.length - all.length + hidden
  if (more > 0) all.push(`${oneLine(file)}: and ${more} more ${more === 1 ? 'problem' : 'problems'}`)
  return new ScenarioError(all)
}
