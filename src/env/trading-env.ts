// This is the environment `tradingenv`: actions become target weights of wealth in each asset, the rest is cash. Every
// step rebalances to them at the current price and pays for what it trades and for what it holds:
//
//   wealth' = wealth (1 + Σ aᵢ Rᵢ − cost Σ |aᵢ − wᵢ| − holding),  R = price' / price − 1,  w = weights drifted since
//
// The reward is ln(wealth' / wealth), clipped, or another one (reward.ts). The end of the data truncates; ruin terminates.
import type { CoreMath } from '../core/core.ts'
import { ENVIRONMENTS } from '../scenario/environments.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import { tradingCost } from '../scenario/trading-keys.ts'
import { createHolding, createSlippage, type CostConfig } from './costs.ts'
import {
  type HoldingPaid,
  type Market,
  savedCount,
  type ResumableEnv,
  type Rollout,
  type StepInfo,
  type StepResult,
  type Trade,
  type TradingEnvironment,
} from './env.ts'
import { createReward, type RewardConfig } from './reward.ts'
import { actionNames, actionsFor, createWeighing, evenActions, type WeightsConfig } from './weights.ts'
import { DdpgError } from '../base/errors.ts'

const REWARD_CLIP = 2

type TradingEnvConfig = Pick<EnvConfig, 'initial_cash' | 'include_position_feature'> &
  CostConfig &
  WeightsConfig &
  RewardConfig

/** obs = features of the current row, then the current weights when `include_position_feature` is set. */
export function createTradingEnv(config: TradingEnvConfig, market: Market, math: CoreMath): ResumableEnv {
  const { initial_cash: initialCash, include_position_feature: observesWeights } = config
  const { prices, features, rows } = market
  const assets = prices.length
  const featureCount = market.featureNames.length
  const obs = new Float32Array(featureCount + (observesWeights ? assets : 0))
  const weights = new Float64Array(assets)
  const position = new Float64Array(assets)
  const weigh = createWeighing(config, assets)
  const costs = createTradingCost(config, market)
  const holding = createHolding(config, market)
  const reward = createReward(config, math, REWARD_CLIP)
  let row = 0
  let wealth = initialCash
  let over = true

  function observe(): Float32Array {
    for (let i = 0; i < featureCount; i++) obs[i] = features[row * featureCount + i]!
    if (observesWeights) obs.set(weights, featureCount)
    return obs
  }

  function info(): StepInfo {
    return { step: row, row, wealth, position }
  }

  function reset(): { obs: Float32Array; info: StepInfo } {
    row = 0
    wealth = initialCash
    over = false
    weights.fill(0)
    position.fill(0)
    reward.reset(wealth)
    return { obs: observe(), info: info() }
  }

  function step(action: ArrayLike<number>): StepResult {
    if (over) throw new DdpgError('the episode is over: call reset')
    weigh(action, weights, position)
    let growth = 1
    let turnover = 0
    for (let i = 0; i < assets; i++) {
      const change = prices[i]![row + 1]! / prices[i]![row]! - 1
      const traded = Math.abs(position[i]! - weights[i]!)
      growth += position[i]! * change - costs(i, row, traded, wealth) * traded
      turnover += traded
    }
    if (holding) {
      const { borrow, funding } = holding(position, row)
      growth -= borrow + funding
    }
    for (let i = 0; i < assets; i++)
      weights[i] = (position[i]! * (prices[i]![row + 1]! / prices[i]![row]!)) / growth
    wealth *= growth
    row++
    const terminated = !(growth > 0)
    const truncated = !terminated && row === rows - 1
    over = terminated || truncated
    if (terminated) weights.fill(0)
    const rewarded = terminated ? reward.ruin : reward.of({ growth, turnover, wealth, market: evenGrowth })
    return { obs: observe(), reward: rewarded, terminated, truncated, info: info() }
  }

  /** Growth of the even portfolio in the step before this row. */
  function evenGrowth(): number {
    let sum = 0
    for (const price of prices) sum += price[row]! / price[row - 1]!
    return sum / assets
  }

  function save(): Float64Array {
    return Float64Array.of(row, wealth, over ? 1 : 0, ...weights, ...position, ...reward.save())
  }

  function restore([savedRow, savedWealth, savedOver, ...rest]: Float64Array): void {
    row = savedCount(savedRow, rows)
    wealth = savedWealth!
    over = savedOver === 1
    weights.set(rest.slice(0, assets))
    position.set(rest.slice(assets, 2 * assets))
    reward.restore(rest.slice(2 * assets))
  }

  const obsNames = ENVIRONMENTS.tradingenv.obsNames(config, market)
  return { obsDim: obs.length, obsNames, actionDim: actionsFor(config, assets), reset, step, save, restore }
}

/** Creates the cost of trading a part of wealth, as a fraction of the notional. */
function createTradingCost(
  config: CostConfig,
  market: Market,
): (asset: number, row: number, traded: number, wealth: number) => number {
  const always = tradingCost(config)
  if (config.slippage_model === 'fixed') return () => always
  const slippage = createSlippage(config, market)
  return (asset, row, traded, wealth) =>
    always + slippage(asset, row, (traded * wealth) / market.prices[asset]![row]!)
}

export const weightEnvironment: TradingEnvironment = {
  create: createTradingEnv,
  wholeEpisodes: (config) => config,
  constantActions: evenActions,
  repeatsPositions: ({ include_position_feature: observesWeights, weights, max_gross, no_trade_band }) =>
    !observesWeights && weights === 'long_short' && max_gross === null && no_trade_band === 0,
  actionNames: (config, { priceNames }) => actionNames(config, priceNames),
  trades: weightTrades,
  holding: weightHolding,
  positionFolder: 'portfolio_weights_data',
}

/** Weights that differ by less are the same but for rounding. */
const LEAST_CHANGE = 1e-12

/** A weight that is held drifts with the price, and to hold it is to trade. */
function* weightTrades(
  { positions, wealth, firstRow }: Rollout,
  market: Market,
  config: EnvConfig,
): Generator<Trade, void> {
  const { prices } = market
  const assets = prices.length
  const slippageOf = createSlippage(config, market)
  for (let t = 0; t < positions.length / assets; t++) {
    const row = firstRow + t
    for (let asset = 0; asset < assets; asset++) {
      const price = prices[asset]![row]!
      const unitsOf = (at: number) =>
        (positions[at * assets + asset]! * wealth[at]!) / prices[asset]![firstRow + at]!
      const held = t === 0 ? 0 : unitsOf(t - 1)
      const [from, to] = [(held * price) / wealth[t]!, positions[t * assets + asset]!]
      if (!(Math.abs(to - from) >= LEAST_CHANGE)) continue // nor where wealth is beyond all numbers
      const quantity = unitsOf(t) - held
      const notional = Math.abs(quantity) * price
      const fee = config.trading_fees * notional
      const spread = (config.spread / 2) * notional
      const slippage = slippageOf(asset, row, Math.abs(quantity)) * notional
      const what = { asset, from, to, quantity, price, notional, fee, spread, slippage }
      yield { step: t + 1, row, ...what, wealth: wealth[t]! }
    }
  }
}

function weightHolding(
  { positions, wealth, firstRow }: Rollout,
  market: Market,
  config: EnvConfig,
): HoldingPaid {
  const assets = market.prices.length
  const paid: HoldingPaid = { borrow: 0, funding: 0 }
  const holding = createHolding(config, market)
  if (!holding) return paid
  for (let t = 0; t < positions.length / assets; t++) {
    const cost = holding(positions.subarray(t * assets, (t + 1) * assets), firstRow + t)
    paid.borrow += cost.borrow * wealth[t]!
    paid.funding += cost.funding * wealth[t]!
  }
  return paid
}
