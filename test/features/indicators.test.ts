// Properties of all indicators with random parameters, of bars that no other test has.
import { describe, expect, it } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import type { Table } from '../../src/data/table.ts'
import { rawFeatures } from '../../src/features/index.ts'
import { INDICATORS } from '../../src/features/indicators/index.ts'
import {
  exponential,
  windowLeast,
  windowMoments,
  windowMost,
  windowSums,
} from '../../src/features/indicators/windows.ts'
import { listFeatures } from '../../src/features/language/presets.ts'
import { bars } from './bars.ts'

const core = await createCore(await loadModule(), 23)
const { math } = core
const random = core.random.data
const ROWS = 260

/** A call of the indicator with parameters that need at most 120 rows. */
function randomCall(name: string): string {
  const { parameters, series, check } = INDICATORS.get(name)!
  for (;;) {
    const values = parameters.map(({ least, most, fraction }) => {
      if (fraction) return Math.max(least, Math.min(most, 3 * random.uniform()))
      return least + random.index(Math.min(most, 40) - least + 1)
    })
    if (check?.(values) !== undefined) continue
    const sources = ['close', 'high - low', 'lag(2)', 'log(volume + 1)', 'column(sentiment)']
    const source = series === null ? [] : [sources[random.index(sources.length)]!]
    // roots and logarithms take what is positive
    const inside = ['log', 'sqrt', 'log_return', 'volatility', 'realised_volatility'].includes(name)
      ? ['close']
      : name === 'exp'
        ? ['return']
        : source
    const list = [...inside, ...values]
    return list.length === 0 ? name : `${name}(${list.join(', ')})`
  }
}

function computed(table: Table, entry: string) {
  return rawFeatures(table, listFeatures([entry]), math, 100)
}

function changedFrom(table: Table, row: number): Table {
  const columns = Object.entries(table.columns).map(([name, values]) => [
    name,
    values.map((value, i) => {
      if (i < row) return value
      return name === 'timestamp'
        ? value + 5_400_000
        : Math.abs(value) * (1.1 + 0.3 * random.uniform()) + 0.01
    }),
  ])
  return { length: table.length, columns: Object.fromEntries(columns) }
}

function cut(table: Table, rows: number): Table {
  const columns = Object.entries(table.columns).map(([name, values]) => [name, values.slice(0, rows)])
  return { length: rows, columns: Object.fromEntries(columns) }
}

describe.each([...INDICATORS.keys()])('%s', (name) => {
  it('has values from the end of its warm-up on, which no later row changes', () => {
    let moved = false
    for (let i = 0; i < 6; i++) {
      const call = randomCall(name)
      const table = bars(random, ROWS, { flat: false })
      const { series, warmUp } = computed(table, call)
      const row = warmUp + 1 + random.index(ROWS - warmUp - 1)
      const after = computed(changedFrom(table, row), call).series
      const prefix = computed(cut(table, row), call).series
      series.forEach(({ from, values }, f) => {
        expect(from, call).toBe(warmUp)
        expect(values.length, call).toBe(ROWS - warmUp)
        expect(after[f]!.values.subarray(0, row - from), call).toEqual(values.subarray(0, row - from))
        expect(prefix[f]!.values, call).toEqual(values.subarray(0, row - from))
        moved ||= after[f]!.values.some((value, k) => value !== values[k])
      })
    }
    expect(moved, 'nothing that it reads moves it').toBe(true)
  })
})

describe('windows are those of sums anew', () => {
  const x = Float64Array.from({ length: 300 }, () => 1e6 + random.normal())

  it.each([1, 2, 3, 7, 50, 299, 300])('of %i rows', (p) => {
    const [sums, most, least] = [windowSums(x, p), windowMost(x, p), windowLeast(x, p)]
    const moments = p > 1 ? windowMoments(x, p) : undefined
    for (let i = p - 1; i < x.length; i++) {
      const window = x.slice(i - p + 1, i + 1)
      const sum = window.reduce((a, b) => a + b, 0)
      const mean = window.reduce((a, b) => a + (b - 1e6), 0) / p
      const squares = window.reduce((a, b) => a + (b - 1e6 - mean) * (b - 1e6 - mean), 0)
      expect(Math.abs(sums[i]! / sum - 1)).toBeLessThan(1e-14)
      expect(most[i]).toBe(Math.max(...window))
      expect(least[i]).toBe(Math.min(...window))
      if (!moments) continue
      expect(Math.abs(moments.means[i]! / (1e6 + mean) - 1)).toBeLessThan(1e-14)
      expect(Math.abs(moments.squares[i]! - squares)).toBeLessThan(1e-8 * p)
    }
  })

  it('and have no deviation at all where nothing moves', () => {
    const still = new Float64Array(100).fill(0.1)
    expect(windowMoments(still, 7).squares.every((square) => square === 0)).toBe(true)
    expect(
      windowMoments(still, 7)
        .means.subarray(6)
        .every((mean) => mean === 0.1),
    ).toBe(true)
  })

  it('of more rows than there are is empty', () => {
    expect(windowSums(x, 301).every((sum) => sum === 0)).toBe(true)
    expect(exponential(x, 301, 0.1).every((value) => value === 0)).toBe(true)
  })

  it('an exponential average begins with the mean of the first values that are not skipped', () => {
    const x = Float64Array.of(9, 9, 9, 1, 3, 5)
    expect(exponential(x, 2, 0.5, 3).subarray(4)).toEqual(Float64Array.of(2, 3.5))
  })

  it('drift in a million rows no more than in one window', () => {
    const long = Float64Array.from({ length: 1_000_000 }, (_, i) => (i < 10 ? 1e17 : 1) + (i % 3))
    // what adds and subtracts would still hold what it lost beside 1e17
    expect(windowSums(long, 21).at(-1)).toBe(42)
  })
})

describe('by hand:', () => {
  const table: Table = {
    length: 6,
    columns: {
      timestamp: Float64Array.from([0, 6, 12, 18, 24, 96], (hours) => hours * 3_600_000),
      open: Float64Array.of(10, 11, 12, 11, 10, 12),
      high: Float64Array.of(12, 12, 13, 12, 11, 14),
      low: Float64Array.of(9, 10, 11, 9, 8, 11),
      close: Float64Array.of(11, 12, 11, 10, 10, 13),
      volume: Float64Array.of(5, 0, 10, 20, 5, 5),
    },
  }
  const valuesOf = (entry: string) => computed(table, entry).series.map(({ values }) => [...values])

  it.each([
    ['drawdown', [0, 0, 11 / 12 - 1, 10 / 12 - 1, 10 / 12 - 1, 0]],
    ['window_drawdown(2)', [0, 11 / 12 - 1, 10 / 11 - 1, 0, 0]],
    ['relative_volume(2)', [0, 2, 20 / 15, 5 / 12.5, 1]],
    ['percent_b(2, 1)', [1, 0, 0, 0.5, 1]],
    ['bandwidth(2, 1)', [1 / 11.5, 1 / 11.5, 1 / 10.5, 0, 3 / 11.5]],
    [
      'parkinson(1)',
      table.columns.high!.map(
        (high, i) => Math.log(high / table.columns.low![i]!) / Math.sqrt(4 * Math.log(2)),
      ),
    ],
    ['realised_volatility(1)', [12 / 11, 12 / 11, 11 / 10, 1, 1.3].map(Math.log)],
    ['zscore(volume, 2)', [-Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2, 0]],
    ['sign(close - open)', [1, 1, -1, -1, 0, 1]],
    ['clip(volume, 5, 10)', [5, 5, 10, 10, 5, 5]],
    ['time_of_day.sin', [0, 1, 0, -1, 0, 0]],
    ['day_of_week.cos', [3, 3, 3, 3, 4, 0].map((day) => Math.cos((2 * Math.PI * day) / 7))],
    ['wilder(2)', [11.5, 11.25, 10.625, 10.3125, 11.65625]],
  ])('%s', (entry, wanted) => {
    const [values] = valuesOf(entry)
    expect(values!.length).toBe(wanted.length)
    values!.forEach((value, i) => expect(value, `row ${i}`).toBeCloseTo(wanted[i]!, 12))
  })

  it('garman_klass', () => {
    const { open, high, low, close } = table.columns
    const [values] = valuesOf('garman_klass(1)')
    values!.forEach((value, i) => {
      const range = Math.log(high![i]! / low![i]!)
      const move = Math.log(close![i]! / open![i]!)
      expect(value).toBeCloseTo(Math.sqrt(0.5 * range * range - (2 * Math.LN2 - 1) * move * move), 12)
    })
  })
})
