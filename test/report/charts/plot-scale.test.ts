import { describe, expect, it } from 'vitest'
import { chosenRows } from '../../../src/report/charts/plot-scale.ts'

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
