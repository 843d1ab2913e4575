// This file computes what an agent sees of the market. Every feature of a row comes from that row and earlier ones; the
// only other numbers are statistics of the training rows.
import type { CoreMath } from '../core/core.ts'
import { listRows } from '../data/rows.ts'
import { column, type Table } from '../data/table.ts'
import { listed, quoted, shown } from '../base/text.ts'
import { DdpgError } from '../base/errors.ts'
import { evaluator, valuesFrom, type Series } from './evaluate.ts'
import { namesIn, MARKET_COLUMNS, warmUpOf, type Feature } from './language/expression.ts'
import { readFeatures } from './language/read.ts'
import { SCALINGS, type Scaling } from './standardise.ts'

/** Everything that features need besides the data: plain numbers and text, stored in the checkpoint as JSON. */
export interface FeatureStatistics {
  noFeatures: boolean
  /** Close of the first row, the unit of feature_trend. */
  firstClose: number
  /** One for each feature, in the order observed. */
  scales: FeatureScale[]
}

export interface FeatureScale extends Scaling {
  name: string
  /** The expression that it is computed from, where its name does not say so. */
  expression?: string | undefined
}

/** Features of all rows of a table before they are scaled. */
export interface RawFeatures {
  features: Feature[]
  series: Series[]
  /** Rows at the beginning that lack a feature. */
  warmUp: number
  firstClose: number
}

export interface Features {
  names: string[]
  /** Rows at the beginning that have no features; they are NaN. */
  warmUp: number
  /** For each feature a number per row. */
  columns: Float64Array[]
}

/**
 * @param firstClose of the data that the policy was trained on
 * @throws DdpgError for a column that there is not, for fewer rows than a feature needs and for values that are not finite
 */
export function rawFeatures(
  table: Table,
  features: Feature[],
  math: CoreMath,
  firstClose: number = column(table, 'close')[0]!,
): RawFeatures {
  const evaluate = evaluator(table, firstClose, math)
  const warmUp = Math.max(0, ...features.map(({ expression }) => warmUpOf(expression)))
  const series = features.map((feature) => {
    const lacking = namesIn(feature.expression).columns.filter((name) => !Object.hasOwn(table.columns, name))
    if (lacking.length > 0)
      throw new DdpgError(
        `the feature ${shown(feature.name)} needs the column ${listed(lacking)}, which the data do not have: have ${listed(Object.keys(table.columns))}`,
      )
    const rows = warmUpOf(feature.expression) + 1
    if (rows > table.length)
      throw new DdpgError(
        `the feature ${shown(feature.name)} needs ${rows} rows for its first value, the data have ${table.length}`,
      )
    return checked(feature, evaluate(feature.expression), warmUp)
  })
  return { features, series, warmUp, firstClose }
}

function allFinite(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

function checked({ name }: Feature, series: Series, from: number): Series {
  const values = valuesFrom(series, from)
  if (allFinite(values)) return series
  const rows = listRows(
    from + values.length,
    (row) => row >= from && !Number.isFinite(values[row - from]),
    (row) => String(values[row - from]),
  )
  throw new DdpgError(
    `the feature ${shown(name)} is not a finite number in ${rows}: it divides by 0, or takes a logarithm or a root of what has none`,
  )
}

/** @throws DdpgError when the warm-up leaves fewer than 2 of the training rows */
export function mustLeaveRows({ features, warmUp }: RawFeatures, trainLength: number): void {
  if (trainLength - warmUp >= 2) return
  const { name } = slowest(features, warmUp)
  const left = Math.max(0, trainLength - warmUp)
  throw new DdpgError(
    `the first ${warmUp} rows have no value of the feature ${shown(name)}, which leaves ${left} of ${trainLength} to train on: raise data.train_size to ${warmUp + 2} or more, or shorten the feature`,
  )
}

function slowest(features: Feature[], warmUp: number): Feature {
  return features.find(({ expression }) => warmUpOf(expression) === warmUp)!
}

/** Statistics of the first `trainLength` rows without those of the warm-up, at least 2. */
export function fitFeatures(
  { features, series, warmUp, firstClose }: RawFeatures,
  trainLength: number,
  noFeatures: boolean,
): FeatureStatistics {
  const scales = features.map(({ name, text, scale }, f): FeatureScale => {
    const training = valuesFrom(series[f]!, warmUp).subarray(0, trainLength - warmUp)
    const expression = noFeatures || text === name ? {} : { expression: text }
    return { name, ...expression, ...SCALINGS[scale](training) }
  })
  return { noFeatures, firstClose, scales }
}

/** The features that a policy was trained with. @throws DdpgError for what is none */
export function recordedFeatures({ noFeatures, scales }: FeatureStatistics): Feature[] {
  if (scales.length === 0) throw new DdpgError('there are no features in its statistics')
  return scales.map(({ name, expression }) => {
    const [feature, another] = readFeatures(expression ?? (noFeatures ? name.replace(/^feature_/, '') : name))
    if (feature === undefined || another !== undefined)
      throw new DdpgError(`${quoted(expression ?? name)} is not one feature`)
    return { ...feature, name }
  })
}

/** @param statistics of the same features */
export function scaleFeatures(
  { features, series, warmUp }: RawFeatures,
  { scales }: FeatureStatistics,
): Features {
  const columns = series.map((raw, f) => {
    const { offset, scale } = scales[f]!
    const values = valuesFrom(raw, warmUp)
    const column = new Float64Array(warmUp + values.length)
    column.fill(NaN, 0, warmUp)
    if (scale !== 0)
      for (let i = 0; i < values.length; i++) column[warmUp + i] = (values[i]! - offset) / scale
    return column
  })
  return { names: features.map(({ name }) => name), warmUp, columns }
}

/** A sentence for each column of the data that is called like a feature and is not what is observed. */
export function columnNotes(features: Feature[], table: Table, file: string): string[] {
  return features.flatMap(({ name, expression }) => {
    const { indicators, columns } = namesIn(expression)
    const alike = [...new Set([name, ...indicators])].filter(
      (one) => Object.hasOwn(table.columns, one) && !MARKET_COLUMNS.includes(one) && !columns.includes(one),
    )
    return alike.map(
      (one) =>
        `${shown(file)} has a column ${shown(one)} of its own, which the feature ${shown(name)} is not: write column(${shown(one)}) in features to observe it`,
    )
  })
}
