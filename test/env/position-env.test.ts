// The environment of positions steps as Gym-Trading-Env does, but where it says otherwise.
import { describe, expect, it } from 'vitest'
import { positionIndex } from '../../src/env/position-env.ts'
import type { ScenarioInput } from '../../src/scenario/schema.ts'
import golden from '../golden/env.json' with { type: 'json' }
import { expectAllClose } from '../helpers/allclose.ts'
import { createMarket, expectClose, generator, randomAction, testEnv, walk } from './helpers.ts'

const PRICES = [100, 110, 105, 120, 90, 95]
const positionEnv = (market: ReturnType<typeof createMarket>, given: ScenarioInput['env'] = {}) =>
  testEnv(market, {
    backend: 'gym_trading_env.continuous',
    initial_cash: 1000,
    initial_position: 0,
    ...given,
  })

/** Actions that choose index 0, 1 and 2 of three positions. */
const ACTIONS = [-1, 0, 1]

interface Row {
  a?: number
  obs: number[] | number[][]
  r?: number
  done?: boolean
  trunc?: boolean
  val: number
  pos: number
  real?: number
  idx?: number
  step?: number
}

const EPISODES = {
  episode_fee: { trading_fees: 0.001, initial_position: 0 },
  episode_borrow: { borrow_interest_rate: 0.001, initial_position: -1 },
  episode_nofee: { initial_position: 0 },
  episode_windows2: { initial_position: 1, windows: 2 },
} as const

describe('the environment gym_trading_env.continuous', () => {
  it('is tested on every golden episode', () => {
    const recorded = Object.keys(golden).filter((name) => name.startsWith('episode_'))
    expect(Object.keys(EPISODES).toSorted()).toEqual(recorded.toSorted())
  })

  for (const [name, given] of Object.entries(EPISODES)) {
    it(`runs the episode of Gym-Trading-Env: ${name}`, () => {
      const [start, ...steps] = golden[name as keyof typeof EPISODES].rows as Row[] as [Row, ...Row[]]
      const env = positionEnv(createMarket([PRICES]), given)
      const begun = env.reset()
      expectAllClose(begun.obs, start.obs.flat(), { relative: 1e-9 })
      expect(begun.info).toMatchObject({ step: 0, wealth: start.val })
      expect(begun.info.position![0]).toBe(start.pos)
      for (const row of steps) {
        const result = env.step([ACTIONS[row.a!]!])
        expectAllClose(result.obs, row.obs.flat(), {
          relative: 1e-7,
          what: `observation of step ${row.step}`,
        })
        expectClose(result.reward, row.r!, `reward of step ${row.step}`)
        expectClose(result.info.wealth!, row.val, `value at step ${row.step}`)
        expect(result.info.position![0]).toBe(row.pos)
        expect(result.info).toMatchObject({ step: row.step, row: row.idx })
        expect([result.terminated, result.truncated]).toEqual([row.done, row.trunc])
        expect(result.obs[env.obsDim - 1]).toBeCloseTo(row.real!, 6)
      }
    })
  }

  it('trades only when the target changes: a held position drifts', () => {
    const env = positionEnv(createMarket([[100, 200, 200, 200]]), {
      positions: [-1, 0.5, 1],
      initial_position: 0.5,
      trading_fees: 0.01,
    })
    env.reset()
    expect(env.step([0]).obs[2]).toBeCloseTo(2 / 3, 6)
    expect(env.step([0])).toMatchObject({ reward: 0, info: { wealth: 1500 } })
    expect(env.step([1]).info.wealth).toBeLessThan(1500)
  })

  it('accumulates interest on a held short position when asked to', () => {
    const flat = createMarket([[100, 100, 100, 100]])
    const given = { initial_position: -1, borrow_interest_rate: 0.01 } as const
    const wealth = (env: ReturnType<typeof testEnv>) => {
      env.reset()
      return [1, 2, 3].map(() => env.step([-1]).info.wealth!)
    }
    expectAllClose(wealth(positionEnv(flat, given)), [990, 990, 990], { relative: 1e-12 })
    const accumulated = positionEnv(flat, { ...given, borrow_interest: 'accumulated' })
    expectAllClose(wealth(accumulated), [990, 980, 970], { relative: 1e-12 })
    // and an episode begins without debts
    expectAllClose(wealth(accumulated), [990, 980, 970], { relative: 1e-12 })
  })

  it('gives the same rewards whatever the initial cash', () => {
    const prices = walk(generator(5), 40, 0.05)
    const given = { trading_fees: 0.002, borrow_interest_rate: 0.0001 }
    const poor = positionEnv(createMarket([prices]), { ...given, initial_cash: 1 })
    const rich = positionEnv(createMarket([prices]), { ...given, initial_cash: 1e9 })
    poor.reset()
    rich.reset()
    const random = generator(6)
    for (let t = 0; t < 39; t++) {
      const action = randomAction(random)
      expectClose(poor.step(action).reward, rich.step(action).reward)
    }
  })

  it('adds rewards up to the logarithm of the wealth ratio', () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = generator(seed)
      const env = positionEnv(createMarket([walk(random, 60, 0.05)]), { trading_fees: 0.001 })
      env.reset()
      let [rewards, wealth] = [0, 0]
      for (let t = 0; t < 59; t++) {
        const result = env.step(randomAction(random))
        rewards += result.reward
        wealth = result.info.wealth!
      }
      expectClose(rewards, Math.log(wealth / 1000))
    }
  })

  it('ends with reward -1 and a finite observation when wealth is gone', () => {
    for (const last of [250, 200]) {
      const env = positionEnv(createMarket([[100, last, 100]]), { initial_position: -1 })
      env.reset()
      const { obs, reward, terminated, truncated } = env.step([-1])
      expect([reward, terminated, truncated]).toEqual([-1, true, false])
      expect(Array.from(obs)).toEqual([Math.fround(0.2), -1, 0])
      expect(() => env.step([0])).toThrow('the episode is over: call reset')
      env.reset()
      expect(env.step([0]).terminated).toBe(false)
    }
  })

  it('terminates, and does not truncate, when ruin comes with the last row', () => {
    const env = positionEnv(createMarket([[100, 250]]), { initial_position: -1 })
    env.reset()
    expect(env.step([-1])).toMatchObject({ terminated: true, truncated: false })
  })

  it('only truncates at the end of the data, and then refuses to go on', () => {
    const env = positionEnv(createMarket([PRICES]))
    for (let episode = 0; episode < 2; episode++) {
      env.reset()
      const ends = [1, 2, 3, 4, 5].map(() => env.step([1]))
      expect(ends.map(({ terminated }) => terminated)).toEqual(Array(5).fill(false))
      expect(ends.map(({ truncated }) => truncated)).toEqual([false, false, false, false, true])
      expect(() => env.step([1])).toThrow('the episode is over: call reset')
    }
  })

  it('begins with a reset', () => {
    expect(() => positionEnv(createMarket([PRICES])).step([0])).toThrow('call reset')
  })

  it('gives max_episode_duration steps, from every row that leaves room for them', () => {
    const market = createMarket([walk(generator(8), 12, 0.02)])
    for (const windows of [1, 3]) {
      const env = positionEnv(market, { max_episode_duration: 4, windows })
      const starts = new Set<number>()
      for (let episode = 0; episode < 300; episode++) {
        const { info, obs } = env.reset()
        starts.add(info.row!)
        expect(obs[env.obsDim - 3]).toBe(Math.fround((info.row! + 1) / 10))
        const truncated = [1, 2, 3, 4].map(() => env.step([1]).truncated)
        expect(truncated).toEqual([false, false, false, true])
        expect(() => env.step([1])).toThrow('the episode is over: call reset')
      }
      const expected = Array.from({ length: 12 - 4 - (windows - 1) }, (_, i) => i + windows - 1)
      expect([...starts].toSorted((a, b) => a - b)).toEqual(expected)
    }
  })

  it('begins the same episode again from the same seed', () => {
    const market = createMarket([walk(generator(9), 200, 0.02)])
    const env = positionEnv(market, { max_episode_duration: 20, initial_position: 'random' })
    const begin = (seed?: number) => {
      const { obs, info } = env.reset(seed)
      return [info.row!, info.position![0]!, ...Array.from(obs)]
    }
    const sequence = (seed: number) => [begin(seed), begin(), begin(), begin()]
    const first = sequence(7)
    expect(sequence(7)).toEqual(first)
    expect(sequence(8)).not.toEqual(first)
    expect(new Set(first.map(String)).size).toBeGreaterThan(1)
  })

  it('draws a random initial position from the positions, all of them', () => {
    const env = positionEnv(createMarket([PRICES]), {
      initial_position: 'random',
      positions: [-1, 0, 0.5, 1],
      continuous_action_thresholds: [-0.5, 0, 0.5],
    })
    env.reset(1)
    const drawn = Array.from({ length: 400 }, () => env.reset().info.position![0]!)
    for (const position of [-1, 0, 0.5, 1]) {
      const share = drawn.filter((one) => one === position).length / 400
      expect(share).toBeGreaterThan(0.17)
      expect(share).toBeLessThan(0.33)
    }
  })

  it('shows a window no row of an earlier episode', () => {
    const env = positionEnv(createMarket([PRICES]), { windows: 3, initial_position: 1 })
    const fresh = Array.from(env.reset().obs)
    const x = [0.1, 0.2, 0.3].map(Math.fround)
    expect(fresh).toEqual([x[0], 0, 0, x[1], 0, 0, x[2], 1, 1])
    env.step([-1])
    env.step([-1])
    env.step([-1])
    expect(Array.from(env.reset().obs)).toEqual(fresh)
  })

  it('goes on from a saved state, with what its window showed', () => {
    const market = createMarket([walk(generator(7), 30, 0.02)])
    const given = { windows: 3, trading_fees: 0.001, borrow_interest_rate: 0.001 }
    const [env, other] = [positionEnv(market, given), positionEnv(market, given)]
    const actions = generator(8)
    env.reset()
    for (let step = 0; step < 10; step++) env.step(randomAction(actions))
    other.reset()
    other.restore(env.save())
    for (let step = 10; step < 27; step++) {
      const action = randomAction(actions)
      expect(other.step(action)).toEqual(env.step(action))
      expect(other.save()).toEqual(env.save())
    }
    expect(() => other.step([0])).toThrow('the episode is over: call reset')
  })

  it('observes nothing of later rows', () => {
    const random = generator(3)
    const prices = walk(random, 30, 0.02)
    const features = Array.from({ length: 30 }, random)
    for (const now of [2, 10, 28]) {
      const altered = createMarket(
        [prices.map((price, row) => (row > now ? 3 * price : price))],
        features.map((feature, row) => (row > now ? -feature : feature)),
      )
      const [seen, other] = [createMarket([prices], features), altered].map((market) => {
        const env = positionEnv(market, { windows: 3, trading_fees: 0.001 })
        const actions = generator(now)
        const observed = [Array.from(env.reset().obs)]
        for (let row = 2; row < now; row++) observed.push(Array.from(env.step(randomAction(actions)).obs))
        return observed
      })
      expect(other).toEqual(seen)
    }
  })

  it('names the keys when there are too few rows for an episode', () => {
    expect(() => positionEnv(createMarket([PRICES]), { windows: 3, max_episode_duration: 4 })).toThrow(
      'env.windows 3 and env.max_episode_duration 4 need 7 rows, there are 6',
    )
    const fits = positionEnv(createMarket([PRICES]), { windows: 3, max_episode_duration: 3 })
    expect(fits.reset().info.row).toBe(2)
  })
})

describe('an action', () => {
  it('chooses the position whose index is the number of thresholds that it exceeds', () => {
    const index = (action: number) => positionIndex(action, [-0.33, 0.33], 3)
    expect([-1, -0.34, -0.32, 0, 0.32, 0.34, 1].map(index)).toEqual([0, 0, 1, 1, 1, 2, 2])
    // a threshold itself is not exceeded
    expect([-0.33, 0.33].map(index)).toEqual([0, 1])
  })

  it('chooses among two positions by the first threshold', () => {
    const index = (action: number) => positionIndex(action, [-0.33, 0.33], 2)
    expect([-1, -0.33, -0.32, 0, 0.34, 1].map(index)).toEqual([0, 0, 1, 1, 1, 1])
  })

  it('chooses among many positions by as many thresholds', () => {
    const index = (action: number) => positionIndex(action, [-0.6, -0.2, 0.2, 0.6], 5)
    expect([-1, -0.5, 0, 0.5, 1].map(index)).toEqual([0, 1, 2, 3, 4])
  })

  it('reaches the position that the environment then holds', () => {
    const env = positionEnv(createMarket([PRICES]), {
      positions: [0, 0.5, 1, 2],
      continuous_action_thresholds: [-0.5, 0, 0.5],
    })
    for (const [action, position] of [
      [-1, 0],
      [-0.25, 0.5],
      [0.25, 1],
      [1, 2],
    ] as const) {
      env.reset()
      expect(env.step([action]).info.position![0]).toBe(position)
    }
  })
})
