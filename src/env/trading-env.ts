// Environment `tradingenv`: the action is the target weight of wealth in each asset, the rest is cash. Every step
// rebalances to it at the current price and pays a fee on the traded notional:
//
//   wealth' = wealth (1 + Σ aᵢ Rᵢ − fee Σ |aᵢ − wᵢ|),  R = price' / price − 1,  w = weights drifted since the last step
//
// reward = ln(wealth' / wealth), clipped. The end of the data truncates; ruin terminates.
import type { CoreMath } from '../core/core.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import { RUIN_REWARD, type Market, type ResumableEnv, type StepInfo, type StepResult } from './env.ts'

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
    if (over) throw new Error('the episode is over: call reset')
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
    row = savedRow!
    wealth = savedWealth!
    over = savedOver === 1
    weights.set(rest.slice(0, assets))
    position.set(rest.slice(assets))
  }

  const weightNames = market.priceNames.map((name) => (assets === 1 ? 'weight' : `weight_${name}`))
  const obsNames = [...market.featureNames, ...(observesWeights ? weightNames : [])]
  return { obsDim: obs.length, obsNames, actionDim: assets, reset, step, save, restore }
}
