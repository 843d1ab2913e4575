// Evaluations of the splits side by side.
import type { ControlMetrics } from '../control.ts'
import type { SplitName } from '../data/split.ts'
import type { Evaluation } from '../evaluate.ts'
import { SPLITS } from '../market.ts'
import type { TaskMetrics } from '../tasks.ts'
import { formatNumber } from './table.ts'

const ROWS: [keyof Evaluation, string][] = [
  ['sum_log_reward', 'Σ log reward'],
  ['buy_and_hold', '  buy & hold'],
  ['short_and_hold', '  short & hold'],
  ['twap', '  TWAP'],
  ['random', '  random'],
  ['best_constant', '  best constant'],
  ['best_constant_position', '    its position'],
  ['max_profit', '  max profit'],
  ['total_return', 'total return'],
  ['sharpe_ratio', 'Sharpe ratio, per bar'],
  ['sharpe_annualized', 'Sharpe ratio, annualized'],
  ['periods_per_year', '  bars in a year'],
  ['sortino_ratio', 'Sortino ratio, per bar'],
  ['max_drawdown', 'max drawdown'],
  ['turnover', 'turnover per step'],
  ['win_rate', 'win rate'],
  ['n_trades', 'trades'],
  ['steps', 'steps'],
]

const CONTROL_ROWS: [keyof ControlMetrics, string][] = [
  ['mean_episode_return', 'mean episode return'],
  ['std_episode_return', '  deviation'],
  ['min_episode_return', '  least'],
  ['max_episode_return', '  greatest'],
  ['mean_episode_length', 'mean episode length'],
  ['n_episodes', 'episodes'],
]

export function compareEvaluations(evaluation: TaskMetrics): { header: string[]; rows: string[][] } {
  if ('train' in evaluation) return compareRollouts(evaluation)
  const { test } = evaluation
  return { header: ['', 'test'], rows: CONTROL_ROWS.map(([key, label]) => [label, formatNumber(test[key])]) }
}

/** Header and rows: a metric a row, a split a column; the agent and its benchmarks, in one unit, come first. */
export function compareRollouts(evaluation: Record<SplitName, Evaluation>): {
  header: string[]
  rows: string[][]
} {
  return {
    header: ['', ...SPLITS],
    rows: ROWS.map(([key, label]) => [label, ...SPLITS.map((split) => formatNumber(evaluation[split][key]))]),
  }
}
