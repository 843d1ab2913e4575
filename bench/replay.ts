// Every bench and every peer has this same work: transitions of standard normal observations, uniform actions and
// standard normal rewards, a hundredth of them terminated.
import type { Learner } from '../src/core/learner.ts'

/** Fills the replay buffer from the learner's own environment stream. */
export function fillReplay({ options, core, obs, action, nextObs, observe }: Learner): void {
  const { normal, uniform, index } = core.random.environment
  for (let row = 0; row < options.capacity; row++) {
    for (let i = 0; i < obs.length; i++) {
      obs[i] = normal()
      nextObs[i] = normal()
    }
    for (let i = 0; i < action.length; i++) action[i] = 2 * uniform() - 1
    observe(normal(), index(100) === 0, false)
  }
}
