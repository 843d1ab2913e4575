// Cells that are not plain numbers are read as people write them: with a decimal comma, separators of thousands, a
// currency or a unit.

/** The sign before decimals and the one between thousands. */
export interface NumberStyle {
  decimal: '.' | ','
  /** True when the columns need more than plain numbers. */
  isLocal: boolean
}

export const PLAIN: NumberStyle = { decimal: '.', isLocal: false }

const MISSING = new Set([
  '',
  'null',
  'nan',
  'na',
  'n/a',
  '#n/a',
  'none',
  '-',
  '--',
  '.',
  'nil',
  '<na>',
  'nat',
  '#num!',
  '#value!',
  '—',
])

/** True when a cell says that there is no value. */
export function isMissing(value: unknown): boolean {
  if (value === null || value === undefined) return true
  if (typeof value === 'string') return MISSING.has(value.trim().toLowerCase())
  return Number.isNaN(value)
}

/**
 * Finds how the numbers of a file are written, by all of them together.
 * @param commasAreDecimal what to take where every comma stands before three digits and no point does
 */
export function styleOf(columns: Iterable<ArrayLike<unknown>>, commasAreDecimal: boolean): NumberStyle {
  let [commas, decimalCommas, decimalPoints, groupedCommas, groupedPoints] = [0, 0, 0, 0, 0]
  for (const values of columns) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value !== 'string') continue
      const [comma, point] = [value.lastIndexOf(','), value.lastIndexOf('.')]
      if (comma < 0 && point < 0) continue
      if (comma >= 0) commas++
      const last = comma > point ? ',' : '.'
      const isMixed = comma >= 0 && point >= 0
      const isGrouped = !isMixed && isGroup(value, last)
      if (last === ',' && isGrouped) groupedCommas++
      else if (last === ',') decimalCommas++
      else if (isGrouped) groupedPoints++
      else decimalPoints++
    }
  }
  if (commas === 0) return PLAIN
  const isDecimal =
    decimalCommas > 0
      ? decimalCommas > decimalPoints
      : decimalPoints === 0 && groupedCommas > 0 && (commasAreDecimal || groupedPoints > 0)
  return { decimal: isDecimal ? ',' : '.', isLocal: true }
}

/** True when every such sign stands between digits and three digits. */
function isGroup(text: string, sign: ',' | '.'): boolean {
  const parts = text.replaceAll(/[^\d.,]/g, '').split(sign)
  return /^\d{1,3}$/.test(parts[0]!) && parts[0] !== '0' && parts.slice(1).every((part) => part.length === 3)
}

const UNITS: Record<string, number> = { '': 0, k: 3, m: 6, b: 9, t: 12 }
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(e[-+]?\d{1,3})?([kmbt]?)$/i
const LONGEST = 100

/** NaN for whatever is not a finite number. */
export function toNumber(value: unknown, style: NumberStyle): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.length > LONGEST) return NaN
  let text = value
    .trim()
    .replace(/^([-+]?)[$€£¥₿]\s?/, '$1')
    .replace(/\s?[%$€£¥]$/, '')
  if (/^\(.*\)$/.test(text)) text = `-${text.slice(1, -1)}`
  if (style.decimal === ',')
    text = text.replaceAll(/(?<=\d)[. '\u00A0\u202F](?=\d{3})/g, '').replace(',', '.')
  else text = text.replaceAll(/(?<=\d)[, '\u00A0\u202F](?=\d{3})/g, '')
  const match = NUMBER.exec(text)
  if (!match) return NaN
  const [, exponent = '', unit = ''] = match
  const power = UNITS[unit.toLowerCase()]!
  const number = unit === '' ? Number(text) : Number(`${text.slice(0, -1)}e${power}`)
  return Number.isFinite(number) && !(exponent && unit) ? number : NaN
}

/** @returns the column itself where it is numbers already */
export function toNumbers(values: ArrayLike<unknown>, style: NumberStyle): Float64Array {
  if (values instanceof Float64Array)
    return values.every((value) => value - value === 0 || Number.isNaN(value))
      ? values
      : values.map((value) => (value - value === 0 ? value : NaN))
  const numbers = new Float64Array(values.length)
  for (let i = 0; i < numbers.length; i++) numbers[i] = toNumber(values[i], style)
  return numbers
}
