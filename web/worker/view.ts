// Turns runs into what a chart can show: aligned columns of at most MOST points.
import type { Table } from '../../src/data/table.ts'
import { buyAndHold } from '../../src/evaluate/benchmarks.ts'
import type { Rollout } from '../../src/evaluate/evaluate.ts'
import type { TradingTask } from '../../src/task/trading.ts'
import type { SplitName } from '../../src/data/split.ts'
import { SERIES } from '../../src/report/series.ts'
import { chosenRows } from '../../src/report/charts/plot-scale.ts'
import type { TrainingCurves } from '../../src/trial/collector.ts'
import type { ChartedCurves, MarketLine, MarketView } from '../protocol.ts'

/** More than a chart has pixels, few enough to draw in a frame. */
const MOST = 2000

const pick = (values: ArrayLike<number>, rows: readonly number[]): Float64Array =>
  Float64Array.from(rows, (row) => values[row] ?? NaN)

/** All of the data, before there is an agent. */
export function viewOfTable({ length, columns }: Table): MarketView {
  const price = columns.close!
  const rows = chosenRows(length, [price], MOST)
  const x = pick(columns.timestamp!, rows).map((time) => time / 1000)
  return {
    title: `all ${length.toLocaleString('en')} rows`,
    x,
    prices: [{ name: SERIES.price.label, values: pick(price, rows) }],
    positions: [],
    wealth: [],
  }
}

/** Prices, positions and wealth of an agent on a split. */
export function viewOfRollout(
  title: string,
  split: SplitName,
  { markets, splits, table }: TradingTask,
  { firstRow, wealth, positions }: Rollout,
): MarketView {
  const market = markets[split]
  const assets = market.prices.length
  const { length } = wealth
  const times = table.columns.timestamp!.subarray(splits[split].from + firstRow)
  const relative = (values: ArrayLike<number>) => Float64Array.from(values, (value) => value / values[0]!)
  const lines = {
    prices: market.prices.map((price, asset) => {
      const shown = price.subarray(firstRow, firstRow + length)
      if (assets === 1) return { name: SERIES.price.label, values: shown }
      return { name: `${market.priceNames[asset]}, relative`, values: relative(shown) }
    }),
    positions: market.prices.map((_, asset) => ({
      name: assets === 1 ? SERIES.position.label : `${SERIES.position.label} ${market.priceNames[asset]}`,
      values: positions.filter((_, i) => i % assets === asset),
    })),
    wealth: [
      { name: SERIES.agent.label, values: relative(wealth) },
      { name: SERIES.buy_and_hold.label, values: buyAndHold(market, firstRow).subarray(0, length) },
    ],
  }
  const rows = chosenRows(
    length,
    [...lines.prices, lines.wealth[0]!].map(({ values }) => values),
    MOST,
  )
  const chosen = (all: MarketLine[]) => all.map(({ name, values }) => ({ name, values: pick(values, rows) }))
  return {
    title,
    x: pick(times, rows).map((time) => time / 1000),
    prices: chosen(lines.prices),
    positions: chosen(lines.positions),
    wealth: chosen(lines.wealth),
  }
}

/** Losses and episodes of a training so far. */
export function chartedCurves({ losses, episodes }: TrainingCurves): ChartedCurves {
  const updates = chosenRows(losses.steps.length, [losses.criticLoss, losses.actorLoss], MOST)
  const ends = chosenRows(episodes.steps.length, [episodes.rewards], MOST)
  return {
    losses: {
      step: pick(losses.steps, updates),
      critic: pick(losses.criticLoss, updates),
      actor: pick(losses.actorLoss, updates),
    },
    episodes: { step: pick(episodes.steps, ends), reward: pick(episodes.rewards, ends) },
  }
}
