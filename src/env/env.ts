// The contract between environments and the trainer: Gymnasium's, with numbers only.

export interface Env {
  readonly obsDim: number
  readonly actionDim: number
  /** Begins an episode; a seed restarts the environment's random stream. */
  reset(seed?: number): { obs: ArrayLike<number>; info: StepInfo }
  /** One step with an action in [-1, 1] per dimension. */
  step(action: ArrayLike<number>): StepResult
}

/** An environment that can go on in the middle of an episode. Its random stream is saved with the core's. */
export interface ResumableEnv extends Env {
  /** What the numbers of an observation are called: [obsDim]. */
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

/** What evaluation and plots read. Environments that do not trade leave it empty. */
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
  /** What the prices are called, in the order of the assets. */
  priceNames: string[]
  /** For each asset a price per row. */
  prices: Float64Array[]
  featureNames: string[]
  /** [rows, featureNames.length], row after row */
  features: Float32Array
}

/** Reward of ruin, when wealth is gone and its logarithm with it. */
export const RUIN_REWARD = -1
