// The cells of time columns become milliseconds since 1970 in UTC: how they are written is decided by the whole column.
import { DdpgError } from '../base/errors.ts'
import { epochMilliseconds, parseTime, timeOf } from '../math/time.ts'
import { quoted } from '../base/text.ts'
import { parseFormat } from './time-format.ts'
import { hasZone, localTimes, zoneMinutes } from './zones.ts'

export interface TimeOptions {
  /** As `DD/MM/YYYY HH:mm` or `%d/%m/%Y %H:%M`. */
  format?: string | null | undefined
  /** IANA name of the zone of times that are written without one, UTC when not given. */
  zone?: string | null | undefined
}

export interface Times {
  /** NaN for what is no time. */
  values: Float64Array
  /** The reading of times beyond ISO 8601, for the summary. */
  written: string
}

const DAY = 86_400_000

/**
 * @param values numbers, bigints or text
 * @throws DdpgError in a sentence that follows the name of the file, when days and months cannot be told apart
 */
export function readTimes(values: ArrayLike<unknown>, options: TimeOptions): Times {
  const counts = options.format ? undefined : readCounts(values)
  if (counts) return { ...counts, values: localTimes(counts.values, counts.local, options.zone) }
  const texts = Array.from(values, (value) =>
    value === null || value === undefined ? '' : String(value).trim(),
  )
  const { clocks, written } = options.format ? formatted(texts, options.format) : readTexts(texts)
  return { values: localTimes(clocks.times, clocks.local, options.zone), written }
}

/** Wall-clock times as if they were UTC; `local` is 1 where no zone was written, else the time is UTC. */
export interface Clocks {
  times: Float64Array
  local: Uint8Array
}

/** Counts since 1970, days as 20240131, days since 1900 as Excel writes; undefined when these are none. */
function readCounts(
  values: ArrayLike<unknown>,
): { values: Float64Array; local: Uint8Array; written: string } | undefined {
  const numbers = values instanceof Float64Array ? values : countsOf(values)
  if (!numbers) return undefined
  const local = new Uint8Array(numbers.length)
  const compact = compactDates(numbers)
  if (compact) return { values: compact, local: local.fill(1), written: 'compact dates' }
  // 1954 to 2119
  if (numbers.every((day) => day >= 20_000 && day < 80_000)) {
    // whole seconds: a fraction of a day in float64 is not exact
    const times = numbers.map((day) => Math.round((day - 25_569) * 86_400) * 1000)
    return { values: times, local: local.fill(1), written: "Excel's days" }
  }
  const times = new Float64Array(numbers.length)
  for (let i = 0; i < times.length; i++)
    times[i] = epochMilliseconds(values === numbers ? numbers[i]! : countOf(values[i])!)
  return { values: times, local, written: '' }
}

function countsOf(values: ArrayLike<unknown>): Float64Array | undefined {
  const numbers = new Float64Array(values.length)
  for (let i = 0; i < numbers.length; i++) {
    const count = countOf(values[i])
    if (count === undefined) return undefined
    numbers[i] = Number(count)
  }
  return numbers
}

function countOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (/^\d{1,15}$/.test(text)) return Number(text)
  if (/^\d{1,30}$/.test(text)) return BigInt(text)
  return /^\d+\.\d*$|^\d+(\.\d+)?e\+?\d+$/i.test(text) ? Number(text) : undefined
}

/** 20240131, 202401311530 or 20240131153000 in every row. */
function compactDates(numbers: Float64Array): Float64Array | undefined {
  const times = new Float64Array(numbers.length)
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!
    const digits = number < 1e8 ? 1e6 : number < 1e12 ? 1e4 : 1
    const padded = number * digits
    const [year, rest] = [Math.floor(padded / 1e10), padded % 1e10]
    if (!Number.isInteger(number) || year < 1900 || year > 2100) return undefined
    const [month, day] = [Math.floor(rest / 1e8), Math.floor(rest / 1e6) % 100]
    const [hour, minute, second] = [Math.floor(rest / 1e4) % 100, Math.floor(rest / 100) % 100, rest % 100]
    times[i] = timeOf(year, month, day, hour, minute, second)
    if (Number.isNaN(times[i])) return undefined
  }
  return numbers.length > 0 ? times : undefined
}

/** The parts of a time as text, before it is known which is the day. */
interface Parts {
  /** In the order written; null for what is no time. */
  date: [number, number, number]
  order: 'ymd' | 'dmy' | 'mdy' | 'unknown'
  clock: number
  /** Minutes east of UTC; NaN when none is written. */
  zone: number
  dots: boolean
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const OTHER_MONTHS: Record<string, number> = { mär: 3, mrz: 3, mai: 5, okt: 10, dez: 12 }
const WEEKDAY = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+/i
const DATES: { pattern: RegExp; order: Parts['order'] }[] = [
  { pattern: /^(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?!\d)/, order: 'ymd' },
  { pattern: /^(\d{4})年(\d{1,2})月(\d{1,2})日/, order: 'ymd' },
  { pattern: /^(\d{4})(\d{2})(\d{2})(?!\d{1,2}(?:\D|$))/, order: 'ymd' },
  { pattern: /^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?!\d)/, order: 'unknown' },
  { pattern: /^(\p{L}{3,9})\.?[- ](\d{1,2}),?[- ](\d{4})(?!\d)/u, order: 'mdy' },
  { pattern: /^(\d{1,2})\.?[-/ ]?(\p{L}{3,9})\.?,?[-/ ]?(\d{4}|\d{2})(?!\d)/u, order: 'dmy' },
  { pattern: /^(\d{4})[-/ ]?(\p{L}{3,9})[-/ ]?(\d{1,2})(?!\d)/u, order: 'ymd' },
  { pattern: /^(\d{4})-(\d{2})$/, order: 'ymd' },
]
const CLOCK = /^(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,:](\d{1,9}))?)?)?/
const HALF = /^([ap])\.?m\.?/i
/** The signs that may stand between a date and a clock. */
const SEPARATORS = new Set([' ', '\t', 'T', 't', ',', ';', ':', '_'])

function partsOf(text: string): Parts | undefined {
  const bare = text.replace(WEEKDAY, '')
  for (const { pattern, order } of DATES) {
    const match = pattern.exec(bare)
    if (!match) continue
    const date = [match[1]!, match[2]!, match[3] ?? '1'].map(numberOfPart) as [number, number, number]
    const rest = clockOf(bare.slice(match[0].length))
    return rest && { date, order, ...rest, dots: /^\d{1,2}\./.test(bare) }
  }
  return undefined
}

function numberOfPart(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  const name = text.toLowerCase().slice(0, 3)
  return OTHER_MONTHS[name] ?? (MONTHS.indexOf(name) + 1 || NaN)
}

function clockOf(text: string): { clock: number; zone: number } | undefined {
  const bare = text.trim()
  if (bare === '') return { clock: 0, zone: NaN }
  let at = 0
  while (SEPARATORS.has(bare[at] ?? '')) at++
  const match = CLOCK.exec(bare.slice(at))
  // a zone may follow the date at once
  if (!match) return zoneClock(0, bare)
  const [all, hours, minutes = '0', seconds = '0', fraction = ''] = match
  const after = bare.slice(at + all.length).trimStart()
  const half = HALF.exec(after)?.[0] ?? ''
  const zone = after.slice(half.length).trim()
  let hour = Number(hours)
  if (match[2] === undefined && half === '') return undefined
  if (half !== '') {
    if (hour < 1 || hour > 12) return undefined
    hour = (hour % 12) + (half.toLowerCase().startsWith('p') ? 12 : 0)
  }
  if (hour > 24 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const micro = Math.round(Number(`0.${fraction || 0}`) * 1e6)
  const clock = ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + micro / 1000
  if (clock > DAY) return undefined
  return zone === '' ? { clock, zone: NaN } : zoneClock(clock, zone)
}

function zoneClock(clock: number, text: string): { clock: number; zone: number } | undefined {
  const zone = zoneMinutes(text.trim())
  return zone === undefined ? undefined : { clock, zone }
}

function readTexts(texts: string[]): { clocks: Clocks; written: string } {
  const times = new Float64Array(texts.length)
  const local = new Uint8Array(texts.length)
  let isIso = true
  for (let i = 0; isIso && i < texts.length; i++) {
    times[i] = parseTime(texts[i]!)
    if (Number.isNaN(times[i])) isIso = texts[i] === ''
    else local[i] = hasZone(texts[i]!) ? 0 : 1
  }
  if (isIso) return { clocks: { times, local }, written: '' }
  const parts = texts.map(partsOf)
  const order = orderOf(parts, texts)
  parts.forEach((part, i) => {
    times[i] = part ? timeOfParts(part, order) : epochMilliseconds(countOf(texts[i]!) ?? NaN)
    local[i] = part && Number.isNaN(part.zone) ? 1 : 0
  })
  const some = parts.find((part) => part)
  return { clocks: { times, local }, written: some?.order === 'unknown' ? ORDERS[order] : '' }
}

const ORDERS = { dmy: 'day first', mdy: 'month first', ymd: 'year first' } as const
type Order = keyof typeof ORDERS

function timeOfParts({ date, order: own, clock, zone }: Parts, whole: Order): number {
  const order = own === 'unknown' ? whole : own
  const [year, month, day] = [order.indexOf('y'), order.indexOf('m'), order.indexOf('d')].map(
    (at) => date[at]!,
  )
  const full = year! < 70 ? 2000 + year! : year! < 100 ? 1900 + year! : year!
  const start = timeOf(full, month!, day!, 0, 0, 0)
  return start + clock - (Number.isNaN(zone) ? 0 : zone * 60_000)
}

/** Decides whether days or months come first, by the numbers that only one of them can be, then by how regular the rows are. */
function orderOf(parts: (Parts | undefined)[], texts: string[]): Order {
  const open = parts.filter((part) => part?.order === 'unknown') as Parts[]
  if (open.length === 0) return 'ymd'
  const [first, second] = [0, 1].map((at) => open.some(({ date }) => date[at]! > 12))
  if (first && !second) return 'dmy'
  if (second && !first) return 'mdy'
  if (first && second) return open[0]!.date[0] > 12 ? 'dmy' : 'mdy' // rows of the other kind are no times
  const [days, months] = (['dmy', 'mdy'] as const).map((order) => disorder(open, order))
  if (days! * 4 < months!) return 'dmy'
  if (months! * 4 < days!) return 'mdy'
  if (open.every(({ dots }) => dots)) return 'dmy'
  throw new DdpgError(
    `${quoted(texts[parts.indexOf(open[0]!)])} may have the day or the month first: say which with data.time_format: DD/MM/YYYY or MM/DD/YYYY`,
  )
}

/** The irregularity of the steps between rows: the longest over the median of them, more when time turns back. */
function disorder(parts: Parts[], order: Order): number {
  const times = parts.map((part) => timeOfParts(part, order))
  const steps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .filter((step) => step !== 0)
  const turns = Math.min(steps.filter((step) => step < 0).length, steps.filter((step) => step > 0).length)
  const sizes = Float64Array.from(steps, Math.abs).toSorted()
  if (sizes.length === 0) return 1
  return (turns + 1) * (sizes.at(-1)! / sizes[sizes.length >> 1]!)
}

function formatted(texts: string[], format: string): { clocks: Clocks; written: string } {
  const read = parseFormat(format)
  const times = new Float64Array(texts.length)
  const local = new Uint8Array(texts.length)
  texts.forEach((text, i) => {
    const found = read(text)
    times[i] = found?.time ?? NaN
    local[i] = found?.hasZone ? 0 : 1
  })
  return { clocks: { times, local }, written: format }
}

/** Times of a column of dates and one of clocks. */
export function joinTimes(dates: ArrayLike<unknown>, clocks: ArrayLike<unknown>): string[] {
  const most = Array.from(clocks).reduce<number>((max, clock) => Math.max(max, Number(clock) || 0), 0)
  const width = most <= 2359 ? 4 : 6
  return Array.from(dates, (date, i) => {
    const clock = clocks[i]
    const isCount = typeof clock === 'number' || /^\d{1,6}$/.test(String(clock))
    return `${String(date)} ${isCount ? String(clock).padStart(width, '0') : String(clock)}`
  })
}

/** True when the values are clocks without a date, such as 09:30 or 93000. */
export function areClocks(values: ArrayLike<unknown>): boolean {
  return Array.from(values).every((value) => {
    if (typeof value === 'number')
      return Number.isInteger(value) && value >= 0 && value < 240_000 && value % 100 < 60
    return typeof value === 'string' && /^\d{1,2}(:?\d{2}){1,2}(\.\d+)?( ?[ap]\.?m\.?)?$/i.test(value.trim())
  })
}

/** True when the values are days without a clock. */
export function areDates(values: ArrayLike<unknown>): boolean {
  if (values instanceof Float64Array) return values.every((value) => value >= 1e7 && value < 1e8)
  return Array.from(values).every(
    (value) => !/\d:\d/.test(String(value)) && !/\d[T ]\d{4,6}/.test(String(value)),
  )
}
