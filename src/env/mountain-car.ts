// This is MountainCarContinuous-v0 of Gymnasium 1.4.0 (MIT): a car in a valley, too weak for the hill, has to gain
// momentum. All of it is float32, as the state is there from the first step on; here from the reset on.
import type { CoreMath, Random } from '../core/core.ts'
import { CLASSIC_CONTROL } from '../scenario/environments.ts'
import { savedCount, type ResumableEnv, type StepResult } from './env.ts'
import { DdpgError } from '../base/errors.ts'

const f32 = Math.fround
const MAX_STEPS = 999
const MIN_POSITION = f32(-1.2)
const MAX_POSITION = f32(0.6)
const MAX_SPEED = f32(0.07)
const GOAL_POSITION = f32(0.45)
const POWER = f32(0.0015)

/**
 * obs = position and velocity; the action is the force. Reaching the goal ends the episode with a reward of 100, every
 * step costs a tenth of the squared force. An episode begins at rest, at a position in [-0.6, -0.4), and is truncated
 * after 999 steps.
 */
export function createMountainCar(math: CoreMath, random: Random): ResumableEnv {
  const obs = new Float32Array(2)
  let position = 0
  let velocity = 0
  let stepCount = 0
  let over = true

  function observe(): Float32Array {
    obs[0] = position
    obs[1] = velocity
    return obs
  }

  function reset(seed?: number): { obs: Float32Array; info: object } {
    if (seed !== undefined) random.seed(seed)
    position = f32(-0.6 + 0.2 * random.uniform())
    velocity = 0
    stepCount = 0
    over = false
    return { obs: observe(), info: {} }
  }

  function step(action: ArrayLike<number>): StepResult {
    if (over) throw new DdpgError('the episode is over: call reset')
    const force = f32(Math.max(-1, Math.min(1, action[0]!)))
    const slope = f32(0.0025 * math.cos(f32(3 * position)))
    const pushed = f32(velocity + f32(f32(force * POWER) - slope))
    velocity = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, pushed))
    position = Math.max(MIN_POSITION, Math.min(MAX_POSITION, f32(position + velocity)))
    if (position === MIN_POSITION && velocity < 0) velocity = 0
    stepCount++
    const terminated = position >= GOAL_POSITION && velocity >= 0
    const truncated = !terminated && stepCount === MAX_STEPS
    over = terminated || truncated
    const reward = (terminated ? 100 : 0) - force * force * 0.1
    return { obs: observe(), reward, terminated, truncated, info: { step: stepCount } }
  }

  function restore([savedPosition, savedVelocity, savedStep, savedOver]: Float64Array): void {
    position = savedPosition!
    velocity = savedVelocity!
    stepCount = savedCount(savedStep, MAX_STEPS + 1)
    over = savedOver === 1
  }

  return {
    obsDim: obs.length,
    obsNames: CLASSIC_CONTROL['MountainCarContinuous-v0'],
    actionDim: 1,
    reset,
    step,
    save: () => Float64Array.of(position, velocity, stepCount, over ? 1 : 0),
    restore,
  }
}
