// Draws line charts with uPlot in the colours of the page. ECharts takes 50 times as long for a frame of training.
import uPlot from 'uplot'
import { tickFormat } from '../src/report/charts/plot-scale.ts'
import { formatNumber } from '../src/report/tables/table.ts'
import { byId } from './dom.ts'
import { assetColor, SERIES, type ColorName, type SeriesName } from '../src/report/series.ts'
import type { ChartedCurves, MarketLine, MarketView } from './protocol.ts'

interface ChartLine extends MarketLine {
  color: ColorName
  /** Values of the right axis lie in [−1, 1] and more. */
  axis?: 'left' | 'right'
  width?: number
  /** Holds each value until the next, over a filled area. */
  area?: boolean
  points?: boolean
}

interface ChartContent {
  x: Float64Array
  /** True where x is time, false where it is environment steps. */
  time: boolean
  lines: ChartLine[]
  /** Makes equal ratios, rather than equal differences, equally far apart: a logarithmic axis. */
  ratios?: boolean
}

/** The charts of a training; `empty` puts the words of the beginning back. */
export interface Charts {
  view(view: MarketView): void
  curves(curves: ChartedCurves): void
  empty(): void
}

export function createCharts(): Charts {
  const [market, wealth, losses, episodes] = ['market', 'wealth', 'losses', 'episodes'].map(createChart)
  return {
    view({ x, prices, positions, wealth: wealths }) {
      const held = positions.map((line, i): ChartLine => {
        return { ...line, axis: 'right', area: true, color: assetColor('position', i, positions.length) }
      })
      const traded = prices.map((line, i): ChartLine => {
        return { ...line, color: assetColor('price', i, prices.length) }
      })
      market!.show({ x, time: true, lines: [...held, ...traded] })
      const [agent, hold] = wealths
      if (!agent || !hold) return wealth!.clear()
      const lines: ChartLine[] = [
        { ...hold, color: SERIES.buy_and_hold.color },
        { ...agent, color: SERIES.agent.color, width: 2 },
      ]
      wealth!.show({ x, time: true, lines, ratios: isWide(lines) })
    },
    curves({ losses: { step, critic, actor }, episodes: { step: ends, reward } }) {
      const lines: ChartLine[] = [
        lineOf('critic_loss', critic),
        { ...lineOf('actor_loss', actor), axis: 'right' },
      ]
      losses!.show({ x: step, time: false, lines })
      const returns = { ...lineOf('episode_return', reward), points: true }
      episodes!.show({ x: ends, time: false, lines: [returns] })
    },
    empty() {
      for (const chart of [wealth, losses, episodes]) chart!.clear()
    },
  }
}

/** True where the lowest of these would lie on the axis if differences were drawn. */
function isWide(lines: ChartLine[]): boolean {
  const all = lines.flatMap(({ values }) => [...values].filter(Number.isFinite))
  const lowest = all.reduce((least, value) => Math.min(least, value), Infinity)
  const highest = all.reduce((most, value) => Math.max(most, value), -Infinity)
  return lowest > 0 && highest / lowest > 100
}

function lineOf(series: SeriesName, values: Float64Array): ChartLine {
  const { label, color } = SERIES[series]
  return { name: label, values, color }
}

const HEIGHT = 240

/** Drawings that wait for a frame, by chart. */
const waiting = new Map<string, () => void>()
let isFrameAsked = false

/** Draws in a frame of its own, so that none takes long, and not while the page is hidden; the last of several counts. */
function drawSoon(id: string, draw: () => void): void {
  waiting.set(id, draw)
  if (!isFrameAsked) requestAnimationFrame(drawNext)
  isFrameAsked = true
}

function drawNext(): void {
  const [next] = waiting
  isFrameAsked = waiting.size > 1
  if (isFrameAsked) requestAnimationFrame(drawNext)
  if (!next) return
  waiting.delete(next[0])
  next[1]()
}

/** A chart in the figure with that id, whose paragraph says what is to come while there is nothing. */
function createChart(id: string): { show(content: ChartContent): void; clear(): void } {
  const figure = byId(id)
  const place = figure.querySelector<HTMLElement>('.plot')!
  const style = getComputedStyle(document.documentElement)
  let plot: uPlot | undefined
  let shape = ''
  let shown: ChartContent | undefined

  function draw(content: ChartContent): void {
    shown = content
    figure.classList.toggle('full', content.x.length > 0)
    if (content.x.length === 0) return
    const data = [content.x, ...content.lines.map(({ values }) => gapped(values))] as uPlot.AlignedData
    const wanted = JSON.stringify([content.ratios, content.lines.map(({ name, axis }) => [name, axis])])
    if (plot && shape === wanted) {
      plot.setData(data)
      return showLatest(plot)
    }
    plot?.destroy()
    shape = wanted
    plot = new uPlot(
      optionsFor(content, place.clientWidth, (name) => style.getPropertyValue(`--${name}`)),
      data,
      place,
    )
    showLatest(plot)
  }

  new ResizeObserver(() => {
    if (plot && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT })
  }).observe(place)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    shape = ''
    if (shown) draw(shown)
  })
  return {
    show: (content) => drawSoon(id, () => draw(content)),
    clear() {
      waiting.delete(id)
      plot?.destroy()
      plot = shown = undefined
      figure.classList.remove('full')
    },
  }
}

/** While nothing is pointed at, the legend shows the last point of all lines. */
function showLatest(plot: uPlot): void {
  if (typeof plot.cursor.idx === 'number') return
  const [x, ...lines] = plot.data
  let idx = x.length - 1
  while (idx >= 0 && lines.some((values) => values[idx] === null)) idx--
  if (idx >= 0) plot.setLegend({ idx }, false)
}

/** uPlot leaves a gap where it finds null. */
function gapped(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null))
}

function optionsFor(content: ChartContent, width: number, colorOf: (name: string) => string): uPlot.Options {
  const axis = {
    stroke: colorOf('quiet'),
    grid: { stroke: colorOf('line'), width: 1 },
    ticks: { show: false },
  }
  const values = (_: uPlot, splits: number[]) => {
    const format = tickFormat(Math.max(...splits.map(Math.abs)))
    return splits.map(format)
  }
  const weights = content.lines.some(({ area }) => area)
  const onRight = content.lines.filter(({ axis: side }) => side === 'right')
  const onLeft = content.lines.filter(({ axis: side }) => side !== 'right')
  // where there are two axes of one line each, they have the colours of their lines
  const strokeOf = ([line, ...others]: ChartLine[]) =>
    colorOf(onRight.length > 0 && others.length === 0 ? line!.color : 'quiet')
  const yAxis = { ...axis, values, size: 62 }
  const rightAxis = { ...yAxis, scale: 'right', side: 1 as const, grid: { show: false }, size: 50 }
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { drag: { x: true, y: false }, points: { size: 6 } },
    hooks: { setCursor: [showLatest] },
    scales: {
      x: { time: content.time },
      left: { distr: content.ratios ? 3 : 1 },
      ...(weights && { right: { range: (_, low, high) => [Math.min(-1, low), Math.max(1, high)] } }),
    },
    axes: [
      content.time ? { ...axis, size: 34, space: 90, values: timeLabels } : { ...axis, size: 34, values },
      { ...yAxis, scale: 'left', stroke: strokeOf(onLeft), ...(content.ratios && POWERS) },
      ...(onRight.length > 0 ? [{ ...rightAxis, stroke: strokeOf(onRight) }] : []),
    ],
    series: [
      content.time ? { label: 'UTC', value: '{YYYY}-{MM}-{DD} {HH}:{mm}' } : { label: 'step' },
      ...content.lines.map((line) => seriesOf(line, colorOf)),
    ],
  }
}

const exponentOf = (value: number): number => Number(value.toExponential().split('e')[1])

/** A few powers of ten. */
const POWERS: Partial<uPlot.Axis> = {
  splits: (_, __, low, high) => {
    const [first, last] = [exponentOf(low), exponentOf(high)]
    const step = Math.max(1, Math.ceil((last - first) / 5))
    const from = Math.ceil(first / step)
    const powers = Array.from({ length: 7 }, (_, i) => Number(`1e${(from + i) * step}`))
    return powers.filter((power) => power >= low && power <= high)
  },
  filter: (_, splits) => splits,
  values: (_, splits) => splits.map((power) => (power < 1e6 ? `${power}` : `1e${exponentOf(power)}`)),
}

const DAY = 86_400

function timeLabels(_: uPlot, splits: number[], __: number, ___: number, apart: number): string[] {
  return splits.map((seconds) => {
    const [day, clock] = new Date(seconds * 1000).toISOString().split('T') as [string, string]
    return apart < DAY && seconds % DAY !== 0 ? clock.slice(0, 5) : day
  })
}

function seriesOf(
  { name, color, axis = 'left', width = 1.25, area, points }: ChartLine,
  colorOf: (name: string) => string,
): uPlot.Series {
  const stroke = colorOf(color)
  return {
    label: name,
    scale: axis,
    stroke,
    width: area ? 1 : width,
    value: (_, value) => formatNumber(value),
    points: { show: points ?? false, size: 5, fill: stroke },
    ...(area && { paths: uPlot.paths.stepped!({ align: 1 }), fill: colorOf('area'), fillTo: () => 0 }),
  }
}
