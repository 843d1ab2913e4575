// This file resolves what the schema made of a file into the scenario that is in effect: other names of keys, defaults
// that depend on other keys, and keys that change nothing.
import { hasNoEffect, jsonSchema, propertiesOf, schemaAt } from './describe.ts'
import { backendsWhere, ENVIRONMENTS, KEYS_OF_KIND, type TaskKind } from './environments.ts'
import { NO_EFFECT } from './kinds.ts'
import { otherNames, set, valueAt, without } from './overrides.ts'
import type { Problem } from './source.ts'
import { SCENARIO, TD3 } from '../core/defaults.ts'
import { GENERATED_TRAIN_SIZE } from './rules.ts'
import { scenarioSchema, type ParsedScenario, type Scenario, type Td3Config } from './schema.ts'
import { READ_BY_REWARDS } from './trading-keys.ts'

type Tree = Record<string, unknown>

/** Files of the Python original have these for DDPG too, where they mean nothing. */
const OF_TD3 = ['training.policy_delay', 'training.policy_noise', 'training.noise_clip'] as const

/** Keys that only some choices give a meaning to: without it they keep their default. */
const needed: {
  key: string
  is: readonly string[]
  paths: readonly string[][]
  /** A value that means the same as none. */
  none?: unknown
}[] = [
  ...ownKeys(),
  ...(['trading', 'episodic'] as const).map((kind) => ({
    key: 'env.backend',
    is: backendsWhere((environment) => environment.kind === kind),
    paths: keysOfKind(kind),
  })),
  {
    key: 'training.algorithm',
    is: ['TD3'],
    paths: OF_TD3.slice(1).map(pathOf),
  },
  { key: 'training.algorithm', is: ['TD3'], paths: [pathOf(OF_TD3[0])], none: 1 },
  {
    key: 'training.noise.type',
    is: ['ou'],
    paths: ['training.noise.theta', 'training.noise.dt'].map(pathOf),
  },
  ...Object.entries(READ_BY_REWARDS).map(([key, is]) => ({
    key: 'env.reward_type',
    is,
    paths: [['env', key]],
  })),
]

/** Keys that not all environments of a kind read, each with the backends that do. */
function ownKeys(): typeof needed {
  const keys = new Set(backendsWhere(() => true).flatMap((backend) => ENVIRONMENTS[backend].keys))
  return [...keys].map((key) => ({
    key: 'env.backend',
    is: backendsWhere((environment) => environment.keys.includes(key)),
    paths: [['env', key]],
  }))
}

function keysOfKind(kind: TaskKind): string[][] {
  return KEYS_OF_KIND[kind].map(pathOf).flatMap(([section = '', key]) => {
    if (key !== '*') return [key === undefined ? [section] : [section, key]]
    const all = Object.entries(propertiesOf(jsonSchema.properties![section]!))
    return all.flatMap(([name, schema]) => (hasNoEffect(schema) ? [] : [[section, name]]))
  })
}

function pathOf(key: string): string[] {
  return key.split('.')
}

/** Sections and keys that have no meaning in tasks of that kind, as `data` or `evaluation.n_episodes`. */
export function meaninglessKeys(kind: TaskKind): string[] {
  const others = backendsWhere((environment) => environment.kind !== kind).map((name) => ENVIRONMENTS[name])
  const kinds = [...new Set(others.map((environment) => environment.kind))]
  return [
    ...kinds.flatMap((other) => KEYS_OF_KIND[other].map((key) => key.replace('.*', ''))),
    ...others.flatMap(({ keys }) => keys.map((key) => `env.${key}`)),
  ]
}

/**
 * The part of resolving that can be done while the scenario may still break rules.
 * @param tree the tree that was read, which shows the keys that were given
 * @returns the scenario without other names and without keys that change nothing, and a note on the latter
 */
export function resolveKeys(
  parsed: ParsedScenario,
  tree: Tree,
): { scenario: ParsedScenario; notes: string[] } {
  const named = otherNames.reduce<Tree>((scenario, [other, key]) => {
    const value = valueAt(tree, other.split('.'))
    const rest = without(scenario, other.split('.'))
    const isIdle = OF_TD3.some((key) => key === other) && parsed.training.algorithm !== 'TD3'
    return value === undefined || isIdle ? rest : set(rest, key.split('.'), value)
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
  for (const { key, is, paths, none } of needed) {
    const chosen = valueAt(scenario, key.split('.'))
    if (is.includes(String(chosen))) continue
    for (const path of paths) {
      const standard = schemaAt(path, scenario)?.default
      const given = valueAt(tree, path)
      if (given === undefined || given === none || JSON.stringify(given) === JSON.stringify(standard))
        continue
      idle.push({ path, why: `${key} is ${String(chosen)}`, standard })
    }
  }
  return idle
}

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

/** A name that only one environment has stands for its backend, unless another one is given. */
function withBackend(parsed: ParsedScenario, tree: Tree): ParsedScenario {
  const [backend] = backendsWhere(({ names }) => names.includes(parsed.env.name))
  if (backend === undefined || valueAt(tree, ['env', 'backend']) !== undefined) return parsed
  return { ...parsed, env: { ...parsed.env, backend } }
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

/** Returns a problem when the experiment must be named after the file and cannot be. */
export function nameProblem(scenario: ParsedScenario, file: string): Problem[] {
  const schema = scenarioSchema.shape.experiment_name
  if (schema.safeParse(scenario.experiment_name ?? stemOf(file)).success) return []
  const must = 'must begin with a letter or digit and hold only letters, digits, space and _ . -'
  return [
    { about: 0, text: `experiment_name is missing and the name of the file cannot stand for it: it ${must}` },
  ]
}

/** Fills in what TD3 sets where the scenario leaves it out. */
function td3Of(training: ParsedScenario['training']): Td3Config {
  const { twinCritics, policyDelay, targetNoise } = training.algorithm === 'TD3' ? TD3 : SCENARIO
  return {
    twin_critics: training.twin_critics ?? twinCritics,
    policy_delay: training.policy_delay ?? policyDelay,
    target_noise: training.target_noise ?? targetNoise,
  }
}

/** Settles for generated data the keys that a file would settle. */
function dataDefaults(
  { timeframe, train_size: size, train_end: end }: ParsedScenario['data'],
  isGenerated: boolean,
) {
  if (!isGenerated) return {}
  return {
    timeframe: timeframe === 'auto' ? '1h' : timeframe,
    train_size: size === null && end === null ? GENERATED_TRAIN_SIZE : size,
  }
}

function calendarOf(
  calendar: ParsedScenario['evaluation']['calendar'],
  isGenerated: boolean,
): typeof calendar {
  return isGenerated && calendar === 'auto' ? 'crypto' : calendar
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
    data: {
      ...data,
      ...dataDefaults(data, generator !== null),
      data_path: data.data_path ?? `data/raw/synthetic/${stemOf(file)}.parquet`,
    },
    evaluation: { ...rest.evaluation, calendar: calendarOf(rest.evaluation.calendar, generator !== null) },
    training: {
      ...training,
      ...td3Of(training),
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
