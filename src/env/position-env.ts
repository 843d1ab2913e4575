// This is the environment `gym_trading_env.continuous`: Gym-Trading-Env 0.3.2 with an action in [-1, 1] that chooses
// one of the positions by thresholds. A step trades only when the target changes, so a held position drifts with the
// price.
//
// Unlike that package: the random choices come from the seeded stream, `max_episode_duration: N` gives N steps,
// ruin costs RUIN_REWARD instead of nothing, rows before the first of a window show no earlier episode, and interest
// can accumulate (`borrow_interest: accumulated`). It has no limit orders: an action cannot place them.
import type { CoreMath, Random } from '../core/core.ts'
import { ENVIRONMENTS } from '../scenario/environments.ts'
import type { EnvConfig } from '../scenario/schema.ts'
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
import {
  chargeInterest,
  positionOf,
  realPositionOf,
  targetPortfolio,
  tradeTo,
  valueOf,
  type Portfolio,
} from './portfolio.ts'
import { createReward } from './reward.ts'
import { DdpgError } from '../base/errors.ts'

/** Index of the position that an action chooses: the number of thresholds that it exceeds. */
export function positionIndex(action: number, thresholds: number[], positions: number): number {
  let index = 0
  while (index < thresholds.length && action > thresholds[index]!) index++
  return Math.min(index, positions - 1)
}

/** obs = for each row of the window its features, the last target position and the real position. */
function createPositionEnv(config: EnvConfig, market: Market, math: CoreMath, random: Random): ResumableEnv {
  const { positions, trading_fees: fee, borrow_interest_rate: rate, max_episode_duration: duration } = config
  const { features, rows } = market
  const price = market.prices[0]!
  const featureCount = market.featureNames.length
  const width = featureCount + 2
  const window = config.windows ?? 1
  const accumulate = config.borrow_interest === 'accumulated'
  if (rows < window + (duration ?? 1)) {
    const keys =
      duration === null
        ? `env.windows ${window}`
        : `env.windows ${window} and env.max_episode_duration ${duration}`
    throw new DdpgError(`${keys} need ${window + (duration ?? 1)} rows, there are ${rows}`)
  }

  const obs = new Float32Array(window * width)
  const target = new Float64Array(1)
  const reward = createReward(config, math)
  let portfolio: Portfolio = targetPortfolio(0, config.initial_cash, 1)
  let wealth = 0
  let row = 0
  let step = 0
  let over = true

  function observe(realPosition: number): Float32Array {
    obs.copyWithin(0, width)
    const at = obs.length - width
    for (let i = 0; i < featureCount; i++) obs[at + i] = features[row * featureCount + i]!
    obs[at + featureCount] = target[0]!
    obs[at + featureCount + 1] = realPosition
    return obs
  }

  function info(): StepInfo {
    return { step, row, wealth, position: target }
  }

  function reset(seed?: number): { obs: Float32Array; info: StepInfo } {
    if (seed !== undefined) random.seed(seed)
    const initial = config.initial_position
    target[0] = initial === 'random' ? positions[random.index(positions.length)]! : initial
    row = window - 1
    if (duration !== null) row += random.index(rows - window - duration + 1)
    step = 0
    over = false
    wealth = config.initial_cash
    portfolio = targetPortfolio(target[0]!, wealth, price[row]!)
    reward.reset(wealth)
    fillWindow()
    return { obs: observe(target[0]!), info: info() }
  }

  /** Earlier rows of the first window were not lived through: their positions are 0. */
  function fillWindow(): void {
    obs.fill(0)
    for (let w = 1; w < window; w++) {
      for (let i = 0; i < featureCount; i++)
        obs[w * width + i] = features[(row - window + w) * featureCount + i]!
    }
  }

  function takeStep(action: ArrayLike<number>): StepResult {
    if (over) throw new DdpgError('the episode is over: call reset')
    const chosen =
      positions[positionIndex(action[0]!, config.continuous_action_thresholds, positions.length)]!
    let turnover = 0
    if (chosen !== target[0]) {
      const traded = tradeTo(portfolio, chosen, price[row]!, fee)
      turnover = (Math.abs(traded) * price[row]!) / wealth
      target[0] = chosen
    }
    row++
    step++
    chargeInterest(portfolio, rate, accumulate)
    const before = wealth
    wealth = valueOf(portfolio, price[row]!)
    const terminated = !(wealth > 0)
    const truncated = !terminated && (row === rows - 1 || step === duration)
    over = terminated || truncated
    const outcome = { growth: wealth / before, turnover, wealth, market: () => price[row]! / price[row - 1]! }
    const rewarded = terminated ? reward.ruin : reward.of(outcome)
    const held = terminated ? 0 : realPositionOf(portfolio, price[row]!)
    return { obs: observe(held), reward: rewarded, terminated, truncated, info: info() }
  }

  function save(): Float64Array {
    const { asset, cash, assetInterest, cashInterest } = portfolio
    const held = [target[0]!, asset, cash, assetInterest, cashInterest]
    return Float64Array.of(row, step, over ? 1 : 0, wealth, ...held, ...obs, ...reward.save())
  }

  function restore(state: Float64Array): void {
    const [savedRow, savedStep, savedOver, savedWealth, held, asset, cash, assetInterest, cashInterest] =
      state
    row = savedCount(savedRow, rows)
    step = savedCount(savedStep, rows)
    over = savedOver === 1
    wealth = savedWealth!
    target[0] = held!
    portfolio = {
      asset: asset!,
      cash: cash!,
      assetInterest: assetInterest!,
      cashInterest: cashInterest!,
    }
    obs.set(state.subarray(9, 9 + obs.length))
    reward.restore(state.subarray(9 + obs.length))
  }

  const obsNames = ENVIRONMENTS['gym_trading_env.continuous'].obsNames(config, market)
  return { obsDim: obs.length, obsNames, actionDim: 1, reset, step: takeStep, save, restore }
}

export const positionEnvironment: TradingEnvironment = {
  create: createPositionEnv,
  wholeEpisodes: (config) => ({ ...config, initial_position: startOf(config), max_episode_duration: null }),
  constantActions({ positions, continuous_action_thresholds: thresholds }) {
    const edges = [-1, ...thresholds, 1]
    return positions.map((_, i) => [(edges[i]! + edges[i + 1]!) / 2])
  },
  repeatsPositions: () => false,
  actionNames: () => ['action'],
  trades: positionTrades,
  holding: positionHolding,
  positionFolder: 'position_data',
}

/** The position that evaluations begin with. */
function startOf({ initial_position: initial }: EnvConfig): number {
  return initial === 'random' ? 0 : initial
}

/** The course of a rollout's portfolio: before each step what it trades, and the units that it holds over the step. */
function* courseOf(
  { positions, wealth, firstRow }: Rollout,
  market: Market,
  env: EnvConfig,
): Generator<{ t: number; held: number; trade?: { from: number; to: number; quantity: number } }, void> {
  const prices = market.prices[0]!
  let target = startOf(env)
  const portfolio = targetPortfolio(target, wealth[0]!, prices[firstRow]!)
  for (let t = 0; t < positions.length; t++) {
    const price = prices[firstRow + t]!
    const to = positions[t]!
    if (to === target) yield { t, held: portfolio.asset }
    else {
      const from = positionOf(portfolio, price)
      const quantity = tradeTo(portfolio, to, price, env.trading_fees)
      yield { t, held: portfolio.asset, trade: { from, to, quantity } }
      target = to
    }
    chargeInterest(portfolio, env.borrow_interest_rate, env.borrow_interest === 'accumulated')
  }
}

function* positionTrades(rollout: Rollout, market: Market, env: EnvConfig): Generator<Trade, void> {
  for (const { t, trade } of courseOf(rollout, market, env)) {
    if (!trade) continue
    const row = rollout.firstRow + t
    const price = market.prices[0]![row]!
    const notional = Math.abs(trade.quantity) * price
    const costs = { fee: env.trading_fees * notional, spread: 0, slippage: 0 }
    yield { step: t + 1, row, asset: 0, ...trade, price, notional, ...costs, wealth: rollout.wealth[t]! }
  }
}

/** Interest is what wealth lacks of gains less fees: what of it is paid when, and what lapses, is the portfolio's. */
function positionHolding(rollout: Rollout, market: Market, env: EnvConfig): HoldingPaid {
  if (env.borrow_interest_rate === 0) return { borrow: 0, funding: 0 }
  const { wealth, firstRow } = rollout
  const prices = market.prices[0]!
  let expected = wealth[0]!
  for (const { t, held, trade } of courseOf(rollout, market, env)) {
    const price = prices[firstRow + t]!
    expected += held * (prices[firstRow + t + 1]! - price)
    if (trade) expected -= env.trading_fees * Math.abs(trade.quantity) * price
  }
  return { borrow: expected - wealth.at(-1)!, funding: 0 }
}
