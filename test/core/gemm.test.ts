// The dense product has the bits of the plain loop, whatever its size and strides.
import { describe, expect, it } from 'vitest'
import { kernels, productOf } from '../helpers/kernels.ts'

const f = Math.fround

/** The definition: every element summed over k in ascending order, from its bias, each step rounded to f32. */
function plain(
  a: (m: number, k: number) => number,
  b: (k: number, n: number) => number,
  bias: Float32Array | undefined,
  M: number,
  N: number,
  K: number,
): Float32Array {
  return Float32Array.from({ length: M * N }, (_, i) => {
    const [m, n] = [Math.floor(i / N), i % N]
    let sum = bias ? bias[n]! : 0
    for (let k = 0; k < K; k++) sum = f(sum + f(a(m, k) * b(k, n)))
    return sum
  })
}

describe('gemm', async () => {
  const x = await kernels()
  const address = x.allocate(1 << 20)
  const floats = (offset: number, length: number) =>
    new Float32Array(x.memory.buffer, address + 4 * offset, length)

  it.each([
    ['as stored', false],
    ['transposed by its strides', true],
  ])('has the bits of the plain loop for every size around its tiles, a %s', (_, transposed) => {
    let state = 1
    const random = () => (state = (state * 48271) % 2147483647) / 1073741823.5 - 1
    for (let M = 1; M <= 9; M++) {
      for (const N of [4, 8, 12, 16, 20, 32, 44]) {
        for (const K of [1, 2, 3, 5, 17]) {
          for (const withBias of [false, true]) {
            const [a, b, c, bias] = [
              floats(0, M * K),
              floats(4096, K * N),
              floats(8192, M * N),
              floats(12288, N),
            ]
            for (const array of [a, b, bias]) array.forEach((_, i) => (array[i] = random()))
            const at = (offset: number) => address + 4 * offset
            const [aRow, aColumn] = transposed ? [1, M] : [K, 1]
            const product = productOf(x, { M, N, K, ldc: N, aRow, aColumn, ldb: N })
            x.gemm(product, at(8192), at(0), at(4096), withBias ? at(12288) : 0)
            const expected = plain(
              (m, k) => a[m * aRow + k * aColumn]!,
              (k, n) => b[k * N + n]!,
              withBias ? bias : undefined,
              M,
              N,
              K,
            )
            expect(new Uint32Array(c.slice().buffer), `${M}×${N}×${K}`).toEqual(
              new Uint32Array(expected.buffer),
            )
          }
        }
      }
    }
  })

  it('does not let the number of rows change the bits of a row', () => {
    const [K, N] = [37, 24]
    for (const array of [floats(0, 7 * K), floats(4096, K * N)])
      array.forEach((_, i) => (array[i] = Math.sin(1 + i * i)))
    const product = (rows: number, first: number) => {
      const p = productOf(x, { M: rows, N, K, ldc: N, aRow: K, aColumn: 1, ldb: N })
      x.gemm(p, address + 4 * 8192, address + 4 * first * K, address + 4 * 4096, 0)
      return Array.from(floats(8192, rows * N))
    }
    const all = product(7, 0)
    for (let row = 0; row < 7; row++) expect(product(1, row)).toEqual(all.slice(row * N, (row + 1) * N))
  })
})
