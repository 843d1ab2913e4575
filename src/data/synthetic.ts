// Four patterns of synthetic markets are generated here, whose best strategy is known. Random numbers are drawn in a fixed order, column
// after column, so that a seed always gives the same market.
import { quoted } from '../base/text.ts'
import type { Core, CoreMath, Random } from '../core/core.ts'
import type { DataGenerator } from '../scenario/schema.ts'
import type { Table } from './table.ts'
import { mean } from '../math/statistics.ts'
import { parseTime, timeframeMilliseconds } from '../math/time.ts'
import { DdpgError } from '../base/errors.ts'

type Config<P extends DataGenerator['pattern_type']> = Extract<DataGenerator, { pattern_type: P }>
type Bars = Record<'open' | 'high' | 'low' | 'close' | 'volume', Float64Array>

/**
 * The market that a generator describes, one row per bar, from start_date on.
 * @param timeframe length of a bar, such as 1h
 * @param core its `random.data` is drawn from and must be seeded
 * @throws DdpgError if start_date is no date, or trends do not fit
 */
export function generate(config: DataGenerator, timeframe: string, core: Core): Table {
  const start = parseTime(config.start_date)
  if (Number.isNaN(start))
    throw new DdpgError(
      `data_generator.start_date ${quoted(config.start_date)} must be an ISO 8601 date such as 2024-01-01`,
    )
  const step = timeframeMilliseconds(timeframe)
  const { open, high, low, close, volume } = bars(config, core.math, core.random.data)
  const columns = {
    open: clip(open, low, high).map(Math.abs),
    high: high.map(Math.abs),
    low: low.map(Math.abs),
    close: clip(close, low, high).map(Math.abs),
    volume,
    timestamp: fill(close.length, (i) => start + i * step),
  }
  return { length: close.length, columns }
}

function bars(config: DataGenerator, math: CoreMath, random: Random): Bars {
  switch (config.pattern_type) {
    case 'sine_wave':
      return sineWave(config, math, random)
    case 'upward_drift':
      return upwardDrift(config, math, random)
    case 'mean_reversion':
      return meanReversion(config, random)
    case 'trending':
      return trending(config, random)
  }
}

function sineWave(config: Config<'sine_wave'>, math: CoreMath, random: Random): Bars {
  const { base_price: base, amplitude, trend_slope: slope, volatility, n_periods: periods } = config
  const n = periods * config.samples_per_period
  const angle = (i: number) => (2 * Math.PI * periods * i) / (n - 1)
  const close = rollingMean(
    fill(n, (i) => {
      const harmonic = volatility * base * math.sin(2 * angle(i) + Math.PI / 4)
      return base + slope * i + amplitude * math.sin(angle(i)) + harmonic
    }),
  )
  const spread = Math.max(0.05 * amplitude, 0.002 * base)
  const high = close.map((price) => price + spread * (0.5 + 0.3 * symmetric(random)))
  const low = close.map((price) => price - spread * (0.5 + 0.3 * symmetric(random)))
  const open = close.map(
    (price, i) => (close[i - 1] ?? price) + 0.1 * volatility * base * math.sin(angle(i) + Math.PI / 6),
  )
  const moves = absoluteChanges(close)
  const greatest = moves.reduce((a, b) => Math.max(a, b)) || 1
  const volume = moves.map((move, i) => {
    const phase = 0.5 + 0.5 * math.sin(angle(i) + Math.PI / 2)
    return Math.max(1e5, 1e6 * (1 + 0.5 * (move / greatest) * phase))
  })
  return { open, high, low, close, volume }
}

function upwardDrift(config: Config<'upward_drift'>, math: CoreMath, random: Random): Bars {
  const { base_price: base, n_samples: n, volatility } = config
  const trend = fill(n, (i) => base * math.exp(config.drift_rate * i))
  const close = rollingMean(trend.map((price) => price * (1 + volatility * random.normal())))
  let highest = 0
  for (let i = 0; i < n; i++) {
    highest = Math.max(highest, trend[i]!)
    close[i] = Math.max(close[i]!, config.pullback_floor * highest)
  }
  close[0] = base
  const spread = Math.max(10 * volatility, 0.001)
  const high = close.map((price) => price * (1 + spread * (1 + 0.1 * symmetric(random))))
  const low = close.map((price) => price * (1 - spread * (1 + 0.1 * symmetric(random))))
  const gap = 0.1 * volatility * mean(close)
  const open = close.map((price, i) => (close[i - 1] ?? price) + gap * random.normal())
  const volume = fill(n, (i) => Math.max(5e5, 1e6 * (1 + (0.8 * i) / (n - 1)) * (1 + 0.05 * random.normal())))
  return { open, high, low, close, volume }
}

function meanReversion(config: Config<'mean_reversion'>, random: Random): Bars {
  const { reversion_strength: strength, shock_magnitude: magnitude } = config
  const centre = config.mean_price ?? config.base_price
  const sigma = config.volatility * centre
  const close = new Float64Array(config.n_samples)
  close[0] = centre * (1 + 0.1 * random.normal())
  for (let i = 1; i < close.length; i++) {
    const shock = random.uniform() < config.shock_probability ? sign(random) * magnitude * centre : 0
    const price = close[i - 1]!
    close[i] = Math.max(0.1 * centre, price - strength * (price - centre) + shock + sigma * random.normal())
  }
  const high = close.map((price) => price + Math.abs(0.3 * sigma * random.normal()))
  const low = close.map((price) => price - Math.abs(0.3 * sigma * random.normal()))
  const open = close.map((price, i) => (close[i - 1] ?? price) + 0.5 * sigma * random.normal())
  const volume = close.map((price) =>
    Math.max(1e5, 1e6 * (1 + (2 * Math.abs(price - centre)) / centre) + 1e5 * random.normal()),
  )
  return { open, high, low, close, volume }
}

function trending(config: Config<'trending'>, random: Random): Bars {
  const { volatility } = config
  const close = trendingPrices(config, random)
  const moves = absoluteChanges(close)
  const reach = (price: number, i: number) =>
    0.3 * moves[i]! + Math.abs(0.2 * volatility * price * random.normal())
  const high = close.map((price, i) => price + reach(price, i))
  const low = close.map((price, i) => price - reach(price, i))
  const open = close.map((price, i) => (close[i - 1] ?? price) + 0.3 * volatility * price * random.normal())
  const usual = mean(moves) || 1
  const volume = moves.map((move) => Math.max(1e5, 1e6 * (1 + (3 * move) / usual) + 1.5e5 * random.normal()))
  return { open, high, low, close, volume }
}

/** Segments that go up, down or sideways; the first never sideways. */
function trendingPrices(config: Config<'trending'>, random: Random): Float64Array {
  const { base_price: base, n_samples: n, n_trends: segments, volatility } = config
  const { min_trend_length: shortest, max_trend_length: longest } = config
  if (shortest > longest)
    throw new DdpgError(
      `data_generator.min_trend_length ${shortest} must not be above max_trend_length ${longest}`,
    )
  if (segments * shortest > n)
    throw new DdpgError(
      `data_generator.n_samples ${n} cannot hold n_trends ${segments} of min_trend_length ${shortest}: raise it to ${segments * shortest} or lower them`,
    )
  const [weakest, strongest] = config.trend_strength_range
  const prices = new Float64Array(n)
  let price = base
  for (let segment = 0, begin = 0; segment < segments; segment++) {
    const later = segments - 1 - segment
    const spare = Math.min(longest, n - begin - later * shortest) - shortest
    const end = later === 0 ? n : begin + shortest + random.index(spare + 1)
    const direction = sign(random)
    const slope = (direction * (weakest + (strongest - weakest) * random.uniform()) * base) / 100
    const sideways = random.uniform() < config.consolidation_probability && segment > 0
    const level = price
    for (let i = Math.max(begin, 1); i < end; i++) {
      price = sideways
        ? price + volatility * level * random.normal() + 0.1 * volatility * level * random.normal()
        : Math.max(
            0.05 * base,
            price + slope + volatility * Math.max(Math.abs(price), 0.1 * base) * random.normal(),
          )
      prices[i] = Math.max(0.1 * base, price)
    }
    begin = end
  }
  prices[0] = base
  return prices
}

function fill(n: number, value: (i: number) => number): Float64Array {
  const values = new Float64Array(n)
  for (let i = 0; i < n; i++) values[i] = value(i)
  return values
}

/** Uniform in [-1, 1). */
function symmetric(random: Random): number {
  return 2 * random.uniform() - 1
}

function sign(random: Random): number {
  return random.index(2) === 0 ? -1 : 1
}

/** Mean of a row and up to four before it. */
function rollingMean(values: Float64Array): Float64Array {
  return values.map((_, i) => mean(values.subarray(Math.max(0, i - 4), i + 1)))
}

function absoluteChanges(values: Float64Array): Float64Array {
  return values.map((value, i) => (i === 0 ? 0 : Math.abs(value - values[i - 1]!)))
}

function clip(values: Float64Array, low: Float64Array, high: Float64Array): Float64Array {
  return values.map((value, i) => Math.min(Math.max(value, low[i]!), high[i]!))
}
