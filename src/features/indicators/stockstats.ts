// These are the indicators that FinRL takes from stockstats, in its conventions: windows begin with what there is, and
// exponential averages divide by the sum of their weights.
import { period, type Indicator } from './indicator.ts'
import { cci, directionalMoves } from './oscillators.ts'
import { trueRanges } from './volatility.ts'
import { windowMoments, windowSums } from './windows.ts'

/** pandas ewm(alpha, adjust=True).mean() */
function adjusted(x: Float64Array, alpha: number): Float64Array {
  const out = new Float64Array(x.length)
  let mean = x[0]!
  let weight = 1
  out[0] = mean
  for (let i = 1; i < x.length; i++) {
    weight *= 1 - alpha
    mean = (weight * mean + x[i]!) / (weight + 1)
    weight += 1
    out[i] = mean
  }
  return out
}

/** pandas rolling(p, min_periods=1).mean() */
function partialMeans(x: Float64Array, p: number): Float64Array {
  const sums = windowSums(x, p)
  let begun = 0
  return x.map((value, i) => {
    if (i >= p - 1) return sums[i]! / p
    begun += value
    return begun / (i + 1)
  })
}

/** pandas rolling(p, min_periods=1).std(); 0 in the first row, which has none. */
function partialDeviations(x: Float64Array, p: number): Float64Array {
  const { squares } = windowMoments(x, p)
  let mean = 0
  let square = 0
  return x.map((value, i) => {
    if (i >= p - 1) return Math.sqrt(squares[i]! / (p - 1))
    const distance = value - mean
    mean += distance / (i + 1)
    square += distance * (value - mean)
    return i === 0 ? 0 : Math.sqrt(square / i)
  })
}

function band(sign: 1 | -1): Indicator {
  return {
    series: 'close',
    columns: [],
    parameters: [period(20, 2)],
    warmUp: () => 1,
    formula: `mean ${sign > 0 ? '+' : '−'} 2σ of the last p x, or of those there are; σ with n − 1`,
    source: `stockstats boll_${sign > 0 ? 'ub' : 'lb'}`,
    compute({ x, parameters: [p] }) {
      const deviations = partialDeviations(x, p!)
      return [partialMeans(x, p!).map((mean, i) => mean + sign * 2 * deviations[i]!)]
    },
  }
}

/** The first row stands for the one before it. */
function rangesFromFirst([high, low, close]: readonly Float64Array[]): Float64Array {
  const ranges = trueRanges(high!, low!, close!)
  const [h, l, c] = [high![0]!, low![0]!, close![0]!]
  ranges[0] = Math.max(h - l, Math.abs(h - c), Math.abs(l - c))
  return ranges
}

export const STOCKSTATS = {
  stockstats_macd: {
    series: 'close',
    columns: [],
    parameters: [
      { name: 'fast', standard: 12, least: 1, most: 100_000 },
      { name: 'slow', standard: 26, least: 1, most: 100_000 },
    ],
    warmUp: () => 0,
    formula: 'EMA(fast) − EMA(slow), each divided by the sum of its weights',
    source: 'stockstats macd',
    compute({ x, parameters: [fast, slow] }) {
      const slower = adjusted(x, 2 / (slow! + 1))
      return [adjusted(x, 2 / (fast! + 1)).map((value, i) => value - slower[i]!)]
    },
  },
  stockstats_boll_ub: band(1),
  stockstats_boll_lb: band(-1),
  stockstats_rsi: {
    series: 'close',
    columns: [],
    parameters: [period(14)],
    warmUp: () => 0,
    formula: '100·G/(G + L), averages with α = 1/p divided by the sum of their weights; 50 where both are 0',
    source: 'stockstats rsi',
    compute({ x, parameters: [p] }) {
      const changes = x.map((value, i) => (i === 0 ? 0 : value - x[i - 1]!))
      const up = adjusted(
        changes.map((change) => Math.max(change, 0)),
        1 / p!,
      )
      const down = adjusted(
        changes.map((change) => Math.max(-change, 0)),
        1 / p!,
      )
      return [up.map((gain, i) => (gain === 0 && down[i] === 0 ? 50 : (100 * gain) / (gain + down[i]!)))]
    },
  },
  stockstats_cci: {
    series: null,
    columns: ['high', 'low', 'close'],
    parameters: [{ ...period(14, 2), most: 1000 }],
    warmUp: ([p]) => p! - 1,
    formula: 'as cci; stockstats fills its first rows with 0',
    source: 'stockstats cci',
    compute: ({ columns: [high, low, close], parameters: [p] }) => [
      cci(
        close!.map((price, i) => (price + high![i]! + low![i]!) / 3),
        p!,
      ),
    ],
  },
  stockstats_dx: {
    series: null,
    columns: ['high', 'low', 'close'],
    parameters: [period(14, 2)],
    warmUp: () => 0,
    formula:
      '100·|DI₊ − DI₋|/(DI₊ + DI₋), averages with α = 1/p divided by the sum of their weights; 0 where both are 0',
    source: 'stockstats dx',
    compute({ columns, parameters: [p] }) {
      const ranges = adjusted(rangesFromFirst(columns), 1 / p!)
      const [up, down] = directionalMoves(columns[0]!, columns[1]!).map((moves) => adjusted(moves, 1 / p!))
      return [
        up!.map((rise, i) => {
          const [plus, minus] = [rise / ranges[i]!, down![i]! / ranges[i]!]
          return plus + minus > 0 ? (100 * Math.abs(plus - minus)) / (plus + minus) : 0
        }),
      ]
    },
  },
  stockstats_sma: {
    series: 'close',
    columns: [],
    parameters: [period(14)],
    warmUp: () => 0,
    formula: 'mean of the last p x, or of those there are',
    source: 'stockstats close_p_sma',
    compute: ({ x, parameters: [p] }) => [partialMeans(x, p!)],
  },
} satisfies Record<string, Indicator>
