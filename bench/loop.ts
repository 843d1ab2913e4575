// This bench times everything around an update: acting, the training loop without its updates, evaluation of a long
// file.
import { createCore } from '../src/core/core.ts'
import { createLearner, type Learner } from '../src/core/learner.ts'
import { loadModule } from '../src/core/module.ts'
import type { Market } from '../src/env/env.ts'
import { createTradingEnv } from '../src/env/trading-env.ts'
import { deterministic, rollout } from '../src/evaluate/evaluate.ts'
import { scenarioSchema } from '../src/scenario/schema.ts'
import { train } from '../src/trial/train.ts'
import { digits, inTurns, median, printTable, spread } from './measure.ts'
import { forward, layersOf } from './plain.ts'
import { learnerOptions, nameOf, ROWS } from './shapes.ts'
import { prepared } from './trained.ts'
import { runTrial } from '../src/trial/trial.ts'

const FEATURES = 8
const CONFIG = scenarioSchema.parse({ env: { trading_fees: 0.001 } }).env

/** Prints the time of one action, with noise, without, and of many rows at once. */
export async function benchAct(): Promise<void> {
  const rows = []
  for (const shape of ROWS) {
    const learner = await createLearner(learnerOptions(shape))
    checkAct(learner)
    const many = new Float32Array(10_000 * shape.obsDim).map((_, i) => ((i * 7919) % 2000) / 1000 - 1)
    const { act, noisy, policy } = inTurns({
      act: () => learner.act(0),
      noisy: () => learner.act(0.2),
      policy: () => void learner.policy(many),
    })
    const microseconds = ({ rounds }: { rounds: number[] }) => spread(rounds.map((ms) => ms * 1000))
    const perRow = spread(policy.rounds.map((ms) => ms / 10))
    rows.push([nameOf(shape), microseconds(act), microseconds(noisy), perRow])
  }
  printTable('One action, µs', ['H × B', 'act', 'act with noise', 'a row of policy(10,000 rows)'], rows)
}

/** @throws Error when the action is not that of the plain loop */
function checkAct(learner: Learner): void {
  learner.obs.forEach((_, i, obs) => (obs[i] = (i - 3) / 3))
  learner.act(0)
  const [y] = forward(layersOf(learner, 'actor'), [Array.from(learner.obs)]).at(-1)!
  const expected = Math.tanh(y![0]!)
  if (!(Math.abs(learner.action[0]! - expected) < 1e-5))
    throw new Error(`the action is ${learner.action[0]}, that of the plain loop ${expected}`)
}

/** Prints the time of a training step without its updates, and the rate of evaluation. */
export async function benchLoop(): Promise<void> {
  const module = await loadModule()
  const core = await createCore(module, 1)
  const { normal } = core.random.data
  const longMarket = market(1_000_000, normal, core.math.exp)
  const learner = await createLearner(learnerOptions(ROWS[1]!), core)
  const rows = [
    ['training step, an update after each', await steps(learner, 1, 1)],
    ['training step, 50 updates after 200', await steps(learner, 200, 50)],
  ]
  const env = createTradingEnv(CONFIG, longMarket, core.math)
  const policy = deterministic(learner)
  const seconds = Array.from({ length: 3 }, () => {
    const began = performance.now()
    const { rewards } = rollout(env, policy)
    if (rewards.length !== longMarket.rows - 1) throw new Error('the rollout ended early')
    return (performance.now() - began) / 1000
  })
  rows.push([`evaluation of 1,000,000 rows: ${digits(1 / median(seconds))} M steps/s`, spread(seconds)])
  printTable('64/64, 8 features, µs per step', ['what', 'µs'], rows)
  printTable('A trial of sine_wave without files', ['what', 'ms'], [['whole', await trialMilliseconds()]])

  async function steps(real: Learner, framesPerBatch: number, optimStepsPerBatch: number): Promise<string> {
    const env = createTradingEnv(CONFIG, market(10_000, normal, core.math.exp), core.math)
    const idle = withoutUpdates(real)
    const options = { initRandSteps: 1000, framesPerBatch, optimStepsPerBatch, maxSteps: 20_000 }
    const { loop } = inTurns({
      loop: () => {
        for (const event of train(env, idle, options)) void event
      },
    })
    return spread(loop.rounds.map((ms) => (ms * 1000) / options.maxSteps))
  }
}

/** Training, validation and evaluation of the shipped scenario. */
async function trialMilliseconds(): Promise<string> {
  const { scenario, data, module } = await prepared('sine_wave')
  const milliseconds = []
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    for await (const event of runTrial(scenario, data, module)) void event
    milliseconds.push(performance.now() - began)
  }
  return spread(milliseconds)
}

/** The learner, whose updates are only counted. */
function withoutUpdates(learner: Learner): Learner {
  const statistics = {
    criticLoss: 0,
    actorLoss: 0,
    meanQ: 0,
    meanTargetQ: 0,
    criticGradNorm: 0,
    actorGradNorm: 0,
  }
  let updates = 0
  return {
    ...learner,
    update: () => {
      updates++
      return statistics
    },
    get updates() {
      return updates
    },
  }
}

/** One asset on a random walk, with features that mean nothing. */
function market(rows: number, normal: () => number, exp: (x: number) => number): Market {
  let price = 100
  const prices = [Float64Array.from({ length: rows }, () => (price *= exp(0.001 * normal())))]
  const featureNames = Array.from({ length: FEATURES }, (_, i) => `feature_${i}`)
  return {
    rows,
    priceNames: ['close'],
    prices,
    featureNames,
    features: Float32Array.from({ length: rows * FEATURES }, normal),
  }
}
