// A trading task is made of a table, which it splits into rows, features and prices.
import { describe, expect, it } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { tradingTask, wholeTable } from '../../src/task/trading.ts'
import { parse } from '../scenario/helpers.ts'
import { DdpgError } from '../../src/base/errors.ts'

const { math } = await createCore(await loadModule(), 0)

/** Ten rows, with the column vwap beside the required ones. */
function prepared(priceColumns: string[] | null, vwap: number[] = []) {
  const { scenario } = parse(
    JSON.stringify({
      data: { data_path: 'own.csv', train_size: 6 },
      env: { price_columns: priceColumns },
    }),
  )
  const rows = Array.from({ length: 10 }, (_, i) => i)
  const filled = (value: (row: number) => number) => Float64Array.from(rows, value)
  const columns = {
    timestamp: filled((i) => 1.7e12 + i * 3_600_000),
    open: filled((i) => 100 + i),
    high: filled((i) => 110 + i),
    low: filled((i) => 90 + i),
    close: filled((i) => 101 + i),
    volume: filled(() => 5),
    vwap: filled((i) => vwap[i] ?? 102 + i),
  }
  return tradingTask(scenario, { length: 10, columns }, math)
}

describe('the columns that are traded', () => {
  it('are the close by default', () => {
    expect(prepared(null).markets.train.prices).toEqual([Float64Array.of(101, 102, 103, 104, 105, 106)])
  })

  it('may be any others, in the order given', () => {
    expect(prepared(['vwap', 'open']).markets.test.prices).toEqual([
      Float64Array.of(110, 111),
      Float64Array.of(108, 109),
    ])
  })

  it.each([
    [['close', 'vwop', 'Open'], 'vwop, Open'],
    [['timestamp'], 'timestamp'],
    [['constructor'], 'constructor'],
  ])('must be prices that there are: %j', (columns, wrong) => {
    expect(() => prepared(columns)).toThrow(
      new DdpgError(`env.price_columns names ${wrong}, have open, high, low, close, volume, vwap`),
    )
  })

  it('must be positive and finite in all rows', () => {
    expect(() => prepared(['close', 'vwap'], [1, 0, -2, 3, NaN, Infinity, -0, 4, -Infinity, 5])).toThrow(
      new DdpgError(
        'own.csv: vwap, which env.price_columns names, is not positive and finite in rows 2 (0), 3 (-2), 5 (NaN), 6 (Infinity), 7 (0) and 1 more',
      ),
    )
    expect(() => prepared(['close'], [0])).not.toThrow()
  })
})

describe('rows without features', () => {
  const ten = (features: string[]) => {
    const { scenario } = parse(
      JSON.stringify({ seed: 1, features, data: { data_path: 'own.csv', train_size: 6 } }),
    )
    const columns = Object.fromEntries(
      ['timestamp', 'open', 'high', 'low', 'close', 'volume'].map((name) => [
        name,
        Float64Array.from({ length: 10 }, (_, i) => 100 + i * i),
      ]),
    )
    return { scenario, table: { length: 10, columns } }
  }

  it('are cut from the training split alone', () => {
    const { scenario, table } = ten(['lag(close, 3) | none', 'close | none'])
    const task = tradingTask({ ...scenario, env: { ...scenario.env, obs_clip: null } }, table, math)
    expect(task.splits.train).toEqual({ from: 3, to: 6 })
    expect(task.splits.validation).toEqual({ from: 6, to: 8 })
    expect(task.markets.train.prices).toEqual([Float64Array.of(109, 116, 125)])
    expect(task.markets.train.features).toEqual(Float32Array.of(100, 109, 101, 116, 104, 125))
    expect(task.markets.validation.features).toEqual(Float32Array.of(109, 136, 116, 149))
    const { markets, splits } = wholeTable(scenario, table, math, task.statistics)
    expect(splits.all).toEqual({ from: 3, to: 10 })
    expect(markets.all.rows).toBe(7)
  })

  it('must leave two to train on', () => {
    const { scenario, table } = ten(['close', 'lag(5)'])
    expect(() => tradingTask(scenario, table, math)).toThrow(
      new DdpgError(
        'the first 5 rows have no value of the feature lag(5), which leaves 1 of 6 to train on: raise data.train_size to 7 or more, or shorten the feature',
      ),
    )
  })
})
