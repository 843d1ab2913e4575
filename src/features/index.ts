// This file computes what an agent sees of the market. Every feature of a row comes from that row and earlier ones; the
// only other numbers are statistics of the training rows.
import type { CoreMath } from '../core/core.ts'
import { column, type Table } from '../data/table.ts'
import { listed, quoted } from '../text.ts'
import { DdpgError } from '../errors.ts'

/** What computing features needs besides the data: plain numbers, stored in the checkpoint as JSON. */
export interface FeatureStatistics {
  noFeatures: boolean
  /** Close of the first row, the unit of feature_trend. */
  firstClose: number
  /** One for each feature, in the order observed. */
  scales: FeatureScale[]
}

/** feature = (raw − offset) / scale; scale 0, of a feature that is constant in the training rows, gives 0. */
export interface FeatureScale {
  name: string
  offset: number
  scale: number
}

export interface Features {
  names: string[]
  /** [rows, names.length], row by row */
  values: Float64Array
}

type Raw = (table: Table, firstClose: number, math: CoreMath) => Float64Array

const derived: Record<string, Raw> = {
  feature_return: (table) =>
    column(table, 'close').map((close, i, closes) => (i === 0 ? 0 : close / closes[i - 1]! - 1)),
  feature_high: (table) => overClose(table, 'high'),
  feature_low: (table) => overClose(table, 'low'),
  feature_volume: (table, _, math) => column(table, 'volume').map((volume) => math.log(1 + volume)),
  feature_trend: (table, firstClose) => column(table, 'close').map((close) => close / firstClose),
}
const plain: Record<string, Raw> = Object.fromEntries(
  ['open', 'high', 'low', 'close', 'volume'].map((name) => [
    `feature_${name}`,
    (table) => column(table, name),
  ]),
)

function overClose(table: Table, name: string): Float64Array {
  const close = column(table, 'close')
  return column(table, name).map((price, i) => price / close[i]! - 1)
}

/**
 * Statistics of the first `trainLength` rows, at least 2: mean and sample standard deviation (n − 1) of each
 * feature, but the range of feature_trend.
 * @param options.noFeatures plain open, high, low, close and volume instead of the derived features
 * @param options.columns the features wanted, in this order; null = all
 * @throws DdpgError for a feature that does not exist
 */
export function fitFeatures(
  table: Table,
  trainLength: number,
  options: { noFeatures: boolean; columns: string[] | null },
  math: CoreMath,
): FeatureStatistics {
  const raws = options.noFeatures ? plain : derived
  const names = options.columns ?? Object.keys(raws)
  const unknown = names.filter((name) => !Object.hasOwn(raws, name))
  if (unknown.length)
    throw new DdpgError(
      `env.feature_columns names ${listed(unknown)}, have ${Object.keys(raws).join(', ')}${options.noFeatures ? ' (data.no_features is true)' : ''}`,
    )
  const firstClose = column(table, 'close')[0]!
  const scales = names.map((name) => {
    const training = raws[name]!(table, firstClose, math).subarray(0, trainLength)
    return { name, ...(name === 'feature_trend' ? range(training) : meanAndDeviation(training)) }
  })
  return { noFeatures: options.noFeatures, firstClose, scales }
}

/** Features of all rows of a table. */
export function computeFeatures(table: Table, statistics: FeatureStatistics, math: CoreMath): Features {
  const raws = statistics.noFeatures ? plain : derived
  const width = statistics.scales.length
  const values = new Float64Array(table.length * width)
  statistics.scales.forEach(({ name, offset, scale }, f) => {
    if (!Object.hasOwn(raws, name))
      throw new DdpgError(`there is no feature ${quoted(name)}, have ${Object.keys(raws).join(', ')}`)
    const raw = raws[name]!(table, statistics.firstClose, math)
    for (let i = 0; i < raw.length; i++) values[i * width + f] = scale === 0 ? 0 : (raw[i]! - offset) / scale
  })
  return { names: statistics.scales.map((scale) => scale.name), values }
}

function range(values: Float64Array): { offset: number; scale: number } {
  const least = values.reduce((a, b) => Math.min(a, b))
  const greatest = values.reduce((a, b) => Math.max(a, b))
  return { offset: least, scale: greatest - least + 1e-8 }
}

function meanAndDeviation(values: Float64Array): { offset: number; scale: number } {
  // Summed as distances from the first value: constant rows then have exactly zero deviation.
  const first = values[0]!
  const mean = first + values.reduce((sum, x) => sum + (x - first), 0) / values.length
  const squares = values.reduce((sum, x) => sum + (x - mean) * (x - mean), 0)
  return { offset: mean, scale: Math.sqrt(squares / (values.length - 1)) }
}
