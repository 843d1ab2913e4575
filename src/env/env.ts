// The contract between environments and the trainer: Gymnasium's, with numbers only.

export interface StepResult {
  /** [obsDim]; valid until the next call of `step` or `reset`, copy it to keep it. */
  obs: ArrayLike<number>
  reward: number
  /** The task itself ended: nothing follows, no bootstrapping. */
  terminated: boolean
  /** Cut off from outside, as at the end of the data: the last observation still has a value. */
  truncated: boolean
  info: StepInfo
}

/** What evaluation and plots read; environments of other kinds may leave it empty. */
export interface StepInfo {
  /** Steps since reset. */
  step?: number
  /** Row of the data after the step. */
  row?: number
  /** Value of the portfolio after the step, in money. */
  wealth?: number
  /** Target weights or position that the step traded to, as fractions of wealth. */
  position?: ArrayLike<number>
}

export interface Env {
  readonly obsDim: number
  readonly actionDim: number
  /** Begins an episode; a seed restarts the environment's random stream. */
  reset(seed?: number): { obs: ArrayLike<number>; info: StepInfo }
  /** One step with an action in [-1, 1] per dimension. */
  step(action: ArrayLike<number>): StepResult
}
