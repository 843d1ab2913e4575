// This file makes arbitrary inputs for parsers: sound ones, changed by a few edits of their bytes or of their JSON.
import * as fc from 'fast-check'

/** Inputs grow to this size at most, so that a run takes milliseconds. */
const LARGEST = 300_000

type ByteEdit = (bytes: Uint8Array) => Uint8Array

const encoder = new TextEncoder()
const at = (bytes: Uint8Array, place: number) => Math.floor(place * (bytes.length + 1))
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })

function joined(...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const all = new Uint8Array(Math.min(length, LARGEST))
  let offset = 0
  for (const part of parts) {
    const fits = part.subarray(0, LARGEST - offset)
    all.set(fits, offset)
    offset += fits.length
  }
  return all
}

function repeated(part: Uint8Array, times: number): Uint8Array {
  const most = Math.min(times, Math.floor(LARGEST / Math.max(1, part.length)))
  return joined(...Array.from({ length: Math.max(1, most) }, () => part))
}

function byteEdit(words: readonly string[]): fc.Arbitrary<ByteEdit> {
  const insert = fc.tuple(place, fc.constantFrom(...words), fc.constantFrom(1, 1, 1, 3, 100, 20_000))
  const range = fc.tuple(place, place, fc.constantFrom(1, 2, 50, 20_000))
  return fc.oneof(
    fc.tuple(place, fc.nat(255)).map(([where, value]): ByteEdit => {
      return (bytes) => bytes.with(Math.min(at(bytes, where), Math.max(0, bytes.length - 1)), value)
    }),
    insert.map(([where, word, times]): ByteEdit => {
      const part = repeated(encoder.encode(word), times)
      return (bytes) => joined(bytes.subarray(0, at(bytes, where)), part, bytes.subarray(at(bytes, where)))
    }),
    place.map(
      (where): ByteEdit =>
        (bytes) =>
          bytes.subarray(0, at(bytes, where)),
    ),
    range.map(([one, other]): ByteEdit => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)]
      return (bytes) => joined(bytes.subarray(0, at(bytes, from)), bytes.subarray(at(bytes, to)))
    }),
    range.map(([one, other, times]): ByteEdit => {
      const [from, to] = [Math.min(one, other), Math.min(Math.max(one, other), Math.min(one, other) + 0.1)]
      return (bytes) => {
        const part = repeated(bytes.subarray(at(bytes, from), at(bytes, to)), times)
        return joined(bytes.subarray(0, at(bytes, to)), part, bytes.subarray(at(bytes, to)))
      }
    }),
  )
}

/** Words that break files of any kind. */
const HOSTILE_WORDS = [
  '\u001b]0;x\u0007',
  '\n',
  '\r',
  '\0',
  '\u202e',
  '"',
  "'",
  '\\',
  '<img>',
  '__proto__',
  '-1',
  '1e999',
  '9'.repeat(40),
  '\ufeff',
  '\ud83d',
]

/** A sound input with up to six edits. @param words that mean something in the format */
export function editedBytes(
  seeds: readonly Uint8Array[],
  words: readonly string[] = [],
): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(byteEdit([...HOSTILE_WORDS, ...words]), { maxLength: 6 })
  return fc
    .tuple(fc.constantFrom(...seeds), edits)
    .map(([seed, all]) => all.reduce((bytes, edit) => (bytes.length > 0 ? edit(bytes) : bytes), seed))
}

const deep = (levels: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

/** A value that a program which trusts JSON stumbles over. */
const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    '<img>',
    '__proto__',
    'constructor',
    'a\nerror: b\u001b[2J',
    [],
    {},
    -1,
    0,
    0.5,
    1e9,
    2 ** 31,
    2 ** 53,
    1e308,
    'x'.repeat(5000),
    Array.from({ length: 3000 }, () => 0),
    JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}'),
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(50, 3000, 30_000).map(deep),
)

type JsonEdit = (value: unknown) => unknown

const jsonEdit: fc.Arbitrary<JsonEdit> = fc
  .tuple(
    fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('set', 'remove', 'add', 'rename'),
    hostileValue,
    fc.constantFrom('__proto__', 'constructor', 'toString', 'extra', 'a\u001b[2J\nerror: b', '0'),
  )
  .map(
    ([path, kind, value, name]): JsonEdit =>
      (tree) =>
        changed(tree, path, kind, value, name),
  )

/** A copy with a change below it; a step of the path is the number of an entry. */
function changed(
  tree: unknown,
  [step = 0, ...rest]: number[],
  kind: string,
  value: unknown,
  name: string,
): unknown {
  if (typeof tree !== 'object' || tree === null) return value
  const entries = Object.entries(tree)
  if (entries.length === 0) return kind === 'add' ? [value] : value
  const i = step % entries.length
  const [key, held] = entries[i]!
  const isLeaf = rest.length === 0 || typeof held !== 'object' || held === null
  const next = isLeaf ? value : changed(held, rest, kind, value, name)
  const kept: [string, unknown][] =
    isLeaf && kind === 'remove'
      ? entries.toSpliced(i, 1)
      : entries.with(i, [
          isLeaf && kind === 'rename' ? name : key,
          isLeaf && kind !== 'set' && kind !== 'remove' ? held : next,
        ])
  const all: [string, unknown][] = isLeaf && kind === 'add' ? [...kept, [name, value]] : kept
  return Array.isArray(tree) ? all.map(([, one]) => one) : Object.fromEntries(all)
}

/** A sound value with up to four of its parts set, removed, renamed or added. */
export function editedJson<T>(seeds: readonly T[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(jsonEdit, { maxLength: 4 }))
    .map(([seed, all]) => all.reduce<unknown>((value, edit) => edit(value), seed))
}

/** JSON of any value, whatever its depth; '' where there is none. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '['.repeat(100_000)
  }
}
