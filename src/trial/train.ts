// The training loop collects, stores and updates. It yields what happened and its caller logs, evaluates or saves; the
// caller may also stop after any event, and nothing that it does between events changes the run. After a `round` or
// `checkpoint` event the state can be saved, with the learner and the environment, and the run resumed from it later.
import { LOOP } from '../core/defaults.ts'
import type { Learner, UpdateStatistics } from '../core/learner.ts'
import type { Env } from '../env/env.ts'
import { DdpgError } from '../base/errors.ts'

export interface TrainOptions {
  /** Environment steps in all. */
  maxSteps: number
  /** Environment steps with uniform actions, before any update. */
  initRandSteps?: number
  /** Environment steps collected before each round of updates, and updates in a round. */
  framesPerBatch?: number
  optimStepsPerBatch?: number
  /** Rewards are multiplied by this before they are stored. */
  rewardScale?: number
  /** Exploration noise: from sigma linearly to sigmaEnd over annealSteps environment steps. */
  sigma?: number
  sigmaEnd?: number
  annealSteps?: number
  /** Updates between two `losses` events, and between two `evaluate` events. */
  logInterval?: number
  evalInterval?: number
  /** Environment steps between two `checkpoint` events; 0 = none. */
  checkpointInterval?: number
}

/**
 * `step` is the number of environment steps taken so far, `updates` that of updates done. `update` comes after every
 * update and its statistics are reused, `round` after every batch of environment steps with its updates.
 */
export type TrainEvent =
  | ({ type: 'episode'; step: number } & Episode)
  | ({ type: 'losses'; step: number; updates: number } & Losses)
  | { type: 'evaluate'; step: number }
  | { type: 'checkpoint'; step: number }
  | { type: 'update'; step: number; updates: number; statistics: UpdateStatistics }
  | { type: 'round'; step: number; updates: number }

export interface Episode {
  /** Sum of the rewards, as the environment gives them. */
  episodeReward: number
  episodeLength: number
  /** Times that the first action moved by more than 0.1 from where it was last counted. */
  positionChanges: number
  /** Wealth at the end, of environments that trade. */
  wealth: number | undefined
}

/** Means over the updates since the last such event, and the standard deviation of the exploration noise. */
export interface Losses extends UpdateStatistics {
  sigma: number
}

/**
 * The state of a run, besides its learner and its environment. Nothing but numbers, so that it can be saved as JSON.
 */
export interface TrainState {
  /** Environment steps taken. */
  step: number
  /** The one under way; undefined before the first. */
  episode: RunningEpisode | undefined
  losses: { sums: UpdateStatistics | null; updates: number }
}

export function newTrainState(): TrainState {
  return { step: 0, episode: undefined, losses: { sums: null, updates: 0 } }
}

/**
 * Trains the learner on the environment.
 * @param state of a run that was saved and is resumed, with its learner and environment restored; kept up to date
 * @throws DdpgError, with the first event, that lists every option out of range or dimension that does not agree;
 *   later, when the environment gives an observation of another length
 */
export function* train(
  env: Env,
  learner: Learner,
  given: TrainOptions,
  state: TrainState = newTrainState(),
): Generator<TrainEvent, void> {
  const defaults = { ...LOOP, sigmaEnd: given.sigma ?? LOOP.sigma, annealSteps: given.maxSteps }
  const options = { ...defaults, ...given }
  check(env, learner, options)
  const { maxSteps, initRandSteps, framesPerBatch, optimStepsPerBatch, checkpointInterval } = options
  let { step } = state
  let episode = (state.episode ??= beginEpisode(env, learner))
  let lastCheckpoint = step

  while (step < maxSteps) {
    for (const batchEnd = Math.min(step + framesPerBatch, maxSteps); step < batchEnd; step++) {
      if (step < initRandSteps) learner.actUniform()
      else learner.act(sigmaAt(step, options))
      const { obs, reward, terminated, truncated, info } = env.step(learner.action)
      copy(obs, learner.nextObs, 'step')
      learner.observe(reward * options.rewardScale, terminated, truncated)
      learner.obs.set(obs)
      count(episode, reward, learner.action[0]!)
      if (terminated || truncated) {
        const { episodeReward, episodeLength, positionChanges } = episode
        yield {
          type: 'episode',
          step: step + 1,
          episodeReward,
          episodeLength,
          positionChanges,
          wealth: info.wealth,
        }
        episode = state.episode = beginEpisode(env, learner)
      }
    }
    state.step = step

    const updates = step > initRandSteps ? optimStepsPerBatch : 0
    for (let i = 0; i < updates; i++) {
      const statistics = learner.update()
      addLosses(state, statistics)
      yield { type: 'update', step, updates: learner.updates, statistics }
      if (learner.updates % options.logInterval === 0) {
        yield {
          type: 'losses',
          step,
          updates: learner.updates,
          ...takeLosses(state),
          sigma: sigmaAt(step, options),
        }
      }
      if (learner.updates % options.evalInterval === 0) yield { type: 'evaluate', step }
    }
    yield { type: 'round', step, updates: learner.updates }
    if (checkpointInterval > 0 && step - lastCheckpoint >= checkpointInterval && step < maxSteps) {
      lastCheckpoint = step
      yield { type: 'checkpoint', step }
    }
  }
}

function check(env: Env, learner: Learner, o: Required<TrainOptions>): void {
  const problems: string[] = []
  const must = (holds: boolean, name: keyof TrainOptions, condition: string): void => {
    if (!holds) problems.push(`${name} must be ${condition}, got ${o[name]}`)
  }
  for (const name of ['maxSteps', 'framesPerBatch', 'logInterval', 'evalInterval'] as const)
    must(Number.isInteger(o[name]) && o[name] >= 1, name, 'an integer, at least 1')
  for (const name of ['initRandSteps', 'optimStepsPerBatch', 'checkpointInterval'] as const)
    must(Number.isInteger(o[name]) && o[name] >= 0, name, 'an integer, at least 0')
  for (const name of ['sigma', 'sigmaEnd'] as const)
    must(Number.isFinite(o[name]) && o[name] >= 0, name, 'a finite number, at least 0')
  must(o.annealSteps >= 1, 'annealSteps', 'a number, at least 1')
  must(Number.isFinite(o.rewardScale) && o.rewardScale > 0, 'rewardScale', 'a finite number above 0')
  for (const name of ['obsDim', 'actionDim'] as const) {
    const [has, expected] = [env[name], learner.options[name]]
    if (has !== expected)
      problems.push(`${name} of the environment is ${has}, that of the learner ${expected}`)
  }
  if (problems.length > 0) throw new DdpgError(problems.join('\n'))
}

function copy(obs: ArrayLike<number>, to: Float32Array, method: 'reset' | 'step'): void {
  if (obs.length !== to.length)
    throw new DdpgError(
      `${method} of the environment gave ${obs.length} numbers to observe, not ${to.length}`,
    )
  to.set(obs)
}

/** Standard deviation of the exploration noise after that many environment steps. */
function sigmaAt(step: number, o: { sigma: number; sigmaEnd: number; annealSteps: number }): number {
  return o.sigma + (o.sigmaEnd - o.sigma) * Math.min(1, step / o.annealSteps)
}

interface RunningEpisode {
  episodeReward: number
  episodeLength: number
  positionChanges: number
  /** The action that was last counted as a change. */
  counted: number | null
}

function beginEpisode(env: Env, learner: Learner): RunningEpisode {
  copy(env.reset().obs, learner.obs, 'reset')
  learner.resetNoise()
  return { episodeReward: 0, episodeLength: 0, positionChanges: 0, counted: null }
}

function count(episode: RunningEpisode, reward: number, action: number): void {
  episode.episodeReward += reward
  episode.episodeLength++
  if (episode.counted !== null && Math.abs(action - episode.counted) <= 0.1) return
  if (episode.episodeLength > 1) episode.positionChanges++
  episode.counted = action
}

function addLosses({ losses }: TrainState, statistics: UpdateStatistics): void {
  const { sums } = losses
  losses.sums =
    losses.updates++ === 0 ? { ...statistics } : combine(sums!, (key, sum) => sum + statistics[key])
}

/** Means of what the updates since the last call report. */
function takeLosses({ losses }: TrainState): UpdateStatistics {
  const { sums, updates } = losses
  losses.updates = 0
  return combine(sums!, (_, sum) => sum / updates)
}

/** Changes every number of `sums` in place. */
function combine(
  sums: UpdateStatistics,
  change: (key: keyof UpdateStatistics, sum: number) => number,
): UpdateStatistics {
  for (const key of Object.keys(sums) as (keyof UpdateStatistics)[]) sums[key] = change(key, sums[key])
  return sums
}
