// These indicators weigh moves of the price with the volume.
import { period, type Indicator } from './indicator.ts'
import { windowSums } from './windows.ts'

export const VOLUME = {
  obv: {
    series: null,
    columns: ['close', 'volume'],
    parameters: [],
    warmUp: () => 0,
    formula: 'V of the first row; then + V where C rises, − V where it falls',
    source: 'TA-Lib OBV',
    compute({ columns: [close, volume] }) {
      let balance = volume![0]!
      return [
        close!.map((price, i) => {
          const before = i === 0 ? price : close![i - 1]!
          if (price > before) balance += volume![i]!
          else if (price < before) balance -= volume![i]!
          return balance
        }),
      ]
    },
  },
  mfi: {
    series: null,
    columns: ['high', 'low', 'close', 'volume'],
    parameters: [period(14, 2)],
    warmUp: ([p]) => p!,
    formula:
      '100·F₊/(F₊ + F₋), sums of T·V, T = (H + L + C)/3, over the last p rows where T rose and fell; 0 where F₊ + F₋ is below 1',
    source: 'TA-Lib MFI',
    compute({ columns: [high, low, close, volume], parameters: [p] }) {
      const typical = close!.map((price, i) => (high![i]! + low![i]! + price) / 3)
      const flow = (sign: 1 | -1) =>
        typical.map((price, i) => (i > 0 && sign * (price - typical[i - 1]!) > 0 ? price * volume![i]! : 0))
      const [up, down] = [windowSums(flow(1), p!), windowSums(flow(-1), p!)]
      return [up.map((gain, i) => (gain + down[i]! < 1 ? 0 : (100 * gain) / (gain + down[i]!)))]
    },
  },
  relative_volume: {
    series: 'volume',
    columns: [],
    parameters: [period(20)],
    warmUp: ([p]) => p! - 1,
    formula: 'x / mean of the last p x; 0 where the mean is 0',
    source: 'by definition',
    compute({ x, parameters: [p] }) {
      const sums = windowSums(x, p!)
      return [x.map((value, i) => (sums[i] === 0 ? 0 : value / (sums[i]! / p!)))]
    },
  },
} satisfies Record<string, Indicator>
