// This is the environment `tradingenv`: the action is the target weight of wealth in each asset, the rest is cash.
// Every step rebalances to it at the current price and pays a fee on the traded notional:
//
//   wealth' = wealth (1 + Σ aᵢ Rᵢ − fee Σ |aᵢ − wᵢ|),  R = price' / price − 1,  w = weights drifted since the last step
//
// reward = ln(wealth' / wealth), clipped. The end of the data truncates; ruin terminates.
import type { CoreMath } from '../core/core.ts'
import { ENVIRONMENTS } from '../scenario/environments.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import {
  RUIN_REWARD,
  type Market,
  savedCount,
  type ResumableEnv,
  type Rollout,
  type StepInfo,
  type StepResult,
  type Trade,
  type TradingEnvironment,
} from './env.ts'
import { DdpgError } from '../errors.ts'

const REWARD_CLIP = 2

type TradingEnvConfig = Pick<EnvConfig, 'initial_cash' | 'trading_fees' | 'include_position_feature'>

/** obs = features of the current row, then the current weights when `include_position_feature` is set. */
export function createTradingEnv(config: TradingEnvConfig, market: Market, math: CoreMath): ResumableEnv {
  const { initial_cash: initialCash, trading_fees: fee, include_position_feature: observesWeights } = config
  const { prices, features, rows } = market
  const assets = prices.length
  const featureCount = market.featureNames.length
  const obs = new Float32Array(featureCount + (observesWeights ? assets : 0))
  const weights = new Float64Array(assets)
  const position = new Float64Array(assets)
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
    return { obs: observe(), info: info() }
  }

  function step(action: ArrayLike<number>): StepResult {
    if (over) throw new DdpgError('the episode is over: call reset')
    let growth = 1
    for (let i = 0; i < assets; i++) {
      const change = prices[i]![row + 1]! / prices[i]![row]! - 1
      growth += action[i]! * change - fee * Math.abs(action[i]! - weights[i]!)
    }
    for (let i = 0; i < assets; i++) {
      position[i] = action[i]!
      weights[i] = (action[i]! * (prices[i]![row + 1]! / prices[i]![row]!)) / growth
    }
    wealth *= growth
    row++
    const terminated = !(growth > 0)
    const truncated = !terminated && row === rows - 1
    over = terminated || truncated
    if (terminated) weights.fill(0)
    const reward = terminated ? RUIN_REWARD : Math.max(-REWARD_CLIP, Math.min(REWARD_CLIP, math.log(growth)))
    return { obs: observe(), reward, terminated, truncated, info: info() }
  }

  function save(): Float64Array {
    return Float64Array.of(row, wealth, over ? 1 : 0, ...weights, ...position)
  }

  function restore([savedRow, savedWealth, savedOver, ...rest]: Float64Array): void {
    row = savedCount(savedRow, rows)
    wealth = savedWealth!
    over = savedOver === 1
    weights.set(rest.slice(0, assets))
    position.set(rest.slice(assets))
  }

  const obsNames = ENVIRONMENTS.tradingenv.obsNames(config, market)
  return { obsDim: obs.length, obsNames, actionDim: assets, reset, step, save, restore }
}

export const weightEnvironment: TradingEnvironment = {
  create: createTradingEnv,
  wholeEpisodes: (config) => config,
  constantActions: () => Array.from({ length: 21 }, (_, i) => (i - 10) / 10),
  observesPosition: ({ include_position_feature: observesWeights }) => observesWeights,
  actsInWeights: true,
  trades: weightTrades,
  positionFolder: 'portfolio_weights_data',
}

/** Weights that differ by less are the same but for rounding. */
const LEAST_CHANGE = 1e-12

/** A weight that is held drifts with the price, and to hold it is to trade. */
function* weightTrades(
  { positions, wealth, firstRow }: Rollout,
  { prices }: Market,
  { trading_fees: fees }: EnvConfig,
): Generator<Trade, void> {
  const assets = prices.length
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
      const fee = fees * notional
      yield { step: t + 1, row, asset, from, to, quantity, price, notional, fee, wealth: wealth[t]! }
    }
  }
}
