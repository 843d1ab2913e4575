// This file turns actions into weights of wealth, by `env.weights`, and keeps the sum of their sizes below the cap.
import type { EnvConfig } from '../scenario/schema.ts'
import { grossCap, mayShort } from '../scenario/trading-keys.ts'

export type WeightsConfig = Pick<EnvConfig, 'weights' | 'allow_shorts' | 'max_gross' | 'no_trade_band'>

/** Above the cap by rounding alone. */
const ROUNDING = 1e-12

/** Numbers in an action: with `portfolio` the first is for cash. */
export function actionsFor({ weights }: WeightsConfig, assets: number): number {
  return weights === 'portfolio' ? assets + 1 : assets
}

/** Names of the numbers of an action. */
export function actionNames(config: WeightsConfig, priceNames: readonly string[]): string[] {
  const names = priceNames.map((name) => `position in ${name}`)
  return config.weights === 'portfolio'
    ? ['share of cash', ...names.map((name) => name.replace('position', 'share'))]
    : names
}

/**
 * The function that writes what an action trades to.
 * @returns fills `next` from the action and the weights that are held; all in weights of wealth, [assets]
 */
export function createWeighing(
  config: WeightsConfig,
  assets: number,
): (action: ArrayLike<number>, held: Float64Array, next: Float64Array) => void {
  const { weights: kind, no_trade_band: band } = config
  const cap = grossCap(config, assets)
  const shorts = mayShort(config)
  const target = new Float64Array(assets)

  function aim(action: ArrayLike<number>): void {
    const first = kind === 'portfolio' ? 1 : 0
    for (let i = 0; i < assets; i++) target[i] = shorts ? action[first + i]! : (action[first + i]! + 1) / 2
    if (kind === 'portfolio') share(target, (action[0]! + 1) / 2)
    if (cap < assets) limit(target, cap)
  }

  return (action, held, next) => {
    aim(action)
    if (band > 0) {
      for (let i = 0; i < assets; i++)
        next[i] = Math.abs(target[i]! - held[i]!) < band ? held[i]! : target[i]!
      if (grossOf(next) <= cap + ROUNDING) return
    }
    next.set(target)
  }
}

/** Divides by what all of it is, with cash; nothing at all is cash. */
function share(weights: Float64Array, cash: number): void {
  const total = cash + grossOf(weights)
  for (let i = 0; i < weights.length; i++) weights[i] = total > 0 ? weights[i]! / total : 0
}

function limit(weights: Float64Array, cap: number): void {
  const gross = grossOf(weights)
  if (gross <= cap) return
  for (let i = 0; i < weights.length; i++) weights[i] = (weights[i]! / gross) * cap
}

/** Σ |weight|, in the order of the assets. */
function grossOf(weights: ArrayLike<number>): number {
  let gross = 0
  for (let i = 0; i < weights.length; i++) gross += Math.abs(weights[i]!)
  return gross
}

/** Constant actions of the same weight in every asset, from least to most. */
export function evenActions(config: WeightsConfig, assets: number): number[][] {
  const steps = Array.from({ length: 21 }, (_, i) => (i - 10) / 10)
  if (config.weights !== 'portfolio') return steps.map((weight) => Array<number>(assets).fill(weight))
  const shorts = mayShort(config)
  const exposures = shorts ? steps : steps.map((step) => (step + 1) / 2)
  return exposures.map((exposure) => {
    const each = exposure / assets
    const cash = 2 * (1 - Math.abs(exposure)) - 1
    return [cash, ...Array<number>(assets).fill(shorts ? each : 2 * each - 1)]
  })
}
