// These indicators compare a value with an earlier one.
import { period, type Indicator } from './indicator.ts'
import { windowMost } from './windows.ts'

const steps = { name: 'n', standard: 1, least: 1, most: 100_000 }

/** [rows] of what two values n rows apart make; the first n are not set. */
function compared(x: Float64Array, n: number, compare: (now: number, then: number) => number): Float64Array {
  const out = new Float64Array(x.length)
  for (let i = n; i < x.length; i++) out[i] = compare(x[i]!, x[i - n]!)
  return out
}

export const RETURNS = {
  return: {
    series: 'close',
    columns: [],
    parameters: [steps],
    warmUp: ([n]) => n!,
    formula: 'x / x₋ₙ − 1',
    source: 'TA-Lib ROCP',
    compute: ({ x, parameters: [n] }) => [compared(x, n!, (now, then) => now / then - 1)],
  },
  log_return: {
    series: 'close',
    columns: [],
    parameters: [steps],
    warmUp: ([n]) => n!,
    formula: 'ln(x / x₋ₙ)',
    source: 'by definition',
    compute: ({ x, parameters: [n], math }) => [compared(x, n!, (now, then) => math.log(now / then))],
  },
  roc: {
    series: 'close',
    columns: [],
    parameters: [{ ...steps, standard: 10 }],
    warmUp: ([n]) => n!,
    formula: '100·(x / x₋ₙ − 1); 0 where x₋ₙ is 0',
    source: 'TA-Lib ROC',
    compute: ({ x, parameters: [n] }) => [
      compared(x, n!, (now, then) => (then === 0 ? 0 : (now / then - 1) * 100)),
    ],
  },
  momentum: {
    series: 'close',
    columns: [],
    parameters: [{ ...steps, standard: 10 }],
    warmUp: ([n]) => n!,
    formula: 'x − x₋ₙ',
    source: 'TA-Lib MOM',
    compute: ({ x, parameters: [n] }) => [compared(x, n!, (now, then) => now - then)],
  },
  lag: {
    series: 'close',
    columns: [],
    parameters: [steps],
    warmUp: ([n]) => n!,
    formula: 'x₋ₙ',
    source: 'by definition',
    compute: ({ x, parameters: [n] }) => [compared(x, n!, (_, then) => then)],
  },
  drawdown: {
    series: 'close',
    columns: [],
    parameters: [],
    warmUp: () => 0,
    formula: 'x / (greatest x so far, from the first row on) − 1',
    source: 'by definition',
    compute: ({ x }) => {
      let highest = x[0]!
      return [
        x.map((value) => {
          highest = Math.max(highest, value)
          return value / highest - 1
        }),
      ]
    },
  },
  window_drawdown: {
    series: 'close',
    columns: [],
    parameters: [period(252)],
    warmUp: ([p]) => p! - 1,
    formula: 'x / (greatest of the last p x) − 1',
    source: 'by definition',
    compute: ({ x, parameters: [p] }) => {
      const highest = windowMost(x, p!)
      return [x.map((value, i) => value / highest[i]! - 1)]
    },
  },
} satisfies Record<string, Indicator>
