// Synthetic data have the shapes that their generators promise, and are the same from one seed.
import { describe, expect, test } from 'vitest'
import { createCore, type Core } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { generate } from '../../src/data/synthetic.ts'
import { scenarioSchema } from '../../src/scenario/schema.ts'
import { DdpgError } from '../../src/base/errors.ts'
import golden from '../golden/gen.json' with { type: 'json' }

const core: Core = await createCore(await loadModule(), 0)

type Columns = Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'timestamp', Float64Array>
type Generator = Record<string, unknown>
function market(generator: Generator, seed = 0, timeframe = '1h'): Columns {
  core.random.data.seed(seed)
  const config = scenarioSchema.parse({ data_generator: generator }).data_generator!
  return generate(config, timeframe, core).columns as Columns
}

const patterns: Record<string, Generator> = {
  sine_wave: { pattern_type: 'sine_wave', amplitude: 8000, trend_slope: 50, volatility: 0.02 },
  upward_drift: { pattern_type: 'upward_drift', drift_rate: 0.0015, volatility: 0.0005 },
  mean_reversion: {
    pattern_type: 'mean_reversion',
    reversion_strength: 0.12,
    volatility: 0.04,
    shock_probability: 0.03,
  },
  trending: { pattern_type: 'trending' },
}

const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0)
const mean = (values: Float64Array) => sum(values) / values.length
function deviation(values: Float64Array): number {
  const centre = mean(values)
  return Math.sqrt(sum(values.map((x) => (x - centre) ** 2)) / (values.length - 1))
}
const changes = (values: Float64Array) => values.subarray(1).map((value, i) => value - values[i]!)
function expectClose(actual: ArrayLike<number>, expected: number[], relative: number): void {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value) / Math.abs(value), `value ${i}`).toBeLessThanOrEqual(relative)
  })
}

interface Golden extends Record<'n' | 'min' | 'max' | 'argmin' | 'argmax' | 'mean' | 'std', number> {
  first_close: number[]
  last_close: number[]
}
function expectGoldenClose({ close }: Columns, wanted: Golden): void {
  expect(close.length).toBe(wanted.n)
  expectClose(close.subarray(0, 6), wanted.first_close, 1e-12)
  expectClose(close.subarray(-3), wanted.last_close, 1e-12)
  expectClose([close[wanted.argmin]!, Math.min(...close)], [wanted.min, wanted.min], 1e-12)
  expectClose([close[wanted.argmax]!, Math.max(...close)], [wanted.max, wanted.max], 1e-12)
  expectClose([mean(close), deviation(close)], [wanted.mean, wanted.std], 1e-12)
}

describe('sine_wave equals the Python original in close and volume:', () => {
  const sine = { pattern_type: 'sine_wave', amplitude: 8000, volatility: 0.0002 }
  test.each<['sine_wave.yaml' | 'sine_no_trend' | 'sine_large' | 'tiny', Generator]>([
    ['sine_wave.yaml', patterns.sine_wave!],
    ['sine_no_trend', sine],
    ['sine_large', { ...sine, n_periods: 10, samples_per_period: 500 }],
    [
      'tiny',
      {
        ...sine,
        n_periods: 1,
        samples_per_period: 8,
        base_price: 100,
        amplitude: 10,
        trend_slope: 1,
        volatility: 0,
      },
    ],
  ])('%s', (name, generator) => {
    const columns = market(generator)
    expectGoldenClose(columns, golden[name])
    expectClose(columns.volume.subarray(0, 4), golden[name].vol_first, 1e-11)
    expectClose([sum(columns.volume)], [golden[name].vol_sum], 1e-12)
  })

  test('tiny, every row', () => {
    const { close, volume } = market({
      ...sine,
      n_periods: 1,
      samples_per_period: 8,
      base_price: 100,
      amplitude: 10,
      trend_slope: 1,
      volatility: 0,
    })
    expectClose(close, golden.tiny.df.close, 1e-12)
    expectClose(volume, golden.tiny.df.volume, 1e-11)
  })
})

test('sine_wave spreads high and low evenly over 0.2 to 0.8 of the spread', () => {
  const { high, low, close } = market({ pattern_type: 'sine_wave', n_periods: 10, samples_per_period: 500 })
  for (const distance of [high.map((x, i) => x - close[i]!), low.map((x, i) => close[i]! - x)]) {
    const share = distance.map((x) => x / 400)
    expect(Math.min(...share)).toBeGreaterThan(0.1999)
    expect(Math.max(...share)).toBeLessThan(0.8001)
    expect(mean(share)).toBeCloseTo(0.5, 1)
    expect(deviation(share)).toBeCloseTo(0.6 / Math.sqrt(12), 2)
  }
})

test('upward_drift without volatility equals the Python original in close', () => {
  const columns = market({ pattern_type: 'upward_drift', drift_rate: 0.0015, volatility: 0 })
  expectGoldenClose(columns, golden.drift_vol0)
  expect(Math.abs(sum(columns.volume) / 7e8 - 1)).toBeLessThan(0.01)
})

test('upward_drift has the statistics of the Python original over 20 seeds', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { close, open } = market(patterns.upward_drift!, seed)
    expect(close[0]).toBe(50000)
    expectClose([mean(close)], [golden.drift_std_seed123.mean], 3e-4)
    expectClose([deviation(close)], [golden.drift_std_seed123.std], 2e-3)
    const gaps = open.subarray(1).map((price, i) => price - close[i]!)
    expect(Math.abs(deviation(gaps) / (0.1 * 0.0005 * mean(close)) - 1)).toBeLessThan(0.15)
    // A mean of five normals, each of 0.0005 of the price.
    const noise = close.map((price, i) => price / (50000 * Math.exp(0.0015 * (i - 2)))).subarray(5)
    expect(Math.abs(deviation(noise) / (0.0005 / Math.sqrt(5)) - 1)).toBeLessThan(0.2)
  }
})

test('upward_drift never closes below its floor', () => {
  const { close } = market({
    pattern_type: 'upward_drift',
    drift_rate: 0.0015,
    volatility: 0.02,
    pullback_floor: 0.99,
  })
  const floors = close.map((_, i) => 0.99 * 50000 * Math.exp(0.0015 * i))
  const share = close.map((price, i) => price / floors[i]!).subarray(1)
  expect(Math.min(...share)).toBeCloseTo(1, 12)
  expect(Math.max(...share)).toBeGreaterThan(1.01)
})

test('upward_drift that drifts down keeps the floor of its highest price', () => {
  const { close } = market({
    pattern_type: 'upward_drift',
    drift_rate: -0.001,
    volatility: 0,
    pullback_floor: 0.9,
  })
  expect(Math.min(...close)).toBe(0.9 * 50000)
})

test('mean_reversion has the mean and deviation of its process over 40 seeds', () => {
  const closes = Array.from({ length: 40 }, (_, seed) => market(patterns.mean_reversion!, seed).close)
  const means = Float64Array.from(closes, mean)
  const deviations = Float64Array.from(closes, deviation)
  // AR(1) with coefficient 0.88 and innovations of variance 0.04² + 0.03 · 0.15², in units of the mean.
  const stationary = 50000 * Math.sqrt((0.04 ** 2 + 0.03 * 0.15 ** 2) / (1 - 0.88 ** 2))
  expect(Math.abs(mean(means) - 50000)).toBeLessThan(700)
  expect(Math.abs(mean(deviations) / stationary - 1)).toBeLessThan(0.08)
})

test('mean_reversion goes back by its strength and is shocked by its magnitude', () => {
  const quiet = { pattern_type: 'mean_reversion', mean_price: 200, reversion_strength: 0.25, volatility: 0 }
  const calm = market({ ...quiet, shock_probability: 0 }).close
  expect(calm[0]).not.toBe(200)
  calm.subarray(1, 40).forEach((price, i) => expect(price - 200).toBeCloseTo(0.75 * (calm[i]! - 200), 10))
  const shocked = market({ ...quiet, shock_probability: 1, shock_magnitude: 0.1 }).close
  const shocks = shocked.subarray(1).map((price, i) => price - 200 - 0.75 * (shocked[i]! - 200))
  shocks.forEach((shock) => expect(Math.abs(shock)).toBeCloseTo(20, 10))
  expect(Math.abs(mean(shocks))).toBeLessThan(5)
})

test('mean_reversion floors its price at a tenth of the mean, and takes mean_price before base_price', () => {
  const { close } = market({
    pattern_type: 'mean_reversion',
    base_price: 1,
    mean_price: 300,
    volatility: 0,
    shock_probability: 1,
    shock_magnitude: 5,
  })
  expect(Math.min(...close)).toBe(30)
})

test('trending goes up or down at a constant rate within each segment', () => {
  const config = { pattern_type: 'trending', volatility: 0, consolidation_probability: 0, n_trends: 4 }
  for (let seed = 0; seed < 20; seed++) {
    const rates = changes(market({ ...config, trend_strength_range: [0.05, 0.1] }, seed).close)
    const lengths: number[] = []
    rates.forEach((rate, i) => {
      expect(Math.abs(rate)).toBeGreaterThan(0.05 * 500 - 1e-6)
      expect(Math.abs(rate)).toBeLessThan(0.1 * 500 + 1e-6)
      const goesOn = i > 0 && Math.abs(rate - rates[i - 1]!) < 1e-6
      if (goesOn) lengths[lengths.length - 1]!++
      else lengths.push(1)
    })
    lengths[0]!++ // the first row has no change
    expect(lengths.length).toBe(4)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...lengths.slice(0, -1))).toBeLessThanOrEqual(150)
  }
})

test('trending draws every length from the least to the greatest', () => {
  const config = {
    pattern_type: 'trending',
    volatility: 0,
    consolidation_probability: 0,
    n_trends: 4,
    max_trend_length: 52,
  }
  const drawn = new Set<number>()
  for (let seed = 0; seed < 20; seed++) {
    const rates = changes(market({ ...config, trend_strength_range: [0.05, 0.1] }, seed).close)
    const turns = [...rates.keys()].filter((i) => i > 0 && Math.abs(rates[i]! - rates[i - 1]!) > 1e-6)
    // the first row has no change
    turns.slice(0, 3).forEach((turn, i) => drawn.add(turn - (turns[i - 1] ?? -1)))
  }
  expect([...drawn].toSorted((a, b) => a - b)).toEqual([50, 51, 52])
})

test('trending leaves each later segment its least length', () => {
  const config = {
    pattern_type: 'trending',
    volatility: 0,
    consolidation_probability: 0,
    n_trends: 4,
    n_samples: 200,
  }
  for (let seed = 0; seed < 10; seed++) {
    const rates = changes(market({ ...config, trend_strength_range: [0.05, 0.1] }, seed).close)
    const turns = [...rates.keys()].filter((i) => i > 0 && Math.abs(rates[i]! - rates[i - 1]!) > 1e-6)
    expect(turns).toEqual([49, 99, 149])
  }
})

test('trending goes sideways in every segment but the first when it always consolidates', () => {
  const config = {
    pattern_type: 'trending',
    volatility: 0,
    consolidation_probability: 1,
    max_trend_length: 60,
  }
  const moves = changes(market(config).close)
  expect(moves.subarray(0, 49).every((move) => move !== 0)).toBe(true)
  expect(moves.subarray(60).every((move) => move === 0)).toBe(true)
})

test('trending never falls below a tenth of its base price', () => {
  let least = Infinity
  for (let seed = 0; seed < 10; seed++)
    least = Math.min(least, ...market({ pattern_type: 'trending', volatility: 0.1 }, seed).close)
  expect(least).toBe(5000)
})

describe('where every normal is 1, every uniform 0.75 and every choice the first,', () => {
  const random = { seed: () => {}, normal: () => 1, uniform: () => 0.75, index: () => 0 }
  const scripted = { math: Math, random: { data: random } } as unknown as Core
  function scriptedMarket(generator: Generator): Columns {
    const config = scenarioSchema.parse({ data_generator: generator }).data_generator!
    return generate(config, '1h', scripted).columns as Columns
  }
  const before = (close: Float64Array, i: number) => close[Math.max(0, i - 1)]!
  /** Checks each row against high, low, unclipped open and volume of that row. */
  function expectRows(
    columns: Columns,
    row: (price: number, i: number) => [number, number, number, number],
  ): void {
    columns.close.forEach((price, i) => {
      const [high, low, open, volume] = row(price, i)
      const actual = [columns.high[i]!, columns.low[i]!, columns.open[i]!, columns.volume[i]!]
      expectClose(actual, [high, low, Math.min(Math.max(open, low), high), volume], 1e-12)
    })
  }

  test('sine_wave has the high, low, open and volume of its formulas', () => {
    const columns = scriptedMarket({ pattern_type: 'sine_wave', amplitude: 1000, volatility: 0.002 })
    const moves = columns.close.map((price, i) => Math.abs(price - before(columns.close, i)))
    expectRows(columns, (price, i) => {
      const t = (2 * Math.PI * 5 * i) / 499
      const open = before(columns.close, i) + 0.1 * 0.002 * 50000 * Math.sin(t + Math.PI / 6)
      const phase = 0.5 + 0.5 * Math.sin(t + Math.PI / 2)
      return [price + 65, price - 65, open, 1e6 * (1 + 0.5 * (moves[i]! / Math.max(...moves)) * phase)]
    })
  })

  test('upward_drift has the close, high, low, open and volume of its formulas', () => {
    const columns = scriptedMarket({ pattern_type: 'upward_drift', drift_rate: 0.001, volatility: 0.002 })
    const { close } = columns
    expectRows(columns, (price, i) => {
      const open = before(close, i) + 0.1 * 0.002 * mean(close)
      return [price * 1.021, price * 0.979, open, 1e6 * (1 + (0.8 * i) / 499) * 1.05]
    })
    const trend = close.map((_, i) => 50000 * Math.exp(0.001 * i) * 1.002)
    expectClose([close[0]!, close[1]!], [50000, (trend[0]! + trend[1]!) / 2], 1e-14)
    expectClose([close[499]!], [mean(trend.subarray(495))], 1e-14)
  })

  test('mean_reversion has the close, high, low, open and volume of its formulas', () => {
    const columns = scriptedMarket({ pattern_type: 'mean_reversion', base_price: 100, volatility: 0.01 })
    const { close } = columns
    expectClose([close[0]!, close[1]!], [110, 110 - 0.1 * 10 + 1], 1e-14)
    expectRows(columns, (price, i) => {
      const volume = 1e6 * (1 + (2 * Math.abs(price - 100)) / 100) + 1e5
      return [price + 0.3, price - 0.3, before(close, i) + 0.5, volume]
    })
  })

  test('trending has the close, high, low, open and volume of its formulas', () => {
    const columns = scriptedMarket({
      pattern_type: 'trending',
      base_price: 100,
      volatility: 0.001,
      trend_strength_range: [0.1, 0.3],
      consolidation_probability: 0.8,
    })
    const { close } = columns
    // Down by 0.25 a row in the first segment, sideways from row 50 on.
    expectClose([close[0]!, close[1]!, close[2]!], [100, 99.85, 99.69985], 1e-13)
    expectClose([close[51]! - close[50]!], [0.0011 * close[49]!], 1e-9)
    const moves = close.map((price, i) => Math.abs(price - before(close, i)))
    expectRows(columns, (price, i) => {
      const reach = 0.3 * moves[i]! + 0.2 * 0.001 * price
      const volume = 1e6 * (1 + (3 * moves[i]!) / mean(moves)) + 1.5e5
      return [price + reach, price - reach, before(close, i) + 0.3 * 0.001 * price, volume]
    })
  })
})

describe.each(Object.entries(patterns))('%s', (name, generator) => {
  test('keeps open and close between low and high, and volume above its floor', () => {
    const floor = name === 'upward_drift' ? 5e5 : 1e5
    for (let seed = 0; seed < 5; seed++) {
      const { open, high, low, close, volume } = market(generator, seed)
      expect(close.length).toBe(500)
      close.forEach((price, i) => {
        expect(low[i]).toBeGreaterThan(0)
        expect(low[i]).toBeLessThanOrEqual(Math.min(price, open[i]!))
        expect(high[i]).toBeGreaterThanOrEqual(Math.max(price, open[i]!))
        expect(volume[i]).toBeGreaterThanOrEqual(floor)
      })
    }
  })

  test('is the same market for the same seed and another for another', () => {
    expect(market(generator, 7)).toEqual(market(generator, 7))
    expect(market(generator, 7).high).not.toEqual(market(generator, 8).high)
  })

  test('has its columns in order, and times from start_date on', () => {
    const columns = market({ ...generator, start_date: '2024-02-28T22:00:00Z' }, 0, '4h')
    expect(Object.keys(columns)).toEqual(['open', 'high', 'low', 'close', 'volume', 'timestamp'])
    expect(columns.timestamp[2]).toBe(Date.UTC(2024, 1, 29, 6))
    expect(market(generator).timestamp[499]).toBe(Date.parse(`${golden.sine_no_trend.t1.replace(' ', 'T')}Z`))
  })
})

describe('what cannot be generated is refused with a sentence:', () => {
  test.each<[string, Generator, string]>([
    [
      'a start date',
      { ...patterns.sine_wave, start_date: 'soon' },
      'data_generator.start_date "soon" must be an ISO 8601 date such as 2024-01-01',
    ],
    [
      'trend lengths',
      { pattern_type: 'trending', min_trend_length: 200 },
      'data_generator.min_trend_length 200 must not be above max_trend_length 150',
    ],
    [
      'too many trends',
      { pattern_type: 'trending', n_trends: 11 },
      'data_generator.n_samples 500 cannot hold n_trends 11 of min_trend_length 50: raise it to 550 or lower them',
    ],
  ])('%s', (_, generator, sentence) => {
    expect(() => market(generator)).toThrow(new DdpgError(sentence))
  })
})
