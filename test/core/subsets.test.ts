// Products with zeros and ones have the bits of their definition, for every size around fours, tables and panels.
import { describe, expect, it } from 'vitest'
import { kernels, productOf } from '../helpers/kernels.ts'

const f = Math.fround

/** The definition: rows in fours, the sums of each four by twos, four after four; then the scale of the row. */
function plain(
  active: (k: number) => boolean,
  rows: (k: number) => number,
  K: number,
  scale: number,
): number {
  const taken = (k: number): number => (k < K && active(k) ? rows(k) : 0)
  let sum = 0
  for (let k = 0; k < K; k += 4) sum = f(sum + f(f(taken(k) + taken(k + 1)) + f(taken(k + 2) + taken(k + 3))))
  return f(sum * scale)
}

describe('products with zeros and ones', async () => {
  const x = await kernels()
  const address = x.allocate(1 << 20)
  const at = (offset: number): number => address + 4 * offset
  const floats = (offset: number, length: number) => new Float32Array(x.memory.buffer, at(offset), length)
  const [Y, MASKS, W, SCALE, ROW_SCALE, C, TABLE] = [0, 20_000, 40_000, 60_000, 61_000, 62_000, 100_000]
  let state = 7
  const random = (): number => f((state = (state * 48271) % 2147483647) / 1073741823.5 - 1)
  const fill = (array: Float32Array): Float32Array => array.map((_, i) => (array[i] = random()))

  /** A rectified matrix [rows, stride], its columns from `width` on zero, with masks. */
  function rectified(rows: number, width: number): { y: Float32Array; stride: number } {
    const stride = Math.ceil(width / 4) * 4
    const y = floats(Y, rows * stride)
    y.forEach((_, i) => (y[i] = i % stride < width ? random() : 0))
    const expected = y.map((value) => Math.max(value, 0))
    x.reluForwardMasks(at(Y), at(MASKS), rows * stride)
    expect(y).toEqual(expected)
    return { y, stride }
  }

  const SIZES = [1, 2, 3, 4, 5, 31, 32, 33, 64, 70]

  it('have the bits of their definition, for every size around fours, tables and panels', () => {
    for (const K of SIZES) {
      for (const [M, width] of [
        [1, 32],
        [5, 32],
        [3, 16],
        [2, 8],
        [4, 4],
      ] as const) {
        const { y, stride } = rectified(M, K)
        const [w, scale, rowScale] = [
          fill(floats(W, K * width)),
          fill(floats(SCALE, K)),
          fill(floats(ROW_SCALE, M)),
        ]
        const shape = { M, N: width, K, ldc: width, aRow: stride / 4, aColumn: 1, ldb: width }
        x.maskProduct(productOf(x, shape), at(C), at(MASKS), at(ROW_SCALE), at(W), at(SCALE), at(TABLE))
        const c = floats(C, M * width)
        for (let m = 0; m < M; m++) {
          for (let n = 0; n < width; n++) {
            const row = (k: number): number => f(w[k * width + n]! * scale[k]!)
            const expected = plain((k) => y[m * stride + k]! > 0, row, K, rowScale[m]!)
            expect(c[m * width + n], `${M}×${K} @ ${K}×${width}, element ${m}, ${n}`).toBe(expected)
          }
        }
      }
    }
  })

  it('have them with the transpose of the mask too, and in sums of its columns', () => {
    for (const B of SIZES) {
      const [units, width] = [21, 32]
      const { y, stride } = rectified(B, units)
      const [w, g, rowScale] = [
        fill(floats(W, B * width)),
        fill(floats(SCALE, B)),
        fill(floats(ROW_SCALE, stride)),
      ]
      x.transposedMasks(at(MASKS), at(Y), stride, B)
      const shape = { M: units, N: width, K: B, ldc: width, aRow: 1, aColumn: stride, ldb: width }
      x.maskProduct(productOf(x, shape), at(C), at(MASKS), at(ROW_SCALE), at(W), at(SCALE), at(TABLE))
      const c = floats(C, units * width)
      x.activeSums(at(TABLE), at(ROW_SCALE), at(Y), at(SCALE), stride, B)
      const sums = floats(TABLE, stride)
      for (let unit = 0; unit < units; unit++) {
        const active = (b: number): boolean => y[b * stride + unit]! > 0
        let sum = 0
        for (let b = 0; b < B; b++) if (active(b)) sum = f(sum + g[b]!)
        expect(sums[unit], `sum of ${unit}, ${B} rows`).toBe(f(sum * rowScale[unit]!))
        for (let n = 0; n < width; n++) {
          const expected = plain(active, (b) => f(w[b * width + n]! * g[b]!), B, rowScale[unit]!)
          expect(c[unit * width + n], `${B} rows, element ${unit}, ${n}`).toBe(expected)
        }
      }
    }
  })

  it('let NaN through', () => {
    floats(Y, 4).set([NaN, -1, 2, -0])
    x.reluForwardMasks(at(Y), at(MASKS), 4)
    expect(Array.from(floats(Y, 4))).toEqual([NaN, 0, 2, -0])
  })
})
