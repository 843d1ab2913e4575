// All market data pass through here, whatever file they come from: columns get roles, cells become numbers and times, and
// rows are checked, so that nothing behind it meets a missing value, a price of zero or rows out of order.
import type { Calendar } from '../math/bars.ts'
import { formatTime } from '../math/time.ts'
import { listed, oneLine, quoted, shown } from '../base/text.ts'
import { DdpgError, named } from '../base/errors.ts'
import { alignAssets } from './assets.ts'
import type { LoadedTable, RawColumn, Reading, ReadOptions } from './columns.ts'
import { calendarOf, gapsOf, spacingOf, timeframeOf } from './calendar.ts'
import { isMissing, styleOf, toNumbers, type NumberStyle } from './numbers.ts'
import { doubtsOf, type Allowance } from './plausible.ts'
import { assignRoles, suggestion, type Role, type Roles } from './roles.ts'
import { listRows } from './rows.ts'
import { areClocks, areDates, joinTimes, readTimes } from './times.ts'

const PRICES = ['open', 'high', 'low', 'close'] as const
/** The names that scenarios and features know, by role. */
const OWN_NAMES = new Set<Role>(['open', 'high', 'low', 'close', 'volume'])

/** Columns of one asset, whose roles are known. */
export interface AssetColumns {
  raw: RawColumn[]
  roles: Roles
  /** The scenario's time zone, for times that are written without one. */
  options: ReadOptions
  reading: Reading
}

/**
 * Market data of a file as a table.
 * @param raw columns of equal length in any order, named in any case
 * @param file its name, for the messages
 * @throws DdpgError with every problem found, each on a line of its own; rows count from 1
 */
export function toOhlcv(
  raw: RawColumn[],
  file: string,
  options: ReadOptions = {},
  reading: Reading = { kind: '', commasAreDecimal: false },
): LoadedTable {
  const name = oneLine(file)
  const columns = withoutBlank(raw)
  const names = columns.map((column) => column.name)
  const { roles, assets } = named(name, () => assignRoles(names, options.columns ?? {}, mayBePrice(columns)))
  const one: AssetColumns = { raw: columns, roles, options, reading }
  const symbols = columns.find((column) => column.name === roles.get('symbol'))
  if (symbols && !symbols.isTime && roles.has('close')) {
    const rows = rowsBySymbol(symbols.values)
    if (rows.size > 1) return named(name, () => longAssets(one, rows, name))
  }
  return assets.size > 0 ? named(name, () => wideAssets(one, assets, name)) : toBars(one, name)
}

function rowsBySymbol(values: ArrayLike<unknown>): Map<string, number[]> {
  const rows = new Map<string, number[]>()
  for (let row = 0; row < values.length; row++) {
    const symbol = String(values[row]).trim()
    const own = rows.get(symbol)
    if (own) own.push(row)
    else rows.set(symbol, [row])
  }
  return rows
}

/** Rows of several assets below each other, told apart by a column of symbols. */
function longAssets(
  { raw, roles, options, reading }: AssetColumns,
  rows: Map<string, number[]>,
  name: string,
): LoadedTable {
  const [most] = [...rows.values()].map((own) => own.length).toSorted((one, other) => other - one)
  if (most! < 2)
    throw new DdpgError(
      `column ${quoted(roles.get('symbol'))} names another asset in every row: rows of one asset are needed`,
    )
  const own = new Map(
    [...rows].map(([symbol, at]) => {
      const columns = raw
        .filter((column) => column.name !== roles.get('symbol'))
        .map(({ name: column, values, isTime }) => ({
          name: column,
          isTime: isTime === true,
          values:
            values instanceof Float64Array
              ? Float64Array.from(at, (row) => values[row]!)
              : at.map((row) => values[row]),
        }))
      const ownRoles: Roles = new Map(roles)
      ownRoles.delete('symbol')
      return [
        symbol,
        toBars({ raw: columns, roles: ownRoles, options, reading }, `${name}: ${shown(symbol)}`),
      ] as const
    }),
  )
  return alignAssets(own, name, options.align)
}

/** Columns of several assets beside each other. */
function wideAssets(
  { raw, roles, options, reading }: AssetColumns,
  assets: Map<string, Roles>,
  name: string,
): LoadedTable {
  const time = (['time', 'date', 'clock'] as const).flatMap((role) =>
    roles.has(role) ? [[role, roles.get(role)!] as const] : [],
  )
  const loaded = new Map(
    [...assets].map(([asset, own]) => {
      const ownRoles: Roles = new Map([...time, ...own])
      const used = new Set(ownRoles.values())
      const columns = raw.filter((column) => used.has(column.name))
      return [
        asset,
        toBars({ raw: columns, roles: ownRoles, options, reading }, `${name}: ${shown(asset)}`),
      ] as const
    }),
  )
  const [only] = loaded.values()
  return loaded.size === 1 ? only! : alignAssets(loaded, name, options.align)
}

/** True when all values of a column are numbers above zero, or missing. */
function mayBePrice(raw: readonly RawColumn[]): (name: string) => boolean {
  return (name) => {
    const column = raw.find((one) => one.name === name)
    if (!column || column.isTime) return false
    const style = styleOf([column.values], true)
    const numbers = toNumbers(column.values, style)
    return (
      numbers.some((value) => value > 0) &&
      numbers.every((value, i) => value > 0 || isMissing(column.values[i]))
    )
  }
}

/** Columns without a name and without a value come from separators at the end of lines. */
function withoutBlank(raw: RawColumn[]): RawColumn[] {
  return raw.filter(({ name, values }) => name.trim() !== '' || !Array.from(values).every(isMissing))
}

/** The bars of one asset. @param name of the file or the asset */
function toBars({ raw, roles, options, reading }: AssetColumns, name: string): LoadedTable {
  const problems: string[] = []
  const warnings: string[] = []
  const remarks: string[] = []
  const length = raw[0]?.values.length ?? 0
  if (length < 2) problems.push(length === 0 ? 'has no rows' : 'has only 1 row, at least 2 are needed')
  const named = namedColumns(raw, problems)
  checkRoles(raw, roles, problems)

  const style = styleOf(numericColumns(raw, roles), reading.commasAreDecimal)
  if (style.isLocal) remarks.push(style.decimal === ',' ? 'decimal comma' : 'commas between thousands')
  const isBlank = blankRows(named, roles)
  const times = timesOf(named, roles, options, isBlank, problems, remarks)
  const read = readNumbers(named, roles, style, name, problems, warnings)
  if (times) read.delete('timestamp')
  const kept = rowsWithPrices(isBlank, times, length, name, warnings)
  const columns = inFileOrder(named, roles, times, read, kept)
  const reversed = columns.timestamp && isNewestFirst(columns.timestamp)
  if (reversed) {
    for (const values of Object.values(columns)) values.reverse()
    remarks.push('sorted, newest came first')
  }
  const count = kept?.length ?? length
  const numberOf = (row: number) => {
    const at = reversed ? count - 1 - row : row
    return (kept ? kept[at]! : at) + 1
  }
  checkVolume(columns, named, roles, kept, numberOf, name, warnings, remarks)
  checkBars(columns, count, numberOf, problems)
  if (columns.timestamp) checkTimes(columns.timestamp, numberOf, problems)
  if (options.adjusted) adjust(columns, roles, problems)
  const allow: readonly Allowance[] = options.allow ?? []
  if (isConstant(columns.close) && !allow.includes('constant_price'))
    problems.push(
      `close is ${columns.close![0]} in every row, so there is nothing to trade: give data that move, or data.allow: [constant_price]`,
    )
  if (problems.length) throw new DdpgError(`${name}: ${told(problems).join('\n  ')}`)

  const stamps = columns.timestamp!
  const spacing = spacingOf(stamps)
  const calendar = calendarOf(stamps, spacing)
  const timeframe = timeframeOf(spacing)
  const isGap = gapsOf(stamps, spacing, calendar)
  const gaps = allow.includes('gap') ? undefined : listRows(count, isGap, undefined, numberOf)
  if (gaps)
    warnings.push(`${name}: gaps, more than the usual ${spacing / 1000} s since the row before, at ${gaps}`)
  for (const { kind, text } of doubtsOf(columns, count, numberOf)) {
    if (allow.includes(kind)) continue
    const also =
      kind === 'split' && roles.has('adj_close') && !options.adjusted
        ? 'data.adjusted: true trades the adjusted prices, '
        : ''
    warnings.push(`${name}: ${text}: ${also}data.allow: [${kind}] says that this is right`)
  }
  const summary = summarise(stamps, {
    kind: reading.kind,
    timeframe,
    calendar,
    remarks,
    zone: options.time_zone,
  })
  return { table: { length: count, columns }, spacing, timeframe, calendar, warnings, summary }
}

const OPEN_HOURS: Record<Calendar, string> = { crypto: '24/7', forex: '24×5', us_equity: 'sessions' }

function summarise(
  times: Float64Array,
  facts: Pick<LoadedTable, 'timeframe' | 'calendar'> & {
    kind: string
    remarks: string[]
    zone: string | null | undefined
  },
): string {
  const isDaily = times.every((time) => time % 86_400_000 === 0)
  const [from, to] = [times[0]!, times.at(-1)!].map((time) =>
    isDaily ? formatTime(time).slice(0, 10) : formatTime(time),
  )
  const { kind, timeframe, calendar, remarks, zone } = facts
  const parts = [
    ...(kind === '' ? [] : [kind]),
    ...(timeframe === undefined ? [] : [timeframe]),
    ...(calendar === undefined ? [] : [OPEN_HOURS[calendar]]),
    zone ? `UTC from ${oneLine(zone)}` : 'UTC',
    `${from} … ${to}`,
    `${times.length.toLocaleString('en')} bars`,
  ]
  return [parts.join(', '), ...remarks].join('; ')
}

/** The first twenty, and how many more there are. */
function told(problems: string[]): string[] {
  const more = problems.length - 20
  return more > 0 ? [...problems.slice(0, 20), `and ${more} more problems`] : problems
}

function checkRoles(raw: RawColumn[], roles: Roles, problems: string[]): void {
  const names = raw.map((column) => column.name)
  const have = `have ${listed(names)}`
  const isPrice = mayBePrice(raw)
  if (!roles.has('close'))
    problems.push(`has no column close: ${have}; ${suggestion(names, 'close', isPrice)}`)
  if (!roles.has('time') && !roles.has('date'))
    problems.push(`has no time column: ${have}; ${suggestion(names, 'time', isPrice)}`)
}

function namedColumns(raw: RawColumn[], problems: string[]): Map<string, RawColumn> {
  const byKey = new Map<string, RawColumn>()
  const byName = new Map<string, RawColumn>()
  for (const column of raw) {
    const key = column.name.trim().toLowerCase()
    const earlier = byKey.get(key)
    if (earlier)
      problems.push(
        `has two columns of one name, ${quoted(earlier.name)} and ${quoted(column.name)}: remove one`,
      )
    else {
      byKey.set(key, column)
      byName.set(column.name, column)
    }
  }
  return byName
}

/** Columns whose text says how numbers are written. */
function numericColumns(raw: RawColumn[], roles: Roles): ArrayLike<unknown>[] {
  const numeric = [...OWN_NAMES, 'adj_close' as const].flatMap((role) => roles.get(role) ?? [])
  return raw.filter(({ name }) => numeric.includes(name)).map(({ values }) => values)
}

function timesOf(
  named: ReadonlyMap<string, RawColumn>,
  roles: Roles,
  options: ReadOptions,
  isBlank: (row: number) => boolean,
  problems: string[],
  remarks: string[],
): Float64Array | undefined {
  const [date, clock] = [named.get(roles.get('date') ?? ''), named.get(roles.get('clock') ?? '')]
  const isSplit = date && clock && !date.isTime && areClocks(clock.values) && areDates(date.values)
  const column = isSplit ? date : named.get(roles.get('time') ?? '')
  roles.delete('date')
  if (isSplit) roles.set('time', date.name)
  else roles.delete('clock')
  if (!column) return undefined
  const values = isSplit ? joinTimes(date.values, clock.values) : column.values
  if (column.isTime)
    return Float64Array.from(values as ArrayLike<number>, (time) => (Number.isFinite(time) ? time : NaN))
  try {
    const { values: times, written } = readTimes(values, {
      format: options.time_format,
      zone: options.time_zone,
    })
    if (written !== '') remarks.push(written)
    const bad = listRows(
      times.length,
      (i) => Number.isNaN(times[i]) && !isBlank(i),
      (i) => describe(values[i]),
    )
    if (bad)
      problems.push(
        options.time_format
          ? `time column ${quoted(column.name)} does not have the form data.time_format ${quoted(options.time_format)} in ${bad}`
          : `time column ${quoted(column.name)} holds no time in ${bad}: write 2024-01-31T08:00:00Z, or a count of seconds or a finer unit since 1970, or give data.time_format`,
      )
    return times
  } catch (error) {
    if (!(error instanceof DdpgError)) throw error
    problems.push(`time column ${quoted(column.name)}: ${error.message}`)
    return undefined
  }
}

/** Columns of numbers by their names in the table; others are left out with a warning. */
function readNumbers(
  named: ReadonlyMap<string, RawColumn>,
  roles: Roles,
  style: NumberStyle,
  file: string,
  problems: string[],
  warnings: string[],
): Map<string, Float64Array> {
  const found = new Map<string, Float64Array>()
  const roleOf = new Map([...roles].map(([role, name]) => [name, role]))
  for (const [name, { values }] of named) {
    const role = roleOf.get(name)
    if (role === 'time' || role === 'date' || role === 'clock') continue
    const numbers = toNumbers(values, style)
    const isPrice = role !== undefined && OWN_NAMES.has(role)
    const bad = listRows(
      numbers.length,
      (i) => Number.isNaN(numbers[i]) && !(isPrice && isMissing(values[i])),
      (i) => describe(values[i]),
    )
    if (!bad) found.set(name, numbers)
    else if (isPrice || role === 'adj_close') {
      if (role !== 'adj_close') problems.push(`${role} is not a number in ${bad}`)
      else found.set(name, numbers)
    } else warnings.push(`${file}: column ${quoted(name)} left out, not a number in ${bad}`)
  }
  return found
}

/** Tells whether a row has no price at all. */
function blankRows(named: ReadonlyMap<string, RawColumn>, roles: Roles): (row: number) => boolean {
  const prices = PRICES.flatMap((role) => named.get(roles.get(role) ?? '') ?? [])
  return (row) => prices.length > 0 && prices.every(({ values }) => isMissing(values[row]))
}

/** Rows that have a price, when some have none; undefined for all. */
function rowsWithPrices(
  isBlank: (row: number) => boolean,
  times: Float64Array | undefined,
  length: number,
  file: string,
  warnings: string[],
): Uint32Array | undefined {
  const kept = new Uint32Array(length)
  let count = 0
  for (let row = 0; row < length; row++) if (!isBlank(row)) kept[count++] = row
  if (count === length) return undefined
  const empty = listRows(length, (row) => isBlank(row) && !Number.isNaN(times?.[row]))
  if (empty) warnings.push(`${file}: left out, without a price: ${empty}`)
  return kept.slice(0, count)
}

function inFileOrder(
  named: ReadonlyMap<string, RawColumn>,
  roles: Roles,
  times: Float64Array | undefined,
  read: ReadonlyMap<string, Float64Array>,
  kept: Uint32Array | undefined,
): Record<string, Float64Array> {
  const roleOf = new Map([...roles].map(([role, name]) => [name, role]))
  const found = new Map<string, Float64Array>()
  for (const name of named.keys()) {
    const role = roleOf.get(name)
    const own = role === 'time' ? 'timestamp' : role && OWN_NAMES.has(role) ? role : name.trim().toLowerCase()
    const values = role === 'time' ? times : read.get(name)
    if (!values || found.has(own)) continue
    // a copy: what a caller holds is not sorted under its hands
    found.set(own, kept ? Float64Array.from(kept, (row) => values[row]!) : Float64Array.from(values))
  }
  // a column may have the name of a prototype
  return Object.fromEntries(found)
}

function isNewestFirst(times: Float64Array): boolean {
  return (
    times.length > 1 &&
    times[0]! > times.at(-1)! &&
    times.every((time, i) => i === 0 || time <= times[i - 1]!)
  )
}

function describe(value: unknown): string {
  if (value === null || value === undefined || value === '' || Number.isNaN(value)) return 'empty'
  return quoted(value)
}

/** Volume that is nowhere known is left out; here and there missing it is 0. */
function checkVolume(
  columns: Record<string, Float64Array>,
  named: ReadonlyMap<string, RawColumn>,
  roles: Roles,
  kept: Uint32Array | undefined,
  numberOf: (row: number) => number,
  file: string,
  warnings: string[],
  remarks: string[],
): void {
  const { volume } = columns
  const other = [...named.keys()].find((name) => /^<?tick_?vol(ume)?>?$/i.test(name.trim()))
  if (volume && volume.every((value) => value === 0) && other !== undefined) {
    const ticks = columns[other.trim().toLowerCase()]
    if (ticks?.some((value) => value > 0)) columns.volume = ticks.slice()
  }
  if (!volume) {
    if (!roles.has('volume')) remarks.push('no volume')
    return
  }
  if (volume.every((value) => Number.isNaN(value) || value === -1)) {
    delete columns.volume
    remarks.push('no volume')
    return
  }
  const missing = listRows(volume.length, (row) => Number.isNaN(volume[row]), undefined, numberOf)
  if (missing) {
    warnings.push(`${file}: volume is missing and taken as 0 in ${missing}`)
    columns.volume = volume.map((value) => (Number.isNaN(value) ? 0 : value))
  } else if (columns.volume!.every((value) => value === 0)) remarks.push('volume is 0 everywhere')
  void kept
}

function isConstant(close: Float64Array | undefined): boolean {
  return close !== undefined && close.length > 2 && close.every((price) => price === close[0])
}

function checkBars(
  columns: Record<string, Float64Array>,
  length: number,
  numberOf: (row: number) => number,
  problems: string[],
): void {
  for (const name of PRICES) {
    const price = columns[name]
    if (!price) continue
    const empty = listRows(
      length,
      (i) => Number.isNaN(price[i]),
      () => 'empty',
      numberOf,
    )
    if (empty) problems.push(`${name} is not a number in ${empty}`)
    const bad = listRows(
      length,
      (i) => price[i]! <= 0,
      (i) => String(price[i]),
      numberOf,
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
      numberOf,
    )
  if (negative) problems.push(`volume is negative in ${negative}`)
  const crossed = high && low && listRows(length, (i) => high[i]! < low[i]!, undefined, numberOf)
  if (crossed) problems.push(`high is below low in ${crossed}`)
}

/** All four prices as the adjusted close is to the close. */
function adjust(columns: Record<string, Float64Array>, roles: Roles, problems: string[]): void {
  const adjusted = columns[roles.get('adj_close')?.trim().toLowerCase() ?? '']
  const { close } = columns
  if (!adjusted || !close) {
    problems.push(
      'has no adjusted close, which data.adjusted needs: give data.columns: {adj_close: NAME}, or leave data.adjusted out',
    )
    return
  }
  const bad = listRows(
    adjusted.length,
    (i) => !(adjusted[i]! > 0),
    (i) => String(adjusted[i]),
  )
  if (bad) problems.push(`the adjusted close is not positive in ${bad}`)
  for (const name of ['open', 'high', 'low'])
    columns[name] = columns[name]?.map((price, i) => price * (adjusted[i]! / close[i]!)) as Float64Array
  for (const name of ['open', 'high', 'low']) if (!columns[name]) delete columns[name]
  columns.close = adjusted.slice()
}

/** Hours of a Sunday in which clocks are put back somewhere. */
function isClockChange(time: number): boolean {
  const weekday = (Math.floor(time / 86_400_000) + 4) % 7
  const hour = Math.floor((time % 86_400_000) / 3_600_000)
  return weekday === 0 && hour <= 3
}

function checkTimes(times: Float64Array, numberOf: (row: number) => number, problems: string[]): void {
  const empty = listRows(
    times.length,
    (i) => Number.isNaN(times[i]),
    () => 'empty',
    numberOf,
  )
  if (empty && !problems.some((text) => text.startsWith('time column')))
    problems.push(`time column holds no time in ${empty}: write 2024-01-31T08:00:00Z, or leave the rows out`)
  const goesBack = (i: number) => i > 0 && times[i]! < times[i - 1]!
  const repeats = repeatsEarlier(times)
  let [doubts, changes] = [0, 0]
  for (let i = 0; i < times.length; i++) {
    if (!goesBack(i) && !repeats(i)) continue
    doubts++
    if (isClockChange(times[i]!)) changes++
  }
  const local =
    doubts > 0 && changes === doubts && times.length > 2
      ? ': as local time does when clocks are put back, so say which zone it is with data.time_zone, such as America/New_York'
      : undefined
  const unsorted = listRows(times.length, goesBack, undefined, numberOf)
  if (unsorted)
    problems.push(`time goes back in ${unsorted}${local ?? ': sort the file by time, earliest first'}`)
  const repeated = listRows(times.length, repeats, undefined, numberOf)
  if (repeated)
    problems.push(`time repeats an earlier row in ${repeated}${local ?? ': keep one row for each time'}`)
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
