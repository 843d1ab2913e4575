// Draws actions and critic’s values as colours over what is observed, or as lines where that is one number.
import type { ActionMapChart } from '../../src/report/document.ts'
import { tickFormat } from '../../src/report/charts/plot-scale.ts'
import { formatNumber } from '../../src/report/tables/table.ts'
import { lineOption, type Option } from '../../src/report/charts/chart-options.ts'
import { AXIS, screenColor, TOOLTIP, tooltip, type SizedOption } from './chart-place.ts'

const CRITIC_VALUE = 'critic’s value Q(s, μ(s))'

/** Colours at even distances, from the least to the greatest value. */
type Ramp = readonly (readonly [r: number, g: number, b: number])[]
const SIGNED: Ramp = [
  [179, 88, 6],
  [241, 163, 64],
  [240, 238, 232],
  [116, 160, 222],
  [33, 80, 176],
]
// of viridis
const SEQUENTIAL: Ramp = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
]

export interface Shade {
  title: string
  low: string
  high: string
  /** The CSS gradient of its colours, for a legend. */
  gradient: string
  option: SizedOption
}

/** The action and Q, each as a picture of its own. */
export function shadesOf(map: ActionMapChart): Shade[] {
  const actions = map.actions.map((percent) => percent / 100)
  const q = map.q.map((value) => value ?? NaN)
  const known = q.filter(Number.isFinite)
  const [least, most] = [Math.min(...known), Math.max(...known)]
  return [
    shade(map, map.action, actions, SIGNED, -1, 1),
    shade(map, CRITIC_VALUE, q, SEQUENTIAL, least, most),
  ]
}

function shade(
  map: ActionMapChart,
  title: string,
  values: number[],
  ramp: Ramp,
  low: number,
  high: number,
): Shade {
  const gradient = `linear-gradient(to right, ${ramp.map((rgb) => `rgb(${rgb.join(' ')})`).join(', ')})`
  const option =
    map.axes.length === 2 ? heatOption(map, title, values, ramp, low, high) : curveOption(map, title, values)
  return { title, low: formatNumber(low), high: formatNumber(high), gradient, option }
}

function colorOf(ramp: Ramp, part: number): string {
  const at = Math.max(0, Math.min(1, part)) * (ramp.length - 1)
  const below = Math.min(Math.floor(at), ramp.length - 2)
  const mixed = ramp[below]!.map((from, i) => Math.round(from + (at - below) * (ramp[below + 1]![i]! - from)))
  return `rgb(${mixed.join(',')})`
}

function heatOption(
  { axes, observed }: ActionMapChart,
  title: string,
  values: number[],
  ramp: Ramp,
  low: number,
  high: number,
): SizedOption {
  const [x, y] = axes as [(typeof axes)[0], (typeof axes)[0]]
  const width = x.values.length
  const data = values.map((value, i) => [x.values[i % width]!, y.values[Math.floor(i / width)]!, value])
  const step = [x, y].map((axis) => (axis.values.at(-1)! - axis.values[0]!) / (axis.values.length - 1))
  const range = (axis: typeof x, i: number): Option => ({
    min: axis.values[0]! - step[i]! / 2,
    max: axis.values.at(-1)! + step[i]! / 2,
  })
  const within = observed.filter(([a, b]) => isIn(a!, range(x, 0)) && isIn(b!, range(y, 1)))
  return () => ({
    grid: { left: 62, right: 14, top: 10, bottom: 48 },
    xAxis: { ...axisOf(x.name, x.values), ...range(x, 0), nameLocation: 'middle', nameGap: 28 },
    yAxis: { ...axisOf(y.name, y.values), ...range(y, 1), nameLocation: 'middle', nameGap: 48 },
    tooltip: {
      ...TOOLTIP,
      trigger: 'item',
      formatter: ({ value }: { value: number[] }) =>
        tooltip(`${title} ${formatNumber(value[2])}`, [
          [x.name, formatNumber(value[0])],
          [y.name, formatNumber(value[1])],
        ]),
    },
    series: [
      {
        type: 'custom',
        data,
        renderItem: (_: unknown, api: CellApi) => {
          const [left, top] = api.coord([api.value(0) - step[0]! / 2, api.value(1) + step[1]! / 2])
          const [right, bottom] = api.coord([api.value(0) + step[0]! / 2, api.value(1) - step[1]! / 2])
          // a little over the next one, lest the page shines through
          const shape = { x: left, y: top, width: right - left + 0.6, height: bottom - top + 0.6 }
          return {
            type: 'rect',
            shape,
            style: { fill: colorOf(ramp, (api.value(2) - low) / (high - low || 1)) },
          }
        },
      },
      {
        type: 'scatter',
        data: within,
        silent: true,
        symbolSize: 4,
        itemStyle: { color: '#fff', borderColor: '#222', borderWidth: 0.8, opacity: 0.75 },
      },
    ],
  })
}

interface CellApi {
  value(dimension: number): number
  coord(place: [number, number]): [number, number]
}

function isIn(value: number, range: Option): boolean {
  return value >= (range['min'] as number) && value <= (range['max'] as number)
}

function axisOf(name: string, values: number[]): Option {
  const largest = Math.max(...values.map(Math.abs))
  return {
    ...AXIS,
    type: 'value',
    name,
    splitLine: { show: false },
    splitNumber: 5,
    // the ends are no round numbers
    axisLabel: {
      ...AXIS.axisLabel,
      showMinLabel: false,
      showMaxLabel: false,
      formatter: tickFormat(largest),
    },
  }
}

function curveOption({ axes: [x] }: ActionMapChart, title: string, values: number[]): SizedOption {
  return () => ({
    grid: { left: 62, right: 14, top: 34, bottom: 48 },
    xAxis: {
      ...axisOf(x!.name, x!.values),
      min: 'dataMin',
      max: 'dataMax',
      nameLocation: 'middle',
      nameGap: 28,
    },
    yAxis: { ...axisOf(title, values.filter(Number.isFinite)), scale: true },
    tooltip: { ...TOOLTIP, trigger: 'axis' },
    series: [
      {
        ...lineOption(
          x!.values.map((value, i) => [value, values[i]!]),
          { color: screenColor('agent'), width: 2 },
        ),
        name: title,
      },
    ],
  })
}
