// The features equal those of the Python original, and see no later row.
import { describe, expect, test } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { generate } from '../../src/data/synthetic.ts'
import type { Table } from '../../src/data/table.ts'
import {
  columnNotes,
  fitFeatures,
  rawFeatures,
  recordedFeatures,
  scaleFeatures,
  type Features,
  type FeatureStatistics,
} from '../../src/features/index.ts'
import { listFeatures } from '../../src/features/language/presets.ts'
import { observedFeatures } from '../../src/scenario/features.ts'
import { scenarioSchema } from '../../src/scenario/schema.ts'
import { DdpgError } from '../../src/base/errors.ts'
import { bars } from './bars.ts'
import golden from '../golden/features_tiny.json' with { type: 'json' }
import markets from '../golden/gen.json' with { type: 'json' }

const core = await createCore(await loadModule(), 3)
const { math } = core
const all = { noFeatures: false, columns: null }

const tinyColumns = Object.entries(markets.tiny.df).map(([name, values]) => [name, Float64Array.from(values)])
const tiny: Table = { length: 8, columns: Object.fromEntries(tinyColumns) }
const generator = scenarioSchema.parse({ data_generator: { pattern_type: 'mean_reversion' } }).data_generator!
const market = generate(generator, '1h', core)

interface Options {
  noFeatures: boolean
  columns: string[] | null
}

function fit(table: Table, trainLength: number, { noFeatures, columns }: Options = all): FeatureStatistics {
  const { data, env } = scenarioSchema.parse({
    data: { no_features: noFeatures },
    env: { feature_columns: columns },
  })
  return fitFeatures(rawFeatures(table, observedFeatures({ data, env }), math), trainLength, noFeatures)
}
function compute(table: Table, statistics: FeatureStatistics): Features {
  const raw = rawFeatures(table, recordedFeatures(statistics), math, statistics.firstClose)
  return scaleFeatures(raw, statistics)
}
function featuresOf(table: Table, trainLength: number, options: Options = all): Features {
  return compute(table, fit(table, trainLength, options))
}
function columnOf({ names, columns }: Features, name: string): number[] {
  return [...columns[names.indexOf(name)]!]
}
function rowsOf({ columns }: Features, from: number, to?: number): Float64Array[] {
  return columns.map((column) => column.subarray(from, to))
}
/** A copy of the table in which every value of the row is changed. */
function withRowChanged(table: Table, row: number): Table {
  const columns = Object.entries(table.columns).map(([name, values]) => [
    name,
    values.map((value, i) => (i === row ? value * 1.37 + 1 : value)),
  ])
  return { length: table.length, columns: Object.fromEntries(columns) }
}

test('features equal the Python original where training covers all rows', () => {
  const features = featuresOf(tiny, 8)
  expect(features.names).toEqual([
    'feature_return',
    'feature_high',
    'feature_low',
    'feature_volume',
    'feature_trend',
  ])
  for (const [name, wanted] of Object.entries({
    feature_return: golden.ret,
    feature_high: golden.high,
    feature_low: golden.low,
    feature_volume: golden.vol,
    feature_trend: golden.trend,
  }))
    columnOf(features, name).forEach((value, i) => expect(value, `${name} ${i}`).toBeCloseTo(wanted[i]!, 9))
})

test('standardised features have mean 0 and sample deviation 1 over the training rows alone', () => {
  const features = featuresOf(market, 300)
  for (const name of ['feature_return', 'feature_high', 'feature_low', 'feature_volume']) {
    const training = columnOf(features, name).slice(0, 300)
    const mean = training.reduce((a, b) => a + b, 0) / 300
    expect(mean).toBeCloseTo(0, 12)
    expect(training.reduce((a, b) => a + (b - mean) * (b - mean), 0) / 299).toBeCloseTo(1, 12)
  }
})

test('feature_trend spans 0 to 1 over the training rows alone', () => {
  const trend = columnOf(featuresOf(market, 100), 'feature_trend')
  expect(Math.min(...trend.slice(0, 100))).toBe(0)
  expect(Math.max(...trend.slice(0, 100))).toBeCloseTo(1, 6)
  expect(Math.max(...trend) > 1 || Math.min(...trend) < 0).toBe(true)
})

describe('no look-ahead:', () => {
  const before = featuresOf(market, 300)

  test.each([300, 301, 399, 499])('changing row %i, after training, changes no earlier value', (row) => {
    const after = featuresOf(withRowChanged(market, row), 300)
    expect(rowsOf(after, 0, row)).toEqual(rowsOf(before, 0, row))
    expect(rowsOf(after, row)).not.toEqual(rowsOf(before, row))
  })

  test.each([1, 150, 299])('with given statistics, changing row %i changes no earlier value', (row) => {
    const statistics = fit(market, 300)
    const after = compute(withRowChanged(market, row), statistics)
    expect(rowsOf(after, 0, row)).toEqual(rowsOf(before, 0, row))
    expect(rowsOf(after, row)).not.toEqual(rowsOf(before, row))
  })

  test('rows after training may be missing without changing the ones before', () => {
    const columns = Object.entries(market.columns).map(([name, values]) => [name, values.subarray(0, 350)])
    const shorter = featuresOf({ length: 350, columns: Object.fromEntries(columns) }, 300)
    expect(shorter.columns).toEqual(rowsOf(before, 0, 350))
  })
})

test('statistics survive JSON bit for bit', () => {
  const statistics = fit(market, 300)
  expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics)
})

test('statistics carry the unit of the trend to other data', () => {
  const statistics = fit(market, 300)
  const columns = Object.entries(market.columns).map(([name, values]) => [name, values.subarray(100)])
  const later = compute({ length: 400, columns: Object.fromEntries(columns) }, statistics)
  expect(columnOf(later, 'feature_trend')).toEqual(
    columnOf(featuresOf(market, 300), 'feature_trend').slice(100),
  )
})

test('noFeatures gives the standardised columns of the data', () => {
  const features = featuresOf(market, 300, { noFeatures: true, columns: null })
  expect(features.names).toEqual([
    'feature_open',
    'feature_high',
    'feature_low',
    'feature_close',
    'feature_volume',
  ])
  const close = market.columns.close!
  const training = close.subarray(0, 300)
  const mean = training.reduce((a, b) => a + b, 0) / 300
  const deviation = Math.sqrt(training.reduce((a, b) => a + (b - mean) * (b - mean), 0) / 299)
  columnOf(features, 'feature_close').forEach((value, i) =>
    expect(value).toBeCloseTo((close[i]! - mean) / deviation, 10),
  )
})

test('a feature that is constant in training is 0 everywhere', () => {
  const volume = Float64Array.from({ length: 500 }, (_, i) => (i < 300 ? 0.1 : i))
  const features = featuresOf({ length: 500, columns: { ...market.columns, volume } }, 300)
  expect(columnOf(features, 'feature_volume').every((value) => value === 0)).toBe(true)
})

test('columns choose features and their order', () => {
  const some = featuresOf(market, 300, { noFeatures: false, columns: ['feature_trend', 'feature_return'] })
  expect(some.names).toEqual(['feature_trend', 'feature_return'])
  expect(columnOf(some, 'feature_return')).toEqual(columnOf(featuresOf(market, 300), 'feature_return'))
})

test('a feature that does not exist is refused with what there is', () => {
  expect(() => fit(market, 300, { noFeatures: false, columns: ['feature_trend', 'feature_rsi'] })).toThrow(
    new DdpgError(
      'env.feature_columns names feature_rsi, have feature_return, feature_high, feature_low, feature_volume, feature_trend',
    ),
  )
  expect(() => fit(market, 300, { noFeatures: true, columns: ['feature_trend'] })).toThrow(
    'feature_close, feature_volume (data.no_features is true)',
  )
})

describe('features of a list', () => {
  const ohlc = bars(core.random.data, 400)
  const listed = (entries: string[], trainLength = 300, table = ohlc) => {
    const raw = rawFeatures(table, listFeatures(entries), math)
    const statistics = fitFeatures(raw, trainLength, false)
    return { raw, statistics, features: scaleFeatures(raw, statistics) }
  }

  test('are scaled with statistics of the training rows that have all of them', () => {
    const { features, statistics } = listed([
      'a = volume | robust',
      'b = volume | range',
      'c = volume | none',
      'd = volume',
      'sma(50)',
    ])
    const training = [...ohlc.columns.volume!.subarray(49, 300)].toSorted((a, b) => a - b)
    expect(features.warmUp).toBe(49)
    const [robust, range, none, standard] = statistics.scales
    expect(robust!.offset).toBe(training[125])
    expect(robust!.scale).toBe((training[187]! + training[188]!) / 2 - (training[62]! + training[63]!) / 2)
    expect(range).toMatchObject({ offset: training[0], scale: training[250]! - training[0]! })
    expect(none).toMatchObject({ offset: 0, scale: 1 })
    expect(standard!.offset).toBeCloseTo(training.reduce((a, b) => a + b, 0) / 251, 6)
    expect(features.columns[2]!.subarray(49)).toEqual(ohlc.columns.volume!.subarray(49))
    expect(features.columns[1]!.every((value, i) => i < 49 === Number.isNaN(value))).toBe(true)
  })

  test('are the same from their statistics, as a checkpoint holds them', () => {
    const entries = ['rsi', 'trend = close / sma(9) - 1 | range', 'macd | rolling(20)', 'finrl', 'original']
    const { features, statistics } = listed(entries)
    const kept = JSON.parse(JSON.stringify(statistics)) as FeatureStatistics
    expect(compute(ohlc, kept)).toEqual(features)
  })

  test('the preset original is what is observed without a list', () => {
    const { features } = listed(['original'], 300, market)
    expect(features).toEqual(featuresOf(market, 300))
  })

  test('lack a column, rows or a number only with a sentence', () => {
    const { volume, ...columns } = ohlc.columns
    expect(volume).toBeDefined()
    expect(() => listed(['rsi', 'obv'], 300, { length: 400, columns })).toThrow(
      new DdpgError(
        'the feature obv needs the column volume, which the data do not have: have timestamp, open, high, low, close, sentiment',
      ),
    )
    expect(() => listed(['sma(401)'])).toThrow(
      new DdpgError('the feature sma(401) needs 401 rows for its first value, the data have 400'),
    )
    const zero = { ...ohlc.columns, sentiment: new Float64Array(400).map((_, i) => (i === 7 ? 0 : 1)) }
    expect(() => listed(['close / column(sentiment)'], 300, { length: 400, columns: zero })).toThrow(
      new DdpgError(
        'the feature close / column(sentiment) is not a finite number in row 8 (Infinity): it divides by 0, or takes a logarithm or a root of what has none',
      ),
    )
  })

  test('a column that is called like one of them is told', () => {
    const table = { length: 400, columns: { ...ohlc.columns, rsi: new Float64Array(400) } }
    const told = (entry: string) => columnNotes(listFeatures([entry]), table, 'own.csv')
    const note = (feature: string) => [
      `own.csv has a column rsi of its own, which the feature ${feature} is not: write column(rsi) in features to observe it`,
    ]
    expect(told('sma(rsi(14), 5)')).toEqual(note('sma(rsi(14), 5)'))
    expect(told('rsi = close / open')).toEqual(note('rsi'))
    expect(told('rsi = column(rsi)')).toEqual([])
    expect(told('close')).toEqual([])
  })

  test('statistics that name no feature, or several, are refused', () => {
    const recorded = (name: string) =>
      recordedFeatures({ noFeatures: false, firstClose: 1, scales: [{ name, offset: 0, scale: 1 }] })
    expect(() => recorded('feature_x')).toThrow('there is no "feature_x"')
    expect(() => recorded('macd')).toThrow(new DdpgError('"macd" is not one feature'))
    expect(() => recordedFeatures({ noFeatures: false, firstClose: 1, scales: [] })).toThrow(DdpgError)
  })
})
