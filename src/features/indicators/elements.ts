// These indicators are of one row alone: functions of a value, and the time.
import type { Indicator, Inputs } from './indicator.ts'

function elementwise(
  formula: string,
  apply: (x: number, math: Inputs['math'], parameters: readonly number[]) => number,
  parameters: Indicator['parameters'] = [],
): Indicator {
  return {
    series: 'needed',
    columns: [],
    parameters,
    warmUp: () => 0,
    formula,
    source: 'by definition',
    compute: ({ x, math, parameters: values }) => [x.map((value) => apply(value, math, values))],
  }
}

const bound = (name: string, standard: number) =>
  ({ name, standard, least: -1e15, most: 1e15, fraction: true }) as const

const DAY = 86_400_000

/** Sine and cosine of a part of a cycle, so that its end is beside its beginning. */
function cycle(formula: string, partOf: (time: number) => number): Indicator {
  return {
    series: null,
    columns: ['timestamp'],
    parameters: [],
    outputs: ['sin', 'cos'],
    warmUp: () => 0,
    formula,
    source: 'by definition',
    compute({ columns: [times], math }) {
      const angles = times!.map((time) => 2 * Math.PI * partOf(time))
      return [angles.map((angle) => math.sin(angle)), angles.map((angle) => math.cos(angle))]
    },
  }
}

export const ELEMENTS = {
  log: elementwise('ln x', (x, math) => math.log(x)),
  exp: elementwise('eˣ', (x, math) => math.exp(x)),
  tanh: elementwise('tanh x', (x, math) => math.tanh(x)),
  sqrt: elementwise('√x', (x) => Math.sqrt(x)),
  abs: elementwise('|x|', (x) => Math.abs(x)),
  sign: elementwise('−1, 0 or 1', (x) => Math.sign(x)),
  clip: elementwise('x within low … high', (x, _, [low, high]) => Math.min(high!, Math.max(low!, x)), [
    bound('low', -1),
    bound('high', 1),
  ]),
  time_of_day: cycle(
    'sine and cosine of 2π·(time since midnight, UTC)/24 h',
    (time) => (time - Math.floor(time / DAY) * DAY) / DAY,
  ),
  day_of_week: cycle('sine and cosine of 2π·d/7, d = 0 on Monday … 6 on Sunday, UTC', (time) => {
    const day = Math.floor(time / DAY) + 3 // 1970 began on a Thursday
    return (day - Math.floor(day / 7) * 7) / 7
  }),
} satisfies Record<string, Indicator>
