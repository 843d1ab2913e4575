// Draws the pictures of a run as SVG strings. Pure: arrays in, text out; the caller writes the files.
import type { Table } from '../../data/table.ts'
import { headerHeight, legendNames, renderPicture } from './plot-panel.ts'
import type { Horizontal, PlotLine, Panel } from './plot-panel.ts'
import type { Values } from './plot-scale.ts'
import { assetColor, PAPER, RELATIVE_PRICE, SERIES, styleOf, type SeriesName } from '../series.ts'

/** Cumulative log rewards over steps. */
export interface RewardCurve {
  name: SeriesName
  values: Values
}

/** One asset's price and the weight of wealth held in it, row by row: `position[t]` is held from t to t + 1. */
export interface Holding {
  name: string
  price: Values
  position: Values
}

/** Losses of the updates, `steps[i]` being the environment steps taken so far. Ascending; NaN where none was made. */
export interface Losses {
  steps: Values
  criticLoss: Values
  actorLoss: Values
}

/** One split of the data (train, validation, test) for the combined picture. */
export interface SplitCurves {
  name: string
  /** Cumulative log rewards of the agent and the benchmarks. */
  curves: RewardCurve[]
  holdings: Holding[]
  /** Milliseconds since 1970 in UTC, one per row. */
  timestamps?: Values
}

const LEFT = 84
const RIGHT = 32
const BELOW = 56
const GAP = 18

const steps: Horizontal = { name: 'step', kind: 'value' }

function inTime(timestamps: Values | undefined): Horizontal {
  return timestamps ? { name: 'time (UTC)', kind: 'time', at: timestamps } : steps
}

type PanelContent = Omit<Panel, 'box' | 'x'>

/** The line of the agent is in front and thicker, since the others are compared with it. */
const FOREMOST = { width: 2.5, front: true }

function rewardContent(curves: RewardCurve[]): PanelContent {
  return {
    yName: 'cumulative log reward',
    zeroLine: true,
    lines: curves.map(({ name, values }) => ({
      ...lineOf(name, values),
      inLegend: true,
      ...(name === 'agent' && FOREMOST),
    })),
  }
}

function lineOf(series: SeriesName, values: Values, width?: number): PlotLine {
  const { label, color, dashed } = styleOf(series)
  return { name: label, values, color: PAPER[color], ...(dashed && { dashed }), ...(width && { width }) }
}

/** Prices above, weights below. Several assets share the axes, their prices relative to the first. */
function holdingContents(holdings: Holding[]): [PanelContent, PanelContent] {
  const { length } = holdings
  const single = length === 1
  const prices = holdings.map(({ name, price }, i) => ({
    name,
    values: single ? price : Array.from(price, (value) => value / price[0]!),
    color: PAPER[assetColor('price', i, length)],
    inLegend: !single,
  }))
  const weights = holdings.map(({ name, position }, i) => ({
    name,
    values: position,
    color: PAPER[assetColor('position', i, length)],
    width: 1.2,
    step: true,
    area: single,
  }))
  return [
    { yName: single ? SERIES.price.unit : RELATIVE_PRICE, lines: prices },
    { yName: SERIES.position.unit, yRange: [-1, 1], zeroLine: true, lines: weights },
  ]
}

function lossContents({ criticLoss, actorLoss }: Losses): [PanelContent, PanelContent] {
  return [
    { yName: SERIES.critic_loss.unit, lines: [lineOf('critic_loss', criticLoss, 1)] },
    { yName: SERIES.actor_loss.unit, lines: [lineOf('actor_loss', actorLoss, 1)] },
  ]
}

function environmentSteps(losses: Losses): Horizontal {
  return { name: 'environment steps', kind: 'value', at: losses.steps }
}

/** Contents one below the other on one horizontal axis, sharing the height between `top` and `bottom`. */
function stack(
  contents: PanelContent[],
  x: Horizontal,
  left: number,
  right: number,
  top: number,
  bottom: number,
) {
  const height = (bottom - top - GAP * (contents.length - 1)) / contents.length
  return contents.map((content, i): Panel => {
    const box = { left, top: top + i * (height + GAP), width: right - left, height }
    return { ...content, x, box, labelX: i === contents.length - 1 }
  })
}

/** A picture of contents stacked on one horizontal axis. */
function stackPicture(title: string, contents: PanelContent[], x: Horizontal, height: number): string {
  const width = 1200
  const top = headerHeight(legendNames(contents), width)
  return renderPicture({
    title,
    width,
    height,
    panels: stack(contents, x, LEFT, width - RIGHT, top, height - BELOW),
  })
}

/** Cumulative log reward (the sum of logs of wealth ratios so far) over steps, of the agent and its benchmarks. */
export function plotCumulativeReward({ title, curves }: { title: string; curves: RewardCurve[] }): string {
  return stackPicture(title, [rewardContent(curves)], steps, 600)
}

/**
 * Price above, weight of wealth below, over time or else steps.
 * Errors: Error when there are fewer timestamps than rows.
 */
export function plotPositions(options: {
  title: string
  holdings: Holding[]
  /** Milliseconds since 1970 in UTC, one per row. */
  timestamps?: Values | undefined
}): string {
  return stackPicture(options.title, holdingContents(options.holdings), inTime(options.timestamps), 700)
}

/** Critic loss above, actor loss below, each on its own scale, over environment steps. */
export function plotTrainingLosses({ title, ...losses }: Losses & { title: string }): string {
  return stackPicture(title, lossContents(losses), environmentSteps(losses), 700)
}

/** Mean return of the episodes of each validation, over environment steps. */
export function plotReturns(options: { title: string; steps: Values; returns: Values }): string {
  const lines = [lineOf('episode_return', options.returns)]
  const x: Horizontal = { name: 'environment steps', kind: 'value', at: options.steps }
  return stackPicture(options.title, [{ yName: 'mean episode return, validation', lines }], x, 600)
}

/** One trial in one picture: a column per split with rewards, price and weights, and the losses below. */
export function plotCombined({
  title,
  splits,
  losses,
}: {
  title: string
  splits: SplitCurves[]
  losses: Losses
}): string {
  const [width, height, gutter] = [1400, 1100, 32]
  const columns = splits.map(({ curves, holdings }) => [rewardContent(curves), ...holdingContents(holdings)])
  const top = headerHeight(legendNames(columns.flat()), width) + 24
  const cell = (count: number, i: number) => {
    const left = (i * (width - gutter)) / count + LEFT
    return [left, ((i + 1) * (width - gutter)) / count] as const
  }
  const panels = columns.flatMap((contents, i) => {
    const [left, right] = cell(splits.length, i)
    const stacked = stack(contents, inTime(splits[i]!.timestamps), left, right, top, 780)
    return stacked.map((panel, row) => (row === 0 ? { ...panel, title: splits[i]!.name } : panel))
  })
  const below = lossContents(losses).flatMap((content, i) => {
    const [left, right] = cell(2, i)
    return stack(
      [{ ...content, title: content.yName }],
      environmentSteps(losses),
      left,
      right,
      868,
      height - BELOW,
    )
  })
  return renderPicture({ title, width, height, panels: [...panels, ...below] })
}

/**
 * A table at a glance: open, high, low and close as candles (each may hold several rows) where it has them, and a
 * small chart of every column. The column `timestamp` is the horizontal axis, where there is one.
 */
export function plotColumns({ title, table }: { title: string; table: Table }): string {
  const { timestamp, ...columns } = table.columns
  const { open, high, low, close } = columns
  const [width, across, rowHeight] = [1200, 3, 190]
  const candles = open && high && low && close && { open, high, low, close }
  const x = inTime(timestamp)
  const top = headerHeight([], width)
  const below = candles ? top + 420 : top + 24
  const small = Object.entries(columns).map(([name, values], i): Panel => {
    const left = ((i % across) * (width - RIGHT)) / across + LEFT
    const box = {
      left,
      top: below + Math.floor(i / across) * rowHeight,
      width: (width - RIGHT) / across - LEFT,
      height: rowHeight - 76,
    }
    return {
      box,
      x: { ...x, name: '' },
      title: name,
      yName: '',
      lines: [{ name, values, color: PAPER.agent, width: 1 }],
    }
  })
  const overview = { left: LEFT, top, width: width - LEFT - RIGHT, height: 320 }
  const panels: Panel[] = candles
    ? [{ box: overview, x, yName: 'price', lines: [], candles }, ...small]
    : small
  const height = below + Math.ceil(small.length / across) * rowHeight
  return renderPicture({ title, width, height, panels })
}
