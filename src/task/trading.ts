// This file makes tasks of trading: from a scenario and its data to splits, features, and a market for each split to
// act in.
import type { CoreMath } from '../core/core.ts'
import { listRows } from '../data/rows.ts'
import { split, type RowRange, type SplitName } from '../data/split.ts'
import { digestOf, type Table } from '../data/table.ts'
import { createEnv, tradingEnvironment } from '../env/create.ts'
import type { Bars, Market } from '../env/env.ts'
import {
  createEvaluationEnv,
  cumulativeLog,
  evaluate,
  rollout,
  type SplitEvaluation,
} from '../evaluate/evaluate.ts'
import {
  fitFeatures,
  mustLeaveRows,
  rawFeatures,
  recordedFeatures,
  scaleFeatures,
  type FeatureStatistics,
  type RawFeatures,
} from '../features/index.ts'
import { returnsOf } from '../math/bars.ts'
import { leastVariance } from '../math/least-variance.ts'
import { observedFeatures } from '../scenario/features.ts'
import type { EnvConfig, Scenario } from '../scenario/schema.ts'
import type { Task } from './task.ts'
import { DdpgError, named } from '../base/errors.ts'
import { listed } from '../base/text.ts'

export const SPLITS = ['train', 'validation', 'test'] as const satisfies SplitName[]

export type TradingEvaluations = Record<SplitName, SplitEvaluation>

/** Rows that a policy can be evaluated on, by name. */
export interface Splits<S extends string = string> {
  table: Table
  splits: Record<S, RowRange>
  markets: Record<S, Market>
}

export interface TradingTask extends Task<TradingEvaluations>, Splits<SplitName> {
  kind: 'trading'
}

/**
 * @param statistics of the training rows that a checkpoint was trained on; by default fitted here
 * @throws DdpgError for splits, features or prices that the table does not have, and for a scenario that does not trade
 */
export function tradingTask(
  scenario: Scenario,
  table: Table,
  math: CoreMath,
  statistics?: FeatureStatistics,
): TradingTask {
  const { data, env } = scenario
  tradingEnvironment(env) // refuses what does not trade
  if (table.assets)
    throw new DdpgError(
      `the data hold ${table.assets.length} assets (${listed(table.assets)}), and features of several assets are not computed: give a file of one`,
    )
  const splits = split(table.length, data, data.data_path, table.columns.timestamp)
  const raw = statistics
    ? rawFeatures(table, recordedFeatures(statistics), math, statistics.firstClose)
    : rawFeatures(table, observedFeatures(scenario), math)
  mustLeaveRows(raw, splits.train.to)
  splits.train.from = raw.warmUp
  const fitted = statistics ?? fitFeatures(raw, splits.train.to, data.no_features)
  const whole = createMarket(scenario, table, raw, fitted)
  if (whole.prices.length > 1) whole.leastVariance = leastVarianceOf(sliceMarket(whole, splits.train))
  const markets = bySplit((name) => sliceMarket(whole, splits[name]))
  const task = marketTask(scenario, markets)
  return {
    kind: 'trading',
    table,
    digest: digestOf(table),
    splits,
    statistics: fitted,
    markets,
    ...task,
  }
}

/**
 * All rows of a table as one split, `all`: of data that none of it was trained on.
 * @param statistics of the rows that it was trained on
 * @throws DdpgError for features or prices that the table does not have
 */
export function wholeTable(
  scenario: Scenario,
  table: Table,
  math: CoreMath,
  statistics: FeatureStatistics,
): Splits<'all'> {
  const raw = rawFeatures(table, recordedFeatures(statistics), math, statistics.firstClose)
  const all = { from: raw.warmUp, to: table.length }
  const market = sliceMarket(createMarket(scenario, table, raw, statistics), all)
  return { table, splits: { all }, markets: { all: market } }
}

export function bySplit<T>(make: (name: SplitName) => T): Record<SplitName, T> {
  return Object.fromEntries(SPLITS.map((name) => [name, make(name)])) as Record<SplitName, T>
}

/** The task of earning on the training split, validated on the next and evaluated on all of them. */
function marketTask(
  scenario: Scenario,
  markets: Record<SplitName, Market>,
): Pick<TradingTask, 'check' | 'createEnv' | 'validate' | 'evaluate'> {
  return {
    check(core) {
      for (const split of SPLITS) {
        named(`the ${split} split is too short`, () => createEvaluationEnv(scenario, markets[split], core))
      }
    },
    createEnv: ({ math, random }) => createEnv(scenario.env, markets.train, math, random.environment),
    validate(policy, core) {
      const env = createEvaluationEnv(scenario, markets.validation, core)
      const done = rollout(env, policy, scenario.training.eval_steps)
      return { score: cumulativeLog(done.wealth, core.math).at(-1)!, rollout: done }
    },
    evaluate: (policy, core) => bySplit((name) => evaluate(scenario, markets[name], policy, core)),
  }
}

/** The columns that are traded. The loader has checked open to close already, but not what else a file holds. */
function pricesOf(table: Table, names: string[], file: string): Float64Array[] {
  const have = Object.keys(table.columns).filter((name) => name !== 'timestamp')
  const unknown = names.filter((name) => !have.includes(name))
  if (unknown.length)
    throw new DdpgError(`env.price_columns names ${unknown.join(', ')}, have ${have.join(', ')}`)
  return names.map((name) => {
    const price = table.columns[name]!
    const bad = listRows(
      table.length,
      (i) => !(price[i]! > 0 && price[i]! < Infinity),
      (i) => String(price[i]),
    )
    if (bad)
      throw new DdpgError(
        `${file}: ${name}, which env.price_columns names, is not positive and finite in ${bad}`,
      )
    return price
  })
}

function createMarket(
  { data, env }: Scenario,
  table: Table,
  raw: RawFeatures,
  statistics: FeatureStatistics,
): Market {
  const priceNames = env.price_columns ?? table.assets?.map((asset) => `${asset}/close`) ?? ['close']
  const prices = pricesOf(table, priceNames, data.data_path)
  const { names, columns } = scaleFeatures(raw, statistics)
  const features = interleaved(columns, env.obs_clip ?? Infinity)
  const costs = costColumns(env, table, priceNames)
  return { rows: table.length, priceNames, prices, featureNames: names, features, ...costs }
}

/** [rows, columns] within ± bound */
function interleaved(columns: Float64Array[], bound: number): Float32Array {
  const width = columns.length
  const values = new Float32Array(width * columns[0]!.length)
  columns.forEach((column, f) => {
    for (let i = 0; i < column.length; i++)
      values[i * width + f] = Math.max(-bound, Math.min(bound, column[i]!))
  })
  return values
}

function sliceMarket(market: Market, { from, to }: RowRange): Market {
  const width = market.featureNames.length
  return {
    rows: to - from,
    priceNames: market.priceNames,
    prices: market.prices.map((price) => price.subarray(from, to)),
    featureNames: market.featureNames,
    features: market.features.subarray(from * width, to * width),
    ...(market.leastVariance && { leastVariance: market.leastVariance }),
    ...(market.bars && { bars: market.bars.map((bars) => sliceBars(bars, from, to)) }),
    ...(market.funding && { funding: market.funding.map((rate) => rate.subarray(from, to)) }),
  }
}

function leastVarianceOf({ prices }: Market): Float64Array {
  return leastVariance(prices.map((price) => returnsOf(price)))
}

function sliceBars({ high, low, volume }: Bars, from: number, to: number): Bars {
  return { high: high.subarray(from, to), low: low.subarray(from, to), volume: volume.subarray(from, to) }
}

/**
 * The columns that costs are computed from. The bars of `close_X` have the columns `high_X`, `low_X` and `volume_X`.
 * @throws DdpgError for columns that the table does not have, or whose values cannot be costs
 */
function costColumns(
  { slippage, slippage_model: model, funding_rate: rate }: EnvConfig,
  table: Table,
  priceNames: string[],
): Pick<Market, 'bars' | 'funding'> {
  const numbers = (name: string, key: string, least: number) => {
    const column = name === 'timestamp' ? undefined : table.columns[name]
    if (!column) {
      const have = Object.keys(table.columns).filter((one) => one !== 'timestamp')
      throw new DdpgError(`${key} needs the column ${name}, have ${have.join(', ')}`)
    }
    const bad = listRows(
      table.length,
      (i) => !(column[i]! >= least && column[i]! < Infinity),
      (i) => String(column[i]),
    )
    const must = least === 0 ? 'a finite number, at least 0,' : 'a finite number'
    if (bad) throw new DdpgError(`${name}, which ${key} needs, is not ${must} in ${bad}`)
    return column
  }
  const costs: Pick<Market, 'bars' | 'funding'> = {}
  if (slippage > 0 && model !== 'fixed') {
    const key = `env.slippage_model ${model}`
    const none = new Float64Array()
    costs.bars = priceNames.map((price) => {
      if (!price.includes('close'))
        throw new DdpgError(
          `${key} needs bars: env.price_columns ${price} must be a column of closes, such as close_X`,
        )
      const of = (what: string, wanted: boolean) =>
        wanted ? numbers(price.replace('close', what), key, 0) : none
      const isRange = model === 'range'
      return { high: of('high', isRange), low: of('low', isRange), volume: of('volume', !isRange) }
    })
  }
  if (typeof rate !== 'number') {
    const names = typeof rate === 'string' ? priceNames.map(() => rate) : rate
    if (names.length !== priceNames.length)
      throw new DdpgError(
        `env.funding_rate must name one column for each asset, ${priceNames.length}, got ${names.length}`,
      )
    costs.funding = names.map((name) => numbers(name, 'env.funding_rate', -Number.MAX_VALUE))
  }
  return costs
}
