// Formats numbers within sentences.
import { formatNumber } from './table.ts'

/** 10,000 */
export function formatCount(value: number): string {
  return groupDigits(String(value))
}

/** The digits of a whole number with a comma before each three; anything else as it is. */
export function groupDigits(whole: string): string {
  if (!/^-?\d+$/.test(whole)) return whole
  const sign = whole.startsWith('-') ? '-' : ''
  const groups: string[] = []
  for (let end = whole.length; end > sign.length; end -= 3)
    groups.unshift(whole.slice(Math.max(sign.length, end - 3), end))
  return sign + groups.join(',')
}

/** 54.8 %, `> -0.01 %` for a little less than nothing; its parts stay on one line */
export function formatPercent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return '–'
  if (fraction !== 0 && Math.abs(fraction) < 1e-4) return fraction < 0 ? '> -0.01\u00A0%' : '< 0.01\u00A0%'
  return `${formatNumber(Number((100 * fraction).toPrecision(3)))}\u00A0%`
}

/** `1 trial`, `10 trials` */
export function counted(n: number, noun: string): string {
  return `${formatCount(n)} ${n === 1 ? noun : `${noun}s`}`
}

/** `a`, `a and b`, `a, b and c` */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
