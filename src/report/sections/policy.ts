// Reports what policies do: their actions over what they observe.
import type { Block, MapChart } from '../document.ts'
import type { ChartData } from '../charts/chart-data.ts'
import { formatNumber } from '../tables/table.ts'

/** Numbers of an observation whose effects are listed: the greatest ones. */
const LISTED = 20

export function policyBlock(trials: readonly { seed: number; chartData: ChartData }[], shown: number): Block {
  const { map, effects } = trials[shown]!.chartData
  const chart: MapChart = {
    kind: 'map',
    trials: trials.map(({ seed, chartData }) => ({ name: `seed ${seed}`, ...chartData.map })),
  }
  const isLine = map.axes.length === 1
  const others = effects.length > map.axes.length ? ' All others stand at their medians.' : ''
  const what = `The ${map.action} that the policy chooses, and the critic’s value Q(s, μ(s)), over`
  const rule =
    'by how much it moves, in the mean over observed states, when that number alone goes from half a deviation below to half a deviation above'
  return {
    kind: 'chart',
    chart,
    title: 'Action and critic’s value',
    caption: isLine
      ? `${what} the only number of an observation.`
      : `${what} the two numbers of an observation that move the action most: ${rule}.${others} Dots are observed states: far from them the map is a guess.`,
    numbers: {
      header: ['observed', 'moves the action by'],
      rows: effects.slice(0, LISTED).map(({ name, effect }) => [name, formatNumber(effect)]),
    },
  }
}
