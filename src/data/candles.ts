// JSON of candles, as exchanges answer and pandas writes it, becomes columns.
import { DdpgError, withSubject } from '../base/errors.ts'
import { oneLine } from '../base/text.ts'
import { toUtf8 } from './decode.ts'
import { layoutOf } from './header.ts'
import type { FileColumns, RawColumn } from './columns.ts'
import { bareName } from './roles.ts'

const MOST_DEPTH = 6
const MOST_COLUMNS = 10_000

type Json = Record<string, unknown>

/** @throws DdpgError with the name of the file */
export function candlesToColumns(bytes: Uint8Array, name: string): FileColumns {
  try {
    const value = parse(new TextDecoder().decode(toUtf8(bytes)))
    const found = columnsIn(value, MOST_DEPTH)
    if (!found)
      throw new DdpgError(
        'holds no candles: a list of lists such as [1704067200000, 1, 2, 0.5, 1.5, 10] or of objects with open, high, low, close, volume and a time is read',
      )
    if (found.raw.length > MOST_COLUMNS) throw new DdpgError(`has more than ${MOST_COLUMNS} columns`)
    return found
  } catch (error) {
    throw withSubject(oneLine(name), error)
  }
}

/** One document, or one on each line. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    try {
      return lines.map((line) => JSON.parse(line) as unknown)
    } catch (error) {
      throw new DdpgError(`cannot be read as JSON: it is damaged or cut`, { cause: error })
    }
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function reading(kind: string): FileColumns['reading'] {
  return { kind, commasAreDecimal: false }
}

/** The first thing in a document that looks like candles. */
function columnsIn(value: unknown, depth: number): FileColumns | undefined {
  if (depth === 0) return undefined
  if (Array.isArray(value)) return columnsOfList(value, depth)
  if (!isObject(value)) return undefined
  return (
    columnsOfYahoo(value) ??
    columnsOfSplit(value) ??
    columnsOfLists(value) ??
    columnsOfTimes(value) ??
    inMembers(Object.values(value), depth)
  )
}

function inMembers(values: unknown[], depth: number): FileColumns | undefined {
  // the longest member comes first: data, not what is said about them
  const size = (member: unknown) =>
    Array.isArray(member) ? member.length : isObject(member) ? Object.keys(member).length : 0
  for (const member of values.slice(0, 100).toSorted((one, other) => size(other) - size(one))) {
    const found = columnsIn(member, depth - 1)
    if (found) return found
  }
  return undefined
}

function columnsOfList(list: unknown[], depth: number): FileColumns | undefined {
  const [first] = list
  if (
    Array.isArray(first) &&
    first.length >= 5 &&
    list.every((row) => Array.isArray(row)) &&
    !isObject(first[0]) &&
    !Array.isArray(first[0])
  ) {
    const rows = list as unknown[][]
    const isHeader = first.every(
      (cell) => typeof cell === 'string' && /\p{L}/u.test(cell) && !/\d{4}-\d\d/.test(cell),
    )
    if (isHeader) return named(first as string[], rows.slice(1), 'JSON table')
    const { kind, names } = layoutOf(rows.slice(0, 50))
    return named(
      names,
      rows,
      kind === 'bars without a header' || kind === 'Kraken OHLCVT' ? 'JSON candles' : kind,
    )
  }
  if (isObject(first) && list.every(isObject)) {
    const records = list.map(flat)
    const names = [...new Set(records.slice(0, 1000).flatMap((record) => Object.keys(record)))]
    if (names.length >= 2 && names.some((name) => isFieldName(name)))
      return {
        raw: names.map((name) => ({ name, values: records.map((record) => record[name]) })),
        reading: reading('JSON candles'),
      }
  }
  return list.length <= 100 ? inMembers(list, depth) : undefined
}

const FIELDS = new Set(['c', 'close', 'closeprice', 'price', 'last', 'value', 'adjclose'])

function isFieldName(name: string): boolean {
  return FIELDS.has(bareName(name)) || FIELDS.has(bareName(name.split('.').at(-1)!))
}

/** An object in an object becomes names with a point. */
function flat(record: Json): Json {
  const entries = Object.entries(record).flatMap(([key, value]): [string, unknown][] =>
    isObject(value) ? Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, one]) : [[key, value]],
  )
  const names = entries.map(([key]) => key)
  const midOnly = names.some((name) => name.startsWith('mid.'))
  return Object.fromEntries(entries.map(([key, value]) => [midOnly ? key.replace(/^mid\./, '') : key, value]))
}

function named(names: string[], rows: unknown[][], kind: string): FileColumns {
  const raw: RawColumn[] = names.map((name, at) => ({ name, values: rows.map((row) => row[at]) }))
  return { raw, reading: reading(kind) }
}

/** `{ columns, index, data }`, as pandas writes with orient="split". */
function columnsOfSplit(value: Json): FileColumns | undefined {
  const { columns, index, data } = value
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return undefined
  const found = named(columns.map(String), data as unknown[][], 'JSON table')
  const hasIndex = Array.isArray(index) && index.length === data.length
  return hasIndex ? { ...found, raw: [{ name: 'index', values: index }, ...found.raw] } : found
}

/** An object of columns: lists, or objects by row as pandas writes them. */
function columnsOfLists(value: Json): FileColumns | undefined {
  const entries = Object.entries(value).filter(([, member]) => Array.isArray(member) || isObject(member))
  const fields = entries.filter(
    ([key]) => isFieldName(key) || /^[ohlvt]$|open|high|low|vol|time|date/i.test(key),
  )
  if (!fields.some(([key]) => isFieldName(key))) return undefined
  const lists = fields.filter(([, member]) => Array.isArray(member))
  if (lists.length >= 2)
    return {
      raw: lists.map(([name, member]) => ({ name, values: member as unknown[] })),
      reading: reading('JSON columns'),
    }
  const records = entries.filter(([, member]) => isObject(member)) as [string, Json][]
  if (records.length < 2) return undefined
  const keys = Object.keys(records[0]![1])
  const raw = records.map(([name, member]) => ({ name, values: keys.map((key) => member[key]) }))
  const hasTime = raw.some(({ name }) => /time|date|^t$/i.test(name))
  return { raw: hasTime ? raw : [{ name: 'index', values: keys }, ...raw], reading: reading('JSON columns') }
}

/** An object of candles by their times. */
function columnsOfTimes(value: Json): FileColumns | undefined {
  const entries = Object.entries(value)
  if (
    entries.length < 2 ||
    !entries.every(([key, member]) => isObject(member) && /^\d{4}-\d\d-\d\d|^\d{9,19}$/.test(key))
  )
    return undefined
  const records = entries.map(([key, member]) => ({ index: key, ...flat(member as Json) }))
  return columnsOfList(records, 2)
}

/** Yahoo's chart: times beside the indicators. */
function columnsOfYahoo(value: Json): FileColumns | undefined {
  const { timestamp, indicators } = value
  if (!Array.isArray(timestamp) || !isObject(indicators)) return undefined
  const raw: RawColumn[] = [{ name: 'timestamp', values: timestamp }]
  for (const group of Object.values(indicators)) {
    const [columns] = Array.isArray(group) ? (group as unknown[]) : []
    if (!isObject(columns)) continue
    for (const [name, values] of Object.entries(columns))
      if (Array.isArray(values) && values.length === timestamp.length) raw.push({ name, values })
  }
  return { raw, reading: reading("Yahoo's chart") }
}
