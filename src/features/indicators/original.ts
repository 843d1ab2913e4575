// These are the five features of the Python original, without warm-up: they are what is observed where a scenario does not say.
import type { Indicator } from './indicator.ts'

const bare = { series: null, parameters: [], warmUp: () => 0, source: 'the Python original' } as const

function overClose(name: 'high' | 'low', letter: string): Indicator {
  return {
    ...bare,
    columns: [name, 'close'],
    formula: `${letter}/C − 1`,
    compute: ({ columns: [price, close] }) => [price!.map((value, i) => value / close![i]! - 1)],
  }
}

export const ORIGINAL = {
  feature_return: {
    ...bare,
    columns: ['close'],
    formula: 'C/C₋₁ − 1; 0 in the first row',
    compute: ({ columns: [close] }) => [
      close!.map((price, i, closes) => (i === 0 ? 0 : price / closes[i - 1]! - 1)),
    ],
  },
  feature_high: overClose('high', 'H'),
  feature_low: overClose('low', 'L'),
  feature_volume: {
    ...bare,
    columns: ['volume'],
    formula: 'ln(1 + V)',
    compute: ({ columns: [volumes], math }) => [volumes!.map((volume) => math.log(1 + volume))],
  },
  feature_trend: {
    ...bare,
    columns: ['close'],
    formula: 'C / first C of the data that the policy was trained on',
    compute: ({ columns: [close], firstClose }) => [close!.map((price) => price / firstClose)],
  },
} satisfies Record<string, Indicator>
