// Delimited text is cut into cells: where each begins and ends in the bytes, so that numbers are read without strings.
import { DdpgError } from '../base/errors.ts'

/** Cells of the rows that are neither empty nor comments. */
export interface Cells {
  bytes: Uint8Array
  delimiter: number
  /** By row where its first cell begins. */
  begins: Uint32Array
  /** By row the number of its first cell, then the number of all cells. */
  firsts: Uint32Array
  /** By cell where it ends. */
  ends: Uint32Array
  rows: number
}

const [LF, CR, QUOTE, SPACE, HASH] = [10, 13, 34, 32, 35]
const DELIMITERS = [9, 59, 124, 44] // tab, semicolon, bar, comma
const SAMPLE = 65_536
const LONGEST_LINE = 1_000_000

/** The delimiter that most lines have equally often. @param bytes UTF-8 */
export function delimiterOf(bytes: Uint8Array): number {
  const named = /^"?sep=(.)"?\r?\n/i.exec(ascii(bytes, 0, Math.min(bytes.length, 9)))
  if (named) return named[1]!.charCodeAt(0)
  const scores = DELIMITERS.map((delimiter) => ({ delimiter, ...agreement(bytes, delimiter) }))
  const most = Math.max(...scores.map(({ lines }) => lines))
  if (most > 0) return scores.find(({ lines }) => lines === most)!.delimiter
  // Times hold spaces, so these part cells only where nothing else does.
  return agreement(bytes, SPACE).count >= 4 ? SPACE : 44
}

/** The number of lines of the sample that have the delimiter as often as most that have it, and how often that is. */
function agreement(bytes: Uint8Array, delimiter: number): { lines: number; count: number } {
  const tally = new Map<number, number>()
  let [count, quoted] = [0, false]
  for (let i = 0; i < Math.min(bytes.length, SAMPLE); i++) {
    const byte = bytes[i]!
    if (byte === QUOTE) quoted = !quoted
    else if (quoted) continue
    else if (byte === delimiter) count++
    else if (byte === LF || byte === CR) {
      if (count > 0) tally.set(count, (tally.get(count) ?? 0) + 1)
      count = 0
    }
  }
  if (count > 0) tally.set(count, (tally.get(count) ?? 0) + 1)
  const [[most, lines] = [0, 0]] = [...tally].toSorted((one, other) => other[1] - one[1])
  return { lines, count: most }
}

/** @throws DdpgError in a sentence that follows the name of the file */
export function cutCells(bytes: Uint8Array, delimiter: number): Cells {
  const { length } = bytes
  let begins = new Uint32Array(1024)
  let firsts = new Uint32Array(1025)
  let ends = new Uint32Array(8192)
  let [rows, count, i] = [0, 0, 0]
  while (i < length) {
    const first = bytes[i]!
    if (first === LF || first === CR) {
      i++
      continue
    }
    if (first === HASH) {
      while (i < length && bytes[i] !== LF && bytes[i] !== CR) i++
      continue
    }
    if (rows === begins.length) {
      begins = grown(begins)
      firsts = grown(firsts)
    }
    begins[rows] = i
    firsts[rows] = count
    const start = i
    for (;;) {
      let at = i
      if (delimiter !== SPACE) while (bytes[at] === 32) at++
      if (bytes[at] === QUOTE) i = afterQuotes(bytes, at, rows)
      while (i < length && bytes[i] !== delimiter && bytes[i] !== LF && bytes[i] !== CR) i++
      if (i - start > LONGEST_LINE) throw tooLong(bytes, start)
      if (count === ends.length) ends = grown(ends)
      ends[count++] = i
      if (i >= length || bytes[i] !== delimiter) break
      i++
      if (i < length) continue
      // an empty cell at the end of the file
      if (count === ends.length) ends = grown(ends)
      ends[count++] = i
      break
    }
    rows++
  }
  firsts = firsts.length > rows ? firsts : grown(firsts)
  firsts[rows] = count
  return { bytes, delimiter, begins, firsts, ends, rows }
}

function tooLong(bytes: Uint8Array, start: number): DdpgError {
  const line = bytes.subarray(0, start).reduce((count, byte) => count + (byte === LF ? 1 : 0), 1)
  return new DdpgError(`line ${line} has more than ${LONGEST_LINE} characters, which no bar has`)
}

function grown(old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(old.length * 2)
  larger.set(old)
  return larger
}

/** The place where a quoted cell ends; a quote within it is doubled. @param at its first quote */
function afterQuotes(bytes: Uint8Array, at: number, row: number): number {
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] !== QUOTE) continue
    if (bytes[i + 1] !== QUOTE) return i + 1
    i++
  }
  throw new DdpgError(`quotes do not match in row ${row}: a quoted field does not end`)
}

export function widthOf({ firsts }: Cells, row: number): number {
  return firsts[row + 1]! - firsts[row]!
}

function startOf({ begins, firsts, ends }: Cells, row: number, column: number): number {
  return column === 0 ? begins[row]! : ends[firsts[row]! + column - 1]! + 1
}

/** The text of a cell without the spaces and quotes around it; nothing where the row is too short. */
export function cellText(cells: Cells, row: number, column: number): string {
  if (column >= widthOf(cells, row)) return ''
  const end = cells.ends[cells.firsts[row]! + column]!
  const text = textOf(cells.bytes, startOf(cells, row, column), end).trim()
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"').trim() : text
}

export function rowTexts(cells: Cells, row: number): string[] {
  return Array.from({ length: widthOf(cells, row) }, (_, column) => cellText(cells, row, column))
}

const decoder = new TextDecoder()

function textOf(bytes: Uint8Array, from: number, to: number): string {
  for (let i = from; i < to; i++) if (bytes[i]! >= 0x80) return decoder.decode(bytes.subarray(from, to))
  return ascii(bytes, from, to)
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > 8192) return decoder.decode(bytes.subarray(from, to))
  return String.fromCharCode.apply(null, bytes.subarray(from, to) as unknown as number[])
}

/** Powers of ten that float64 holds exactly. */
const TEN = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  1e20, 1e21, 1e22,
]

/**
 * The numbers of a column when every cell is one, written with a decimal point, or empty (NaN); undefined else, and
 * for integers that float64 does not hold. A number is the float64 nearest to what is written.
 */
export function plainNumbers(cells: Cells, column: number, from: number): Float64Array | undefined {
  const { bytes, begins, firsts, ends, rows } = cells
  const numbers = new Float64Array(rows - from)
  for (let row = from; row < rows; row++) {
    const cell = firsts[row]! + column
    if (cell >= firsts[row + 1]!) return undefined
    let start = column === 0 ? begins[row]! : ends[cell - 1]! + 1
    let end = ends[cell]!
    while (start < end && bytes[start]! <= SPACE) start++
    while (end > start && bytes[end - 1]! <= SPACE) end--
    if (bytes[start] === QUOTE && end - start >= 2) {
      start++
      end--
    }
    if (start === end) {
      numbers[row - from] = NaN
      continue
    }
    const number = plainNumber(bytes, start, end)
    if (number === undefined) return undefined
    numbers[row - from] = number
  }
  return numbers
}

function plainNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  let i = start
  const sign = bytes[i]
  if (sign === 45 || sign === 43) i++
  let [digits, value, seen] = [0, 0, 0]
  let scale = -1
  for (; i < end; i++) {
    const byte = bytes[i]!
    if (byte >= 48 && byte <= 57) {
      seen++
      if (digits > 0 || byte !== 48) digits++
      if (digits <= 15) value = value * 10 + (byte - 48)
      if (scale >= 0) scale++
    } else if (byte === 46 && scale < 0) scale = 0
    else break
  }
  if (seen === 0) return undefined
  // Both are exact, and so is their quotient but for one rounding.
  if (i === end && digits <= 15 && scale <= 22) {
    const number = scale > 0 ? value / TEN[scale]! : value
    return sign === 45 ? -number : number
  }
  if (i === end && scale < 0 && digits > 16) return undefined
  if (i < end && !isExponent(bytes, i, end)) return undefined
  const number = Number(ascii(bytes, start, end))
  return Number.isFinite(number) ? number : undefined
}

function isExponent(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] !== 69 && bytes[at] !== 101) return false
  let i = at + 1
  if (bytes[i] === 43 || bytes[i] === 45) i++
  if (i === end) return false
  for (; i < end; i++) if (!(bytes[i]! >= 48 && bytes[i]! <= 57)) return false
  return true
}

/** All cells of a column as text. */
export function columnTexts(cells: Cells, column: number, from: number): string[] {
  return Array.from({ length: cells.rows - from }, (_, i) => cellText(cells, from + i, column))
}
