// Wealth, price, positions and drawdown one below the other, over the same time.
import type { ChartValues, AgentChart, NamedSeries, MarketChart } from '../../src/report/document.ts'
import { tickFormat, TIME_LABELS } from '../../src/report/charts/plot-scale.ts'
import { formatNumber } from '../../src/report/tables/table.ts'
import { AXIS, NAMED_ABOVE, TOOLTIP, tooltip, type Look, type Option, type Size } from './panel.ts'

type TimedValue = [time: number, value: number | null]
interface TimedSeries {
  name: string
  points: TimedValue[]
}

/** What is drawn of a trial, each as one line over all splits. */
interface Content {
  splits: MarketChart['splits']
  agent: TimedValue[]
  others: TimedValue[][]
  benchmarks: TimedSeries[]
  prices: TimedSeries[]
  positions: TimedSeries[]
  drawdown: TimedValue[]
}

const BENCHMARKS: Record<string, string> = {
  'buy & hold': 'var(--market)',
  'short & hold': 'var(--asset-2)',
  TWAP: 'var(--asset-1)',
  random: 'var(--quiet)',
  'best constant': 'var(--asset-3)',
  'max profit': 'var(--good)',
}
/** The others would hide what these say; the legend brings them. */
const AT_FIRST = ['agent', 'other trials', 'buy & hold', 'random']
/** Of several; a single one is the agent's. */
const ASSETS = ['var(--asset-1)', 'var(--asset-2)', 'var(--asset-3)', 'var(--agent)']
/** From that ratio of the greatest to the least wealth on, its axis is logarithmic. */
const WIDE = 8

/** @param shown which trial is drawn in full */
export function marketLook(chart: MarketChart, shown: number): Look {
  const content = contentOf(chart, shown)
  return (size) => ({
    ...layOut(size),
    legend: legendOf(content, size),
    yAxis: verticalAxes(content),
    tooltip: { ...TOOLTIP, trigger: 'axis', formatter: (points: HoverTarget[]) => tooltipOf(points) },
    series: [...wealthSeries(content), ...lowerSeries(content)],
  })
}

function contentOf({ splits, trials }: MarketChart, shown: number): Content {
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
    benchmarks: [...held, { name: 'random', points: of(shown, ({ random }) => random) }],
    prices: prices.map(({ name }, i) => ({
      name: prices.length === 1 ? 'price' : name,
      points: joined(
        pricesOf(
          splits.map((split) => split.prices[i]!),
          prices.length,
        ),
      ),
    })),
    positions: prices.map(({ name }, i) => ({
      name: prices.length === 1 ? 'position' : name,
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

/** Of several assets relative to the very first price, so that they share an axis. */
function pricesOf(lines: NamedSeries[], assets: number): ChartValues[] {
  const first = assets === 1 ? 1 : (lines[0]!.values[0] ?? 1)
  return lines.map(({ values }) => values.map((value) => (value === null ? null : value / first)))
}

function wealthSeries({ splits, agent, others, benchmarks }: Content): Option[] {
  return [
    ...others.map((points) => ({
      ...line('other trials', points, 0, 'var(--agent)', { width: 1, opacity: 0.45 }),
      silent: true,
    })),
    ...benchmarks.map(({ name, points }) =>
      line(name, points, 0, BENCHMARKS[name]!, {
        width: 1.5,
        type: name === 'max profit' ? 'dashed' : 'solid',
      }),
    ),
    {
      ...line('agent', agent, 0, 'var(--agent)', { width: 2.5 }),
      markLine: splitLines(splits, true),
    },
  ]
}

/** Of the panels below wealth. */
function lowerSeries({ splits, prices, positions, drawdown }: Content): Option[] {
  const single = prices.length === 1
  const color = (i: number) => (single ? 'var(--agent)' : ASSETS[i % ASSETS.length]!)
  const shade = (of: string) => ({ areaStyle: { color: of, opacity: 0.17, origin: 0 } })
  const marked = (series: Option[]) =>
    series.map((one, i) => (i === 0 ? { ...one, markLine: splitLines(splits, false) } : one))
  return [
    ...marked(
      prices.map(({ name, points }, i) =>
        line(name, points, 1, single ? 'var(--price)' : color(i), { width: 1.5 }),
      ),
    ),
    ...marked(
      positions.map(({ name, points }, i) => ({
        ...line(name, points, 2, color(i), { width: 1 }),
        step: 'end',
        ...(single && shade(color(i))),
      })),
    ),
    ...marked([{ ...line('drawdown', drawdown, 3, 'var(--bad)', { width: 1 }), ...shade('var(--bad)') }]),
  ]
}

function line(name: string, data: TimedValue[], panel: number, color: string, lineStyle: Option): Option {
  return {
    type: 'line',
    name,
    id: name === 'other trials' ? undefined : `${PANELS[panel]} ${name}`,
    data,
    xAxisIndex: panel,
    yAxisIndex: panel,
    symbol: 'none',
    color,
    lineStyle: { color, ...lineStyle },
    emphasis: { disabled: true },
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
const PANELS = ['wealth', 'price', 'position', 'drawdown']

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

// The wheel and a finger go on to scroll the page.
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

function legendOf({ others, benchmarks, prices }: Content, { isNarrow }: Size): Option {
  const names = [
    'agent',
    ...(others.length > 0 ? ['other trials'] : []),
    ...benchmarks.map(({ name }) => name),
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

interface Extent {
  min: number
  max: number
}

function verticalAxes(content: Content): Option[] {
  const { agent, benchmarks, prices, drawdown } = content
  const atFirst = benchmarks.filter(({ name }) => AT_FIRST.includes(name)).map(({ points }) => points)
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
    { ...axis('wealth', 0), scale: true, splitNumber: 5, ...wealthScale },
    { ...axis(prices.length === 1 ? 'price' : 'price / first', 1), scale: true, splitNumber: 3 },
    {
      ...axis('position', 2),
      min: ({ min }: Extent) => Math.min(-1, min),
      max: ({ max }: Extent) => Math.max(1, max),
    },
    {
      ...axis('drawdown', 3),
      max: 0,
      ...(isFlat && { min: -0.01 }),
      axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => `${formatNumber(100 * value)} %` },
    },
  ]
}

/** Of the greatest to the least value. */
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
  const told = points.filter(({ seriesName, value }) => seriesName !== 'other trials' && value[1] !== null)
  const time = new Date(told[0]?.value[0] ?? 0).toISOString().slice(0, 16).replace('T', ' ')
  return tooltip(
    `${time} UTC`,
    told.map(({ seriesName, seriesId, value, color }) => {
      const isOfAsset = told.filter((other) => other.seriesName === seriesName).length > 1
      return [isOfAsset ? seriesId : seriesName, formatNumber(value[1]), color]
    }),
  )
}
