// This file holds the keys of `env` that say how weights are made of actions, what trading and holding cost, and what
// is rewarded.
import { z } from 'zod'
import { fraction, nonNegative, positive } from './kinds.ts'

const WEIGHTS = {
  long_short: 'each action is a weight in [-1, 1]',
  long_only: 'each action is a weight in [0, 1], (action + 1) / 2',
  portfolio: 'one action for cash and one for each asset are shares, which are divided by their sum',
}

const REWARDS = {
  log_return: 'logarithm of the ratio of wealth after to wealth before',
  simple_return: 'that ratio less 1',
  differential_sharpe: 'what the return adds to the Sharpe ratio so far (Moody and Saffell), clipped to ± 10',
  differential_downside: 'the same of the downside deviation ratio',
  log_return_variance: 'log_return less reward_penalty times its squared distance from its running mean',
  log_return_drawdown: 'log_return less reward_penalty times the drawdown, a fraction of the highest wealth',
  log_return_turnover: 'log_return less reward_penalty times the part of wealth that is traded',
  excess_return: 'log_return less that of equal weights of the assets',
}
export type RewardType = keyof typeof REWARDS

/** `name: meaning; name: meaning` */
function meanings(table: Record<string, string>): string {
  return Object.entries(table)
    .map(([name, meaning]) => `${name}: ${meaning}`)
    .join('; ')
}

function names<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[]
}

const columnName = z.string().min(1)

/** Keys of `tradingenv` alone. */
export const weightKeys = {
  weights: z
    .enum(names(WEIGHTS))
    .default('long_short')
    .describe(`tradingenv: how actions become weights of wealth. ${meanings(WEIGHTS)}`),
  allow_shorts: z
    .boolean()
    .default(false)
    .describe(
      'tradingenv, weights portfolio: shares of assets may be negative; |weights| and cash add up to 1',
    ),
  max_gross: positive
    .nullable()
    .default(null)
    .describe(
      'tradingenv: Σ |weight| at most, more is scaled down; null = 1, or one for each asset with weights long_short',
    ),
  no_trade_band: fraction
    .default(0)
    .describe(
      'tradingenv: a weight is left where it has drifted to until it is to change by as much as this',
    ),
  spread: fraction
    .default(0)
    .describe('tradingenv: ask less bid, as a fraction of the price; a trade pays half of it'),
  slippage: nonNegative
    .default(0)
    .describe('tradingenv: what a trade loses besides, in units that slippage_model says'),
  slippage_model: z
    .enum(['fixed', 'range', 'volume'])
    .default('fixed')
    .describe(
      'tradingenv: slippage is a fraction of the notional (fixed), of the bar’s (high − low) / price (range), or what ' +
        'trading all the bar’s volume would cost, in proportion to the share of it that is traded (volume)',
    ),
  funding_rate: z
    .union([z.number(), columnName, z.array(columnName).min(1).max(64)])
    .default(0)
    .describe(
      'tradingenv: what a long pays on its value each step and a short is paid; a number, a column of the data, or one for each asset',
    ),
}

export const rewardKeys = {
  reward_type: z
    .enum(names(REWARDS))
    .default('log_return')
    .describe(`reward; evaluation is in money whatever is rewarded. ${meanings(REWARDS)}`),
  reward_eta: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe(
      'rate of the running means of differential_sharpe, differential_downside and log_return_variance',
    ),
  reward_penalty: nonNegative
    .default(1)
    .describe('weight of what log_return_variance, log_return_drawdown and log_return_turnover take off'),
}

/** Reward types that read these keys. */
export const READ_BY_REWARDS: Record<'reward_eta' | 'reward_penalty', readonly RewardType[]> = {
  reward_eta: ['differential_sharpe', 'differential_downside', 'log_return_variance'],
  reward_penalty: ['log_return_variance', 'log_return_drawdown', 'log_return_turnover'],
}

type WeightConfig = { [K in keyof typeof weightKeys]: z.output<(typeof weightKeys)[K]> }

/** Σ |weight| at most, of so many assets. */
export function grossCap(
  { weights, max_gross: most }: Pick<WeightConfig, 'weights' | 'max_gross'>,
  assets: number,
): number {
  return Math.min(assets, most ?? (weights === 'long_short' ? assets : 1))
}

/** True when a weight may be negative. */
export function mayShort({
  weights,
  allow_shorts: shorts,
}: Pick<WeightConfig, 'weights' | 'allow_shorts'>): boolean {
  return weights === 'long_short' || (weights === 'portfolio' && shorts)
}

/** The cost of each trade whatever the bar, as a fraction of the notional. */
export function tradingCost({
  trading_fees: fee,
  spread,
  slippage,
  slippage_model: model,
}: Pick<WeightConfig, 'spread' | 'slippage' | 'slippage_model'> & { trading_fees: number }): number {
  return fee + spread / 2 + (model === 'fixed' ? slippage : 0)
}
