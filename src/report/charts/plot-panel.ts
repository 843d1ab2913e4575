// Lays panels of lines and candles out in pixels and renders them as one SVG string. It runs without a DOM.
import { init } from '#echarts'
import { axisOption, lineOption, type Option } from './chart-options.ts'
import { extent, group, roundTicks, thin, tickFormat, TIME_LABELS } from './plot-scale.ts'
import { PAPER } from '../series.ts'
import type { Candles, PlotPoint, Values } from './plot-scale.ts'
import { bug } from '../../base/errors.ts'

/** One line of a panel. `inLegend` names it in the legend of the picture. */
export interface PlotLine {
  name: string
  values: Values
  color: string
  width?: number
  dashed?: boolean
  /** Holds each value until the next. */
  step?: boolean
  area?: boolean
  /** Drawn over the other lines. */
  front?: boolean
  inLegend?: boolean
}

/** The place of a panel's axes, in pixels; tick labels and axis names hang outside on the left and below. */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** The quantity of the horizontal axis: the row number, given numbers, or milliseconds since 1970 in UTC. */
export interface Horizontal {
  name: string
  kind: 'value' | 'time'
  /** One per value of every line, ascending; the row number when absent. */
  at?: Values | undefined
}

/** One pair of axes. */
export interface Panel {
  box: Box
  x: Horizontal
  /** False where the panel below shares the axis and labels it. */
  labelX?: boolean
  yName: string
  /** The vertical axis spans at least this; without it, it fits the data. */
  yRange?: [number, number]
  title?: string
  zeroLine?: boolean
  lines: PlotLine[]
  candles?: Candles
}

/** A whole picture; sizes in pixels. */
export interface Picture {
  title: string
  width: number
  height: number
  panels: Panel[]
}

const INK = '#333333'
const FAINT = '#E4E4E4'
const BUCKETS_PER_PIXEL = 0.7
const PIXELS_PER_TICK = 72
const PIXELS_PER_CANDLE = 8

function horizontalAxis(panel: Panel, index: number, span: [number, number] | undefined): Option {
  let [min, max] = span ?? [0, 1]
  if (min === max) [min, max] = [min - 1, max + 1]
  const ticks = panel.x.kind === 'value' ? roundTicks(min, max, panel.box.width / PIXELS_PER_TICK) : undefined
  const own = ticks && { customValues: ticks }
  const labels = panel.labelX !== false
  return {
    ...AXIS,
    type: panel.x.kind,
    gridIndex: index,
    min,
    max,
    splitNumber: Math.max(1, Math.floor(panel.box.width / PIXELS_PER_TICK)),
    name: labels ? panel.x.name : '',
    nameLocation: 'middle',
    nameGap: 26,
    axisTick: { show: labels, ...own },
    axisLabel: {
      ...AXIS.axisLabel,
      show: labels,
      ...own,
      formatter: ticks ? tickFormat(Math.max(Math.abs(min), Math.abs(max))) : TIME_LABELS,
    },
    splitLine: { show: false },
  }
}

function verticalAxis(panel: Panel, index: number, span: [number, number] | undefined): Option {
  const [min, max] = span ?? [0, 1]
  return {
    ...AXIS,
    type: 'value',
    gridIndex: index,
    scale: true,
    ...(panel.yRange && { min: Math.min(min, panel.yRange[0]), max: Math.max(max, panel.yRange[1]) }),
    ...(!span && { min: 0, max: 1 }),
    splitNumber: Math.max(2, Math.round(panel.box.height / 55)),
    name: panel.yName,
    nameLocation: 'middle',
    nameGap: 52,
    axisTick: { show: span !== undefined },
    axisLabel: {
      ...AXIS.axisLabel,
      show: span !== undefined,
      formatter: tickFormat(Math.max(Math.abs(min), Math.abs(max))),
    },
  }
}

const AXIS = axisOption({ line: INK, text: INK, name: INK, grid: FAINT })

const STILL = { silent: true, animation: false, emphasis: { disabled: true } }

function lineSeries(line: PlotLine, points: PlotPoint[], index: number): Option {
  const alone = (i: number) => (points[i - 1]?.[1] ?? null) === null && (points[i + 1]?.[1] ?? null) === null
  // A point without neighbours has no line: it shows as a dot.
  const data = points.map((value, i) =>
    value[1] !== null && alone(i) ? { value, symbol: 'circle', symbolSize: 4 } : { value },
  )
  return {
    ...lineOption(data, { width: 1.5, ...line }),
    ...STILL,
    name: line.name,
    xAxisIndex: index,
    yAxisIndex: index,
    z: line.front ? 3 : 2,
  }
}

/** First and last place on the horizontal axis, or undefined when the panel has no rows. */
function horizontalSpan({ x, lines, candles }: Panel): [number, number] | undefined {
  const rows = Math.max(candles?.close.length ?? 0, ...lines.map((line) => line.values.length))
  if (x.at && x.at.length < rows)
    throw bug(`plot: expected a place on the "${x.name}" axis for each of ${rows} rows, found ${x.at.length}`)
  if (rows === 0) return undefined
  return x.at ? [x.at[0]!, x.at[rows - 1]!] : [0, rows - 1]
}

/** The text cut to fit, with an ellipsis. */
function shorten(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, Math.floor(letters) - 1)}…` : text
}

/** A title centred over a place of the picture, in pixels. */
function label(text: string, x: number, top: number): Option {
  const textStyle = { color: INK, fontSize: 13, fontWeight: 'normal' as const }
  return { text, left: x, top, textAlign: 'center', padding: 0, textStyle }
}

/** A panel as ECharts axes, series and titles. */
function layOut(panel: Panel, index: number) {
  const { box, x, candles } = panel
  const span = horizontalSpan(panel)
  const buckets = Math.max(1, Math.floor(box.width * BUCKETS_PER_PIXEL))
  const drawn = panel.lines.map((line) => ({ line, points: thin(line.values, x.at, buckets) }))
  const grouped = candles ? group(candles, x.at, Math.floor(box.width / PIXELS_PER_CANDLE)) : []
  const found = extent([
    ...drawn.flatMap(({ points }) => points.map((point) => point[1])),
    ...grouped.flatMap((candle) => candle.slice(1)),
  ])
  if (span && found && panel.zeroLine) {
    const points: PlotPoint[] = span.map((at) => [at, 0])
    drawn.unshift({ line: { name: '', values: [], color: INK, width: 1 }, points })
  }
  const middle = box.left + box.width / 2
  return {
    grid: { ...box, outerBoundsMode: 'none' as const },
    xAxis: horizontalAxis(panel, index, span),
    yAxis: verticalAxis(panel, index, found && extent(panel.zeroLine ? [...found, 0] : found)),
    series: [
      ...(candles ? [candleSeries(grouped, index)] : []),
      ...drawn.map(({ line, points }) => lineSeries(line, points, index)),
    ],
    titles: [
      ...(panel.title ? [label(shorten(panel.title, box.width / 8), middle, box.top - 24)] : []),
      ...(found ? [] : [label('no data', middle, box.top + box.height / 2 - 8)]),
    ],
  }
}

function candleSeries(data: number[][], index: number): Option {
  return {
    ...STILL,
    type: 'candlestick',
    xAxisIndex: index,
    yAxisIndex: index,
    data,
    dimensions: ['x', 'open', 'close', 'lowest', 'highest'],
    encode: { x: 0, y: [1, 2, 3, 4] },
    itemStyle: { color: PAPER.good, borderColor: PAPER.good, color0: PAPER.bad, borderColor0: PAPER.bad },
  }
}

/** Pixels to keep above the first panel for the title and a legend of these names. */
export function headerHeight(names: string[], width: number): number {
  const letters = names.reduce((sum, name) => sum + name.length * 7 + 50, 0)
  const rows = Math.ceil(letters / (width * 0.85))
  return rows > 0 ? 46 + rows * 34 : 56
}

/** The names of the lines that a legend explains, each once, in the order they are drawn. */
export function legendNames(panels: { lines: PlotLine[] }[]): string[] {
  const lines = panels.flatMap((panel) => panel.lines.filter((line) => line.inLegend))
  return [...new Set(lines.map((line) => line.name))]
}

/**
 * The picture as an SVG document on white, animation and script free. The same picture gives the same string.
 * Errors: Error when a line is longer than its horizontal axis.
 */
export function renderPicture({ title, width, height, panels }: Picture): string {
  const parts = panels.map(layOut)
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height, locale: 'EN' })
  chart.setOption({
    animation: false,
    useUTC: true,
    backgroundColor: '#FFFFFF',
    textStyle: { fontFamily: 'sans-serif' },
    title: [
      {
        text: shorten(title, (width - 60) / 12),
        left: 'center',
        top: 12,
        textStyle: { color: '#111111', fontSize: 18 },
      },
      ...parts.flatMap((part) => part.titles),
    ],
    legend: {
      data: legendNames(panels),
      top: 44,
      left: 'center',
      width: '90%',
      itemGap: 22,
      itemWidth: 18,
      itemHeight: 4,
      icon: 'roundRect',
      textStyle: { color: INK },
      silent: true,
    },
    grid: parts.map((part) => part.grid),
    xAxis: parts.map((part) => part.xAxis),
    yAxis: parts.map((part) => part.yAxis),
    series: parts.flatMap((part) => part.series),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return withoutIds(svg)
}

/**
 * The document without clip paths and hover styles, whose ids are counted per process and would differ between
 * equal pictures, and with paths to a tenth of a pixel, which is plenty at a third of the size. Text is safe: in it
 * quotes and angle brackets are escaped.
 */
function withoutIds(svg: string): string {
  return svg
    .replace(/<(style|defs)\b[^]*?<\/\1>\s*/g, '')
    .replace(/ (class|clip-path)="[^"]*"/g, '')
    .replace(/ d="[^"]*"/g, (path) => path.replace(/(\.\d)\d+/g, '$1'))
}
