// Times are milliseconds since 1970, UTC, computed by integer arithmetic: the same on every engine and in every time zone.
import { DdpgError } from '../base/errors.ts'

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Length of a bar in milliseconds. @param timeframe a number and s, m, h, d or w, such as 1h */
export function timeframeMilliseconds(timeframe: string): number {
  const match = /^([1-9]\d*)([smhdw])$/.exec(timeframe)
  if (!match) throw new DdpgError(`timeframe "${timeframe}" must be a number and s, m, h, d or w, such as 1h`)
  return Number(match[1]) * units[match[2] as keyof typeof units]
}

/** A length of time as a timeframe where it is one, such as 4h, else such as 1.5 s or 250 ms. */
export function formatSpacing(milliseconds: number): string {
  const whole = Object.entries(units).findLast(([, length]) => milliseconds % length === 0)
  if (whole && milliseconds > 0) return `${milliseconds / whole[1]}${whole[0]}`
  // rounded as times are, to the microsecond
  const rounded = Math.round(milliseconds * 1000) / 1000
  return rounded < 1000 ? `${rounded} ms` : `${rounded / 1000} s`
}

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)? ?(?:Z|UTC|([+-])(\d\d):?(\d\d))?$/i

/** Milliseconds of an ISO 8601 date or date and time; one without a zone is UTC. NaN for anything else. */
export function parseTime(text: string): number {
  const match = iso.exec(text)
  if (!match) return NaN
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group] ?? 0),
  )
  const zone = (match[7] === '-' ? -1 : 1) * (Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0))
  return timeOf(year!, month!, day!, hour!, minute!, second!, zone)
}

/**
 * Milliseconds of a date and a time of day; NaN for what no calendar has.
 * @param second may have a fraction @param zone minutes east of UTC
 */
export function timeOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  zone = 0,
): number {
  const valid =
    month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) && hour < 24 && minute < 60
  if (!valid || second >= 60) return NaN
  const minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - zone
  // Rounded to the microsecond: 0.123 s alone would leave 123.00000000000001 ms or the like.
  return minutes * 60_000 + Math.round(second * 1e6) / 1000
}

/**
 * Milliseconds of a count of seconds, milliseconds, microseconds or nanoseconds since 1970, whichever its size
 * says: each unit is taken for times from 1973 to 5138. NaN for what is too small to be any of them.
 */
export function epochMilliseconds(count: number | bigint): number {
  const size = Math.abs(Number(count))
  if (!(size >= 1e8)) return NaN
  if (size < 1e11) return Number(count) * 1000
  if (size < 1e14) return Number(count)
  if (size < 1e17) return Number(count) / 1000
  return nanosecondsToMilliseconds(BigInt(count))
}

/** Cut to the microsecond, which float64 still holds exactly enough for times to stay distinct. */
export function nanosecondsToMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n) / 1000
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Days from 1970-01-01 in the Gregorian calendar, counting years from March so that leap days come last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719468
}

/** `2024-01-01 13:00`, in UTC, with seconds where there are any. @param time milliseconds since 1970 */
export function formatTime(time: number): string {
  // oxlint-disable-next-line no-restricted-globals -- writes a given time, does not read the clock
  const iso = new Date(time).toISOString()
  return iso.slice(0, iso.slice(17, 19) === '00' ? 16 : 19).replace('T', ' ')
}
