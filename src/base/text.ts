// This file prepares text that is not ours for messages: on one line, short, without characters that steer a terminal.
import { distance } from 'fastest-levenshtein'

/** Control and format characters (bidirectional ones among them), line and paragraph separators, half characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Characters of a value that a message shows. */
const LONGEST = 80

/** The text on one line, whatever is not printed written as in JSON: `\u001b` for an escape. */
export function oneLine(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** The text of oneLine, cut to `most` characters. */
export function shown(text: string, most = LONGEST): string {
  if (text.length <= most) return oneLine(text)
  return `${oneLine(text.slice(0, most))}… (${text.length} characters)`
}

/** A string as in JSON, cut to 80 characters; of a list or an object that it is one; anything else as `shown`. */
export function quoted(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  if (typeof value !== 'string') return shown(String(value))
  if (value.length <= LONGEST) return oneLine(JSON.stringify(value))
  return `${oneLine(JSON.stringify(value.slice(0, LONGEST)))}… (${value.length} characters)`
}

/** Things that a message lists, separated by commas: the first twenty, and how many more there are. */
export function listed(values: readonly unknown[]): string {
  const first = values.slice(0, 20).map((value) => shown(String(value)))
  const more = values.length - first.length
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Lines for a terminal: whatever steers it written as in JSON, so that a JSON document stays what it is. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)))
}

function escaped(sign: string): string {
  if (sign === '\n') return String.raw`\n`
  if (sign === '\t') return String.raw`\t`
  const units = Array.from({ length: sign.length }, (_, i) => sign.charCodeAt(i))
  return units.map((unit) => String.raw`\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** No word that is looked for has so many characters. */
const LONGEST_WORD = 80

/** The candidate whose name has the least edits from `word`, the first of equals, if those are few for its length. */
export function nearest<T>(word: string, candidates: T[], nameOf: (candidate: T) => string): T | undefined {
  if (word.length > LONGEST_WORD) return undefined
  const most = Math.max(1, Math.floor(word.length * 0.4))
  const edits = (candidate: T) => distance(word, nameOf(candidate))
  return candidates
    .filter((candidate) => edits(candidate) <= most)
    .toSorted((one, other) => edits(one) - edits(other))
    .at(0)
}
