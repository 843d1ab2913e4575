// The training loop collects, stores and updates in its order, and resumes from where it was saved.
import { describe, expect, it } from 'vitest'
import { learnerTensors } from '../../src/core/tensors.ts'
import { createCore } from '../../src/core/core.ts'
import {
  createLearner,
  type Learner,
  type LearnerOptions,
  type UpdateStatistics,
} from '../../src/core/learner.ts'
import { loadModule } from '../../src/core/module.ts'
import type { Env } from '../../src/env/env.ts'
import { train, type TrainEvent, type TrainOptions } from '../../src/trial/train.ts'
import { createMarket, expectClose, generator, testEnv, walk } from '../env/helpers.ts'
import { DdpgError } from '../../src/base/errors.ts'

const module = await loadModule()
const SMALL = { actorHiddenDims: [6], criticHiddenDims: [6], batchSize: 4, capacity: 1000 }

async function newLearner(env: Env, seed = 1, options: Partial<LearnerOptions> = {}): Promise<Learner> {
  const { obsDim, actionDim } = env
  return createLearner({ obsDim, actionDim, ...SMALL, ...options }, await createCore(module, seed))
}

/** The same learner with some of its methods replaced. */
function replaced(learner: Learner, methods: Partial<Learner>): Learner {
  return Object.assign(Object.create(learner) as Learner, methods)
}

/** 21 rows: episodes of 20 steps. */
function tradingEnv(): Env {
  return testEnv(createMarket([walk(generator(3), 21)]), {
    backend: 'tradingenv',
    include_position_feature: true,
    trading_fees: 0.001,
  })
}

/** Observes [episode, step]; an episode ends after `length` steps, the odd ones by termination. Rewards step. */
function countingEnv(length: number): Env {
  let [episode, step] = [-1, 0]
  return {
    obsDim: 2,
    actionDim: 1,
    reset() {
      episode++
      step = 0
      return { obs: [episode, step], info: {} }
    },
    step() {
      step++
      const [terminated, truncated] = [
        step === length && episode % 2 === 1,
        step === length && episode % 2 === 0,
      ]
      return { obs: [episode, step], reward: step, terminated, truncated, info: {} }
    },
  }
}

function eventsOf(env: Env, learner: Learner, options: TrainOptions): TrainEvent[] {
  return [...train(env, learner, options)]
}

function ofType<T extends TrainEvent['type']>(events: TrainEvent[], type: T) {
  return events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type)
}

const FAST = { maxSteps: 200, initRandSteps: 40, framesPerBatch: 10, optimStepsPerBatch: 3 }

describe('collection', () => {
  it('acts uniformly for exactly the first steps, then with the policy', async () => {
    for (const initRandSteps of [0, 1, 37, 200, 500]) {
      const env = tradingEnv()
      const learner = await newLearner(env)
      const calls: string[] = []
      const spy = replaced(learner, {
        actUniform() {
          calls.push('uniform')
          learner.actUniform()
        },
        act(sigma) {
          calls.push('policy')
          learner.act(sigma)
        },
      })
      eventsOf(env, spy, { ...FAST, initRandSteps })
      const uniform = Math.min(200, initRandSteps)
      expect(calls).toEqual([...Array(uniform).fill('uniform'), ...Array(200 - uniform).fill('policy')])
    }
  })

  it('stores each transition with the observation that ended it, and how it ended', async () => {
    const env = countingEnv(3)
    const learner = await newLearner(env)
    const stored: unknown[] = []
    const spy = replaced(learner, {
      observe(reward, terminated, truncated) {
        stored.push([...learner.obs, reward, ...learner.nextObs, terminated, truncated])
        learner.observe(reward, terminated, truncated)
      },
    })
    eventsOf(env, spy, { maxSteps: 7 })
    expect(stored).toEqual([
      [0, 0, 1, 0, 1, false, false],
      [0, 1, 2, 0, 2, false, false],
      [0, 2, 3, 0, 3, false, true],
      [1, 0, 1, 1, 1, false, false],
      [1, 1, 2, 1, 2, false, false],
      [1, 2, 3, 1, 3, true, false],
      [2, 0, 1, 2, 1, false, false],
    ])
    expect(learner.replaySize).toBe(7)
  })

  it('reports true episodes, across the boundaries of its batches', async () => {
    const env = tradingEnv()
    const episodes = ofType(eventsOf(env, await newLearner(env), { ...FAST, framesPerBatch: 7 }), 'episode')
    expect(episodes.map(({ step }) => step)).toEqual([20, 40, 60, 80, 100, 120, 140, 160, 180, 200])
    for (const { episodeLength, episodeReward, wealth } of episodes) {
      expect(episodeLength).toBe(20)
      expectClose(episodeReward, Math.log(wealth! / 10000))
    }
  })

  it('scales only the rewards that it stores', async () => {
    const env = tradingEnv()
    const [given, stored]: [number[], number[]] = [[], []]
    const watched: Env = {
      ...env,
      step(action) {
        const result = env.step(action)
        given.push(result.reward)
        return result
      },
    }
    const learner = await newLearner(env)
    const spy = replaced(learner, {
      observe(reward, terminated, truncated) {
        stored.push(reward)
        learner.observe(reward, terminated, truncated)
      },
    })
    const episodes = ofType(eventsOf(watched, spy, { ...FAST, rewardScale: 100 }), 'episode')
    expect(stored).toEqual(given.map((reward) => 100 * reward))
    episodes.forEach(({ episodeReward }, i) => {
      expectClose(
        episodeReward,
        given.slice(20 * i, 20 * i + 20).reduce((sum, reward) => sum + reward, 0),
      )
    })
  })

  it('begins the noise process anew with each episode', async () => {
    const env = countingEnv(5)
    const learner = await newLearner(env)
    let resets = 0
    const spy = replaced(learner, {
      resetNoise() {
        resets++
        learner.resetNoise()
      },
    })
    eventsOf(env, spy, { maxSteps: 14 })
    expect(resets).toBe(3)
  })

  it('anneals the noise linearly and then keeps it', async () => {
    const env = tradingEnv()
    const learner = await newLearner(env)
    const sigmas: number[] = []
    const spy = replaced(learner, {
      act(sigma) {
        sigmas.push(sigma)
        learner.act(sigma)
      },
    })
    const noise = { sigma: 0.5, sigmaEnd: 0.1, annealSteps: 100 }
    const expected = (step: number) => (step < 100 ? 0.5 - 0.4 * (step / 100) : 0.1)
    const events = eventsOf(env, spy, { ...FAST, ...noise, initRandSteps: 0, logInterval: 1 })
    expect(sigmas.length).toBe(200)
    sigmas.forEach((sigma, step) => expectClose(sigma, expected(step)))
    const losses = ofType(events, 'losses')
    expect(losses.length).toBe(60)
    for (const { sigma, step } of losses) expectClose(sigma, expected(step))
  })

  it('keeps the noise as it is by default', async () => {
    const env = tradingEnv()
    const losses = ofType(
      eventsOf(env, await newLearner(env), { ...FAST, sigma: 0.3, logInterval: 1 }),
      'losses',
    )
    expect(new Set(losses.map(({ sigma }) => sigma))).toEqual(new Set([0.3]))
  })

  it('counts a change of position when the action has moved by more than 0.1', async () => {
    const env = countingEnv(6)
    const learner = await newLearner(env)
    const actions = [0, 0.05, 0.11, 0.2, 0.22, -1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    const scripted = replaced(learner, { act: () => void (learner.action[0] = actions.shift()!) })
    // framesPerBatch keeps updates from happening in between
    const events = eventsOf(env, scripted, { maxSteps: 12, initRandSteps: 0, framesPerBatch: 12 })
    expect(ofType(events, 'episode').map(({ positionChanges }) => positionChanges)).toEqual([3, 0])
  })
})

describe('updates', () => {
  it('begin after the uniform steps, even when there are more of them than replay holds', async () => {
    for (const [initRandSteps, first] of [
      [0, 10],
      [40, 50],
      [45, 50],
      [50, 60],
    ] as const) {
      const env = tradingEnv()
      const learner = await newLearner(env, 1, { capacity: 16 })
      const rounds = ofType(eventsOf(env, learner, { ...FAST, initRandSteps }), 'round')
      expect(rounds.find(({ updates }) => updates > 0)!.step).toBe(first)
    }
  })

  it('are as many in each round as asked', async () => {
    const env = tradingEnv()
    const learner = await newLearner(env)
    const rounds = ofType(eventsOf(env, learner, FAST), 'round')
    expect(rounds.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => 10 * (i + 1)))
    expect(rounds.map(({ updates }) => updates)).toEqual(rounds.map((_, i) => 3 * Math.max(0, i + 1 - 4)))
    expect(learner.updates).toBe(48)
  })

  it('follow a last batch that is shorter, at exactly the last step', async () => {
    const env = tradingEnv()
    const learner = await newLearner(env)
    const rounds = ofType(eventsOf(env, learner, { ...FAST, maxSteps: 95, framesPerBatch: 30 }), 'round')
    expect(rounds.map(({ step, updates }) => [step, updates])).toEqual([
      [30, 0],
      [60, 3],
      [90, 6],
      [95, 9],
    ])
    expect(learner.replaySize).toBe(95)
  })

  it('are reported as means since the last report', async () => {
    const env = tradingEnv()
    const learner = await newLearner(env)
    const all: UpdateStatistics[] = []
    const spy = replaced(learner, {
      update() {
        const statistics = learner.update()
        all.push({ ...statistics })
        return statistics
      },
    })
    const losses = ofType(eventsOf(env, spy, { ...FAST, logInterval: 8 }), 'losses')
    expect(losses.map(({ updates }) => updates)).toEqual([8, 16, 24, 32, 40, 48])
    losses.forEach((event, i) => {
      const window = all.slice(8 * i, 8 * i + 8)
      for (const name of Object.keys(all[0]!) as (keyof UpdateStatistics)[])
        expectClose(event[name], window.reduce((sum, one) => sum + one[name], 0) / 8, name)
    })
  })
})

describe('training refuses', () => {
  it('options out of range, all at once, before it touches the environment', async () => {
    const env = countingEnv(3)
    const learner = await newLearner(env)
    let resets = 0
    const watched: Env = { ...env, reset: () => (resets++, env.reset()) }
    const wrong = {
      maxSteps: 0,
      framesPerBatch: 0,
      logInterval: 1.5,
      evalInterval: NaN,
      initRandSteps: -1,
      optimStepsPerBatch: 0.5,
      checkpointInterval: Infinity,
      sigma: -0.1,
      sigmaEnd: NaN,
      annealSteps: 0,
      rewardScale: 0,
    }
    expect(() => eventsOf(watched, learner, wrong)).toThrow(
      new DdpgError(
        [
          'maxSteps must be an integer, at least 1, got 0',
          'framesPerBatch must be an integer, at least 1, got 0',
          'logInterval must be an integer, at least 1, got 1.5',
          'evalInterval must be an integer, at least 1, got NaN',
          'initRandSteps must be an integer, at least 0, got -1',
          'optimStepsPerBatch must be an integer, at least 0, got 0.5',
          'checkpointInterval must be an integer, at least 0, got Infinity',
          'sigma must be a finite number, at least 0, got -0.1',
          'sigmaEnd must be a finite number, at least 0, got NaN',
          'annealSteps must be a number, at least 1, got 0',
          'rewardScale must be a finite number above 0, got 0',
        ].join('\n'),
      ),
    )
    expect(resets).toBe(0)
  })

  it.each([
    { rewardScale: Infinity },
    { rewardScale: NaN },
    { sigma: Infinity, sigmaEnd: 0.1 },
    { sigmaEnd: -1 },
    { annealSteps: NaN },
  ])('%o', async (wrong) => {
    const env = countingEnv(3)
    const learner = await newLearner(env)
    expect(() => eventsOf(env, learner, { ...FAST, ...wrong })).toThrow(
      new RegExp(`^${Object.keys(wrong)[0]} must be [^\n]*$`),
    )
  })

  it('nothing that is at its limit', async () => {
    const env = countingEnv(3)
    const least = { maxSteps: 1, framesPerBatch: 1, logInterval: 1, evalInterval: 1, annealSteps: 1 }
    const none = { initRandSteps: 0, optimStepsPerBatch: 0, checkpointInterval: 0, sigma: 0, sigmaEnd: 0 }
    const events = eventsOf(env, await newLearner(env), { ...least, ...none })
    expect(events).toEqual([{ type: 'round', step: 1, updates: 0 }])
  })

  it('a learner of other dimensions than the environment', async () => {
    const env = countingEnv(3)
    const learner = await newLearner({ ...env, obsDim: 3, actionDim: 2 })
    expect(() => eventsOf(env, learner, FAST)).toThrow(
      new DdpgError(
        'obsDim of the environment is 2, that of the learner 3\n' +
          'actionDim of the environment is 1, that of the learner 2',
      ),
    )
  })

  it.each([[[1]], [[1, 2, 3]]])('an observation of %j, of another length than it says', async (obs) => {
    const env = countingEnv(3)
    const learner = await newLearner(env)
    const atReset: Env = { ...env, reset: () => ({ obs, info: {} }) }
    expect(() => [...train(atReset, learner, FAST)]).toThrow(
      new DdpgError(`reset of the environment gave ${obs.length} numbers to observe, not 2`),
    )
    const atStep: Env = { ...env, step: (action) => ({ ...env.step(action), obs }) }
    expect(() => [...train(atStep, learner, FAST)]).toThrow(
      new DdpgError(`step of the environment gave ${obs.length} numbers to observe, not 2`),
    )
    expect(learner.replaySize).toBe(0)
  })
})

describe('the events of training', () => {
  it('come in the order of what happened', async () => {
    const env = tradingEnv()
    const options = { maxSteps: 60, initRandSteps: 20, framesPerBatch: 20, optimStepsPerBatch: 4 }
    const intervals = { logInterval: 2, evalInterval: 4, checkpointInterval: 20 }
    const events = eventsOf(env, await newLearner(env), { ...options, ...intervals })
    expect(events.map(({ type, step }) => `${type} ${step}`)).toEqual([
      'episode 20',
      'round 20',
      'checkpoint 20',
      'episode 40',
      'update 40',
      'update 40',
      'losses 40',
      'update 40',
      'update 40',
      'losses 40',
      'evaluate 40',
      'round 40',
      'checkpoint 40',
      'episode 60',
      'update 60',
      'update 60',
      'losses 60',
      'update 60',
      'update 60',
      'losses 60',
      'evaluate 60',
      'round 60',
    ])
  })

  it('ask for a checkpoint at the first round that is an interval after the last', async () => {
    const steps = async (checkpointInterval: number) => {
      const env = tradingEnv()
      const events = eventsOf(env, await newLearner(env), { ...FAST, checkpointInterval })
      return ofType(events, 'checkpoint').map(({ step }) => step)
    }
    expect(await steps(0)).toEqual([])
    expect(await steps(50)).toEqual([50, 100, 150])
    expect(await steps(45)).toEqual([50, 100, 150])
    expect(await steps(1000)).toEqual([])
  })

  it('ask for an evaluation after so many updates, across rounds', async () => {
    const env = tradingEnv()
    const learner = await newLearner(env)
    const updates: number[] = []
    for (const { type } of train(env, learner, { ...FAST, evalInterval: 7 }))
      if (type === 'evaluate') updates.push(learner.updates)
    expect(updates).toEqual([7, 14, 21, 28, 35, 42])
  })

  it('let the caller stop after any of them', async () => {
    const env = tradingEnv()
    const learner = await newLearner(env)
    for (const { type, step } of train(env, learner, FAST)) if (type === 'round' && step === 70) break
    expect([learner.replaySize, learner.updates]).toEqual([70, 9])
  })
})

describe('a training run', () => {
  it('gives the same bytes for the same seed, and others for another', async () => {
    for (const noise of [{ type: 'gaussian' }, { type: 'ou', theta: 0.15, dt: 0.01 }] as const) {
      const run = async (seed: number) => {
        const env = tradingEnv()
        const learner = await newLearner(env, seed, { noise })
        const events = eventsOf(env, learner, FAST)
        return { events, tensors: learnerTensors(learner) }
      }
      const [first, again, other] = [await run(1), await run(1), await run(2)]
      expect(again).toEqual(first)
      expect(other.tensors['actor.0.weight']).not.toEqual(first.tensors['actor.0.weight'])
    }
  })

  it('learns to repeat a number that it is shown', async () => {
    const random = generator(4)
    const [obs, info] = [new Float32Array(1), {}]
    const draw = () => obs.fill(1.6 * random() - 0.8)
    const target: Env = {
      obsDim: 1,
      actionDim: 1,
      reset: () => ({ obs: draw(), info }),
      step([action]: number[]) {
        const miss = action! - obs[0]!
        return { obs, reward: -miss * miss, terminated: true, truncated: false, info }
      },
    }
    const learner = await newLearner(target, 1, {
      actorHiddenDims: [32],
      criticHiddenDims: [32, 32],
      batchSize: 64,
      actorLr: 3e-3,
      criticLr: 1e-2,
      tau: 0.05,
    })
    eventsOf(target, learner, { maxSteps: 900, initRandSteps: 300, sigma: 0.3 })
    expect(learner.updates).toBe(600)
    const shown = [-0.7, -0.4, -0.1, 0, 0.2, 0.5, 0.7]
    const worst = Math.max(...shown.map((x) => Math.abs(learner.policy([x])[0]! - x)))
    expect(worst).toBeLessThan(0.15)
  })
})
