// Sets the metrics of the splits side by side.
import type { EpisodicMetrics } from '../../task/episodic.ts'
import type { CostResult } from '../../evaluate/costs.ts'
import type { Evaluation } from '../../evaluate/evaluate.ts'
import { SERIES, type SeriesName } from '../series.ts'
import { formatNumber } from './table.ts'

function benchmark(key: keyof Evaluation & SeriesName): [keyof Evaluation, string] {
  return [key, `  ${SERIES[key].label}`]
}

const ROWS: [keyof Evaluation, string][] = [
  ['sum_log_reward', 'Σ log reward'],
  benchmark('buy_and_hold'),
  benchmark('short_and_hold'),
  benchmark('twap'),
  benchmark('random'),
  benchmark('best_constant'),
  ['best_constant_position', '    its position'],
  benchmark('equal_weight'),
  benchmark('best_asset'),
  benchmark('minimum_variance'),
  benchmark('max_profit'),
  ['total_return', 'total return'],
  ['sharpe_ratio', 'Sharpe ratio, per bar'],
  ['sharpe_annualized', 'Sharpe ratio, annualized'],
  ['periods_per_year', '  bars in a year'],
  ['sortino_ratio', 'Sortino ratio, per bar'],
  ['max_drawdown', 'max drawdown'],
  ['max_gross_exposure', 'most Σ |weight|'],
  ['turnover_total', 'turnover'],
  ['win_rate', 'win rate'],
  ['trades', 'trades'],
  ['paid_fees', 'paid in fees'],
  ['paid_spread', 'paid in spread'],
  ['paid_slippage', 'paid in slippage'],
  ['paid_borrow', 'paid in interest'],
  ['paid_funding', 'paid in funding'],
  ['steps', 'steps'],
]

/** True when the row says something: costs that nobody paid, and benchmarks that there are not, do not. */
function isTold(key: keyof Evaluation, all: readonly Evaluation[]): boolean {
  const values = all.map((metrics) => metrics[key])
  if (key.startsWith('paid_')) return values.some((value) => value !== 0)
  return values.some((value) => value !== undefined)
}

const EPISODIC_ROWS: [keyof EpisodicMetrics, string][] = [
  ['mean_episode_return', 'mean episode return'],
  ['std_episode_return', '  deviation'],
  ['min_episode_return', '  least'],
  ['max_episode_return', '  greatest'],
  ['mean_episode_length', 'mean episode length'],
  ['n_episodes', 'episodes'],
]

/** Cells by row, below a header of as many. */
export interface TextTable {
  header: string[]
  rows: string[][]
}

/** A metric of episodes a row. */
export function compareEpisodes({ test }: Record<'test', EpisodicMetrics>): TextTable {
  return { header: ['', 'test'], rows: EPISODIC_ROWS.map(([key, label]) => [label, formatNumber(test[key])]) }
}

/** Header and rows: a metric a row, a split a column; the agent and its benchmarks, in one unit, come first. */
export function compareRollouts(evaluation: Record<string, Evaluation>): TextTable {
  const splits = Object.entries(evaluation)
  return {
    header: ['', ...splits.map(([split]) => split)],
    rows: ROWS.filter(([key]) => isTold(key, Object.values(evaluation))).map(([key, label]) => [
      label,
      ...splits.map(([, metrics]) => formatNumber(metrics[key])),
    ]),
  }
}

/** A cost a row; for each split the total return, and the Sharpe ratio per bar. */
export function compareCosts(costs: Record<string, CostResult[]>): TextTable {
  const splits = Object.entries(costs)
  const [first] = Object.values(costs)
  return {
    header: ['cost', ...splits.flatMap(([split]) => [split, 'Sharpe'])],
    rows: first!.map(({ cost_bp }, i) => [
      String(cost_bp),
      ...splits.flatMap(([, all]) => [all[i]!.total_return, all[i]!.sharpe_ratio].map(formatNumber)),
    ]),
  }
}
