// The times of a file tell the length of its bars, the calendar of its market, and which gaps that calendar explains.
import type { Calendar } from '../math/bars.ts'
import { formatSpacing } from '../math/time.ts'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
/** Weekdays without a row that holidays explain. */
const MOST_HOLIDAYS = 2
/** Days that a file must span before its weekends say something. */
const LEAST_SPAN = 8 * DAY

/** 0 is Sunday. */
function weekdayOf(time: number): number {
  return (Math.floor(time / DAY) + 4) % 7
}

/** The usual (median) time from a row to the next. @param times ascending, at least 2 */
export function spacingOf(times: Float64Array): number {
  const steps = times.subarray(1).map((time, i) => time - times[i]!)
  return steps.toSorted()[steps.length >> 1]!
}

/** A timeframe such as 1h or 1M; undefined for a spacing that is none. */
export function timeframeOf(spacing: number): string | undefined {
  for (const [months, least, most] of [
    [1, 28.5, 31.5],
    [3, 89, 93],
    [6, 180, 185],
    [12, 364, 367],
  ] as const)
    if (spacing >= least * DAY && spacing <= most * DAY) return `${months}M`
  // a working day more or less, and clocks that are put back
  if (Math.abs(spacing - 7 * DAY) <= HOUR) return '1w'
  if (Math.abs(spacing - DAY) <= HOUR) return '1d'
  const text = formatSpacing(spacing)
  return /^[1-9]\d*[smhdw]$/.test(text) ? text : undefined
}

/** When the market is open, by the weekends and nights of the file; undefined where these say nothing. */
export function calendarOf(times: Float64Array, spacing: number): Calendar | undefined {
  const span = times.at(-1)! - times[0]!
  if (spacing > DAY + HOUR) return undefined
  const saturdays = times.reduce((count, time) => count + (weekdayOf(time) === 6 ? 1 : 0), 0)
  if (saturdays > times.length * 0.05) return 'crypto'
  if (span < LEAST_SPAN) return undefined
  if (spacing >= DAY - HOUR) {
    const years = span / (365.25 * DAY)
    return years >= 2 && times.length / years > 256.5 ? 'forex' : 'us_equity'
  }
  let days = 1
  for (let i = 1; i < times.length; i++)
    if (Math.floor(times[i]! / DAY) !== Math.floor(times[i - 1]! / DAY)) days++
  return (times.length / days) * spacing >= 16 * HOUR ? 'forex' : 'us_equity'
}

/** Tells whether bars are missing before a row, more than weekends, nights and holidays explain. */
export function gapsOf(
  times: Float64Array,
  spacing: number,
  calendar: Calendar | undefined,
): (row: number) => boolean {
  const slack = spacing >= 28 * DAY ? spacing / 2 : spacing >= DAY ? HOUR : 0
  const isLong = (row: number) => row > 0 && times[row]! - times[row - 1]! > spacing + slack
  if (calendar === undefined || calendar === 'crypto') return isLong
  const breaks = usualBreaks(times, isLong)
  return (row) => {
    if (!isLong(row)) return false
    const [from, to] = [times[row - 1]!, times[row]!]
    if (Math.floor(from / DAY) === Math.floor(to / DAY)) return !breaks.has(minuteOf(from))
    return weekdaysBetween(from, to) > MOST_HOLIDAYS
  }
}

function minuteOf(time: number): number {
  return Math.floor((((time % DAY) + DAY) % DAY) / MINUTE)
}

/** Minutes of the day after which a fifth of the days has a gap: a break for lunch. */
function usualBreaks(times: Float64Array, isLong: (row: number) => boolean): Set<number> {
  const counts = new Map<number, number>()
  let days = 1
  for (let row = 1; row < times.length; row++) {
    const [from, to] = [times[row - 1]!, times[row]!]
    if (Math.floor(from / DAY) !== Math.floor(to / DAY)) days++
    else if (isLong(row)) counts.set(minuteOf(from), (counts.get(minuteOf(from)) ?? 0) + 1)
  }
  return new Set([...counts].filter(([, count]) => count >= 3 && count > days / 5).map(([minute]) => minute))
}

/** Mondays to Fridays strictly between the days of two times. */
function weekdaysBetween(from: number, to: number): number {
  const [first, last] = [Math.floor(from / DAY) + 1, Math.floor(to / DAY)]
  const whole = Math.floor((last - first) / 7)
  let count = whole * 5
  for (let day = first + whole * 7; day < last; day++) {
    const weekday = (day + 4) % 7
    if (weekday !== 0 && weekday !== 6) count++
  }
  return count
}
