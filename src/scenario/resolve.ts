// From what the schema made of a file to the scenario that is in effect: other names of keys, defaults that
// depend on other keys, and keys that change nothing.
import { jsonSchema, propertiesOf, schemaAt } from './describe.ts'
import { otherNames, set, valueAt, without } from './overrides.ts'
import type { Problem } from './source.ts'
import { CLASSIC_CONTROL, NO_EFFECT, scenarioSchema, type ParsedScenario, type Scenario } from './schema.ts'

type Tree = Record<string, unknown>

const MARKETS = ['tradingenv', 'gym_trading_env.continuous']

/** Keys that both markets have, by section; '' is the top level. */
const OF_MARKETS = {
  '': ['data_generator'],
  data: ['data_path', 'train_size', 'validation_size', 'test_size', 'no_features', 'timeframe'],
  env: ['trading_fees', 'initial_cash', 'feature_columns', 'obs_clip', 'reward_type'],
  evaluation: ['n_random_trials', 'calendar'],
}

/** Keys that only some choices give a meaning to: without it they keep their default. */
const needed: { key: string; is: string[]; section: string; keys: string[] }[] = [
  {
    key: 'env.backend',
    is: ['gym_trading_env.continuous'],
    section: 'env',
    keys: [
      'positions',
      'continuous_action_thresholds',
      'borrow_interest_rate',
      'borrow_interest',
      'initial_position',
      'windows',
      'max_episode_duration',
    ],
  },
  {
    key: 'env.backend',
    is: ['tradingenv'],
    section: 'env',
    keys: ['include_position_feature', 'price_columns'],
  },
  ...Object.entries(OF_MARKETS).map(([section, keys]) => ({
    key: 'env.backend',
    is: MARKETS,
    section,
    keys,
  })),
  { key: 'env.backend', is: ['classic_control'], section: 'evaluation', keys: ['n_episodes'] },
  { key: 'training.noise.type', is: ['ou'], section: 'training.noise', keys: ['theta', 'dt'] },
]

/**
 * The part of resolving that can be done while the scenario may still break rules.
 * @param tree what was read, to tell what was given
 * @returns the scenario without other names and without keys that change nothing, and a note on the latter
 */
export function resolveKeys(
  parsed: ParsedScenario,
  tree: Tree,
): { scenario: ParsedScenario; notes: string[] } {
  const named = otherNames.reduce<Tree>((scenario, [other, key]) => {
    const value = valueAt(tree, other.split('.'))
    const rest = without(scenario, other.split('.'))
    return value === undefined ? rest : set(rest, key.split('.'), value)
  }, parsed)
  const chosen = withBackend(named as ParsedScenario, tree)
  const idle = idleKeys(chosen, tree)
  const scenario = idle.reduce(
    (rest, { path, standard }) => (standard === undefined ? without(rest, path) : set(rest, path, standard)),
    withThresholds(chosen, tree),
  )
  return { scenario: scenario as ParsedScenario, notes: note(idle) }
}

interface Idle {
  path: string[]
  why: string
  /** The default that takes the place of what was given, for a key that every scenario has. */
  standard?: unknown
}

function idleKeys(scenario: ParsedScenario, tree: Tree): Idle[] {
  const idle: Idle[] = []
  for (const [section, schema] of Object.entries(jsonSchema.properties ?? {})) {
    for (const [key, { description }] of Object.entries(propertiesOf(schema))) {
      const path = [section, key]
      if (!description?.startsWith(NO_EFFECT) || valueAt(tree, path) === undefined) continue
      idle.push({ path, why: description.slice(NO_EFFECT.length) })
    }
  }
  for (const { key, is, section, keys } of needed) {
    const chosen = valueAt(scenario, key.split('.'))
    if (is.includes(String(chosen))) continue
    for (const path of keys.map((name) => pathOf(section, name))) {
      const standard = schemaAt(path, scenario)?.default
      const given = valueAt(tree, path)
      if (given === undefined || JSON.stringify(given) === JSON.stringify(standard)) continue
      idle.push({ path, why: `${key} is ${String(chosen)}`, standard })
    }
  }
  return idle
}

function pathOf(section: string, name: string): string[] {
  return section === '' ? [name] : [...section.split('.'), name]
}

/** Sections and keys that have no meaning in classic control. */
export const MARKET_KEYS = [
  'data',
  ...needed
    .filter(({ key, is }) => key === 'env.backend' && !is.includes('classic_control'))
    .flatMap(({ section, keys }) => keys.map((name) => pathOf(section, name).join('.'))),
]

/** All in one line: files of the Python original have a dozen such keys. */
function note(idle: Idle[]): string[] {
  const [first] = idle
  if (first === undefined) return []
  if (idle.length === 1) return [`${first.path.join('.')} has no effect: ${first.why}`]
  const groups = [...new Set(idle.map(({ why }) => why))].map((why) => {
    const keys = idle.filter((one) => one.why === why).map(({ path }) => path.join('.'))
    return `${keys.join(', ')} (${why})`
  })
  return [`these keys have no effect: ${groups.join('; ')}`]
}

/** The name of an environment of classic control stands for its backend, unless another one is given. */
function withBackend(parsed: ParsedScenario, tree: Tree): ParsedScenario {
  const isControl = CLASSIC_CONTROL.some((name) => name === parsed.env.name)
  if (!isControl || valueAt(tree, ['env', 'backend']) !== undefined) return parsed
  return { ...parsed, env: { ...parsed.env, backend: 'classic_control' } }
}

/** The default thresholds are those of three positions; for another number they part [-1, 1] evenly. */
function withThresholds(scenario: ParsedScenario, tree: Tree): Tree {
  const { positions, continuous_action_thresholds: standard } = scenario.env
  const given = valueAt(tree, ['env', 'continuous_action_thresholds']) !== undefined
  if (given || standard.length === positions.length - 1) return scenario
  const even = positions.slice(1).map((_, i) => (2 * (i + 1)) / positions.length - 1)
  return set(scenario, ['env', 'continuous_action_thresholds'], even)
}

/** The file's name without folders and extension. */
function stemOf(file: string): string {
  return file.replace(/^.*[\\/]/s, '').replace(/\.[^.]*$/, '')
}

/** Whether the experiment can be called after the file, when it must. */
export function nameProblem(scenario: ParsedScenario, file: string): Problem[] {
  const schema = scenarioSchema.shape.experiment_name
  if (schema.safeParse(scenario.experiment_name ?? stemOf(file)).success) return []
  const must = 'must begin with a letter or digit and hold only letters, digits, space and _ . -'
  return [
    { about: 0, text: `experiment_name is missing and the name of the file cannot stand for it: it ${must}` },
  ]
}

/** Names and seeds, which need to know more than the file's text. */
export function complete(
  scenario: ParsedScenario,
  file: string,
  given: { seed?: number | null; randomSeed: () => number },
): Scenario {
  // --seed gives another run on the same data, so the data follow the file's seed as long as it has one
  const dataSeed = scenario.seed ?? given.seed ?? given.randomSeed()
  const { experiment_name: name = stemOf(file), ...rest } = scenario
  const { data, data_generator: generator, logging, training } = rest
  const { noise } = training
  return {
    experiment_name: name,
    ...rest,
    seed: given.seed ?? dataSeed,
    data: { ...data, data_path: data.data_path ?? `data/raw/synthetic/${stemOf(file)}.parquet` },
    training: {
      ...training,
      noise: {
        ...noise,
        sigma_end: noise.sigma_end ?? noise.sigma,
        anneal_steps: noise.anneal_steps ?? training.max_steps,
      },
    },
    logging: { ...logging, log_dir: logging.log_dir ?? `logs/${name}` },
    data_generator: generator && { ...generator, seed: generator.seed ?? dataSeed },
  }
}
