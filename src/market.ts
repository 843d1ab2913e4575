// From a scenario and its data to what environments step through: splits, features, and a market for each split.
import type { CoreMath } from './core/core.ts'
import { split, type RowRange, type SplitName } from './data/split.ts'
import { column, type Table } from './data/table.ts'
import type { Market } from './env/env.ts'
import { computeFeatures, fitFeatures, type FeatureStatistics } from './features/features.ts'
import type { Scenario } from './scenario/schema.ts'

export const SPLITS = ['train', 'validation', 'test'] as const satisfies SplitName[]

export interface Prepared {
  table: Table
  splits: Record<SplitName, RowRange>
  statistics: FeatureStatistics
  markets: Record<SplitName, Market>
}

/** @param statistics of the training rows that a checkpoint was trained on; by default fitted here */
export function prepare(
  scenario: Scenario,
  table: Table,
  math: CoreMath,
  statistics?: FeatureStatistics,
): Prepared {
  const { data, env } = scenario
  const splits = split(table.length, data, data.data_path)
  const options = { noFeatures: data.no_features, columns: env.feature_columns }
  const fitted = statistics ?? fitFeatures(table, splits.train.to, options, math)
  const whole = createMarket(table, env.price_columns ?? ['close'], fitted, env.obs_clip, math)
  const markets = Object.fromEntries(SPLITS.map((name) => [name, sliceMarket(whole, splits[name])]))
  return { table, splits, statistics: fitted, markets: markets as Record<SplitName, Market> }
}

function createMarket(
  table: Table,
  priceColumns: string[],
  statistics: FeatureStatistics,
  clip: number | null,
  math: CoreMath,
): Market {
  const { names, values } = computeFeatures(table, statistics, math)
  const bound = clip ?? Infinity
  const features = Float32Array.from(values, (x) => Math.max(-bound, Math.min(bound, x)))
  return {
    rows: table.length,
    prices: priceColumns.map((name) => column(table, name)),
    featureNames: names,
    features,
  }
}

function sliceMarket(market: Market, { from, to }: RowRange): Market {
  const width = market.featureNames.length
  return {
    rows: to - from,
    prices: market.prices.map((price) => price.subarray(from, to)),
    featureNames: market.featureNames,
    features: market.features.subarray(from * width, to * width),
  }
}
