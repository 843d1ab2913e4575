// Health checks look now and then for signs that training is stuck or diverges. Looking changes nothing of the run.
import type { Learner } from '../core/learner.ts'
import { greatestReward, heldObservations, idleUnits } from '../core/inspect.ts'

export interface Health {
  /** Share of the actions beyond ±0.99, and the widest range of one, over observations from the replay buffer. */
  saturated_actions: number
  action_range: number
  /**
   * |mean Q| / (greatest |reward| / (1 − gamma)): above 1 the critic promises more than rewards can add up to.
   * 0 when there is no such limit.
   */
  q_to_limit: number
  /** Shares of the hidden units that the last update gave no gradient, as dead ReLUs get none. */
  actor_idle_units: number
  critic_idle_units: number
}

const OBSERVATIONS = 64
/** Checks in a row that make a finding: the beginning of a run is not yet its health. */
const IN_A_ROW = 20

interface Sign {
  shows: (health: Health) => boolean
  /** The sentence of the finding, after the step. */
  text: string
}

const SIGNS: Sign[] = [
  {
    shows: ({ saturated_actions: share }) => share > 0.95,
    text: 'nearly all actions are at ±1: if that is not what is best, set training.action_penalty to 0.001, or lower training.actor_lr or training.reward_scale',
  },
  {
    shows: ({ action_range: range }) => range < 0.01,
    text: 'the policy does the same whatever it observes: if that is not what is best, set training.action_penalty to 0.001, or look at the features',
  },
  {
    shows: ({ q_to_limit: ratio }) => ratio > 1,
    text: 'the critic promises more than rewards can add up to: lower training.critic_lr, training.tau or training.gamma',
  },
  {
    shows: ({ actor_idle_units: share }) => share > 0.5,
    text: 'more than half of the hidden units of the actor learn nothing: lower training.actor_lr or training.actor_weight_decay',
  },
  {
    shows: ({ critic_idle_units: share }) => share > 0.5,
    text: 'more than half of the hidden units of the critic learn nothing: lower training.critic_lr or training.critic_weight_decay',
  },
]

/**
 * @returns a function that takes one health after the other and gives the signs that have shown 20 times in a row, each
 * once
 */
export function createHealthWatch(): (health: Health) => string[] {
  const shown = SIGNS.map(() => 0)
  return (health) =>
    SIGNS.flatMap(({ shows, text }, i) => {
      if (shown[i]! >= IN_A_ROW) return []
      shown[i] = shows(health) ? shown[i]! + 1 : 0
      return shown[i] === IN_A_ROW ? [text] : []
    })
}

/** Measures health after an update. @param meanQ of the latest updates */
export function healthOf(learner: Learner, meanQ: number): Health {
  const { actionDim, gamma } = learner.options
  const actions = learner.policy(heldObservations(learner, OBSERVATIONS))
  let range = 0
  for (let dimension = 0; dimension < actionDim; dimension++) {
    const own = actions.filter((_, i) => i % actionDim === dimension)
    range = Math.max(range, Math.max(...own) - Math.min(...own))
  }
  const limit = greatestReward(learner) / (1 - gamma)
  return {
    saturated_actions: actions.filter((action) => Math.abs(action) > 0.99).length / actions.length,
    action_range: range,
    q_to_limit: limit > 0 ? Math.abs(meanQ) / limit : 0,
    actor_idle_units: idleUnits(learner, 'actor'),
    critic_idle_units: idleUnits(learner, 'critic'),
  }
}
