// Market data pass one gate, which names every row that is wrong.
import { describe, expect, test } from 'vitest'
import type { RawColumn } from '../../src/data/columns.ts'
import { spacingOf } from '../../src/data/calendar.ts'
import { toOhlcv } from '../../src/data/ohlcv.ts'
import { DdpgError } from '../../src/base/errors.ts'

const hour = 3_600_000
const start = Date.UTC(2024, 0, 1)

/** Ten good hourly bars, columns replaced or added as wanted; undefined takes one away. */
function bars(changes: Record<string, unknown[] | undefined> = {}): RawColumn[] {
  const rows = Array.from({ length: 10 }, (_, i) => i)
  const columns: Record<string, unknown[] | undefined> = {
    time: rows.map((i) => start + i * hour),
    open: rows.map(() => 100),
    high: rows.map(() => 110),
    low: rows.map(() => 90),
    close: rows.map((i) => 100 + i),
    volume: rows.map(() => 5),
    ...changes,
  }
  return Object.entries(columns).flatMap(([name, values]) => (values ? [{ name, values }] : []))
}
/** The column of `bars` with some rows replaced. */
function replaced(name: string, changes: Record<number, unknown>): Record<string, unknown[]> {
  const values = Array.from(bars().find((column) => column.name === name)!.values)
  for (const [row, value] of Object.entries(changes)) values[Number(row)] = value
  return { [name]: values }
}
const load = (changes: Record<string, unknown[] | undefined>) => toOhlcv(bars(changes), 'btc.csv')

test('good data give a table with lower-case names and no warnings', () => {
  const { table, warnings } = toOhlcv(
    bars().map((column) => ({ ...column, name: ` ${column.name.toUpperCase()}` })),
    'btc.csv',
  )
  expect(warnings).toEqual([])
  expect(Object.keys(table.columns)).toEqual(['timestamp', 'open', 'high', 'low', 'close', 'volume'])
  expect(table.length).toBe(10)
  expect(table.columns.close![9]).toBe(109)
  expect(table.columns.timestamp![9]).toBe(start + 9 * hour)
})

test('timestamp is taken before other time columns, which stay numbers', () => {
  const timestamp = Array.from({ length: 10 }, (_, i) => start + i * 60_000)
  const { table } = load({ timestamp })
  expect([...table.columns.timestamp!]).toEqual(timestamp)
  expect(table.columns.time![1]).toBe(start + hour)
})

test('other numeric columns are kept, others left out with a warning', () => {
  const { table, warnings } = load({ VWAP: Array(10).fill(101n), symbol: Array(10).fill('BTC') })
  expect(table.columns.vwap![3]).toBe(101)
  expect(table.columns.symbol).toBeUndefined()
  expect(warnings).toEqual([
    'btc.csv: column "symbol" left out, not a number in rows 1 ("BTC"), 2 ("BTC"), 3 ("BTC"), 4 ("BTC"), 5 ("BTC") and 5 more',
  ])
})

test('gaps are a warning that names the rows after them', () => {
  const { warnings } = load(replaced('time', { 8: start + 20 * hour, 9: start + 21 * hour }))
  expect(warnings).toEqual(['btc.csv: gaps, more than the usual 3600 s since the row before, at row 9'])
})

test('the spacing is the usual one, whatever gaps there are', () => {
  const gap = load(replaced('time', { 8: start + 20 * hour, 9: start + 21 * hour }))
  expect([load({}).spacing, gap.spacing]).toEqual([hour, hour])
  const minutes = Array.from({ length: 10 }, (_, i) => start + i * 60_000)
  expect(load({ time: minutes }).spacing).toBe(60_000)
})

describe('a bad file is refused with a sentence:', () => {
  test.each<[string, Record<string, unknown[] | undefined>, string]>([
    [
      'missing columns',
      { close: undefined, volume: undefined },
      'btc.csv: has no column close: have time, open, high, low; say which it is with data.columns: {close: "low"}',
    ],
    [
      'no time column',
      { time: undefined },
      'btc.csv: has no time column: have open, high, low, close, volume; say which it is with data.columns: {time: "open"}',
    ],
    ['a missing value', replaced('close', { 3: null }), 'btc.csv: close is not a number in row 4 (empty)'],
    [
      'NaN',
      replaced('open', { 3: NaN, 4: '' }),
      'btc.csv: open is not a number in rows 4 (empty), 5 (empty)',
    ],
    ['text', replaced('volume', { 0: '1.5x' }), 'btc.csv: volume is not a number in row 1 ("1.5x")'],
    ['infinity', replaced('low', { 9: -Infinity }), 'btc.csv: low is not a number in row 10 (-Infinity)'],
    [
      'a price of zero',
      replaced('low', { 2: 0, 5: -3 }),
      'btc.csv: low is not positive in rows 3 (0), 6 (-3)',
    ],
    ['negative volume', replaced('volume', { 2: -1 }), 'btc.csv: volume is negative in row 3 (-1)'],
    ['high below low', replaced('high', { 6: 80 }), 'btc.csv: high is below low in row 7'],
    [
      'a duplicate time',
      replaced('time', { 4: start + 3 * hour }),
      'btc.csv: time repeats an earlier row in row 5: keep one row for each time',
    ],
    [
      'unsorted time',
      replaced('time', { 0: start + 10 * hour }),
      'btc.csv: time goes back in row 2: sort the file by time, earliest first',
    ],
    [
      'times that repeat rows further up',
      replaced('time', { 5: start + hour, 8: start + hour, 9: start }),
      [
        'btc.csv: time goes back in rows 6, 9, 10: sort the file by time, earliest first',
        '  time repeats an earlier row in rows 6, 9, 10: keep one row for each time',
      ].join('\n'),
    ],
    [
      'a time repeated after one that is none',
      replaced('time', { 3: NaN, 4: start + 2 * hour }),
      [
        'btc.csv: time column "time" holds no time in row 4 (empty): write 2024-01-31T08:00:00Z, or a count of seconds or a finer unit since 1970, or give data.time_format',
        '  time repeats an earlier row in row 5: keep one row for each time',
      ].join('\n'),
    ],
    [
      'a time that is none',
      replaced('time', { 1: 'soon', 2: 7 }),
      'btc.csv: time column "time" holds no time in rows 2 ("soon"), 3 (7): write 2024-01-31T08:00:00Z, or a count of seconds or a finer unit since 1970, or give data.time_format',
    ],
    [
      'one name twice',
      { Close: Array(10).fill(1) },
      'btc.csv: has two columns of one name, "close" and "Close": remove one',
    ],
  ])('%s', (_, changes, sentence) => {
    expect(() => load(changes)).toThrow(new DdpgError(sentence))
  })

  test('no rows, or one', () => {
    const cut = (length: number) =>
      bars().map(({ name, values }) => ({ name, values: Array.from(values).slice(0, length) }))
    expect(() => toOhlcv(cut(0), 'btc.csv')).toThrow(new DdpgError('btc.csv: has no rows'))
    expect(() => toOhlcv(cut(1), 'btc.csv')).toThrow(
      new DdpgError('btc.csv: has only 1 row, at least 2 are needed'),
    )
  })

  test('a duplicate time among more rows than a Map or Set holds', () => {
    const values = Float64Array.from({ length: 17_000_000 }, (_, i) => i + 1)
    values[values.length - 1]! -= 1
    expect(() => toOhlcv([{ name: 'time', values, isTime: true }], 'btc.csv')).toThrow(
      'time repeats an earlier row in row 17000000: keep one row for each time',
    )
  })

  test('many rows: the first five and how many more', () => {
    const rows = Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((row) => [row, 0]))
    expect(() => load(replaced('close', rows))).toThrow(
      'close is not positive in rows 1 (0), 2 (0), 3 (0), 4 (0), 5 (0) and 2 more',
    )
  })

  test('several problems at once, each on its line', () => {
    const changes = { ...replaced('close', { 1: 0 }), ...replaced('time', { 4: start }), volume: undefined }
    expect(() => load(changes)).toThrow(
      new DdpgError(
        [
          'btc.csv: close is not positive in row 2 (0)',
          '  time goes back in row 5: sort the file by time, earliest first',
          '  time repeats an earlier row in row 5: keep one row for each time',
        ].join('\n'),
      ),
    )
  })
})

test('the spacing of rows is the median, whatever gap they begin with', () => {
  expect(spacingOf(Float64Array.of(0, 5, 7, 9, 10))).toBe(2)
})
