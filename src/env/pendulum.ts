// This is Pendulum-v1 of Gymnasium 1.4.0 (MIT): swing a pole up and keep it there, with a torque too weak to lift it at
// once. Float32 where NumPy has it: in the torque, its cost, and what is observed; angle and speed are float64.
import type { CoreMath, Random } from '../core/core.ts'
import { CLASSIC_CONTROL } from '../scenario/environments.ts'
import { savedCount, type ResumableEnv, type StepResult } from './env.ts'
import { DdpgError } from '../base/errors.ts'

const MAX_STEPS = 200
const MAX_SPEED = 8
const MAX_TORQUE = 2
const DT = 0.05
const TORQUE_COST = Math.fround(0.001)

/**
 * obs = cosine and sine of the angle from upright, and its speed; an action of ±1 is a torque of ±2. An episode begins
 * at any angle with a speed in [-1, 1] and is truncated after 200 steps.
 */
export function createPendulum(math: CoreMath, random: Random): ResumableEnv {
  const obs = new Float32Array(3)
  let angle = 0
  let speed = 0
  let stepCount = MAX_STEPS

  function observe(): Float32Array {
    obs[0] = math.cos(angle)
    obs[1] = math.sin(angle)
    obs[2] = speed
    return obs
  }

  function reset(seed?: number): { obs: Float32Array; info: object } {
    if (seed !== undefined) random.seed(seed)
    angle = Math.PI * (2 * random.uniform() - 1)
    speed = 2 * random.uniform() - 1
    stepCount = 0
    return { obs: observe(), info: {} }
  }

  function step(action: ArrayLike<number>): StepResult {
    if (stepCount === MAX_STEPS) throw new DdpgError('the episode is over: call reset')
    const torque = Math.fround(MAX_TORQUE * Math.max(-1, Math.min(1, action[0]!)))
    const turn = wrapped(angle)
    const effort = Math.fround(TORQUE_COST * Math.fround(torque * torque))
    const cost = turn * turn + 0.1 * (speed * speed) + effort
    const faster = speed + (15 * math.sin(angle) + Math.fround(3 * torque)) * DT
    speed = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, faster))
    angle += speed * DT
    stepCount++
    return {
      obs: observe(),
      reward: -cost,
      terminated: false,
      truncated: stepCount === MAX_STEPS,
      info: { step: stepCount },
    }
  }

  function restore([savedAngle, savedSpeed, savedStep]: Float64Array): void {
    angle = savedAngle!
    speed = savedSpeed!
    stepCount = savedCount(savedStep, MAX_STEPS + 1)
  }

  return {
    obsDim: obs.length,
    obsNames: CLASSIC_CONTROL['Pendulum-v1'],
    actionDim: 1,
    reset,
    step,
    save: () => Float64Array.of(angle, speed, stepCount),
    restore,
  }
}

/** The same angle in [-π, π). */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI
  const rest = (angle + Math.PI) % turn
  return (rest < 0 ? rest + turn : rest) - Math.PI
}
