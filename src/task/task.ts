// A task tells training where to act, and what a policy is worth there.
import type { Core } from '../core/core.ts'
import type { ResumableEnv } from '../env/env.ts'
import type { Policy, Rollout } from '../evaluate/evaluate.ts'
import type { FeatureStatistics } from '../features/index.ts'

/** The evaluation of a policy by split; its metrics go into the receipt. */
export type Evaluations = Record<string, { metrics: object }>

export interface Task<E extends Evaluations = Evaluations> {
  /** SHA-256 of the data's values; without data, that of nothing. */
  digest: string
  /** The statistics of the training data, which checkpoints keep. */
  statistics: FeatureStatistics
  /** Finds what would stop a trial at its beginning or its end. @throws DdpgError in a sentence */
  check(core: Core): void
  /** The environment to train in. */
  createEnv(core: Core): ResumableEnv
  /**
   * Scores the policy so far; greater is better. Draws from the evaluation stream only.
   * @returns the rollout too, where it can be shown
   */
  validate(policy: Policy, core: Core): { score: number; rollout?: Rollout }
  /** Evaluates the policy at the end. Draws from the evaluation stream only. */
  evaluate(policy: Policy, core: Core): E
}
