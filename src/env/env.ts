// This file is the contract between environments and the trainer: Gymnasium's, with numbers only.
import type { CoreMath, Random } from '../core/core.ts'
import { DdpgError } from '../base/errors.ts'
import type { EnvConfig } from '../scenario/schema.ts'

/**
 * A count of a saved state: of rows, steps.
 * @param below the value that it must be below
 * @throws DdpgError when it is none
 */
export function savedCount(value: number | undefined, below: number): number {
  if (value !== undefined && Number.isInteger(value) && value >= 0 && value < below) return value
  throw new DdpgError(`its environment is at ${value ?? 'no'}, which must be an integer in [0, ${below})`)
}

export interface Env {
  readonly obsDim: number
  readonly actionDim: number
  /** Begins an episode; a seed restarts the environment's random stream. */
  reset(seed?: number): { obs: ArrayLike<number>; info: StepInfo }
  /** One step with an action in [-1, 1] per dimension. */
  step(action: ArrayLike<number>): StepResult
}

/** An environment that can be resumed in the middle of an episode. Its random stream is saved with the core's. */
export interface ResumableEnv extends Env {
  /** The names of the numbers in an observation: [obsDim]. */
  readonly obsNames: readonly string[]
  /** A copy of all that changes while it steps. */
  save(): Float64Array
  /** @param state of an environment made with the same arguments */
  restore(state: Float64Array): void
}

export interface StepResult {
  /** [obsDim]; valid until the next `step` or `reset`: copy it to keep it. */
  obs: ArrayLike<number>
  reward: number
  /** The task itself ended: nothing follows, so there is nothing to bootstrap from. */
  terminated: boolean
  /** Cut off from outside, as at the end of the data: the last observation still has a value. */
  truncated: boolean
  info: StepInfo
}

/** The values of a step that evaluation and plots read. Environments that do not trade leave it empty. */
export interface StepInfo {
  /** Steps since reset. */
  step?: number
  /** Row of the market after the step. */
  row?: number
  /** Value of the portfolio after the step, in money. */
  wealth?: number
  /** Weight of wealth in each asset that the step traded to; do not keep it. */
  position?: ArrayLike<number>
}

/** Consecutive rows of prices with what is observed of them. */
export interface Market {
  rows: number
  /** The names of the prices, in the order of the assets. */
  priceNames: string[]
  /** For each asset a price per row. */
  prices: Float64Array[]
  featureNames: string[]
  /** [rows, featureNames.length], row after row */
  features: Float32Array
  /** For each asset what slippage needs of its bars, where the scenario asks for it. */
  bars?: Bars[]
  /** For each asset a funding rate per row, where the scenario names columns of them. */
  funding?: Float64Array[]
  /** Weights of least variance on the training rows, where there are several assets and such rows. */
  leastVariance?: Float64Array
}

/** A number per row; volume in units of the asset. */
export interface Bars {
  high: Float64Array
  low: Float64Array
  volume: Float64Array
}

/** One episode of an environment that trades, step by step. */
export interface Rollout {
  /** Row of the market before the first step. */
  firstRow: number
  /** [steps] as the environment gave them */
  rewards: Float64Array
  /** [steps + 1], from before the first step on */
  wealth: Float64Array
  /** [steps, assets], what each step traded to, as weights of wealth */
  positions: Float64Array
}

/** Something that a rollout bought or sold. */
export interface Trade {
  /** Step of the rollout, from 1 on, and row of the market at whose price it trades. */
  step: number
  row: number
  /** Index into the prices of the market. */
  asset: number
  /** Weight of wealth in the asset before and after. */
  from: number
  to: number
  /** Units; negative are sold. */
  quantity: number
  price: number
  /** |quantity| · price, and what is paid for trading it, in money. */
  notional: number
  fee: number
  spread: number
  slippage: number
  /** Wealth before the trade, in money. */
  wealth: number
}

/** Interest on what was borrowed and funding of what was held, in money; funding may be an income. */
export interface HoldingPaid {
  borrow: number
  funding: number
}

/** All that differs between environments that trade. */
export interface TradingEnvironment {
  /** @throws DdpgError in a sentence when the market is too short for the configuration */
  create(config: EnvConfig, market: Market, math: CoreMath, random: Random): ResumableEnv
  /** The configuration for whole episodes, from the first row of a market to its last. */
  wholeEpisodes(config: EnvConfig): EnvConfig
  /** Actions of which the best constant one is a benchmark, in [-1, 1]; of so many assets. */
  constantActions(config: EnvConfig, assets: number): number[][]
  /** True when the positions of a rollout, as actions, lead to the same positions whatever trading costs. */
  repeatsPositions(config: EnvConfig): boolean
  /** Names of the numbers of an action. */
  actionNames(config: EnvConfig, market: Market): string[]
  /**
   * The trades of a rollout, in the order of steps, then of assets.
   * @param rollout of an environment made with `wholeEpisodes` of that configuration on that market
   */
  trades(rollout: Rollout, market: Market, config: EnvConfig): Generator<Trade, void>
  /** The money that the rollout paid for holding; the rollout is as for `trades`. */
  holding(rollout: Rollout, market: Market, config: EnvConfig): HoldingPaid
  /** Folder of the positions in the tracker. */
  positionFolder: string
}

/** Reward of ruin, when wealth is gone and its logarithm with it. */
export const RUIN_REWARD = -1
