// Time zones are found here by the names in market data: offsets, abbreviations and IANA names.
import { DdpgError } from '../base/errors.ts'
import { quoted } from '../base/text.ts'

/** Minutes east of UTC of abbreviations that mean one thing in market data. */
const ABBREVIATIONS: Record<string, number> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  UCT: 0,
  WET: 0,
  WEST: 60,
  BST: 60,
  CET: 60,
  CEST: 120,
  MEZ: 60,
  MESZ: 120,
  EET: 120,
  EEST: 180,
  MSK: 180,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  JST: 540,
  KST: 540,
  HKT: 480,
  SGT: 480,
  AEST: 600,
  AEDT: 660,
  NZST: 720,
  NZDT: 780,
}

const OFFSET = /^(?:UTC|GMT)? ?([+-])(\d{1,2}):?(\d{2})?(?: ?\(.*\))?$/i

/** Minutes east of UTC, undefined for what is no zone. A zone's abbreviation may stand after its offset. */
export function zoneMinutes(text: string): number | undefined {
  const offset = OFFSET.exec(text)
  if (offset) return (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0))
  const name = text.replace(/^[([]|[)\]]$/g, '').toUpperCase()
  return Object.hasOwn(ABBREVIATIONS, name) ? ABBREVIATIONS[name] : undefined
}

/** True when an ISO time names its zone. */
export function hasZone(text: string): boolean {
  return /(?:Z|UTC|[+-]\d\d:?\d\d)$/i.test(text) && /\d:\d|Z$|UTC$/i.test(text)
}

/**
 * UTC times of wall clocks. Where a clock is put back, the same hour comes twice: the first is taken as before, the
 * next as after. What engines know of zones is their copy of the IANA database.
 * @throws DdpgError for a zone that does not exist
 */
export function localTimes(
  times: Float64Array,
  local: Uint8Array,
  zone: string | null | undefined,
): Float64Array {
  if (!zone || !local.includes(1)) return times
  const offsetAt = offsets(zone)
  let before = -Infinity
  return times.map((clock, i) => {
    if (local[i] === 0 || Number.isNaN(clock)) return clock
    const candidates = [offsetAt(clock - 86_400_000), offsetAt(clock + 86_400_000)].map(
      (offset) => clock - offset,
    )
    const fitting = candidates.filter((time) => time + offsetAt(time) === clock)
    // an hour that the clock skips is read with the offset before it
    const [first, second] = [fitting[0] ?? candidates[0]!, fitting[1]]
    const time = second !== undefined && first <= before ? Math.max(first, second) : first
    before = time
    return time
  })
}

/** Milliseconds east of UTC at a time, by the quarter hour. */
function offsets(zone: string): (time: number) => number {
  const fixed = zoneMinutes(zone)
  if (fixed !== undefined) return () => fixed * 60_000
  let format: Intl.DateTimeFormat
  try {
    // oxlint-disable-next-line no-restricted-globals -- a zone that the scenario names, in one fixed locale
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw new DdpgError(
      `data.time_zone ${quoted(zone)} is no time zone: write one such as America/New_York, +02:00 or UTC`,
    )
  }
  const known = new Map<number, number>()
  return (time) => {
    const quarter = Math.floor(time / 900_000)
    const found = known.get(quarter)
    if (found !== undefined) return found
    // oxlint-disable-next-line no-restricted-globals -- writes a given time, does not read the clock
    const parts = new Map(
      format.formatToParts(quarter * 900_000).map(({ type, value }) => [type, Number(value)]),
    )
    const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(
      (part) => parts.get(part as never)!,
    )
    // oxlint-disable-next-line no-restricted-globals -- integer arithmetic of a given time
    const offset = Date.UTC(year!, month! - 1, day, hour, minute, second) - quarter * 900_000
    if (known.size > 100_000) known.clear()
    known.set(quarter, offset)
    return offset
  }
}
