// This file makes tasks of environments without data: episodes from start states that are the same for every seed and
// every trial.
import type { Core } from '../core/core.ts'
import { digestOf, NO_DATA } from '../data/table.ts'
import { createEpisodicEnv } from '../env/create.ts'
import type { Env } from '../env/env.ts'
import type { Policy } from '../evaluate/evaluate.ts'
import type { Scenario } from '../scenario/schema.ts'
import { deviation, mean, sum } from '../math/statistics.ts'
import type { Task } from './task.ts'

/** Metrics of the returns of episodes, which are their undiscounted sums of rewards, and of their lengths in steps. */
export interface EpisodicMetrics {
  mean_episode_return: number
  /** Sample deviation over episodes; null of a single one. */
  std_episode_return: number | null
  min_episode_return: number
  max_episode_return: number
  mean_episode_length: number
  n_episodes: number
}

export interface EpisodicEvaluation {
  metrics: EpisodicMetrics
  /** The return and the length of each episode. */
  returns: number[]
  lengths: number[]
}

/** There is no data to split: only one evaluation, on states that training and validation know nothing of. */
export type EpisodicEvaluations = Record<'test', EpisodicEvaluation>

/** One step of an evaluation. */
export interface EpisodeStep {
  /** The numbers of the episode and of its step, both from 1 on. */
  episode: number
  step: number
  /** The observation before the step and the action taken; do not keep them. */
  obs: ArrayLike<number>
  action: ArrayLike<number>
  reward: number
  terminated: boolean
}

export interface EpisodicTask extends Task<EpisodicEvaluations> {
  kind: 'episodic'
  /** @param onStep is called with every step */
  evaluate(policy: Policy, core: Core, onStep?: (step: EpisodeStep) => void): EpisodicEvaluations
}

/** Seeds of the start states, whatever the seed of the trial is. */
const STARTS = { validation: 54321, test: 12345 }

/** @throws DdpgError in a sentence for a scenario that trades */
export function episodicTask({ env: config, training, evaluation }: Scenario): EpisodicTask {
  const evaluationEnv = (starts: keyof typeof STARTS, { math, random }: Core): Env => {
    random.evaluation.seed(STARTS[starts])
    return createEpisodicEnv(config, math, random.evaluation)
  }
  return {
    kind: 'episodic',
    digest: digestOf(NO_DATA),
    statistics: { noFeatures: true, firstClose: 0, scales: [] },
    check: () => undefined,
    createEnv: ({ math, random }) => createEpisodicEnv(config, math, random.environment),
    validate(policy, core) {
      const env = evaluationEnv('validation', core)
      const { returns } = episodes(env, policy, ({ lengths }) => sum(lengths) >= training.eval_steps)
      return { score: mean(returns) }
    },
    evaluate(policy, core, onStep) {
      const env = evaluationEnv('test', core)
      const done = episodes(env, policy, ({ lengths }) => lengths.length >= evaluation.n_episodes, onStep)
      return { test: { metrics: metricsOf(done), ...done } }
    },
  }
}

type Episodes = Pick<EpisodicEvaluation, 'returns' | 'lengths'>

/** Whole episodes, one at least, until there are enough. */
function episodes(
  env: Env,
  policy: Policy,
  isEnough: (done: Episodes) => boolean,
  onStep?: (step: EpisodeStep) => void,
): Episodes {
  const done: Episodes = { returns: [], lengths: [] }
  do {
    let { obs } = env.reset()
    let total = 0
    let length = 0
    for (let over = false; !over;) {
      const action = policy(obs)
      const before = onStep && Float32Array.from(obs) // the environment reuses it
      const result = env.step(action)
      const { reward, terminated } = result
      total += reward
      length++
      onStep?.({
        episode: done.lengths.length + 1,
        step: length,
        obs: before!,
        action,
        reward,
        terminated,
      })
      obs = result.obs
      over = result.terminated || result.truncated
    }
    done.returns.push(total)
    done.lengths.push(length)
  } while (!isEnough(done))
  return done
}

function metricsOf({ returns, lengths }: Episodes): EpisodicMetrics {
  const n = returns.length
  return {
    mean_episode_return: mean(returns),
    std_episode_return: n > 1 ? deviation(returns) : null,
    min_episode_return: returns.reduce((least, value) => Math.min(least, value)),
    max_episode_return: returns.reduce((most, value) => Math.max(most, value)),
    mean_episode_length: mean(lengths),
    n_episodes: n,
  }
}
