// A format of times as a scenario gives it, such as DD/MM/YYYY HH:mm or %d/%m/%Y %H:%M, reads text.
import { DdpgError } from '../base/errors.ts'
import { timeOf } from '../math/time.ts'
import { quoted } from '../base/text.ts'
import { zoneMinutes } from './zones.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const LONGEST = 100

type Part = 'year' | 'name' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction' | 'half' | 'zone'

/** Each token with the part of a time that it stands for and what it looks like; two digits where others follow. */
const TOKENS: Record<string, [part: Part, pattern: RegExp]> = {
  YYYY: ['year', /\d{4}/y],
  YY: ['year', /\d{2}/y],
  MMMM: ['name', /\p{L}{3,9}/uy],
  MMM: ['name', /\p{L}{3,9}/uy],
  MM: ['month', /\d{1,2}/y],
  M: ['month', /\d{1,2}/y],
  DD: ['day', /\d{1,2}/y],
  D: ['day', /\d{1,2}/y],
  HH: ['hour', /\d{1,2}/y],
  H: ['hour', /\d{1,2}/y],
  hh: ['hour', /\d{1,2}/y],
  h: ['hour', /\d{1,2}/y],
  mm: ['minute', /\d{2}/y],
  ss: ['second', /\d{2}/y],
  SSSSSS: ['fraction', /\d{1,9}/y],
  SSS: ['fraction', /\d{1,9}/y],
  A: ['half', /[ap]\.?m\.?/iy],
  Z: ['zone', /\S{1,40}/y],
}
const STRPTIME: Record<string, string> = {
  '%Y': 'YYYY',
  '%y': 'YY',
  '%m': 'MM',
  '%b': 'MMM',
  '%B': 'MMM',
  '%d': 'DD',
  '%H': 'HH',
  '%I': 'hh',
  '%M': 'mm',
  '%S': 'ss',
  '%f': 'SSSSSS',
  '%p': 'A',
  '%z': 'Z',
  '%Z': 'Z',
  '%F': 'YYYY-MM-DD',
  '%T': 'HH:mm:ss',
}
const WORDS = /YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|SSSSSS|SSS|A|Z|./gsu

/** A time that was read: wall-clock milliseconds, or UTC where a zone is written. */
interface ClockTime {
  time: number
  hasZone: boolean
}

/**
 * @returns what reads a text, undefined for one of another form
 * @throws DdpgError for a format that is none
 */
export function parseFormat(format: string): (text: string) => ClockTime | undefined {
  const plain = format.slice(0, LONGEST).replaceAll(/%[A-Za-z]/g, (code) => STRPTIME[code] ?? code)
  const words = plain.match(WORDS) ?? []
  const parts = words.flatMap((word) => TOKENS[word]?.[0] ?? [])
  const has = (part: Part) => parts.includes(part)
  const isWhole = has('year') && (has('month') || has('name')) && has('day')
  if (format.length > LONGEST || !isWhole || new Set(parts).size < parts.length)
    throw new DdpgError(
      `data.time_format ${quoted(format)} must have a year, a month and a day once each, such as DD/MM/YYYY HH:mm or %d/%m/%Y %H:%M`,
    )
  return (text) => {
    const found = partsOf(words, text)
    return found && timeOfParts(found)
  }
}

function partsOf(words: readonly string[], text: string): Map<Part, string> | undefined {
  const found = new Map<Part, string>()
  let at = 0
  for (const [i, word] of words.entries()) {
    const token = TOKENS[word]
    if (!token) {
      if (text[at] !== word) return undefined
      at++
      continue
    }
    const [part, pattern] = token
    pattern.lastIndex = at
    let [match] = pattern.exec(text) ?? []
    if (match === undefined) return undefined
    // numbers that touch are two digits wide, as in 31012024
    const touches = TOKENS[words[i + 1] ?? ''] !== undefined
    if (touches && part !== 'year' && match.length === 1 && /\d/.test(match)) return undefined
    if (part === 'name') match = match.slice(0, 9)
    found.set(part, match)
    at += match.length
  }
  return at === text.length ? found : undefined
}

function timeOfParts(found: ReadonlyMap<Part, string>): ClockTime | undefined {
  const number = (part: Part) => Number(found.get(part) ?? 0)
  const name = found.get('name')
  const month = name === undefined ? number('month') : MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1
  const written = number('year')
  const isShort = found.get('year')!.length === 2
  const year = isShort ? written + (written < 70 ? 2000 : 1900) : written
  const half = found.get('half')?.toLowerCase()
  const isAfternoon = half?.startsWith('p') === true
  const hour = half === undefined ? number('hour') : (number('hour') % 12) + (isAfternoon ? 12 : 0)
  const micro = Math.round(Number(`0.${found.get('fraction') ?? 0}`) * 1e6)
  const time = timeOf(year, month, number('day'), hour, number('minute'), number('second')) + micro / 1000
  const zone = found.get('zone')
  if (zone === undefined) return { time, hasZone: false }
  const minutes = zoneMinutes(zone)
  return minutes === undefined ? undefined : { time: time - minutes * 60_000, hasZone: true }
}
