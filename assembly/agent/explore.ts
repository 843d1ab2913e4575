// Exploration: actions are uniform at first, then those of the policy with Gaussian or Ornstein–Uhlenbeck noise.
import { Learner } from './learner'
import { at } from '../memory'
import { EXPLORATION, normal, uniform } from '../rng'

/** action ~ U[-1, 1] */
export function actUniform(l: Learner): void {
  for (let i = 0; i < l.actionDim; ++i) store<f32>(at(l.action, i), <f32>(2.0 * uniform(EXPLORATION) - 1.0))
}

/** action ← clamp(action + sigma N(0, 1)) */
export function addGaussian(l: Learner, sigma: f64): void {
  for (let i = 0; i < l.actionDim; ++i) perturb(at(l.action, i), sigma * normal(EXPLORATION))
}

/** x ← x − theta x dt + sigma √dt N(0, 1); action ← clamp(action + x) (Uhlenbeck and Ornstein 1930) */
export function addOrnsteinUhlenbeck(l: Learner, sigma: f64, theta: f64, dt: f64): void {
  for (let i = 0; i < l.actionDim; ++i) {
    const old = <f64>load<f32>(at(l.noise, i))
    const x = <f32>(old - theta * old * dt + sigma * Math.sqrt(dt) * normal(EXPLORATION))
    store<f32>(at(l.noise, i), x)
    perturb(at(l.action, i), <f64>x)
  }
}

/** The Ornstein–Uhlenbeck process returns to zero, where each episode begins. */
export function resetNoise(l: Learner): void {
  for (let i = 0; i < l.actionDim; ++i) store<f32>(at(l.noise, i), 0)
}

/** action ← clamp(action + noise) */
export function perturb(action: usize, noise: f64): void {
  store<f32>(action, <f32>Math.max(-1.0, Math.min(1.0, <f64>load<f32>(action) + noise)))
}
