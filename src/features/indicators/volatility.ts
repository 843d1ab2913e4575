// These indicators measure how much a price moves.
import { period, type Indicator, type Inputs } from './indicator.ts'
import { wilder, windowDeviations, windowSums } from './windows.ts'

/** [rows] the range of a bar and of the jump to it; 0 in the first row, which has no close before it. */
export function trueRanges(high: Float64Array, low: Float64Array, close: Float64Array): Float64Array {
  const ranges = new Float64Array(high.length)
  for (let i = 1; i < high.length; i++) {
    const before = close[i - 1]!
    ranges[i] = Math.max(high[i]! - low[i]!, Math.abs(high[i]! - before), Math.abs(low[i]! - before))
  }
  return ranges
}

function atr({ columns: [high, low, close], parameters: [p] }: Inputs): Float64Array {
  return wilder(trueRanges(high!, low!, close!), p!, 1)
}

/** Logarithmic returns of the rows from the second on. */
function logReturns({ x, math }: Inputs): Float64Array {
  return x.map((value, i) => (i === 0 ? 0 : math.log(value / x[i - 1]!)))
}

const bar = ['high', 'low', 'close'] as const

export const VOLATILITY = {
  true_range: {
    series: null,
    columns: bar,
    parameters: [],
    warmUp: () => 1,
    formula: 'max(H − L, |H − C₋₁|, |L − C₋₁|)',
    source: 'TA-Lib TRANGE',
    compute: ({ columns: [high, low, close] }) => [trueRanges(high!, low!, close!)],
  },
  atr: {
    series: null,
    columns: bar,
    parameters: [period(14)],
    warmUp: ([p]) => p!,
    formula: 'Wilder’s average of the true range; seed: mean of its first p values',
    source: 'TA-Lib ATR',
    compute: (inputs) => [atr(inputs)],
  },
  natr: {
    series: null,
    columns: bar,
    parameters: [period(14)],
    warmUp: ([p]) => p!,
    formula: '100·atr(p)/C',
    source: 'TA-Lib NATR',
    compute: (inputs) => [atr(inputs).map((range, i) => (100 * range) / inputs.columns[2]![i]!)],
  },
  volatility: {
    series: 'close',
    columns: [],
    parameters: [period(20, 2)],
    warmUp: ([p]) => p!,
    formula: '√(Σ(r − mean)²/(p − 1)) of the last p log returns r',
    source: 'pandas rolling std',
    // the first row's return, which is none, is in no window that is read
    compute: (inputs) => [
      windowDeviations(logReturns(inputs), inputs.parameters[0]!, inputs.parameters[0]! - 1),
    ],
  },
  realised_volatility: {
    series: 'close',
    columns: [],
    parameters: [period(20)],
    warmUp: ([p]) => p!,
    formula: '√Σr² of the last p log returns r',
    source: 'Andersen and Bollerslev 1998',
    compute(inputs) {
      const squares = logReturns(inputs).map((change) => change * change)
      return [windowSums(squares, inputs.parameters[0]!).map((sum) => Math.sqrt(sum))]
    },
  },
  parkinson: {
    series: null,
    columns: ['high', 'low'],
    parameters: [period(20)],
    warmUp: ([p]) => p! - 1,
    formula: '√(Σln²(H/L)/(4p·ln 2)) of the last p rows',
    source: 'Parkinson 1980',
    compute({ columns: [high, low], parameters: [p], math }) {
      const squares = high!.map((price, i) => {
        const range = math.log(price / low![i]!)
        return range * range
      })
      const divisor = 4 * p! * math.log(2)
      return [windowSums(squares, p!).map((sum) => Math.sqrt(sum / divisor))]
    },
  },
  garman_klass: {
    series: null,
    columns: ['open', 'high', 'low', 'close'],
    parameters: [period(20)],
    warmUp: ([p]) => p! - 1,
    formula: '√(mean of ½ln²(H/L) − (2ln 2 − 1)ln²(C/O)) of the last p rows; 0 where that mean is below 0',
    source: 'Garman and Klass 1980',
    compute({ columns: [open, high, low, close], parameters: [p], math }) {
      const factor = 2 * math.log(2) - 1
      const terms = high!.map((price, i) => {
        const range = math.log(price / low![i]!)
        const move = math.log(close![i]! / open![i]!)
        return 0.5 * range * range - factor * move * move
      })
      return [windowSums(terms, p!).map((sum) => Math.sqrt(Math.max(0, sum / p!)))]
    },
  },
} satisfies Record<string, Indicator>
