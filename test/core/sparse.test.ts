// Products that leave out zeros have the bits of the plain loop; tanh is as exact as it says.
import { describe, expect, it } from 'vitest'
import { kernels, productOf } from '../helpers/kernels.ts'

/** Widths that need every kind of panel, alone and after others. */
const WIDTHS = [4, 8, 12, 16, 28, 32, 36, 60, 64, 100]

describe('panels', async () => {
  const x = await kernels()

  it('give every element a place of its own, rows of a panel one after another', () => {
    for (const N of WIDTHS) {
      for (const K of [1, 3, 8]) {
        const places = Array.from({ length: K * N }, (_, i) => x.panelOffset(K, N, Math.floor(i / N), i % N))
        expect(places.toSorted((a, b) => a - b)).toEqual(places.map((_, i) => i))
        expect(x.panelOffset(K, N, 0, N - 1) - x.panelOffset(K, N, 0, N - 4)).toBe(3)
      }
    }
  })
})

describe('sparse products', async () => {
  const x = await kernels()
  const address = x.allocate(1 << 21)
  const floats = (offset: number, length: number) =>
    new Float32Array(x.memory.buffer, address + 4 * offset, length)
  const [A, W, C, D, LISTS] = [0, 40_000, 80_000, 120_000, 160_000]
  const at = (offset: number): number => address + 4 * offset
  let state = 7
  const random = (): number => (state = (state * 48271) % 2147483647) / 1073741823.5 - 1

  /** A rectified matrix with lists; density is about the share of what is not zero. */
  function rectified(B: number, stride: number, K: number, density: number): Float32Array {
    const a = floats(A, B * stride)
    a.forEach((_, i) => (a[i] = i % stride < K ? random() - 1 + 2 * density : 0))
    const expected = a.map((value) => Math.max(value, 0))
    x.reluForward(at(A), at(LISTS), stride, B)
    expect(a).toEqual(expected)
    return a
  }

  it('have the bits of the plain loop, for every kind of panel and density', () => {
    for (const N of WIDTHS) {
      for (const [B, K, density] of [
        [1, 1, 1],
        [3, 5, 0.5],
        [4, 33, 0.3],
        [5, 64, 0],
        [2, 7, 1],
      ] as const) {
        const stride = Math.ceil(K / 4) * 4
        const a = rectified(B, stride, K, density)
        const [w, bias] = [floats(W, K * N), floats(D, N)]
        for (const array of [w, bias]) array.forEach((_, i) => (array[i] = random()))
        const product = productOf(x, { M: B, N, K, ldc: N, aRow: stride })
        x.sparseProduct(product, at(C), at(A), at(LISTS), at(W), at(D))
        const c = floats(C, B * N)
        for (let b = 0; b < B; b++) {
          for (let n = 0; n < N; n++) {
            let sum = bias[n]!
            for (let k = 0; k < K; k++) {
              const ak = a[b * stride + k]!
              if (ak !== 0) sum = Math.fround(sum + Math.fround(ak * w[x.panelOffset(K, N, k, n)]!))
            }
            expect(c[b * N + n], `${B}×${K} @ ${K}×${N}, element ${b}, ${n}`).toBe(sum)
          }
        }
      }
    }
  })

  it('list a NaN, so that it shows in every product', () => {
    const [N, K] = [4, 8]
    const a = floats(A, K)
    a.set([1, -1, NaN, 2, 0, 3, -2, 1])
    x.reluForward(at(A), at(LISTS), K, 1)
    expect(Array.from(a)).toEqual([1, 0, NaN, 2, 0, 3, 0, 1])
    floats(W, K * N).fill(1)
    floats(D, N).fill(0)
    const product = productOf(x, { M: 1, N, K, ldc: N, aRow: K })
    x.sparseProduct(product, at(C), at(A), at(LISTS), at(W), at(D))
    expect(Array.from(floats(C, N))).toEqual([NaN, NaN, NaN, NaN])
  })

  it('have the weight gradient of the plain loop', () => {
    for (const N of WIDTHS) {
      const [B, K] = [6, 21]
      const stride = 24
      const a = rectified(B, stride, K, 0.4)
      const dy = floats(D, B * N)
      dy.forEach((_, i) => (dy[i] = random()))
      floats(W, K * N).fill(NaN) // what was there before does not matter
      const product = productOf(x, { M: K, N, K: B, aColumn: stride })
      x.sparseWeightGradient(product, at(W), at(A), at(LISTS), at(D))
      const dw = floats(W, K * N)
      for (let k = 0; k < K; k++) {
        for (let n = 0; n < N; n++) {
          let sum = 0
          for (let b = 0; b < B; b++)
            sum = Math.fround(sum + Math.fround(a[b * stride + k]! * dy[b * N + n]!))
          expect(dw[x.panelOffset(K, N, k, n)], `${K}×${N}, element ${k}, ${n}`).toBe(sum)
        }
      }
    }
  })
})

describe('tanh', async () => {
  const x = await kernels()

  it('is within 5 ulp of the true value and never beyond ±1, over all magnitudes', () => {
    const n = 40_000
    const address = x.allocate(4 * n)
    const values = new Float32Array(x.memory.buffer, address, n)
    values.forEach((_, i) => (values[i] = (i % 2 ? 1 : -1) * 2 ** (-30 + (40 * i) / n)))
    const inputs = values.slice()
    x.tanhForward(address, n)
    for (let i = 0; i < n; i++) {
      const expected = Math.tanh(inputs[i]!)
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 23)
      expect(Math.abs(values[i]! - expected), `tanh ${inputs[i]}`).toBeLessThanOrEqual(5 * ulp)
      expect(Math.abs(values[i]!)).toBeLessThanOrEqual(1)
    }
  })
})
