// The data that reports draw are thinned and rounded, and still true.
import { describe, expect, it } from 'vitest'
import { createCore } from '../../../src/core/core.ts'
import { generate } from '../../../src/data/synthetic.ts'
import { bySplit, tradingTask, SPLITS } from '../../../src/task/trading.ts'
import { drawdownsOf } from '../../../src/evaluate/metrics.ts'
import { learningCurvesBlock } from '../../../src/report/sections/learning-curves.ts'
import type { Block, LearningCurvesChart } from '../../../src/report/document.ts'
import { tradingChartData } from '../../../src/report/charts/chart-data.ts'
import type { TrialSummary } from '../../../src/report/trial-summary.ts'
import { evaluate } from '../../../src/evaluate/evaluate.ts'
import { core, module, run, smallScenario, table } from '../../helpers/trial.ts'

describe('the chart data of a trial', () => {
  it('has every row of a short market, where it is traded', async () => {
    const { config, prepared, result } = await run()
    const { splits, map } = await tradingChartData(config, prepared, result, module, 1)
    const { test } = splits
    const { agent } = result.evaluation.test
    const from = prepared.splits.test.from
    expect(test.times).toEqual([...table.columns['timestamp']!.subarray(from, from + 30)])
    expect(test.prices).toEqual([
      {
        name: 'close',
        values: Array.from(prepared.markets.test.prices[0]!, (price) => Number(price.toPrecision(5))),
      },
    ])
    test.wealth.forEach((value, i) => expect(value).toBeCloseTo(agent.wealth[i]! / agent.wealth[0]!, 3))
    expect(test.positions[0]).toHaveLength(30)
    expect(test.positions[0]![29]).toBeNull() // nothing is traded at the last row
    expect(test.benchmarks.map(({ name }) => name)).toEqual([
      'buy_and_hold',
      'short_and_hold',
      'twap',
      'best_constant',
      'max_profit',
    ])
    const most = test.benchmarks.at(-1)!.values.at(-1)!
    expect(Math.log(most)).toBeCloseTo(result.evaluation.test.metrics.max_profit, 3)
    expect(map).toMatchObject({
      action: 'position in close',
      axes: [{ values: expect.any(Array) }, { values: expect.any(Array) }],
    })
    expect(map.actions).toHaveLength(31 * 31)
    for (const percent of map.actions) expect(Math.abs(percent)).toBeLessThanOrEqual(100)
  })

  it('of a long market keeps what is deepest, in few points', async () => {
    const config = smallScenario()
    const { result } = await run()
    Object.assign(config.data, { train_size: 12_000, validation_size: 4000, test_size: 4000 })
    Object.assign(config.data_generator!, { n_periods: 200, samples_per_period: 100, volatility: 0.05 })
    const long = generate(config.data_generator!, '1h', await createCore(module, 4))
    const prepared = tradingTask(config, long, core.math)
    // wanders, without knowing where to
    const evaluation = bySplit((split) =>
      evaluate(config, prepared.markets[split], (obs) => [obs[2]! * 0.5], core),
    )
    const { splits } = await tradingChartData(config, prepared, { ...result, evaluation }, module, 40)
    for (const split of SPLITS) {
      const { times, wealth, drawdown, positions } = splits[split]
      expect(times.length).toBeGreaterThan(60)
      expect(times.length).toBeLessThanOrEqual(310)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect([wealth.length, drawdown.length]).toEqual([times.length, times.length])
      const { metrics, agent } = evaluation[split]
      expect(wealth.at(-1)).toBeCloseTo(1 + metrics.total_return, 3)
      expect(Math.min(...drawdownsOf(agent.wealth))).toBe(metrics.max_drawdown)
      expect(Math.min(...(drawdown as number[]))).toBeCloseTo(metrics.max_drawdown, 3)
      // the mean over stretches of time is the mean of all, wherever these begin
      const all = long.columns['timestamp']!.subarray(prepared.splits[split].from)
      const weights = times.map((time, i) => all.indexOf(times[i + 1] ?? time) - all.indexOf(time))
      const mean = positions[0]!.reduce<number>((sum, position, i) => sum + (position ?? 0) * weights[i]!, 0)
      const { positions: held } = agent
      expect(mean / held.length).toBeCloseTo(
        held.reduce((sum, position) => sum + position, 0) / held.length,
        3,
      )
    }
  })

  it('ends where the agent was ruined', async () => {
    const ruinous = { ...table, columns: { ...table.columns, close: table.columns['close']!.slice() } }
    ruinous.columns.close.fill(1e6, 100)
    const { config, prepared, result } = await run({}, { data: ruinous })
    const test = evaluate(config, prepared.markets.test, () => [-1], core)
    const evaluation = { ...result.evaluation, test }
    const { splits } = await tradingChartData(config, prepared, { ...result, evaluation }, module, 1)
    const { wealth, benchmarks } = splits.test
    expect(wealth[9]).toBeGreaterThan(0)
    expect(wealth.slice(11)).toEqual(Array(19).fill(null))
    expect(benchmarks[0]!.values[29]).toBeGreaterThan(1)
  })
})

describe('learning curves', () => {
  const trial = (seed: number, steps: number[], scores: number[]): TrialSummary => ({
    name: `trial_${seed}`,
    seed,
    status: 'FINISHED',
    step: steps.at(-1) ?? 0,
    findings: [],
    curves: {
      validations: { steps, scores },
      losses: { steps, criticLoss: scores, actorLoss: scores },
      episodes: { steps: [], rewards: [], lengths: [], positionChanges: [] },
    },
  })
  const panelsOf = (trials: TrialSummary[]) => {
    const block = learningCurvesBlock(trials, 'score', core.random.evaluation) as Extract<
      Block,
      { kind: 'chart' }
    >
    return { panels: (block.chart as LearningCurvesChart).panels, numbers: block.numbers! }
  }

  it('have the interquartile mean with its interval, and of losses the median with the quartiles', () => {
    const trials = [1, 2, 3, 4, 100].map((score, seed) => trial(seed, [10, 20], [score, 2 * score]))
    const [validation, critic] = panelsOf(trials).panels
    expect(validation!.middle).toEqual([3, 6])
    const [low, high] = [validation!.range!.low[0]!, validation!.range!.high[0]!]
    expect(low).toBeGreaterThanOrEqual(1)
    expect(low).toBeLessThan(3)
    expect(high).toBeGreaterThan(3)
    expect(critic!.middle).toEqual([3, 6])
    expect(critic!.range).toEqual({
      labels: ['lower quartile', 'upper quartile'],
      low: [2, 4],
      high: [4, 8],
    })
    expect(validation!.range!.labels).toEqual(['95 % CI low', '95 % CI high'])
    expect(validation!.trials.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((seed) => `seed ${seed}`))
  })

  it('go on with those that are left when one was stopped', () => {
    const [validation] = panelsOf([
      trial(0, [10, 20, 30], [1, 2, 3]),
      trial(1, [10], [3]),
      trial(2, [10, 20], [5, 4]),
    ]).panels
    expect(validation!.steps).toEqual([10, 20, 30])
    expect(validation!.middle).toEqual([3, 3, 3])
    expect(validation!.range!.low[2]).toBeNull()
    expect(validation!.trials[1]!.values).toEqual([3, null, null])
  })

  it('of one trial are that trial, and without any validation are empty', () => {
    const [validation] = panelsOf([trial(0, [10, 20], [1, 2])]).panels
    expect(validation).toEqual({
      title: 'score',
      series: 'agent',
      steps: [10, 20],
      middle: [1, 2],
      trials: [],
    })
    expect(panelsOf([trial(0, [], [])])).toMatchObject({
      panels: [{ steps: [], middle: [] }, {}, {}],
      numbers: { rows: [] },
    })
  })

  it('are thinned, and end with the last step', () => {
    const steps = Array.from({ length: 5001 }, (_, i) => 10 * i)
    const { panels, numbers } = panelsOf([trial(0, steps, steps)])
    expect(panels[0]!.steps.length).toBeLessThanOrEqual(200)
    expect(panels[0]!.steps.at(-1)).toBe(50_000)
    expect(numbers.rows.length).toBeLessThanOrEqual(10)
    expect(numbers.rows.at(-1)).toEqual(['50000', '50000'])
  })
})
