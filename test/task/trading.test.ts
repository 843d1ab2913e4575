// A trading task is made of a table, which it splits into rows, features and prices.
import { describe, expect, it } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { tradingTask } from '../../src/task/trading.ts'
import { parse } from '../scenario/helpers.ts'
import { DdpgError } from '../../src/errors.ts'

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
