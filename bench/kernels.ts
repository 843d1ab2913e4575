// This bench times the products alone, as a share of what the core's instructions can do at all.
import { loadModule } from '../src/core/module.ts'
import { kernels, productOf, type KernelExports } from '../test/helpers/kernels.ts'
import { digits, inTurns, median, printTable, ratios } from './measure.ts'
import { BATCHES, WIDTHS } from './shapes.ts'

const PEAK_REPETITIONS = 20_000
const DENSITIES = [1, 0.5, 0.3]
const PASSES = 3

/** Floats at an address: of these, room for the largest product. */
const ROOM = 400 * 400 + 64

interface Arrays {
  x: KernelExports
  a: number
  b: number
  c: number
  bias: number
  lists: number
  view(address: number, length: number): Float32Array
}

/** y[B, N] = a[B, K] @ w[K, N] */
interface Product {
  B: number
  N: number
  K: number
}

type Kernel = (arrays: Arrays, size: Product) => { run: () => void; check: () => void }

interface Table {
  title: string
  header: string[]
  rows: { name: string; cells: Cell[] }[]
}

/** A product to measure, and what was measured: GFLOP/s, and the share of the register-only rate beside it. */
interface Cell {
  kernel: Kernel
  size: Product
  density: number
  rates: number[]
  shares: number[]
}

/** Prints the dense products as shares of the register-only rate, and the sparse ones as if they were dense. */
export async function benchKernels(): Promise<void> {
  const tables = [
    denseTable('forward', denseForward),
    denseTable('weight gradient', denseWeightGradient),
    sparseTable('forward', sparseForward),
    sparseTable('weight gradient', sparseWeightGradient),
    subsetTable(),
  ]
  const peak = await loadPeak()
  const arrays = await allocate()
  // in passes seconds apart, since a neighbour on the same core may stay for seconds
  for (let pass = 0; pass < PASSES; pass++) {
    for (const { cells } of tables.flatMap(({ rows }) => rows))
      for (const cell of cells) measure(cell, arrays, peak)
  }
  for (const { title, header, rows } of tables)
    printTable(
      title,
      header,
      rows.map(({ name, cells }) => [name, ...cells.map(summary)]),
    )
}

function denseTable(name: string, kernel: Kernel): Table {
  return batchTable(`Dense ${name}`, kernel, 1)
}

/** Their number of additions is the same at any density. */
function subsetTable(): Table {
  return batchTable('Sums of subsets, as if dense', subsetSums, 0.5)
}

function batchTable(name: string, kernel: Kernel, density: number): Table {
  return {
    title: `${name}: GFLOP/s, % of registers only (highest)`,
    header: ['weights', ...BATCHES.map((B) => `B ${B}`)],
    rows: WIDTHS.map((H) => ({
      name: `${H} × ${H}`,
      cells: BATCHES.map((B) => ({ kernel, size: { B, N: H, K: H }, density, rates: [], shares: [] })),
    })),
  }
}

function sparseTable(name: string, kernel: Kernel): Table {
  return {
    title: `Sparse ${name}, B 64: GFLOP/s as if dense, % of registers only (highest)`,
    header: ['weights', ...DENSITIES.map((density) => `density ${density}`)],
    rows: WIDTHS.map((H) => ({
      name: `${H} × ${H}`,
      cells: DENSITIES.map((density) => ({
        kernel,
        size: { B: 64, N: H, K: H },
        density,
        rates: [],
        shares: [],
      })),
    })),
  }
}

/** Measures in turns with the register-only kernel, having checked against the plain loop. */
function measure(cell: Cell, arrays: Arrays, peak: { run: () => void; flop: number }): void {
  const { size, kernel, density } = cell
  fill(arrays, size, density)
  const { run, check } = kernel(arrays, size)
  run()
  check()
  const measured = inTurns({ product: run, peak: peak.run }, 3)
  const flop = 2 * size.B * size.N * size.K
  cell.rates.push(...measured.product.rounds.map((ms) => flop / ms / 1e6))
  cell.shares.push(...ratios(measured.peak, measured.product).map((ratio) => (ratio * flop) / peak.flop))
}

function summary({ rates, shares }: Cell): string {
  const percent = (share: number): string => `${Math.round(100 * share)}`
  return `${digits(median(rates))}, ${percent(median(shares))} % (${percent(Math.max(...shares))})`
}

async function loadPeak(): Promise<{ run: () => void; flop: number }> {
  const { module } = await loadModule(new URL('../build/peak.wasm', import.meta.url))
  const instance = await WebAssembly.instantiate(module, {})
  const exports = instance.exports as unknown as {
    peak(n: number, factor: number, summand: number): number
    pairs: WebAssembly.Global
  }
  const flop = 8 * exports.pairs.value * PEAK_REPETITIONS
  return { run: () => exports.peak(PEAK_REPETITIONS, 0.5, 1), flop }
}

async function allocate(): Promise<Arrays> {
  const x = await kernels()
  const [a, b, c, bias, lists] = Array.from({ length: 5 }, () => x.allocate(8 * ROOM)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    x,
    a,
    b,
    c,
    bias,
    lists,
    view: (address, length) => new Float32Array(x.memory.buffer, address, length),
  }
}

/** Random numbers in a, of which that share is positive and the rest zero, with lists; in b and bias too. */
function fill({ x, a, b, bias, lists, view }: Arrays, { B, N, K }: Product, density: number): void {
  let state = 7
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647
  const stride = Math.ceil(K / 4) * 4
  view(a, B * stride).forEach(
    (_, i, array) => (array[i] = i % stride < K && random() < density ? random() + 1e-3 : 0),
  )
  for (const array of [view(b, ROOM), view(bias, N)]) array.forEach((_, i) => (array[i] = random() - 0.5))
  x.reluForward(a, lists, stride, B)
}

/** Columns of each panel of N, as assembly/products/panel.ts has them. */
function panels(N: number): { n: number; width: number }[] {
  const found = []
  for (let n = 0, width = 0; n < N; n += width) {
    const rest = N - n
    width = rest >= 32 ? 32 : rest >= 16 ? 16 : rest >= 8 ? 8 : 4
    found.push({ n, width })
  }
  return found
}

function denseForward({ x, a, b, c, bias, view }: Arrays, { B, N, K }: Product) {
  const columns = panels(N)
  const run = () => {
    for (const { n, width } of columns)
      x.gemm(
        productOf(x, { M: B, N: width, K, ldc: N, aRow: K, aColumn: 1, ldb: width }),
        c + 4 * n,
        a,
        b + 4 * n * K,
        bias + 4 * n,
      )
  }
  const check = () =>
    checkForward(view(a, B * K), view(b, K * N), view(bias, N), view(c, B * N), { B, N, K }, x)
  return { run, check }
}

function sparseForward({ x, a, b, c, bias, lists, view }: Arrays, { B, N, K }: Product) {
  const run = () => x.sparseProduct(productOf(x, { M: B, N, K, ldc: N, aRow: K }), c, a, lists, b, bias)
  const check = () =>
    checkForward(view(a, B * K), view(b, K * N), view(bias, N), view(c, B * N), { B, N, K }, x)
  return { run, check }
}

function denseWeightGradient({ x, a, b, c, view }: Arrays, { B, N, K }: Product) {
  const columns = panels(N)
  const run = () => {
    for (const { n, width } of columns) {
      const p = productOf(x, { M: K, N: width, K: B, ldc: width, aRow: 1, aColumn: K, ldb: N })
      x.gemm(p, c + 4 * n * K, a, b + 4 * n, 0)
    }
  }
  return { run, check: () => checkGradient(view(a, B * K), view(b, B * N), view(c, K * N), { B, N, K }, x) }
}

function sparseWeightGradient({ x, a, b, c, lists, view }: Arrays, { B, N, K }: Product) {
  const run = () => x.sparseWeightGradient(productOf(x, { M: K, N, K: B, aColumn: K }), c, a, lists, b)
  return { run, check: () => checkGradient(view(a, B * K), view(b, B * N), view(c, K * N), { B, N, K }, x) }
}

/** c = ½ (mask @ (½ w)), the mask where a is positive. */
function subsetSums({ x, a, b, c, bias, lists, view }: Arrays, { B, N, K }: Product) {
  const columns = panels(N)
  const [table, halves] = [lists, bias] // of which this kernel has no other use
  const masks = lists + 16 * 1024
  x.reluForwardMasks(a, masks, B * K)
  view(halves, Math.max(B, K)).fill(0.5)
  const run = () => {
    for (const { n, width } of columns) {
      const p = productOf(x, { M: B, N: width, K, ldc: N, aRow: K / 4, aColumn: 1, ldb: width })
      x.maskProduct(p, c + 4 * n, masks, halves, b + 4 * n * K, halves, table)
    }
  }
  const check = () => {
    const [mask, w, sums] = [view(a, B * K), view(b, K * N), view(c, B * N)]
    for (let row = 0; row < B; row += 7) {
      for (let n = 0; n < N; n++) {
        let sum = 0
        for (let k = 0; k < K; k++) if (mask[row * K + k]! > 0) sum += w[x.panelOffset(K, N, k, n)]! / 4
        const found = sums[row * N + n]!
        if (!(Math.abs(found - sum) < 1e-5 * K))
          throw new Error(`subsets ${B}×${K} @ ${K}×${N}: expected ${sum} at ${row}, ${n}, found ${found}`)
      }
    }
  }
  return { run, check }
}

type Floats = Float32Array

/** c = bias + a @ w, w in panels. @throws Error at the first element that has not the bits of the plain loop */
function checkForward(
  a: Floats,
  w: Floats,
  bias: Floats,
  c: Floats,
  { B, N, K }: Product,
  x: KernelExports,
): void {
  for (let b = 0; b < B; b += 7) {
    for (let n = 0; n < N; n++) {
      let sum = bias[n]!
      for (let k = 0; k < K; k++)
        sum = Math.fround(sum + Math.fround(a[b * K + k]! * w[x.panelOffset(K, N, k, n)]!))
      expectSame(c[b * N + n]!, sum, `forward ${B}×${K} @ ${K}×${N}, element ${b}, ${n}`)
    }
  }
}

/** dw = aᵀ @ dy, in panels. @throws Error at the first element that has not the bits of the plain loop */
function checkGradient(a: Floats, dy: Floats, dw: Floats, { B, N, K }: Product, x: KernelExports): void {
  for (let k = 0; k < K; k += 7) {
    for (let n = 0; n < N; n++) {
      let sum = 0
      for (let b = 0; b < B; b++) sum = Math.fround(sum + Math.fround(a[b * K + k]! * dy[b * N + n]!))
      expectSame(dw[x.panelOffset(K, N, k, n)]!, sum, `weight gradient ${K}×${N}, element ${k}, ${n}`)
    }
  }
}

function expectSame(found: number, expected: number, what: string): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected} of the plain loop, found ${found}`)
}
