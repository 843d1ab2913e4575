// A plot leaves out many rows, but never a spike, and never changes their order.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chosenRows, thin } from '../../../src/report/charts/plot-scale.ts'

describe('chosenRows', () => {
  const n = 100_000
  const wave = Float64Array.from({ length: n }, (_, i) => (i % 1000) / 1000)
  const other = Float64Array.from({ length: n }, (_, i) => -i)

  it('keeps all rows of a short line', () => {
    expect(chosenRows(5, [wave.subarray(0, 5)], 5)).toEqual([0, 1, 2, 3, 4])
    expect(chosenRows(0, [], 5)).toEqual([])
  })

  it('keeps the extremes of every line, in order, within the limit', () => {
    const spiked = wave.slice()
    spiked[12_345] = 99
    spiked[54_321] = -99
    const rows = chosenRows(n, [spiked, other], 2000)
    expect(rows.length).toBeLessThanOrEqual(2000)
    expect(rows.length).toBeGreaterThan(1000)
    expect(rows).toEqual(rows.toSorted((a, b) => a - b))
    expect(rows).toEqual(expect.arrayContaining([0, 12_345, 54_321, n - 1]))
  })
})

/** Lines of one length. */
const linesOf = (value: fc.Arbitrary<number>) =>
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(300)).chain(([lines, length]) =>
    fc.array(fc.array(value, { minLength: length, maxLength: length }), {
      minLength: lines,
      maxLength: lines,
    }),
  )

/** Values that are drawn, as the least and the greatest of them. */
function extremes(values: readonly number[]): number[] {
  const drawn = values.filter((value) => Math.abs(value) < 1e300)
  return drawn.length === 0 ? [] : [Math.min(...drawn), Math.max(...drawn)]
}

describe('of any lines', () => {
  it('chosenRows keeps the first row, the last and the extremes of each, ascending, within the limit', () => {
    const finite = fc.double({ min: -1e299, max: 1e299, noNaN: true })
    fc.assert(
      fc.property(linesOf(finite), fc.nat(100), (lines, more) => {
        const [length, most] = [lines[0]!.length, 2 + 2 * lines.length + more]
        const rows = chosenRows(length, lines, most)
        expect(rows.length).toBeLessThanOrEqual(most)
        expect(rows).toEqual([...new Set(rows)].toSorted((a, b) => a - b))
        if (length > 0) expect([rows[0], rows.at(-1)]).toEqual([0, length - 1])
        for (const line of lines) {
          const kept = rows.map((row) => line[row]!)
          expect(extremes(kept)).toEqual(extremes(line))
        }
      }),
    )
  })

  it('thin keeps the extremes and the order, adds nothing, and shows what cannot be drawn as a gap', () => {
    fc.assert(
      fc.property(linesOf(fc.double()), fc.integer({ min: 1, max: 80 }), ([values], buckets) => {
        const points = thin(values!, undefined, buckets)
        expect(points.length).toBeLessThanOrEqual(2 * buckets)
        const places = points.map(([x]) => x)
        expect(places).toEqual(places.toSorted((a, b) => a - b))
        for (const [x, y] of points) {
          if (y === null) expect(Math.abs(values![x]!) < 1e300).toBe(false)
          else expect(y).toBe(values![x])
        }
        expect(extremes(points.flatMap(([, y]) => (y === null ? [] : [y])))).toEqual(extremes(values!))
      }),
    )
  })
})
