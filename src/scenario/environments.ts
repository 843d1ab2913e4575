// This file holds the section `env` of a scenario, and one description of each environment that it can choose: what
// kind of task it is, which keys it reads, what it observes, what must hold for it and what to warn of. env/create.ts
// has how each is made.
import { z } from 'zod'
import { listed, shown } from '../base/text.ts'
import { count, fraction, nonNegative, positive } from './kinds.ts'
import { rewardKeys, weightKeys } from './trading-keys.ts'

/** Trading has data in splits; episodic tasks have none and are played in episodes. */
export type TaskKind = 'trading' | 'episodic'

/** The meaning of an action in each environment, by `env.backend`. */
const BACKENDS = {
  tradingenv: 'the action is the target weight of wealth, rebalanced each step',
  'gym_trading_env.continuous': 'the action chooses one of env.positions',
  classic_control: 'the environment of Gymnasium that env.name names, without data',
}
export type Backend = keyof typeof BACKENDS

/** The environments of classic control by `env.name`, with the names of the numbers that each observes. */
export const CLASSIC_CONTROL = {
  'Pendulum-v1': ['cos_angle', 'sin_angle', 'speed'],
  'MountainCarContinuous-v0': ['position', 'velocity'],
} as const
export type ControlName = keyof typeof CLASSIC_CONTROL
export const CONTROL_NAMES = Object.keys(CLASSIC_CONTROL) as ControlName[]

/** The section `env`. A key of one environment alone says so in its description. */
export const env = z.strictObject({
  name: z
    .string()
    .min(1)
    .default('TRADING')
    .describe(`label of the market, or ${CONTROL_NAMES.join(' or ')}, which imply classic_control`),
  backend: z
    .enum(Object.keys(BACKENDS) as Backend[])
    .default('tradingenv')
    .describe(
      Object.entries(BACKENDS)
        .map(([backend, meaning]) => `${backend}: ${meaning}`)
        .join('; '),
    ),
  trading_fees: fraction.default(0).describe('fraction of the traded notional'),
  initial_cash: positive.default(10000).describe('wealth at reset'),
  include_position_feature: z
    .boolean()
    .default(false)
    .describe(
      'tradingenv: append the current weight to the observation (gym_trading_env always has its two positions)',
    ),
  feature_columns: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'features that are observed, in this order, of the five that there are without the key features; null = all',
    ),
  price_columns: z
    .array(z.string().min(1))
    .min(1)
    .max(64)
    .nullable()
    .default(null)
    .describe('tradingenv: one asset and one action for each price column; null = close'),
  ...weightKeys,
  obs_clip: positive
    .nullable()
    .default(5)
    .describe('observed features are clipped to ± this; null = not clipped'),
  positions: z
    .array(z.number())
    .min(2)
    .default([-1, 0, 1])
    .describe('gym_trading_env: target positions, as multiples of wealth, lowest first'),
  continuous_action_thresholds: z
    .array(z.number().gt(-1).lt(1))
    .min(1)
    .default([-0.33, 0.33])
    .describe(
      'gym_trading_env: the action chooses the position whose index is the number of thresholds below it',
    ),
  borrow_interest_rate: nonNegative
    .default(0)
    .describe('interest per step on what is borrowed, of assets and of cash'),
  borrow_interest: z
    .enum(['last_step', 'accumulated'])
    .default('last_step')
    .describe(
      'gym_trading_env: last_step owes only the latest interest, as the original does; accumulated owes all of it',
    ),
  initial_position: z
    .union([z.literal('random'), z.number()])
    .default('random')
    .describe('gym_trading_env: position at reset, random = one of env.positions'),
  windows: count
    .nullable()
    .default(null)
    .describe('gym_trading_env: observe the last so many rows at once; null = only the current one'),
  max_episode_duration: z
    .int()
    .min(2)
    .nullable()
    .default(null)
    .describe('gym_trading_env: steps of an episode, begun at a random row; null = to the end of the data'),
  ...rewardKeys,
})

export type EnvConfig = z.output<typeof env>

/** A rule that takes more than one key, or more than the schema can say. */
export interface Rule<S = { env: EnvConfig }> {
  /** The keys that it looks at, the one to blame first. */
  fields: readonly string[]
  /** @returns a sentence when the rule is broken */
  check: (scenario: S) => string | undefined
}

/** A warning: the key to change, whether it applies, and the rest of its sentence after key and value. */
export type Check = [key: string, applies: boolean, why: string]

/** The columns of a market: the features that are observed and the prices that are traded. */
export interface Columns {
  featureNames: readonly string[]
  priceNames: readonly string[]
}

interface Environment {
  kind: TaskKind
  /** Values of `env.name` that choose it without `env.backend`. */
  names: readonly string[]
  /** Keys of `env` that not every environment of its kind reads. */
  keys: readonly (keyof EnvConfig)[]
  rules: readonly Rule[]
  warnings: (env: EnvConfig) => Check[]
  /** The names of the numbers in an observation: [obsDim]. */
  obsNames: (env: EnvConfig, columns: Columns) => readonly string[]
}

export const ENVIRONMENTS = {
  tradingenv: {
    kind: 'trading',
    names: [],
    keys: [
      'include_position_feature',
      'price_columns',
      'borrow_interest_rate',
      ...(Object.keys(weightKeys) as (keyof typeof weightKeys)[]),
    ],
    rules: [
      {
        fields: ['env.max_gross', 'env.weights'],
        check: ({ env: { weights, max_gross: most } }) =>
          weights === 'portfolio' && most !== null && most > 1
            ? `env.max_gross must be at most 1 for env.weights portfolio, whose cash is never negative, got ${most}`
            : undefined,
      },
      {
        fields: ['env.funding_rate', 'env.price_columns'],
        check: ({ env: { funding_rate: rate, price_columns: prices } }) => {
          // without price_columns the data say how many assets there are
          return Array.isArray(rate) && prices !== null && rate.length !== prices.length
            ? `env.funding_rate must name one column for each of env.price_columns, ${prices.length}, got ${list(rate)}`
            : undefined
        },
      },
    ],
    warnings: ({ weights, price_columns: prices, max_gross: most }) => [
      [
        'env.weights',
        weights === 'long_short' && (prices?.length ?? 1) > 1 && most === null,
        `lets ${prices?.length} assets hold ${prices?.length} times wealth: choose portfolio, or set env.max_gross to 1`,
      ],
    ],
    obsNames(
      { include_position_feature: observesWeights }: Pick<EnvConfig, 'include_position_feature'>,
      { featureNames, priceNames }: Columns,
    ) {
      const weights = priceNames.map((name) => (priceNames.length === 1 ? 'weight' : `weight_${name}`))
      return [...featureNames, ...(observesWeights ? weights : [])]
    },
  },
  'gym_trading_env.continuous': {
    kind: 'trading',
    names: [],
    keys: [
      'positions',
      'continuous_action_thresholds',
      'borrow_interest_rate',
      'borrow_interest',
      'initial_position',
      'windows',
      'max_episode_duration',
    ],
    rules: [
      {
        fields: ['env.positions'],
        check: ({ env: { positions } }) =>
          ascending(positions) ? undefined : `env.positions must ascend, got ${list(positions)}`,
      },
      {
        fields: ['env.continuous_action_thresholds'],
        check: ({ env: { continuous_action_thresholds: thresholds } }) =>
          ascending(thresholds)
            ? undefined
            : `env.continuous_action_thresholds must ascend, got ${list(thresholds)}`,
      },
      {
        fields: ['env.continuous_action_thresholds', 'env.positions'],
        check: ({ env: { positions, continuous_action_thresholds: thresholds } }) =>
          thresholds.length !== positions.length - 1
            ? `env.continuous_action_thresholds must be one fewer than env.positions, ${positions.length - 1}, got ${list(thresholds)}`
            : undefined,
      },
      {
        fields: ['env.initial_position', 'env.positions'],
        check: ({ env: { positions, initial_position } }) =>
          initial_position !== 'random' && !positions.includes(initial_position)
            ? `env.initial_position must be random or one of env.positions ${list(positions)}, got ${initial_position}`
            : undefined,
      },
    ],
    warnings: ({ positions }) => [
      [
        'env.positions',
        positions.every((p) => p >= 0) || positions.every((p) => p <= 0),
        'has only one side of the market: add a position of the other, unless that is meant',
      ],
      ['env.positions', !positions.includes(0), 'has no way out of the market: add 0'],
      [
        'env.positions',
        positions.some((p) => Math.abs(p) > 2),
        'borrows more than wealth: a move of less than half ruins it; stay within ±2',
      ],
    ],
    obsNames({ windows }, { featureNames }) {
      const rowNames = [...featureNames, 'target_position', 'real_position']
      const window = windows ?? 1
      return Array.from({ length: window }, (_, w) => window - 1 - w).flatMap((ago) =>
        rowNames.map((name) => (ago === 0 ? name : `${name}_${ago}_ago`)),
      )
    },
  },
  classic_control: {
    kind: 'episodic',
    names: CONTROL_NAMES,
    keys: [],
    rules: [
      {
        fields: ['env.name', 'env.backend'],
        check: ({ env: { name } }) =>
          isControlName(name)
            ? undefined
            : `env.name must be ${CONTROL_NAMES.join(' or ')} for env.backend classic_control, got ${shown(name)}`,
      },
    ],
    warnings: () => [],
    obsNames: ({ name }) => (isControlName(name) ? CLASSIC_CONTROL[name] : []),
  },
} satisfies Record<Backend, Environment>

/** Backends of the environments of one kind. */
export type BackendOf<K extends TaskKind> = {
  [B in Backend]: (typeof ENVIRONMENTS)[B]['kind'] extends K ? B : never
}[Backend]

/** Keys that only tasks of one kind read; `data.*` stands for all keys of that section. */
export const KEYS_OF_KIND: Record<TaskKind, readonly string[]> = {
  trading: [
    'data_generator',
    'data.*',
    'features',
    'env.trading_fees',
    'env.initial_cash',
    'env.feature_columns',
    'env.obs_clip',
    'env.reward_type',
    'env.reward_eta',
    'env.reward_penalty',
    'evaluation.n_random_trials',
    'evaluation.calendar',
  ],
  episodic: ['evaluation.n_episodes'],
}

/** The environment that a scenario chooses. */
export function environmentOf({ env: { backend } }: { env: Pick<EnvConfig, 'backend'> }): Environment {
  return ENVIRONMENTS[backend]
}

/** The kind of task that a scenario is about. */
export function taskKind(scenario: { env: Pick<EnvConfig, 'backend'> }): TaskKind {
  return environmentOf(scenario).kind
}

/** The backends whose environment is such, in the order of the guide. */
export function backendsWhere(holds: (environment: Environment) => boolean): Backend[] {
  return (Object.keys(ENVIRONMENTS) as Backend[]).filter((backend) => holds(ENVIRONMENTS[backend]))
}

export function isControlName(name: string): name is ControlName {
  return Object.hasOwn(CLASSIC_CONTROL, name)
}

function ascending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] ?? value))
}

/** `[a, b]` */
export function list(values: readonly unknown[]): string {
  return `[${listed(values)}]`
}
