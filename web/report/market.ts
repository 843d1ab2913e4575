// Draws wealth, price, positions and drawdown one below the other, over the same time.
import type { ChartValues, AgentChart, NamedSeries, MarketChart } from '../../src/report/document.ts'
import { tickFormat, TIME_LABELS } from '../../src/report/charts/plot-scale.ts'
import { formatNumber } from '../../src/report/tables/table.ts'
import { lineOption, type LineStyle, type Option } from '../../src/report/charts/chart-options.ts'
import { assetColor, RELATIVE_PRICE, SERIES, styleOf, type SeriesName } from '../../src/report/series.ts'
import {
  AXIS,
  colorOfSeries,
  NAMED_ABOVE,
  screenColor,
  TOOLTIP,
  tooltip,
  type Size,
  type SizedOption,
} from './chart-place.ts'

type TimedValue = [time: number, value: number | null]
interface TimedSeries<Name extends string = string> {
  name: Name
  points: TimedValue[]
}

/** The lines of a trial, each over all splits. */
interface MarketLines {
  splits: MarketChart['splits']
  agent: TimedValue[]
  others: TimedValue[][]
  benchmarks: TimedSeries<SeriesName>[]
  prices: TimedSeries[]
  positions: TimedSeries[]
  drawdown: TimedValue[]
}

/** The others would hide what these say; the legend brings them. */
const OTHER_TRIALS = 'other trials'
const AT_FIRST = [
  SERIES.agent.label,
  OTHER_TRIALS,
  SERIES.buy_and_hold.label,
  SERIES.random.label,
] as string[]
/** The ratio of the greatest to the least wealth from which on the axis is logarithmic. */
const WIDE = 8

/** @param shown which trial is drawn in full */
export function marketOption(chart: MarketChart, shown: number): SizedOption {
  const lines = linesOf(chart, shown)
  return (size) => ({
    ...layOut(size),
    legend: legendOf(lines, size),
    yAxis: verticalAxes(lines),
    tooltip: { ...TOOLTIP, trigger: 'axis', formatter: (points: HoverTarget[]) => tooltipOf(points) },
    series: [...wealthSeries(lines), ...lowerSeries(lines)],
  })
}

function linesOf({ splits, trials }: MarketChart, shown: number): MarketLines {
  const times = splits.map((split) => split.times)
  const joined = (values: ChartValues[]) => joinSplits(times, values)
  const of = (trial: number, what: (agent: AgentChart) => ChartValues) =>
    joined(trials[trial]!.splits.map(what))
  const { prices, benchmarks } = splits[0]!
  const held = benchmarks.map(({ name }, i) => ({
    name,
    points: joined(splits.map((split) => split.benchmarks[i]!.values)),
  }))
  return {
    splits,
    agent: of(shown, ({ wealth }) => wealth),
    others: trials.flatMap((_, i) => (i === shown ? [] : [of(i, ({ wealth }) => wealth)])),
    benchmarks: [...held, { name: 'random' as const, points: of(shown, ({ random }) => random) }],
    prices: prices.map(({ name }, i) => ({
      name: prices.length === 1 ? SERIES.price.label : name,
      points: joined(
        pricesOf(
          splits.map((split) => split.prices[i]!),
          prices.length,
        ),
      ),
    })),
    positions: prices.map(({ name }, i) => ({
      name: prices.length === 1 ? SERIES.position.label : name,
      points: of(shown, ({ positions }) => positions[i]!),
    })),
    drawdown: of(shown, ({ drawdown }) => drawdown),
  }
}

/** One line with a gap between splits. */
function joinSplits(times: number[][], values: ChartValues[]): TimedValue[] {
  return times.flatMap((own, s): TimedValue[] => [
    ...own.map((time, i): TimedValue => [time, values[s]![i] ?? null]),
    [own.at(-1)! + 1, null],
  ])
}

/** Prices; those of several assets relative to the very first, so that they share an axis. */
function pricesOf(lines: NamedSeries[], assets: number): ChartValues[] {
  const first = assets === 1 ? 1 : (lines[0]!.values[0] ?? 1)
  return lines.map(({ values }) => values.map((value) => (value === null ? null : value / first)))
}

function wealthSeries({ splits, agent, others, benchmarks }: MarketLines): Option[] {
  return [
    ...others.map((points) => ({
      ...line(OTHER_TRIALS, points, 0, { color: colorOfSeries('agent'), width: 1, opacity: 0.45 }),
      silent: true,
    })),
    ...benchmarks.map(({ name, points }) => {
      const { label, color, dashed } = styleOf(name)
      return line(label, points, 0, { color: screenColor(color), width: 1.5, dashed })
    }),
    {
      ...line(SERIES.agent.label, agent, 0, { color: colorOfSeries('agent'), width: 2.5 }),
      markLine: splitLines(splits, true),
    },
  ]
}

/** The lines of the panels below wealth. */
function lowerSeries({ splits, prices, positions, drawdown }: MarketLines): Option[] {
  const single = prices.length === 1
  const color = (series: 'price' | 'position', i: number) => screenColor(assetColor(series, i, prices.length))
  const marked = (series: Option[]) =>
    series.map((one, i) => (i === 0 ? { ...one, markLine: splitLines(splits, false) } : one))
  return [
    ...marked(
      prices.map(({ name, points }, i) => line(name, points, 1, { color: color('price', i), width: 1.5 })),
    ),
    ...marked(
      positions.map(({ name, points }, i) =>
        line(name, points, 2, { color: color('position', i), width: 1, step: true, area: single }),
      ),
    ),
    ...marked([
      line(SERIES.drawdown.label, drawdown, 3, { color: colorOfSeries('drawdown'), width: 1, area: true }),
    ]),
  ]
}

function line(name: string, data: TimedValue[], panel: number, look: LineStyle): Option {
  return {
    ...lineOption(data, look),
    name,
    id: name === OTHER_TRIALS ? undefined : `${PANELS[panel]} ${name}`,
    xAxisIndex: panel,
    yAxisIndex: panel,
  }
}

function splitLines(splits: MarketChart['splits'], named: boolean): Option {
  return {
    symbol: 'none',
    silent: true,
    lineStyle: { color: 'var(--quiet)', type: 'dotted', width: 1 },
    label: { show: named, formatter: '{b}', position: 'end', align: 'left', color: 'var(--quiet)' },
    // in turns one line lower, since a split may be shorter than its name
    data: splits.map(({ name, times }, i) => ({
      name,
      xAxis: times[0],
      label: { distance: [4, i % 2 === 0 ? -14 : -28] },
    })),
  }
}

/** One below the other; a line of one name in two of them is of one asset. */
const PANELS = ['wealth', 'price', 'position', 'drawdown'] as const

/** Parts of the height for each. */
const SHARES = [0.45, 0.22, 0.17, 0.16]
const GAP = 30

function layOut({ isNarrow, isPaper, height }: Size): Option {
  const [left, right, header] = isNarrow ? [64, 8, 86] : [66, 12, 56]
  const free = height - header - GAP * (SHARES.length - 1) - (isPaper ? 28 : 56)
  let top = header
  const grids = SHARES.map((share) => {
    const grid = { left, right, top, height: share * free, outerBoundsMode: 'none' }
    top += share * free + GAP
    return grid
  })
  return {
    grid: grids,
    axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: 'var(--edge)' } },
    xAxis: grids.map((_, i) => ({
      ...AXIS,
      type: 'time',
      gridIndex: i,
      splitLine: { show: false },
      axisLabel: { ...AXIS.axisLabel, show: i === SHARES.length - 1, formatter: TIME_LABELS },
      splitNumber: isNarrow ? 3 : 8,
    })),
    dataZoom: isPaper ? [] : [INSIDE_ZOOM, { ...ZOOM_BAR, left, right }],
  }
}

// The wheel and a finger still scroll the page.
const INSIDE_ZOOM: Option = {
  type: 'inside',
  xAxisIndex: 'all',
  zoomOnMouseWheel: 'ctrl',
  moveOnMouseMove: 'ctrl',
  moveOnMouseWheel: false,
  preventDefaultMouseMove: false,
}

const ZOOM_BAR: Option = {
  type: 'slider',
  xAxisIndex: 'all',
  bottom: 4,
  height: 18,
  showDataShadow: false,
  showDetail: false,
  brushSelect: false,
  moveHandleSize: 0,
  borderColor: 'var(--line)',
  fillerColor: 'var(--area)',
  handleStyle: { color: 'var(--card)', borderColor: 'var(--edge)' },
}

function legendOf({ others, benchmarks, prices }: MarketLines, { isNarrow }: Size): Option {
  const names = [
    SERIES.agent.label,
    ...(others.length > 0 ? [OTHER_TRIALS] : []),
    ...benchmarks.map(({ name }) => SERIES[name].label),
  ]
  const assets = prices.length > 1 ? prices.map(({ name }) => name) : []
  return {
    data: [...names, ...assets],
    selected: Object.fromEntries(names.map((name) => [name, AT_FIRST.includes(name)])),
    top: 0,
    left: 0,
    right: 0,
    itemWidth: 16,
    itemHeight: 3,
    itemGap: isNarrow ? 8 : 16,
    icon: 'roundRect',
    textStyle: { color: 'var(--text)' },
    inactiveColor: 'var(--edge)',
    inactiveBorderColor: 'var(--edge)',
  }
}

interface ValueRange {
  min: number
  max: number
}

function verticalAxes(lines: MarketLines): Option[] {
  const { agent, benchmarks, prices, drawdown } = lines
  const atFirst = benchmarks
    .filter(({ name }) => AT_FIRST.includes(SERIES[name].label))
    .map(({ points }) => points)
  const ratio = ratioOf([agent, ...atFirst])
  const wealthScale = ratio > WIDE ? { type: 'log', logBase: ratio > 1000 ? 10 : 2 } : {}
  const isFlat = drawdown.every(([, value]) => !value)
  const axis = (name: string, gridIndex: number): Option => ({
    ...AXIS,
    type: 'value',
    gridIndex,
    name,
    ...NAMED_ABOVE,
    splitNumber: 2,
    axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => tickFormat(Math.abs(value))(value) },
  })
  return [
    { ...axis(SERIES.agent.unit, 0), scale: true, splitNumber: 5, ...wealthScale },
    { ...axis(prices.length === 1 ? SERIES.price.unit : RELATIVE_PRICE, 1), scale: true, splitNumber: 3 },
    {
      ...axis(SERIES.position.unit, 2),
      min: ({ min }: ValueRange) => Math.min(-1, min),
      max: ({ max }: ValueRange) => Math.max(1, max),
    },
    {
      ...axis(SERIES.drawdown.unit, 3),
      max: 0,
      ...(isFlat && { min: -0.01 }),
      axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => `${formatNumber(100 * value)} %` },
    },
  ]
}

/** The ratio of the greatest to the least value. */
function ratioOf(lines: TimedValue[][]): number {
  let [least, most] = [Infinity, 0]
  for (const [, value] of lines.flat()) {
    if (value === null || value <= 0) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return most / least
}

interface HoverTarget {
  seriesName: string
  seriesId: string
  color: string
  value: TimedValue
}

function tooltipOf(points: HoverTarget[]): HTMLElement {
  const shown = points.filter(({ seriesName, value }) => seriesName !== OTHER_TRIALS && value[1] !== null)
  const time = new Date(shown[0]?.value[0] ?? 0).toISOString().slice(0, 16).replace('T', ' ')
  return tooltip(
    `${time} UTC`,
    shown.map(({ seriesName, seriesId, value, color }) => {
      const isOfAsset = shown.filter((other) => other.seriesName === seriesName).length > 1
      return [isOfAsset ? seriesId : seriesName, formatNumber(value[1]), color]
    }),
  )
}
