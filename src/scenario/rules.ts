// This file checks the rules that take more than one key; those of one environment are in environments.ts.
import { environmentOf, list, type Rule as EnvRule } from './environments.ts'
import type { ParsedScenario } from './schema.ts'
import { shown } from '../base/text.ts'
import { DATA_FILE, DATA_KINDS } from './kinds.ts'
import { parseTime } from '../math/time.ts'
import { wrongFeatures } from './features.ts'
import type { Finding } from './place.ts'

type Rule = EnvRule<ParsedScenario>

const MAX_ROWS = 100_000_000

/** Rows that train when a scenario that generates its data does not say. */
export const GENERATED_TRAIN_SIZE = 1000

/** The rows that a data generator makes. */
export function generatedRows(generator: NonNullable<ParsedScenario['data_generator']>): number {
  return generator.pattern_type === 'sine_wave'
    ? generator.n_periods * generator.samples_per_period
    : generator.n_samples
}

function columnsOnce(key: 'price_columns' | 'feature_columns'): Rule {
  return {
    fields: [`env.${key}`],
    check: ({ env: { [key]: names } }) =>
      names !== null && new Set(names).size < names.length
        ? `env.${key} must name each column once, got ${list(names)}`
        : undefined,
  }
}

/** `features` says all that is observed. */
const oneList: Rule = {
  fields: ['features', 'env.feature_columns', 'data.no_features'],
  check: ({ features, env, data: { no_features } }) => {
    if (features === undefined || (env.feature_columns === null && !no_features)) return undefined
    const other = no_features ? 'data.no_features' : 'env.feature_columns'
    return `features and ${other} both say what is observed: keep one`
  },
}

const columns: Rule[] = [columnsOnce('feature_columns'), columnsOnce('price_columns'), oneList]

const training: Rule[] = [
  {
    fields: ['training.sample_size', 'training.buffer_size'],
    check: ({ training: { sample_size, buffer_size } }) =>
      sample_size > buffer_size
        ? `training.sample_size must be at most training.buffer_size ${buffer_size}, got ${sample_size}`
        : undefined,
  },
  {
    fields: ['training.init_rand_steps', 'training.max_steps'],
    check: ({ training: { init_rand_steps, max_steps } }) =>
      init_rand_steps >= max_steps
        ? `training.init_rand_steps must be below training.max_steps ${max_steps}, got ${init_rand_steps}: nothing would be learned`
        : undefined,
  },
  {
    fields: ['training.noise.anneal_steps', 'training.noise.sigma_end'],
    check: ({ training: { noise } }) =>
      noise.anneal_steps !== null && noise.sigma_end === null
        ? 'training.noise.anneal_steps needs training.noise.sigma_end: there is nothing to anneal to'
        : undefined,
  },
]

const DATA_PATHS = `a ${DATA_KINDS}, a folder of them or a pattern such as data/*.csv`

/** A file of a kind that is read, a folder or a pattern. */
function isDataPath(path: string): boolean {
  const last = path.split(/[\\/]/).at(-1)!
  return DATA_FILE.test(path) || !last.includes('.') || last.includes('*')
}

function hintOf(path: string): string {
  if (/\.(pkl|pickle)$/i.test(path)) return ': pickle files are not read, convert it'
  return /\.xlsx?$/i.test(path) ? ': save the sheet as CSV' : ''
}

/** Rows are whole and at least 2; a part of them is below 1. */
function rowsOrPart(key: 'train_size' | 'validation_size' | 'test_size'): Rule {
  return {
    fields: [`data.${key}`],
    check: ({ data: { [key]: size } }) => {
      if (size === null || size < 1 || (size >= 2 && Number.isSafeInteger(size))) return undefined
      return size < 2
        ? `data.${key} must be at least 2, got ${size}`
        : `data.${key} must be an integer, or a part of the rows below 1, got ${size}`
    },
  }
}

function splitOnce(name: 'train' | 'validation'): Rule {
  return {
    fields: [`data.${name}_end`, `data.${name}_size`],
    check: ({ data }) =>
      data[`${name}_end`] !== null && data[`${name}_size`] !== null
        ? `data.${name}_end and data.${name}_size say the same thing: leave one out`
        : undefined,
  }
}

const data: Rule[] = [
  {
    fields: ['data.data_path'],
    check: ({ data: { data_path } }) => {
      if (data_path === null || isDataPath(data_path)) return undefined
      return `data.data_path must be ${DATA_PATHS}, got ${shown(data_path)}${hintOf(data_path)}`
    },
  },
  {
    fields: ['data.assets'],
    check: ({ data: { assets } }) => {
      const wrong = Object.entries(assets ?? {}).find(([, path]) => !isDataPath(path))
      return (
        wrong &&
        `data.assets.${shown(wrong[0])} must be ${DATA_PATHS}, got ${shown(wrong[1])}${hintOf(wrong[1])}`
      )
    },
  },
  {
    fields: ['data.assets', 'data.data_path'],
    check: ({ data: { assets, data_path } }) =>
      assets !== null && data_path !== null
        ? 'data.assets has files of its own: leave out data.data_path'
        : undefined,
  },
  ...(['train_size', 'validation_size', 'test_size'] as const).map(rowsOrPart),
  splitOnce('train'),
  splitOnce('validation'),
  {
    fields: ['data_generator.n_samples', 'data_generator.n_periods', 'data_generator.samples_per_period'],
    check: ({ data_generator: generator }) => {
      if (generator?.pattern_type !== 'sine_wave') return undefined
      const rows = generatedRows(generator)
      if (rows > MAX_ROWS) {
        return `data_generator.n_periods · samples_per_period must be at most ${MAX_ROWS}, got ${rows}`
      }
      return (generator.n_samples ?? rows) !== rows
        ? `data_generator.n_samples must be n_periods · samples_per_period = ${rows}, got ${generator.n_samples}: drop it`
        : undefined
    },
  },
  {
    fields: ['data_generator.start_date'],
    check: ({ data_generator: generator }) =>
      generator !== null && Number.isNaN(parseTime(generator.start_date))
        ? `data_generator.start_date must be an ISO 8601 time such as 2024-01-01 or 2024-01-01T09:30, got ${shown(generator.start_date)}`
        : undefined,
  },
  {
    fields: ['data_generator.min_trend_length', 'data_generator.max_trend_length'],
    check: ({ data_generator: generator }) =>
      generator?.pattern_type === 'trending' && generator.min_trend_length > generator.max_trend_length
        ? `data_generator.min_trend_length must be at most max_trend_length ${generator.max_trend_length}, got ${generator.min_trend_length}`
        : undefined,
  },
  {
    fields: ['data_generator.n_trends', 'data_generator.min_trend_length', 'data_generator.n_samples'],
    check: ({ data_generator: generator }) => {
      if (generator?.pattern_type !== 'trending') return undefined
      const needed = generator.n_trends * generator.min_trend_length
      return needed > generator.n_samples
        ? `data_generator.n_trends · min_trend_length must be at most n_samples ${generator.n_samples}, got ${needed}`
        : undefined
    },
  },
  {
    fields: ['data_generator.trend_strength_range'],
    check: ({ data_generator: generator }) => {
      if (generator?.pattern_type !== 'trending') return undefined
      const [least, most] = generator.trend_strength_range
      return least > most
        ? `data_generator.trend_strength_range must ascend, got ${list([least, most])}`
        : undefined
    },
  },
  {
    fields: [
      'data.train_size',
      'data.validation_size',
      'data.test_size',
      'data_generator.n_samples',
      'data_generator.n_periods',
      'data_generator.samples_per_period',
    ],
    check: ({ data: { data_path, train_size, validation_size, test_size }, data_generator: generator }) => {
      // with a file of its own the generator says nothing of its rows
      if (generator === null || data_path !== null) return undefined
      const rows = generatedRows(generator)
      const [train, validation, test] = [
        train_size ?? GENERATED_TRAIN_SIZE,
        validation_size ?? 2,
        test_size ?? 2,
      ]
      // parts of the rows are checked when there are rows
      if ([train, validation, test].some((size) => size < 1)) return undefined
      const rest = validation + test
      if (train + rest <= rows) return undefined
      const room = `of the ${rows} rows that data_generator makes, validation and test need ${rest}`
      return `data.train_size must be at most ${Math.max(0, rows - rest)}, got ${train}: ${room}`
    },
  },
]

/** @param wrong keys that are already known to be wrong: a rule that looks at one of them is skipped */
export function brokenRules(scenario: ParsedScenario, wrong: readonly string[]): Finding[] {
  const rules = [...columns, ...training, ...environmentOf(scenario).rules, ...data]
  const features = wrong.some((key) => key === 'features') ? [] : wrongFeatures(scenario)
  const broken = rules.flatMap(({ fields, check }) => {
    const skip = fields.some((field) => wrong.some((key) => field === key || field.startsWith(`${key}.`)))
    const text = skip ? undefined : check(scenario)
    return text === undefined ? [] : [{ paths: fields.map((field) => field.split('.')), text }]
  })
  return [...features, ...broken]
}
