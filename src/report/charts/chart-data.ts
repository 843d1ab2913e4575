// Thins a trial to the numbers that charts show. They are numbers alone, so that they can come from another thread.
import { actionMap, type ActionMap } from './action-map.ts'
import { BENCHMARKS, PORTFOLIO_BENCHMARKS } from '../../evaluate/benchmarks.ts'
import type { EpisodicEvaluations, EpisodicTask } from '../../task/episodic.ts'
import type { CoreMath } from '../../core/core.ts'
import type { Learner } from '../../core/learner.ts'
import { tradingEnvironment } from '../../env/create.ts'
import type { ResumableEnv } from '../../env/env.ts'
import type { CoreModule } from '../../core/module.ts'
import { costSensitivity, type CostResult } from '../../evaluate/costs.ts'
import type { SplitName } from '../../data/split.ts'
import { deterministic, positionsIn } from '../../evaluate/evaluate.ts'
import { bySplit, type TradingEvaluations, type TradingTask } from '../../task/trading.ts'
import { drawdownsOf } from '../../evaluate/metrics.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { mean } from '../../math/statistics.ts'
import { loadPolicy, type TrialResult } from '../../trial/trial.ts'
import {
  chartValues,
  type ChartValues,
  type AgentChart,
  type ActionMapChart,
  type NamedSeries,
} from '../document.ts'
import type { SeriesName } from '../series.ts'
import { chosenRows } from './plot-scale.ts'

/** The chart data of a trial, by the kind of its task. */
export type ChartData = TradingChartData | EpisodicChartData

/** The part that all kinds of trials have. */
interface PolicyChartData {
  map: ActionMapChart
  effects: ActionMap['effects']
}

export interface TradingChartData extends PolicyChartData {
  kind: 'trading'
  splits: Record<
    SplitName,
    AgentChart & { times: number[]; prices: NamedSeries[]; benchmarks: NamedSeries<SeriesName>[] }
  >
  costs: Record<SplitName, CostResult[]>
}

export interface EpisodicChartData extends PolicyChartData {
  kind: 'episodic'
  /** Returns of the episodes, ascending. */
  returns: number[]
}

/** @param trials of how many this is one: of many, less is drawn of each */
export async function tradingChartData(
  scenario: Scenario,
  task: TradingTask,
  result: TrialResult<TradingEvaluations>,
  module: CoreModule,
  trials: number,
): Promise<TradingChartData> {
  const { learner, core } = await loadPolicy(result.policy, module)
  const actionNames = tradingEnvironment(scenario.env).actionNames(scenario.env, task.markets.train)
  const nameOf = (action: number) => actionNames[action]!
  const { evaluation } = result
  const points = Math.max(100, Math.min(900, 20_000 / trials))
  const policy = deterministic(learner)
  return {
    kind: 'trading',
    ...policyChartData(learner, task.createEnv(core), result.observed, trials, nameOf),
    splits: bySplit((split) => drawnSplit(task, evaluation, split, points, core.math)),
    costs: bySplit((split) =>
      costSensitivity(scenario, task.markets[split], policy, core, evaluation[split].agent),
    ),
  }
}

/** @param trials of how many this is one: of many, less is drawn of each */
export async function episodicChartData(
  task: EpisodicTask,
  result: TrialResult<EpisodicEvaluations>,
  module: CoreModule,
  trials: number,
): Promise<EpisodicChartData> {
  const { learner, core } = await loadPolicy(result.policy, module)
  const { returns } = result.evaluation.test
  return {
    kind: 'episodic',
    ...policyChartData(learner, task.createEnv(core), result.observed, trials, () => 'action'),
    returns: returns.toSorted((a, b) => a - b).map(rounded),
  }
}

/** @param nameOf names an action by its index */
function policyChartData(
  learner: Learner,
  { obsNames }: ResumableEnv,
  observed: Float32Array,
  trials: number,
  nameOf: (action: number) => string,
): PolicyChartData {
  const map = actionMap(learner, observed, obsNames, trials > 20 ? 15 : 31)
  return { map: drawnMap(map, nameOf(map.action)), effects: map.effects }
}

function drawnMap({ axes, actions, q, observed }: ActionMap, action: string): ActionMapChart {
  return {
    axes: axes.map(({ name, values }) => ({ name, values: values.map(rounded) })),
    action,
    actions: Array.from(actions, (value) => Math.round(100 * value)),
    q: chartValues(q),
    observed: observed.map((state) => state.map(rounded)),
  }
}

/** @param points of all splits together; the rows follow from the prices, so that they are those of every trial */
function drawnSplit(
  { table, splits, markets }: TradingTask,
  evaluations: TradingEvaluations,
  split: SplitName,
  points: number,
  math: CoreMath,
): TradingChartData['splits'][SplitName] {
  const { agent, random, benchmarks, portfolios, curves } = evaluations[split]
  const { prices, priceNames, rows: total } = markets[split]
  const assets = prices.length
  const { firstRow } = agent
  const share = Math.max(20, Math.floor((points * total) / (splits.test.to - splits.train.from)))
  const rows = chosenRows(total - firstRow, [prices[0]!.subarray(firstRow)], share)
  const at = (values: ArrayLike<number>) => chartValues(rows.map((row) => values[row] ?? NaN))
  const relative = (wealth: Float64Array) => at(wealth.map((value) => value / wealth[0]!))
  const times = table.columns.timestamp!.subarray(splits[split].from + firstRow)
  const most = curves.find(({ name }) => name === 'max_profit')!
  return {
    times: rows.map((row) => times[row]!),
    prices: prices.map((price, i) => ({ name: priceNames[i]!, values: at(price.subarray(firstRow)) })),
    benchmarks: [
      ...BENCHMARKS.filter((name) => name !== 'random').map((name) => {
        return { name, values: relative(benchmarks[name]) }
      }),
      ...PORTFOLIO_BENCHMARKS.flatMap((name) => {
        const course = portfolios[name]
        return course ? [{ name, values: relative(course) }] : []
      }),
      { name: 'max_profit' as const, values: at(most.values.map(math.exp)) },
    ],
    wealth: relative(agent.wealth),
    random: relative(random.wealth),
    drawdown: deepest(drawdownsOf(agent.wealth), rows),
    positions: prices.map((_, asset) => means(positionsIn(asset, assets, agent), rows)),
  }
}

/** The mean of each row and those before the next one. */
function means(positions: Float64Array, rows: readonly number[]): ChartValues {
  return chartValues(rows.map((row, i) => mean(positions.subarray(row, rows[i + 1] ?? positions.length))))
}

/** The lowest value of each row and those since the one before. */
function deepest(drawdowns: Float64Array, rows: readonly number[]): ChartValues {
  return chartValues(
    rows.map((row, i) => {
      const since = drawdowns.subarray(i === 0 ? 0 : rows[i - 1]! + 1, row + 1)
      return since.length === 0 ? NaN : since.reduce((a, b) => Math.min(a, b))
    }),
  )
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
