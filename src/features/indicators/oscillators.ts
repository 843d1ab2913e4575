// These indicators oscillate: they say how far a price is in its range, or how one-sided its moves are.
import { period, type Indicator, type Inputs } from './indicator.ts'
import { trueRanges } from './volatility.ts'
import { wilder, windowLeast, windowMoments, windowMost, windowSums } from './windows.ts'

const bar = ['high', 'low', 'close'] as const

/** 0 where neither rose nor fell. */
function rsi({ x, parameters: [p] }: Inputs): Float64Array[] {
  const gains = new Float64Array(x.length)
  const losses = new Float64Array(x.length)
  for (let i = 1; i < x.length; i++) {
    const change = x[i]! - x[i - 1]!
    gains[i] = change > 0 ? change : 0
    losses[i] = change < 0 ? -change : 0
  }
  const [up, down] = [wilder(gains, p!, 1), wilder(losses, p!, 1)]
  return [up.map((gain, i) => (gain === 0 && down[i] === 0 ? 0 : (100 * gain) / (gain + down[i]!)))]
}

/** 100·(close − low)/(high − low) of windows; 0 where the range is 0. */
function positionsInRange([high, low, close]: readonly Float64Array[], p: number): Float64Array {
  const [most, least] = [windowMost(high!, p), windowLeast(low!, p)]
  return close!.map((price, i) => {
    const range = most[i]! - least[i]!
    return range === 0 ? 0 : (100 * (price - least[i]!)) / range
  })
}

/** The mean of the last p values, of which the first `skipped` are none. */
function meansAfter(x: Float64Array, skipped: number, p: number): Float64Array {
  const out = new Float64Array(x.length)
  if (skipped < x.length) out.set(windowSums(x.subarray(skipped), p), skipped)
  return out.map((sum) => sum / p)
}

function stoch({ columns, parameters: [fast, slow, signal] }: Inputs): Float64Array[] {
  const k = meansAfter(positionsInRange(columns, fast!), fast! - 1, slow!)
  return [k, meansAfter(k, fast! + slow! - 2, signal!)]
}

function typicalPrices([high, low, close]: readonly Float64Array[]): Float64Array {
  return close!.map((price, i) => (high![i]! + low![i]! + price) / 3)
}

/** Distances from the mean are summed again in each row: the mean that they are from is another one. */
export function cci(typical: Float64Array, p: number): Float64Array {
  const { means } = windowMoments(typical, p)
  const out = new Float64Array(typical.length)
  for (let i = p - 1; i < typical.length; i++) {
    const mean = means[i]!
    let distance = 0
    for (let k = i - p + 1; k <= i; k++) distance += Math.abs(typical[k]! - mean)
    const above = typical[i]! - mean
    out[i] = above === 0 || distance === 0 ? 0 : above / ((0.015 * distance) / p)
  }
  return out
}

interface Directions {
  /** [rows] of which the first has none: smoothed moves up and down, as shares of the smoothed range. */
  plus: Float64Array
  minus: Float64Array
}

/**
 * Wilder's sums: p − 1 terms first, and then S ← S − S/p + x.
 * @returns [rows], set from row p on
 */
function decayingSums(x: Float64Array, p: number): Float64Array {
  const out = new Float64Array(x.length)
  let sum = 0
  for (let i = 1; i < Math.min(p, x.length); i++) sum += x[i]!
  for (let i = p; i < x.length; i++) {
    sum = sum - sum / p + x[i]!
    out[i] = sum
  }
  return out
}

/** [rows] of moves of the high up and of the low down, whichever is more; the first row has none. */
export function directionalMoves(high: Float64Array, low: Float64Array): [Float64Array, Float64Array] {
  const up = new Float64Array(high.length)
  const down = new Float64Array(high.length)
  for (let i = 1; i < high.length; i++) {
    const rise = high[i]! - high[i - 1]!
    const fall = low[i - 1]! - low[i]!
    if (rise > fall && rise > 0) up[i] = rise
    else if (fall > rise && fall > 0) down[i] = fall
  }
  return [up, down]
}

function directions([high, low, close]: readonly Float64Array[], p: number): Directions {
  const [up, down] = directionalMoves(high!, low!)
  const ranges = decayingSums(trueRanges(high!, low!, close!), p)
  const share = (moves: Float64Array) => {
    const sums = decayingSums(moves, p)
    for (let i = 0; i < sums.length; i++) sums[i] = ranges[i] === 0 ? 0 : (100 * sums[i]!) / ranges[i]!
    return sums
  }
  return { plus: share(up), minus: share(down) }
}

/** [rows], set from row p on; −1 where neither direction has any share. */
function directionalIndex(columns: readonly Float64Array[], p: number): Float64Array {
  const { plus, minus } = directions(columns, p)
  return plus.map((up, i) => {
    const sum = up + minus[i]!
    return sum === 0 ? -1 : (100 * Math.abs(up - minus[i]!)) / sum
  })
}

function dx({ columns, parameters: [p] }: Inputs): Float64Array[] {
  let last = 0
  return [
    directionalIndex(columns, p!).map((index) => {
      if (index >= 0) last = index
      return last
    }),
  ]
}

/** A value that is no index adds nothing to the seed and leaves the average as it is. */
function adx({ columns, parameters: [p] }: Inputs): Float64Array[] {
  const indices = directionalIndex(columns, p!)
  const seeded = 2 * p! - 1
  let average = 0
  for (let i = p!; i <= Math.min(seeded, indices.length - 1); i++) average += Math.max(0, indices[i]!) / p!
  return [
    indices.map((index, i) => {
      if (i > seeded && index >= 0) average += (index - average) / p!
      return average
    }),
  ]
}

const directional = {
  series: null,
  columns: bar,
  parameters: [period(14, 2)],
} as const

export const OSCILLATORS = {
  rsi: {
    series: 'close',
    columns: [],
    parameters: [period(14, 2)],
    warmUp: ([p]) => p!,
    formula: '100·G/(G + L), Wilder’s averages of the gains and the losses; 0 where both are 0',
    source: 'TA-Lib RSI',
    compute: rsi,
  },
  stoch: {
    series: null,
    columns: bar,
    parameters: [
      { name: 'fast', standard: 5, least: 1, most: 100_000 },
      { name: 'slow', standard: 3, least: 1, most: 100_000 },
      { name: 'signal', standard: 3, least: 1, most: 100_000 },
    ],
    outputs: ['k', 'd'],
    warmUp: ([fast, slow, signal]) => fast! + slow! + signal! - 3,
    formula:
      'k = SMA(slow) of 100·(C − lowest L)/(highest H − lowest L) of fast rows, 0 where the range is 0; d = SMA(signal) of k',
    source: 'TA-Lib STOCH',
    compute: stoch,
  },
  williams_r: {
    series: null,
    columns: bar,
    parameters: [period(14, 2)],
    warmUp: ([p]) => p! - 1,
    formula: '−100·(highest H − C)/(highest H − lowest L) of the last p rows; 0 where the range is 0',
    source: 'TA-Lib WILLR',
    compute({ columns: [high, low, close], parameters: [p] }) {
      const [most, least] = [windowMost(high!, p!), windowLeast(low!, p!)]
      const at = (price: number, i: number) => {
        const range = most[i]! - least[i]!
        return range === 0 ? 0 : (-100 * (most[i]! - price)) / range
      }
      return [close!.map(at)]
    },
  },
  cci: {
    series: null,
    columns: bar,
    parameters: [{ ...period(14, 2), most: 1000 }],
    warmUp: ([p]) => p! - 1,
    formula:
      '(T − mean)/(0.015·mean distance from the mean) of the last p T = (H + L + C)/3; 0 where there is none; takes p steps a row',
    source: 'TA-Lib CCI',
    compute: ({ columns, parameters: [p] }) => [cci(typicalPrices(columns), p!)],
  },
  plus_di: {
    ...directional,
    warmUp: ([p]) => p!,
    formula: '100·S(DM₊)/S(TR), S ← S − S/p + x after p − 1 rows; 0 where there is no range',
    source: 'TA-Lib PLUS_DI',
    compute: ({ columns, parameters: [p] }) => [directions(columns, p!).plus],
  },
  minus_di: {
    ...directional,
    warmUp: ([p]) => p!,
    formula: '100·S(DM₋)/S(TR), S ← S − S/p + x after p − 1 rows; 0 where there is no range',
    source: 'TA-Lib MINUS_DI',
    compute: ({ columns, parameters: [p] }) => [directions(columns, p!).minus],
  },
  dx: {
    ...directional,
    warmUp: ([p]) => p!,
    formula: '100·|DI₊ − DI₋|/(DI₊ + DI₋) of plus_di and minus_di; the last value where both are 0',
    source: 'TA-Lib DX',
    compute: dx,
  },
  adx: {
    ...directional,
    warmUp: ([p]) => 2 * p! - 1,
    formula: 'Wilder’s average of dx; seed: mean of its first p values; as it is where dx has none',
    source: 'TA-Lib ADX',
    compute: adx,
  },
} satisfies Record<string, Indicator>
