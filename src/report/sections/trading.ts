// Reports the results of agents that trade.
import { SPLITS } from '../../task/trading.ts'
import type { SplitName } from '../../data/split.ts'
import type { TrialStatistics } from '../../task/across-trials.ts'
import { compareCosts, compareRollouts, type TextTable } from '../tables/metrics.ts'
import { compareProbabilities, compareTradingTrials, shareOf } from '../tables/across-trials.ts'
import type { Block, Figure, MarketChart } from '../document.ts'
import { formatCount, formatPercent } from '../tables/format.ts'
import {
  captured,
  heldReturn,
  medianMetrics,
  medianOf,
  returnAt,
  type TradingTrial,
} from '../trial-summary.ts'
import { formatNumber } from '../tables/table.ts'

type SplitStatistics = Record<SplitName, TrialStatistics>

/** The numbers that say most, all of the test rows. */
export function marketFigures(trials: readonly TradingTrial[], statistics: SplitStatistics): Figure[] {
  const { test } = medianMetrics(trials)
  const [low, high] = statistics.test.total_return.median_interval
  const middle = (note: string) => (trials.length > 1 ? `median; ${note}` : note)
  const better = trials.filter(
    ({ evaluation: { test } }) => (test.sum_log_reward ?? -Infinity) > test.buy_and_hold!,
  )
  return [
    {
      label: 'Total return, test rows',
      value: formatPercent(test.total_return),
      note: `${trials.length > 1 ? `median, ${formatPercent(low)} to ${formatPercent(high)}` : 'of the agent'}; buy and hold ${formatPercent(heldReturn(trials[0]!, 'test'))}`,
    },
    {
      label: 'Better than buy and hold',
      value: shareOf(better.length, trials.length),
      note: trials.length === 1 ? 'on the test rows' : 'trials on the test rows',
    },
    {
      label: 'Share of a perfect trader’s gain',
      value: formatPercent(captured(test)),
      note: middle('by Σ log reward'),
    },
    {
      label: 'Total return at 10 bp a trade',
      value: formatPercent(medianOf(trials.map(({ chartData }) => returnAt(chartData, 'test', 10)))),
      note: middle('fees and slippage'),
    },
    {
      label: 'Sharpe ratio per bar',
      value: formatNumber(test.sharpe_ratio),
      note: middle(`${formatNumber(test.sharpe_annualized)} annualized`),
    },
    {
      label: 'Max drawdown',
      value: formatPercent(test.max_drawdown),
      note: middle(`${formatCount(test.steps)} steps`),
    },
  ]
}

/** @param cost of a trade in the scenario, as a fraction of what is traded */
export function marketBlocks(
  trials: readonly TradingTrial[],
  shown: number,
  statistics: SplitStatistics,
  cost: number,
): Block[] {
  const several = trials.length > 1
  const which = several
    ? `The chart shows seed ${trials[shown]!.seed}, the one in the middle on the validation rows; the others are faint.`
    : ''
  const medians = medianMetrics(trials)
  const over = several ? ', medians over the trials' : ''
  return [
    {
      kind: 'chart',
      chart: marketChart(trials),
      title: 'Wealth, price, position and drawdown',
      caption: `Growth of 1, restarted in cash at each split. ${which}`.trim(),
    },
    ...(several ? [trialsTable(trials, statistics)] : []),
    {
      kind: 'table',
      title: `Metrics${over}`,
      table: compareRollouts(medians),
      caption:
        'The agent and its benchmarks in Σ ln of wealth ratios, then the metrics of the agent, in fractions. Benchmarks of the market pay no fees.',
    },
    ...(several
      ? [{ kind: 'table', title: 'Trials on the test rows', table: testTable(trials) } as const]
      : []),
    {
      kind: 'table',
      title: `Total return and Sharpe ratio by what a trade costs${over}`,
      table: compareCosts(medianCosts(trials)),
      caption: `Cost in basis points of what is traded: fees, slippage and half the spread together, instead of those of the scenario, which has ${formatNumber(cost * 10_000)}.`,
    },
    ...(several
      ? [{ kind: 'table', title: 'Against the benchmarks', table: compareProbabilities(statistics) } as const]
      : []),
    { kind: 'table', title: `All metrics${over}`, table: allMetrics(medians), folded: true },
  ]
}

function trialsTable(trials: readonly TradingTrial[], statistics: SplitStatistics): Block {
  return {
    kind: 'table',
    title: 'Trials',
    table: compareTradingTrials(trials, statistics),
    caption: 'The interval is that of the interquartile mean, from a stratified bootstrap.',
  }
}

const TEST_COLUMNS = [
  ['total return', 'total_return'],
  ['Sharpe', 'sharpe_ratio'],
  ['max drawdown', 'max_drawdown'],
  ['turnover', 'turnover_total'],
  ['trades', 'trades'],
  ['long', 'pct_long'],
] as const

function testTable(trials: readonly TradingTrial[]): TextTable {
  return {
    header: ['', ...TEST_COLUMNS.map(([label]) => label)],
    rows: trials.map(({ seed, evaluation: { test } }) => [
      `seed ${seed}`,
      ...TEST_COLUMNS.map(([, key]) => formatNumber(test[key])),
    ]),
  }
}

function medianCosts(trials: readonly TradingTrial[]): Parameters<typeof compareCosts>[0] {
  const costs = SPLITS.map((split) => [
    split,
    trials[0]!.chartData.costs[split].map(({ cost_bp }, i) => ({
      cost_bp,
      total_return: medianOf(trials.map(({ chartData }) => chartData.costs[split][i]!.total_return))!,
      sharpe_ratio: medianOf(trials.map(({ chartData }) => chartData.costs[split][i]!.sharpe_ratio)),
    })),
  ])
  return Object.fromEntries(costs)
}

function allMetrics(metrics: ReturnType<typeof medianMetrics>): TextTable {
  const all = Object.keys(metrics.test) as (keyof typeof metrics.test)[]
  // which turnover_total and trades say better
  const keys = all.filter((key) => key !== 'turnover' && key !== 'n_trades')
  return {
    header: ['', ...SPLITS],
    rows: keys.map((key) => [key, ...SPLITS.map((split) => formatNumber(metrics[split][key]))]),
  }
}

/** Time, prices and benchmarks are those of the first trial: they are alike in all. */
function marketChart(trials: readonly TradingTrial[]): MarketChart {
  const { splits } = trials[0]!.chartData
  return {
    kind: 'market',
    splits: SPLITS.map((name) => {
      const { times, prices, benchmarks } = splits[name]
      return { name, times, prices, benchmarks }
    }),
    trials: trials.map(({ seed, chartData }) => ({
      name: `seed ${seed}`,
      splits: SPLITS.map((name) => {
        const { wealth, random, drawdown, positions } = chartData.splits[name]
        return { wealth, random, drawdown, positions }
      }),
    })),
  }
}
