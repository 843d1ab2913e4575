// The rows above the data give columns their names; files of exchanges without such rows are known by their columns.
import { DdpgError } from '../base/errors.ts'
import { PLAIN, isMissing, toNumber } from './numbers.ts'
import { bareName } from './roles.ts'

export interface Header {
  names: string[]
  /** Rows before the data. */
  rows: number
  /** The kind of file, such as `Binance klines`. */
  kind: string
}

/** The name of a column that numbers the rows and is not read. */
export const ROW_NUMBER = '(row)'

const SAMPLE = 50
const MOST_PREAMBLE = 30

/**
 * @param rows the first ones, as text
 * @throws DdpgError in a sentence that follows the name of the file
 */
export function readHeader(rows: string[][]): Header {
  const width = usualWidth(rows)
  const top = rows.slice(0, MOST_PREAMBLE).findIndex((row) => !isPreamble(row, width))
  const start = top < 0 ? 0 : top
  const names = rows[start] ?? []
  if (isNumbered(names))
    return {
      ...headerless(
        rows.slice(start + 1),
        names.map((name) => (name === '' ? 'skip' : name)),
      ),
      rows: start + 1,
    }
  if (rows.length > start && isData(names)) return { ...headerless(rows.slice(start)), rows: start }
  let count = 1
  while (count < 3 && start + count < rows.length && isHeaderRow(rows[start + count]!)) count++
  const levels = rows.slice(start, start + count)
  return { names: count === 1 ? names : joinLevels(levels), rows: start + count, kind: kindOf(names, count) }
}

function usualWidth(rows: string[][]): number {
  const widths = rows
    .slice(0, 200)
    .map((row) => row.length)
    .toSorted((one, other) => one - other)
  return widths[widths.length >> 1] ?? 0
}

/** An address, a separator line or words about the file. */
function isPreamble(row: string[], width: number): boolean {
  if (/^"?sep=.?"?$/i.test(row.join(','))) return true
  const filled = row.filter((cell) => cell !== '')
  if (filled.length === 0) return true
  return width > 2 && filled.length < Math.min(width, 4) - 1 && !isData(row)
}

function isNumeric(cell: string): boolean {
  return (
    !isMissing(cell) &&
    (!Number.isNaN(toNumber(cell, PLAIN)) || !Number.isNaN(toNumber(cell, { decimal: ',', isLocal: true })))
  )
}

/** True when half of the cells or more are numbers, as in no header. */
function isData(row: string[]): boolean {
  const filled = row.filter((cell) => cell !== '')
  return filled.length >= 2 && filled.filter(isNumeric).length * 2 >= filled.length
}

/** pandas numbers the columns of a DataFrame without names. */
function isNumbered(row: string[]): boolean {
  const numbers = row[0] === '' ? row.slice(1) : row
  return numbers.length >= 5 && numbers.every((cell, i) => cell === String(i))
}

/** A second or third row of names: no numbers, and at most its first cell filled or words alone. */
function isHeaderRow(row: string[]): boolean {
  const filled = row.filter((cell) => cell !== '')
  if (filled.length === 0) return false
  if (filled.some(isNumeric) || filled.some((cell) => /\d{4}[-/.]\d|\d[-/.]\d{4}/.test(cell))) return false
  // a row whose prices are all missing is data
  if (filled.slice(1).some((cell) => isMissing(cell))) return false
  return filled.length === 1
    ? row[0] !== '' && /^(date|datetime|time|index|timestamp)$/i.test(row[0]!)
    : row.length > 2 && filled.length >= row.length - 1
}

const FIELDS = new Set([
  'open',
  'high',
  'low',
  'close',
  'adjclose',
  'volume',
  'dividends',
  'stocksplits',
  'capitalgains',
  'repaired',
])
const LABELS = new Set([
  'price',
  'ticker',
  'tickers',
  'symbol',
  'symbols',
  'attributes',
  'field',
  'fields',
  '',
])

/** Two or three rows of names, as yfinance writes them: fields and tickers. */
function joinLevels(levels: string[][]): string[] {
  const width = Math.max(...levels.map((level) => level.length))
  const isFields = (level: string[]) => level.slice(1).some((cell) => FIELDS.has(bareName(cell)))
  const fields = levels.find(isFields) ?? levels[0]!
  const tickers = levels.find((level) => level !== fields && level.slice(1).some((cell) => cell !== ''))
  const several = new Set(tickers?.slice(1).filter((cell) => cell !== '')).size > 1
  return Array.from({ length: width }, (_, i) => {
    if (i === 0) {
      const own = levels.map((level) => level[0] ?? '').findLast((cell) => !LABELS.has(bareName(cell)))
      return own ?? 'Date'
    }
    const [field, ticker] = [fields[i] ?? '', tickers?.[i] ?? '']
    return several && ticker !== '' ? `${ticker} ${field}` : field
  })
}

function kindOf(names: string[], count: number): string {
  const bare = new Set(names.map(bareName))
  const has = (...wanted: string[]) => wanted.every((name) => bare.has(name))
  if (count > 1) return 'yfinance table'
  if (has('takerbuyvolume') || has('takerbuybasevolume') || has('takerbuybaseassetvolume'))
    return 'Binance klines'
  if (names.some((name) => /^<\w+>$/.test(name))) return 'MetaTrader or Stooq export'
  if (has('dividends', 'stocksplits')) return 'yfinance history'
  if (has('adjclose')) return 'Yahoo table'
  if (has('unix', 'symbol')) return 'CryptoDataDownload table'
  if (has('average', 'barcount')) return 'IBKR bars'
  return ''
}

interface Layout {
  kind: string
  names: string[]
}

const OHLC = ['open', 'high', 'low', 'close']
/** Orders of the four prices that exchanges use. */
const ORDERS = [
  OHLC,
  ['open', 'close', 'high', 'low'],
  ['low', 'high', 'open', 'close'],
  ['close', 'high', 'low', 'open'],
  ['high', 'low', 'open', 'close'],
]

/**
 * Names of columns that have none. @param numbered names where columns are numbered: `skip` is the number of the row
 * @throws DdpgError when they are no bars
 */
function headerless(rows: string[][], numbered?: string[]): Layout {
  const offset = numbered?.[0] === 'skip' ? 1 : 0
  const data = rows.slice(0, SAMPLE).map((row) => row.slice(offset))
  const found = layoutOf(data)
  return offset ? { ...found, names: [ROW_NUMBER, ...found.names] } : found
}

/** @param rows of cells without names @throws DdpgError in a sentence that follows the name of the file */
export function layoutOf(rows: readonly (readonly unknown[])[]): Layout {
  const width = Math.max(...rows.map((row) => row.length), 0)
  const text = (row: readonly unknown[], at: number) => String(row[at] ?? '')
  const number = (row: readonly unknown[], at: number) =>
    toNumber(row[at], /^-?\d+,\d+$/.test(text(row, at)) ? { decimal: ',', isLocal: true } : PLAIN)
  // a name of the symbol may stand first
  const hasSymbol = rows.every(
    (row) => /^[A-Z][A-Z0-9./_-]*$/i.test(text(row, 0)) && Number.isNaN(number(row, 0)),
  )
  const first = hasSymbol ? 1 : 0
  const hasClock =
    rows.every((row) => /^\d{1,2}:?\d{2}(:?\d{2})?$/.test(text(row, first + 1))) &&
    rows.every((row) => /^\d{4}[-./]?\d\d[-./]?\d\d$|^\d\d[-./]\d\d[-./]\d{2,4}$/.test(text(row, first)))
  const at = first + (hasClock ? 2 : 1)
  const order = ORDERS.find((names) =>
    rows.every((row) => {
      const [high, low] = [number(row, at + names.indexOf('high')), number(row, at + names.indexOf('low'))]
      return names.every((_, i) => {
        const price = number(row, at + i)
        return (price >= low && price <= high) || isMissing(row[at + i])
      })
    }),
  )
  if (!order || width < at + 4)
    throw new DdpgError(
      'has no header, and its columns are not a time, open, high, low and close: add a line of names above the rows',
    )
  const rest = width - at - 4
  const isBinance = !hasClock && width === 12 && rows.every((row) => number(row, 6) > number(row, 0))
  const after = isBinance
    ? [
        'volume',
        'close_time',
        'quote_volume',
        'count',
        'taker_buy_volume',
        'taker_buy_quote_volume',
        'ignore',
      ]
    : rest === 2 && order === OHLC && !hasClock
      ? ['volume', 'trades']
      : rest === 3 && order === OHLC && !hasClock && isWithin(rows, at, number)
        ? ['vwap', 'volume', 'count']
        : [
            'volume',
            ...Array.from({ length: Math.max(0, rest - 1) }, (_, i) => `column_${at + 5 + i + 1}`),
          ].slice(0, rest)
  const kind = isBinance
    ? 'Binance klines'
    : hasClock
      ? 'MetaTrader bars'
      : rest === 2 && order === OHLC
        ? 'Kraken OHLCVT'
        : 'bars without a header'
  const names = [
    ...(hasSymbol ? ['symbol'] : []),
    ...(hasClock ? ['date', 'time'] : ['time']),
    ...order,
    ...after,
  ]
  return { kind, names }
}

/** True when the column after the prices lies between low and high, as a mean price does. */
function isWithin(
  rows: readonly (readonly unknown[])[],
  at: number,
  number: (row: readonly unknown[], at: number) => number,
): boolean {
  return rows.every(
    (row) =>
      number(row, at + 4) === 0 ||
      (number(row, at + 4) >= number(row, at + 2) * 0.999 &&
        number(row, at + 4) <= number(row, at + 1) * 1.001),
  )
}
