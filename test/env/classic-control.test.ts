// Pendulum-v1 and MountainCarContinuous-v0 take the same steps as Gymnasium's own.
import { describe, expect, it } from 'vitest'
import { createControlEnv, createEnv, createEpisodicEnv } from '../../src/env/create.ts'
import { expectAllClose } from '../helpers/allclose.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'
import { core, createMarket, envConfig, generator } from './helpers.ts'

const PENDULUM = 'Pendulum-v1'
const MOUNTAIN_CAR = 'MountainCarContinuous-v0'
const create = (name: string) => createControlEnv(name, core.math, core.random.environment)

type Row = [...numbers: number[], terminated: boolean, truncated: boolean]

/** The steps that the environment takes for the actions, an episode beginning at the next of the states. */
function rowsOf(name: string, starts: number[][], actions: number[]): Row[] {
  const env = create(name)
  const begin = (episode: number) => {
    env.reset()
    env.restore(Float64Array.of(...starts[episode]!, 0, 0)) // at its first step, not over
  }
  let episode = 0
  begin(0)
  return actions.map((action) => {
    const { obs, reward, terminated, truncated } = env.step(Float32Array.of(action))
    const row: Row = [...Array.from(obs), reward, terminated, truncated]
    if (terminated || truncated) begin(++episode)
    return row
  })
}

describeWithPython('1000 random actions as in Gymnasium', () => {
  const inF32 = (starts: number[][]) => starts.map((state) => state.map(Math.fround))
  it.each([
    [
      'swinging',
      PENDULUM,
      [
        [3, 0.5],
        [-1, -0.9],
        [0.01, 0],
        [-Math.PI, 1],
        [1.5, -1],
        [0, 0],
      ],
      5,
    ],
    [
      'turning fast',
      PENDULUM,
      [
        [20, 8],
        [-20, -8],
        [0.5, 7.9],
        [-3, -7.9],
        [2, 8],
        [0, 0],
      ],
      5,
    ],
    [
      'in the valley',
      MOUNTAIN_CAR,
      inF32([
        [-0.5, 0],
        [-0.6, 0],
      ]),
      1,
    ],
    [
      'at the left wall',
      MOUNTAIN_CAR,
      inF32([
        [-1.19, -0.07],
        [-1.2, 0],
      ]),
      1,
    ],
    [
      'up to the goal',
      MOUNTAIN_CAR,
      inF32([
        [0.3, 0.06],
        [0.44, 0.07],
        [0.449, 0.0017],
        [-0.5, 0],
        [0, 0],
      ]),
      2,
    ],
  ])('%s, %s', (what, name, starts, ends) => {
    const random = generator(what.length)
    const actions = Array.from({ length: 1000 }, () => Math.fround(2 * random() - 1))
    const expected = runPython('env/gymnasium_peer.py', JSON.stringify({ name, starts, actions })) as Row[]
    const found = rowsOf(name, starts, actions)
    const numbers = (rows: Row[]) => rows.flatMap((row) => row.slice(0, -2) as number[])
    const flags = (rows: Row[]) => rows.map((row) => row.slice(-2))
    expectAllClose(numbers(found), numbers(expected), { absolute: 1e-6, what })
    expect(flags(found)).toEqual(flags(expected))
    // without these the test would not see an end
    expect(found.filter((row) => row.at(-1) || row.at(-2))).toHaveLength(ends)
  })
})

describe('episodes', () => {
  it.each([
    [PENDULUM, [Math.PI, 1], [0, 0], 200],
    [MOUNTAIN_CAR, [0.1, 0], [-0.5, 0], 999],
  ])('of %s begin over the whole range and are truncated in time', (name, reach, middle, length) => {
    const env = create(name)
    core.random.environment.seed(1)
    const starts = Array.from({ length: 2000 }, () => {
      env.reset()
      return [...env.save().subarray(0, 2)]
    })
    for (const i of [0, 1]) {
      const offsets = starts.map((state) => Math.abs(state[i]! - middle[i]!))
      expect(Math.max(...offsets)).toBeLessThanOrEqual(reach[i]! + 1e-7)
      expect(Math.max(...offsets)).toBeGreaterThanOrEqual(reach[i]! * 0.99)
    }
    env.reset()
    for (let step = 1; step <= length; step++)
      expect(env.step([0])).toMatchObject({ terminated: false, truncated: step === length })
    expect(() => env.step([0])).toThrow('the episode is over: call reset')
  })

  it('of MountainCarContinuous-v0 end at the goal, with a reward of 100 less the cost of the force', () => {
    const env = create(MOUNTAIN_CAR)
    env.reset()
    env.restore(Float64Array.of(Math.fround(0.44), Math.fround(0.05), 10, 0))
    expect(env.step([0.5])).toMatchObject({ terminated: true, truncated: false, reward: 100 - 0.025 })
    expect(() => env.step([0])).toThrow('the episode is over: call reset')
  })

  it.each([PENDULUM, MOUNTAIN_CAR])('of %s go on from a saved state', (name) => {
    const [env, other] = [create(name), create(name)]
    env.reset(3)
    for (let step = 0; step < 50; step++) env.step([0.3])
    other.restore(env.save())
    for (let step = 0; step < 200; step++) {
      const action = [Math.fround(((step * 7) % 5) / 2 - 1)]
      if (name === PENDULUM && step === 150) break
      const next = env.step(action)
      expect(other.step(action)).toEqual({ ...next, obs: next.obs })
      expect(other.save()).toEqual(env.save())
    }
  })

  it('of Pendulum-v1 cost the same after any number of turns', () => {
    const env = create(PENDULUM)
    const costAt = (angle: number) => {
      env.reset()
      env.restore(Float64Array.of(angle, 0.5, 0))
      return env.step([0.25]).reward
    }
    for (const turns of [-2, -1, 1, 2])
      for (const angle of [-3, -0.5, 0.5, 3])
        expect(costAt(angle + turns * 2 * Math.PI)).toBeCloseTo(costAt(angle), 9)
  })

  it('of MountainCarContinuous-v0 stop a car at the left wall', () => {
    const env = create(MOUNTAIN_CAR)
    env.reset()
    env.restore(Float64Array.of(Math.fround(-1.19), Math.fround(-0.07), 10, 0))
    expect(Array.from(env.step([0]).obs)).toEqual([Math.fround(-1.2), 0])
  })

  it('of the same seed begin alike', () => {
    const env = create(PENDULUM)
    const first = Array.from(env.reset(5).obs)
    expect(Array.from(env.reset().obs)).not.toEqual(first)
    expect(Array.from(env.reset(5).obs)).toEqual(first)
  })
})

describe('an environment that is not known', () => {
  it('is refused rather than replaced by another', () => {
    expect(() => create('Acrobot-v1')).toThrow(
      'env.name must be Pendulum-v1 or MountainCarContinuous-v0, got Acrobot-v1',
    )
    const config = envConfig({ backend: 'classic_control', name: 'Pendulum-v1' })
    const { math, random } = core
    expect(() => createEnv(config, createMarket([[1, 2]]), math, random.environment)).toThrow(
      'Pendulum-v1 is no market: it is trained without data',
    )
    expect(() => createEpisodicEnv(envConfig(), math, random.environment)).toThrow(
      'TRADING trades: it has no episodes without data',
    )
  })
})
