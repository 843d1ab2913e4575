// Reduces data to what a panel can show: fewer points, round ticks, short labels.
import { groupDigits } from '../tables/format.ts'

/** Numbers in a row, one per step. Only read; a value that is not finite is a gap in the line. */
export type Values = ArrayLike<number>

/** Four columns of equal length. */
export interface Candles {
  open: Values
  high: Values
  low: Values
  close: Values
}

/** A place in data coordinates; a null height is a gap in the line. */
export type PlotPoint = [x: number, y: number | null]

// Beyond this a difference of two values could overflow.
const LARGEST = 1e300

/** Finite and small enough to be scaled to pixels. */
function drawable(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) < LARGEST
}

/**
 * At most `2 * buckets` points of a line: the lowest and the highest of each run of equal length, in their order,
 * so that no spike is lost. A run without a drawable value becomes a gap.
 */
export function thin(values: Values, at: Values | undefined, buckets: number): PlotPoint[] {
  const { length } = values
  const x = (i: number) => (at ? at[i]! : i)
  if (length <= 2 * buckets)
    return Array.from({ length }, (_, i) => [x(i), drawable(values[i]) ? values[i]! : null])
  const points: PlotPoint[] = []
  for (let b = 0; b < buckets; b++) {
    const from = Math.floor((b * length) / buckets)
    const to = Math.floor(((b + 1) * length) / buckets)
    let low = -1
    let high = -1
    for (let i = from; i < to; i++) {
      const value = values[i]
      if (!drawable(value)) continue
      if (low < 0 || value < values[low]!) low = i
      if (high < 0 || value > values[high]!) high = i
    }
    if (low < 0) points.push([x(from), null])
    else for (const i of low < high ? [low, high] : [high, low]) points.push([x(i), values[i]!])
  }
  return points
}

/** The rows, ascending, that keep the lowest and the highest of each line in each stretch, the first and the last one; `most` at most. */
export function chosenRows(length: number, lines: readonly Values[], most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i)
  const stretches = Math.floor((most - 2) / (2 * lines.length))
  const chosen = new Set([0, length - 1])
  for (let s = 0; s < stretches; s++) {
    const [from, to] = [s, s + 1].map((edge) => Math.floor((edge * length) / stretches)) as [number, number]
    for (const line of lines) {
      let [low, high] = [from, from]
      for (let i = from + 1; i < to; i++) {
        if (line[i]! < line[low]!) low = i
        if (line[i]! > line[high]!) high = i
      }
      chosen.add(low).add(high)
    }
  }
  return [...chosen].toSorted((a, b) => a - b)
}

/** Values as [open, close, low, high] per group of equal length, at most `groups`, at the group's first row. */
export function group(
  { open, high, low, close }: Candles,
  at: Values | undefined,
  groups: number,
): number[][] {
  const size = Math.ceil(close.length / groups)
  const candles: number[][] = []
  for (let from = 0; from < close.length; from += size) {
    const to = Math.min(from + size, close.length)
    let lowest = low[from]!
    let highest = high[from]!
    for (let i = from + 1; i < to; i++) {
      lowest = Math.min(lowest, low[i]!)
      highest = Math.max(highest, high[i]!)
    }
    const candle = [open[from]!, close[to - 1]!, lowest, highest]
    if (candle.every(drawable)) candles.push([at ? at[from]! : from, ...candle])
  }
  return candles
}

/** Lowest and highest number, or undefined where there is none. */
export function extent(numbers: Iterable<number | null>): [number, number] | undefined {
  let found: [number, number] | undefined
  for (const value of numbers) {
    if (value === null) continue
    if (!found) found = [value, value]
    else if (value < found[0]) found[0] = value
    else if (value > found[1]) found[1] = value
  }
  return found
}

/** Multiples of 1, 2 or 5 times a power of ten within [min, max], about `count` of them. */
export function roundTicks(min: number, max: number, count: number): number[] {
  const wanted = (max - min) / count
  const power = Number(`1e${wanted.toExponential().split('e')[1]}`)
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= wanted * 0.99)!
  const first = Math.ceil(min / step)
  const length = Math.max(0, Math.floor(max / step) - first + 1)
  return Array.from({ length }, (_, i) => (first + i) * step)
}

const UNITS: [number, string][] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
]

/** Tick labels of one axis, all in the same unit: 12,500 or 1.25M, and 1e-7 or 1e20 at the far ends. */
export function tickFormat(largest: number): (value: number) => string {
  if (largest >= 1e15 || (largest > 0 && largest < 1e-3))
    return (value) => (value === 0 ? '0' : Number(value.toPrecision(4)).toExponential().replace('+', ''))
  const [size, suffix] = UNITS.find(([size]) => largest >= size) ?? [1, '']
  return (value) => {
    const [whole, fraction] = String(Number((value / size).toPrecision(8))).split('.')
    const grouped = groupDigits(whole!)
    return (fraction ? `${grouped}.${fraction}` : grouped) + (value === 0 ? '' : suffix)
  }
}

/** Labels ticks of a time axis of ECharts by the coarsest unit that changes there. */
export const TIME_LABELS = {
  year: '{yyyy}',
  month: '{MMM} {yyyy}',
  day: '{MMM} {d}',
  hour: '{HH}:{mm}',
  minute: '{HH}:{mm}',
  second: '{HH}:{mm}:{ss}',
  millisecond: '{HH}:{mm}:{ss}',
}
