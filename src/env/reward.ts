// The reward of a step on a market, by `env.reward_type`. Those that compare with the past keep running numbers, which
// are part of what an environment saves.
import type { CoreMath } from '../core/core.ts'
import type { EnvConfig } from '../scenario/schema.ts'
import type { RewardType } from '../scenario/trading-keys.ts'
import { RUIN_REWARD } from './env.ts'

/** The outcome of a step. */
export interface Outcome {
  /** Wealth after the step divided by wealth before, above 0. */
  growth: number
  /** Part of wealth that was traded. */
  turnover: number
  /** Wealth after the step, in money. */
  wealth: number
  /** Growth of equal weights of the assets over the step. */
  market: () => number
}

export interface Reward {
  /** Begins an episode. @param wealth in money */
  reset(wealth: number): void
  of(outcome: Outcome): number
  /** Reward of the step that ends in ruin. */
  ruin: number
  /** The running numbers. */
  save(): number[]
  restore(state: ArrayLike<number>): void
}

export type RewardConfig = Pick<EnvConfig, 'reward_type' | 'reward_eta' | 'reward_penalty'>

/** Differential ratios are clipped to ± this: near no variation they know no bounds. */
const RATIO_CLIP = 10

/** Keeps the ratio finite where nothing has varied yet. */
const LEAST = 1e-20

interface Kind {
  /** Running numbers at the beginning of an episode. */
  begin: (wealth: number) => number[]
  /** @param state running numbers, changed in place @param r log return of the step */
  of: (r: number, outcome: Outcome, state: number[]) => number
  isRatio?: true
}

function kindsOf(
  { reward_eta: eta, reward_penalty: penalty }: RewardConfig,
  math: CoreMath,
): Record<RewardType, Kind> {
  const none = () => []
  return {
    log_return: { begin: none, of: (r) => r },
    simple_return: { begin: none, of: (_, { growth }) => growth - 1 },
    differential_sharpe: {
      begin: () => [0, 0],
      of: (r, _, state) => differentialSharpe(r, eta, state),
      isRatio: true,
    },
    differential_downside: {
      begin: () => [0, 0],
      of: (r, _, state) => differentialDownside(r, eta, state),
      isRatio: true,
    },
    log_return_variance: {
      begin: () => [0],
      of(r, _, state) {
        const distance = r - state[0]!
        state[0]! += eta * distance
        return r - penalty * distance * distance
      },
    },
    log_return_drawdown: {
      begin: (wealth) => [wealth],
      of(r, { wealth }, state) {
        state[0] = Math.max(state[0]!, wealth)
        return r - penalty * (1 - wealth / state[0])
      },
    },
    log_return_turnover: { begin: none, of: (r, { turnover }) => r - penalty * turnover },
    excess_return: { begin: none, of: (r, { market }) => r - math.log(market()) },
  }
}

/** @param clip of rewards that are not ratios */
export function createReward(config: RewardConfig, math: CoreMath, clip = Infinity): Reward {
  const { begin, of, isRatio } = kindsOf(config, math)[config.reward_type]
  const bound = isRatio ? RATIO_CLIP : clip
  let state: number[] = begin(1)
  return {
    reset(wealth) {
      state = begin(wealth)
    },
    of: (outcome) => Math.max(-bound, Math.min(bound, of(math.log(outcome.growth), outcome, state))),
    ruin: isRatio ? -RATIO_CLIP : RUIN_REWARD,
    save: () => [...state],
    restore(saved) {
      state = Array.from(saved).slice(0, state.length)
    },
  }
}

/** @param state running means A of returns and B of their squares */
function differentialSharpe(r: number, eta: number, state: number[]): number {
  const [a = 0, b = 0] = state
  const [toA, toB] = [r - a, r * r - b]
  const variance = Math.max(b - a * a, 0)
  state[0] = a + eta * toA
  state[1] = b + eta * toB
  return (b * toA - (a * toB) / 2) / (variance * Math.sqrt(variance) + LEAST)
}

/** @param state running means A of returns and D² of the squares of the negative ones */
function differentialDownside(r: number, eta: number, state: number[]): number {
  const [a = 0, square = 0] = state
  const loss = Math.min(r, 0)
  state[0] = a + eta * (r - a)
  state[1] = square + eta * (loss * loss - square)
  if (square === 0) return 0
  const deviation = Math.sqrt(square)
  if (r > 0) return (r - a / 2) / deviation
  return (square * (r - a / 2) - (a * r * r) / 2) / (square * deviation)
}
