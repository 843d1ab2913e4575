// This file trains two networks for the densities that trained ones have: the scenario sine_wave, and a pendulum to be
// swung up.
import { createCore } from '../src/core/core.ts'
import { createLearner, type Learner } from '../src/core/learner.ts'
import { loadModule, type CoreModule } from '../src/core/module.ts'
import { generate } from '../src/data/synthetic.ts'
import type { Env } from '../src/env/env.ts'
import { tradingTask, type TradingTask } from '../src/task/trading.ts'
import { parseScenario } from '../src/scenario/load.ts'
import type { Scenario } from '../src/scenario/schema.ts'
import { train } from '../src/trial/train.ts'
import { loadPolicy, runTrial } from '../src/trial/trial.ts'
import { density, layersOf } from './plain.ts'
import { readText } from './read.ts'

/** Shares of the hidden activations that are not zero. */
export interface Densities {
  actor: number
  critic: number
}

/** A shipped scenario with its generated data, the keys of `overrides` on top. */
export async function prepared(
  name: string,
  overrides: string[] = [],
): Promise<{ scenario: Scenario; data: TradingTask; module: CoreModule }> {
  const file = new URL(`../configs/${name}.yaml`, import.meta.url)
  const { scenario } = parseScenario(await readText(file), name, { overrides, randomSeed: () => 1 })
  const module = await loadModule()
  const core = await createCore(module, scenario.data_generator!.seed!)
  const table = generate(scenario.data_generator!, scenario.data.timeframe, core)
  return { scenario, data: tradingTask(scenario, table, core.math), module }
}

export async function sineWaveDensity(): Promise<Densities> {
  const { scenario, data, module } = await prepared('sine_wave')
  const trial = runTrial(scenario, data, module)
  for (;;) {
    const { done, value } = await trial.next()
    if (!done) continue
    const { learner } = await loadPolicy(value.checkpoint, module)
    const { features, featureNames, rows } = data.markets.train
    const width = featureNames.length
    const weight = learner.options.obsDim - width // of wealth, when it is observed
    const obs = Array.from({ length: rows }, (_, row) => [
      ...features.subarray(row * width, (row + 1) * width),
      ...Array.from({ length: weight }, () => 0),
    ])
    return densitiesOf(learner, obs)
  }
}

export async function pendulumDensity(): Promise<Densities> {
  const seen: number[][] = []
  const learner = await createLearner({
    obsDim: 3,
    actionDim: 1,
    actorHiddenDims: [256, 256],
    criticHiddenDims: [256, 256],
    capacity: 10_000,
    seed: 1,
  })
  const env = pendulum(learner.core.random.environment.uniform, (obs) => void seen.push(obs))
  for (const event of train(env, learner, { maxSteps: 3000, initRandSteps: 500, sigma: 0.2 })) void event
  return densitiesOf(learner, seen.slice(-200))
}

function densitiesOf(learner: Learner, obs: number[][]): Densities {
  const action = obs.map((row) => Array.from(learner.policy(row, 1)))
  const actor = density(layersOf(learner, 'actor'), obs)
  const rows = obs.map((row, n) => [...row, ...action[n]!])
  return { actor, critic: density(layersOf(learner, 'critic'), rows) }
}

/** The pendulum of Gymnasium: angle from upright, torque of at most 2, 200 steps of 0.05 s an episode. */
function pendulum(uniform: () => number, see: (obs: number[]) => void): Env {
  let [angle, speed, step] = [0, 0, 0]
  const observe = () => {
    const obs = [Math.cos(angle), Math.sin(angle), speed]
    see(obs)
    return obs
  }
  return {
    obsDim: 3,
    actionDim: 1,
    reset() {
      angle = (2 * uniform() - 1) * Math.PI
      speed = 2 * uniform() - 1
      step = 0
      return { obs: observe(), info: {} }
    },
    step(action) {
      const torque = 2 * action[0]!
      const turn = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI))
      const reward = -(turn * turn + 0.1 * speed * speed + 0.001 * torque * torque)
      speed += (15 * Math.sin(angle) + 3 * torque) * 0.05
      speed = Math.max(-8, Math.min(8, speed))
      angle += speed * 0.05
      return { obs: observe(), reward, terminated: false, truncated: ++step === 200, info: {} }
    },
  }
}
