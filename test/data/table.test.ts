// A table has one digest, whatever the order of its columns.
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { digestOf } from '../../src/data/table.ts'

it('the digest of a table is of its values, whatever the order of its columns', () => {
  const [open, close] = [Float64Array.of(1, NaN, -0), Float64Array.of(4, 5, 6)]
  const digest = digestOf({ length: 3, columns: { open, close } })
  expect(digestOf({ length: 3, columns: { close, open } })).toBe(digest)
  expect(digestOf({ length: 3, columns: { open: close, close: open } })).not.toBe(digest)
  expect(digestOf({ length: 3, columns: { open: Float64Array.of(1, NaN, 0), close } })).not.toBe(digest)
})

it('the digest of a table is of its columns by ascending name', () => {
  const [open, close] = [Float64Array.of(1, 2), Float64Array.of(3, 4)]
  const hash = createHash('sha256').update('close\n').update(close).update('open\n').update(open)
  expect(digestOf({ length: 2, columns: { open, close } })).toBe(hash.digest('hex'))
})

it('every NaN is the same to the digest', () => {
  const [one, other] = [0x7ff8000000000000n, 0xfff8000000000001n].map((bits) => {
    const close = new Float64Array(BigUint64Array.of(bits).buffer)
    return digestOf({ length: 1, columns: { close } })
  })
  expect(other).toBe(one)
})
