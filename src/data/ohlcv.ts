// All market data pass through here, whatever file they come from: names, types and rows are checked, so that
// nothing behind it meets a missing value, a price of zero or rows out of order.
import type { Table } from './table.ts'
import { epochMilliseconds, parseTime } from '../math/time.ts'
import { listed, oneLine, quoted } from '../text.ts'
import { DdpgError } from '../errors.ts'

/** A column as its file holds it. */
export interface RawColumn {
  name: string
  values: ArrayLike<unknown>
  /** The values are times in milliseconds since 1970 already, not counts whose unit must be guessed. */
  isTime?: boolean
}

export interface LoadedTable {
  /** Columns in file order, names in lower case; the time column is called timestamp. */
  table: Table
  /** The usual (median) time from a row to the next, in milliseconds. */
  spacing: number
  /** What is odd but usable: gaps between bars, columns left out. */
  warnings: string[]
}

const required = ['open', 'high', 'low', 'close', 'volume']
// Preferred first. pandas writes a nameless index as __index_level_0__ to parquet, and with an empty name to CSV.
const timeNames = ['timestamp', 'datetime', 'date', 'time', 'date_close', 'open_time', 'index']
const namelessIndex = ['__index_level_0__', '', 'unnamed: 0']

/**
 * Market data of a file as a table.
 * @param raw columns of equal length in any order, named in any case
 * @param file its name, for the messages
 * @throws DdpgError with every problem found, each on a line of its own; rows count from 1
 */
export function toOhlcv(raw: RawColumn[], file: string): LoadedTable {
  const name = oneLine(file)
  const problems: string[] = []
  const warnings: string[] = []
  const length = raw[0]?.values.length ?? 0
  if (length < 2) problems.push(length === 0 ? 'has no rows' : 'has only 1 row, at least 2 are needed')

  const named = namedColumns(raw, problems)
  const timeName = [...timeNames, ...namelessIndex].find((candidate) => named.has(candidate))
  const have = `have ${listed(raw.map((column) => column.name))}`
  const missing = required.filter((wanted) => !named.has(wanted))
  if (missing.length) problems.push(`has no column ${missing.join(', ')}: ${have}`)
  if (timeName === undefined) problems.push(`has no time column (one of ${timeNames.join(', ')}): ${have}`)

  const found = new Map<string, Float64Array>()
  for (const [key, column] of named) {
    if (key === timeName) {
      found.set('timestamp', readTimes(column, problems))
      continue
    }
    const values = readNumbers(column.values)
    const bad = listRows(
      length,
      (i) => Number.isNaN(values[i]),
      (i) => describe(column.values[i]),
    )
    if (!bad || required.includes(key)) found.set(key, values)
    if (bad && required.includes(key)) problems.push(`${key} is not a number in ${bad}`)
    else if (bad) warnings.push(`${name}: column ${quoted(column.name)} left out, not a number in ${bad}`)
  }
  // a column may have the name of a prototype
  const columns: Record<string, Float64Array> = Object.fromEntries(found)
  checkBars(columns, length, problems)
  if (columns.timestamp) checkTimes(columns.timestamp, problems)
  if (problems.length) throw new DdpgError(`${name}: ${told(problems).join('\n  ')}`)

  const steps = columns.timestamp!.subarray(1).map((time, i) => time - columns.timestamp![i]!)
  const spacing = steps.toSorted()[steps.length >> 1]!
  const gaps = listRows(length, (i) => i > 0 && steps[i - 1]! > spacing)
  if (gaps)
    warnings.push(`${name}: gaps, more than the usual ${spacing / 1000} s since the row before, at ${gaps}`)
  return { table: { length, columns }, spacing, warnings }
}

/** The first twenty, and how many more there are. */
function told(problems: string[]): string[] {
  const more = problems.length - 20
  return more > 0 ? [...problems.slice(0, 20), `and ${more} more problems`] : problems
}

/** The first five of the rows that fail, counted from 1, and how many more there are; undefined if none does. */
export function listRows(
  length: number,
  fails: (row: number) => boolean,
  detail?: (row: number) => string,
): string | undefined {
  const first: string[] = []
  let count = 0
  for (let row = 0; row < length; row++) {
    if (!fails(row)) continue
    if (++count <= 5) first.push(detail ? `${row + 1} (${detail(row)})` : `${row + 1}`)
  }
  if (count === 0) return undefined
  return `${count === 1 ? 'row' : 'rows'} ${first.join(', ')}${count > 5 ? ` and ${count - 5} more` : ''}`
}

function namedColumns(raw: RawColumn[], problems: string[]): Map<string, RawColumn> {
  const named = new Map<string, RawColumn>()
  for (const column of raw) {
    const key = column.name.trim().toLowerCase()
    const earlier = named.get(key)
    if (earlier)
      problems.push(
        `has two columns of one name, ${quoted(earlier.name)} and ${quoted(column.name)}: remove one`,
      )
    else named.set(key, column)
  }
  return named
}

function readNumbers(values: ArrayLike<unknown>): Float64Array {
  const numbers = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) numbers[i] = toNumber(values[i])
  return numbers
}

/** NaN for whatever is not a finite number. */
function toNumber(value: unknown): number {
  if (typeof value === 'string' && value.trim() === '') return NaN
  const number = ['number', 'bigint', 'string'].includes(typeof value) ? Number(value) : NaN
  return Number.isFinite(number) ? number : NaN
}

function readTimes({ name, values, isTime }: RawColumn, problems: string[]): Float64Array {
  const times = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) times[i] = isTime ? toNumber(values[i]) : toTime(values[i])
  const bad = listRows(
    times.length,
    (i) => Number.isNaN(times[i]),
    (i) => describe(values[i]),
  )
  if (bad)
    problems.push(
      `time column ${quoted(name)} holds no time in ${bad}: write 2024-01-31T08:00:00Z, or a count of seconds or a finer unit since 1970`,
    )
  return times
}

function toTime(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return epochMilliseconds(value)
  if (typeof value !== 'string') return NaN
  const text = value.trim()
  if (/^\d+$/.test(text)) return epochMilliseconds(BigInt(text))
  return /^\d+\.\d*$/.test(text) ? epochMilliseconds(Number(text)) : parseTime(text)
}

function describe(value: unknown): string {
  if (value === null || value === undefined || value === '' || Number.isNaN(value)) return 'empty'
  return quoted(value)
}

function checkBars(columns: Record<string, Float64Array>, length: number, problems: string[]): void {
  for (const name of ['open', 'high', 'low', 'close']) {
    const price = columns[name]
    const bad =
      price &&
      listRows(
        length,
        (i) => price[i]! <= 0,
        (i) => String(price[i]),
      )
    if (bad) problems.push(`${name} is not positive in ${bad}`)
  }
  const { high, low, volume } = columns
  const negative =
    volume &&
    listRows(
      length,
      (i) => volume[i]! < 0,
      (i) => String(volume[i]),
    )
  if (negative) problems.push(`volume is negative in ${negative}`)
  const crossed = high && low && listRows(length, (i) => high[i]! < low[i]!)
  if (crossed) problems.push(`high is below low in ${crossed}`)
}

function checkTimes(times: Float64Array, problems: string[]): void {
  const unsorted = listRows(times.length, (i) => i > 0 && times[i]! < times[i - 1]!)
  if (unsorted) problems.push(`time goes back in ${unsorted}: sort the file by time, earliest first`)
  const repeated = listRows(times.length, repeatsEarlier(times))
  if (repeated) problems.push(`time repeats an earlier row in ${repeated}: keep one row for each time`)
}

/** Tells whether a row has the time of an earlier row. NaN repeats nothing. */
function repeatsEarlier(times: Float64Array): (row: number) => boolean {
  const ascends = times.every((time, i) => i === 0 || time >= times[i - 1]!)
  if (ascends) return (row) => row > 0 && times[row] === times[row - 1]
  // Not a Map or Set of the times: these hold 2^24 entries at most.
  const order = Uint32Array.from(times, (_, i) => i).filter((row) => !Number.isNaN(times[row]))
  order.sort((a, b) => times[a]! - times[b]!)
  const repeats = new Uint8Array(times.length)
  order.forEach((row, i) => {
    if (i > 0 && times[row] === times[order[i - 1]!]) repeats[row] = 1
  })
  return (row) => repeats[row] === 1
}
