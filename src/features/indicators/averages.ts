// These indicators average and bound a series over a window.
import { period, type Indicator, type Inputs } from './indicator.ts'
import {
  exponential,
  wilder,
  windowDeviations,
  windowLeast,
  windowMoments,
  windowMost,
  windowSums,
} from './windows.ts'

const whole = ([p]: readonly number[]) => p! - 1

/** An indicator of a window of the close, or of another series. */
function ofWindow(
  parameter: Indicator['parameters'][number],
  formula: string,
  source: string,
  compute: (x: Float64Array, p: number) => Float64Array,
): Indicator {
  return {
    series: 'close',
    columns: [],
    parameters: [parameter],
    warmUp: whole,
    formula,
    source,
    compute: ({ x, parameters: [p] }) => [compute(x, p!)],
  }
}

/** The sum of p values is summed again in each row: weights differ, so that two parts would not do. */
function weightedMean(x: Float64Array, p: number): Float64Array {
  const out = new Float64Array(x.length)
  const weights = (p * (p + 1)) / 2
  for (let i = p - 1; i < x.length; i++) {
    let sum = 0
    for (let k = 1; k <= p; k++) sum += k * x[i - p + k]!
    out[i] = sum / weights
  }
  return out
}

function windowMeans(x: Float64Array, p: number): Float64Array {
  return windowSums(x, p).map((sum) => sum / p)
}

function macd({ x, parameters: [fast, slow, signal] }: Inputs): Float64Array[] {
  const quick = exponential(x, fast!, 2 / (fast! + 1), slow! - fast!)
  const line = exponential(x, slow!, 2 / (slow! + 1)).map((value, i) => quick[i]! - value)
  const smooth = exponential(line, signal!, 2 / (signal! + 1), slow! - 1)
  return [line, smooth, line.map((value, i) => value - smooth[i]!)]
}

function bands({ x, parameters: [p, width] }: Inputs): {
  middle: Float64Array
  half: Float64Array
} {
  const { means, squares } = windowMoments(x, p!)
  return { middle: means, half: squares.map((square) => width! * Math.sqrt(square / p!)) }
}

const bandParameters = [
  period(20, 2),
  { name: 'k', standard: 2, least: 0.01, most: 100, fraction: true },
] as const

export const AVERAGES = {
  sma: ofWindow(period(20), 'mean of the last p x', 'TA-Lib SMA', windowMeans),
  ema: ofWindow(period(12), 'y₋₁ + (x − y₋₁)·2/(p + 1); seed: mean of the first p x', 'TA-Lib EMA', (x, p) =>
    exponential(x, p, 2 / (p + 1)),
  ),
  wma: ofWindow(
    { ...period(20), most: 1000 },
    'mean of the last p x, weighted 1 … p, the newest most; takes p steps a row',
    'TA-Lib WMA',
    weightedMean,
  ),
  wilder: ofWindow(period(14), 'y₋₁ + (x − y₋₁)/p; seed: mean of the first p x', "Wilder's average", wilder),
  sum: ofWindow(period(20), 'sum of the last p x', 'TA-Lib SUM', windowSums),
  highest: ofWindow(period(20), 'greatest of the last p x', 'TA-Lib MAX', windowMost),
  lowest: ofWindow(period(20), 'least of the last p x', 'TA-Lib MIN', windowLeast),
  std: ofWindow(period(20, 2), '√(Σ(x − mean)²/p) of the last p x', 'TA-Lib STDDEV', (x, p) =>
    windowDeviations(x, p, p),
  ),
  zscore: ofWindow(
    period(20, 2),
    '(x − mean)/σ of the last p x, σ with p − 1; 0 where all are the same',
    'pandas rolling mean and std',
    (x, p) => {
      const { means, squares } = windowMoments(x, p)
      return x.map((value, i) =>
        squares[i]! > 0 ? (value - means[i]!) / Math.sqrt(squares[i]! / (p - 1)) : 0,
      )
    },
  ),
  macd: {
    series: 'close',
    columns: [],
    parameters: [
      { name: 'fast', standard: 12, least: 2, most: 100_000 },
      { name: 'slow', standard: 26, least: 2, most: 100_000 },
      { name: 'signal', standard: 9, least: 1, most: 100_000 },
    ],
    outputs: ['macd', 'signal', 'histogram'],
    warmUp: ([, slow, signal]) => slow! + signal! - 2,
    check: ([fast, slow]) =>
      fast! < slow! ? undefined : `needs a fast period below the slow one, got ${fast} and ${slow}`,
    formula:
      'macd = EMA(fast) − EMA(slow), both with their seed at row slow − 1; signal = EMA of macd; histogram = macd − signal',
    source: 'TA-Lib MACD',
    compute: macd,
  },
  bollinger: {
    series: 'close',
    columns: [],
    parameters: bandParameters,
    outputs: ['upper', 'middle', 'lower'],
    warmUp: whole,
    formula: 'mean + kσ, mean and mean − kσ of the last p x, σ with p',
    source: 'TA-Lib BBANDS',
    compute(inputs) {
      const { middle, half } = bands(inputs)
      return [middle.map((mean, i) => mean + half[i]!), middle, middle.map((mean, i) => mean - half[i]!)]
    },
  },
  percent_b: {
    series: 'close',
    columns: [],
    parameters: bandParameters,
    warmUp: whole,
    formula: '(x − lower)/(upper − lower) of bollinger(p, k); 0.5 where the bands meet',
    source: 'Bollinger’s %B, with TA-Lib’s bands',
    compute(inputs) {
      const { middle, half } = bands(inputs)
      return [inputs.x.map((value, i) => (half[i]! > 0 ? 0.5 + (value - middle[i]!) / (2 * half[i]!) : 0.5))]
    },
  },
  bandwidth: {
    series: 'close',
    columns: [],
    parameters: bandParameters,
    warmUp: whole,
    formula: '(upper − lower)/middle of bollinger(p, k)',
    source: 'Bollinger’s bandwidth, with TA-Lib’s bands',
    compute(inputs) {
      const { middle, half } = bands(inputs)
      return [middle.map((mean, i) => (2 * half[i]!) / mean)]
    },
  },
} satisfies Record<string, Indicator>
