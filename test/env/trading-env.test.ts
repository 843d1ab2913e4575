// The environment of weights accounts for wealth, fees, ruin and the end of the data.
import { describe, expect, it } from 'vitest'
import type { ScenarioInput } from '../../src/scenario/schema.ts'
import { expectAllClose } from '../helpers/allclose.ts'
import { core, createMarket, expectClose, generator, randomAction, testEnv, walk } from './helpers.ts'

const PRICES = [100, 110, 105, 120, 90, 95]
const tradingEnv = (market: ReturnType<typeof createMarket>, given: ScenarioInput['env'] = {}) =>
  testEnv(market, { backend: 'tradingenv', ...given })

// tradingenv itself gives this for the actions 1, 1, -0.5, -0.5, 0 and 10000 in cash: wealth and reward of each step.
const RECORDED = [
  {
    fee: 0,
    wealth: [11000, 10500, 9750, 10968.75, 10968.75],
    reward: [0.09531017980432493, -0.04652001563489282, -0.07410797215372185, 0.11778303565638346, 0],
    drifted: undefined,
  },
  {
    fee: 0.001,
    wealth: [10990, 10490.444545454546, 9725.391401103894, 10939.933482202174, 10936.28646042676],
    reward: [
      0.0944006754214843, -0.04652096888288826, -0.07572466393787312, 0.11767958114312049,
      -0.00033342339935925667,
    ],
    drifted: [1.0009099181073704, 1.0000009532484497, -0.6163803072829874, -0.33336781995495524, 0],
  },
]

describe('the environment tradingenv', () => {
  for (const { fee, wealth, reward, drifted } of RECORDED) {
    it(`gives the wealth and rewards of the package tradingenv with a fee of ${fee}`, () => {
      const env = tradingEnv(createMarket([PRICES]), { trading_fees: fee, include_position_feature: true })
      expect(Array.from(env.reset().obs)).toEqual([Math.fround(0.1), 0])
      for (const [i, action] of [1, 1, -0.5, -0.5, 0].entries()) {
        const result = env.step([action])
        expectClose(result.info.wealth!, wealth[i]!, `wealth of step ${i + 1}`)
        expectClose(result.reward, reward[i]!, `reward of step ${i + 1}`)
        expect(result.obs[0]).toBe(Math.fround((i + 2) / 10))
        if (drifted) expectAllClose([result.obs[1]!], [drifted[i]!], { relative: 1e-7, absolute: 1e-9 })
        expect(Array.from(result.info.position!)).toEqual([action])
        expect(result.info).toMatchObject({ step: i + 1, row: i + 1 })
        expect([result.terminated, result.truncated]).toEqual([false, i === 4])
      }
    })
  }

  it('adds rewards up to ln Π(1 + a R) without a fee', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = generator(seed)
      const prices = walk(random, 60)
      const env = tradingEnv(createMarket([prices]))
      env.reset()
      let [rewards, product] = [0, 1]
      for (let t = 0; t < 59; t++) {
        const [action] = randomAction(random)
        rewards += env.step([action!]).reward
        product *= 1 + action! * (prices[t + 1]! / prices[t]! - 1)
      }
      expectClose(rewards, Math.log(product))
    }
  })

  it('gives the same rewards whatever the initial cash', () => {
    for (const seed of [1, 2, 3]) {
      const prices = walk(generator(seed), 40)
      const [poor, rich] = [1, 1e9].map((cash) =>
        tradingEnv(createMarket([prices]), { initial_cash: cash, trading_fees: 0.002 }),
      ) as [ReturnType<typeof testEnv>, ReturnType<typeof testEnv>]
      expect(poor.reset().info.wealth).toBe(1)
      expect(rich.reset().info.wealth).toBe(1e9)
      const random = generator(seed + 100)
      for (let t = 0; t < 39; t++) {
        const action = randomAction(random)
        expect(poor.step(action).reward).toBe(rich.step(action).reward)
      }
    }
  })

  it('keeps the books of two assets: units, cash and fees account for all wealth', () => {
    const fee = 0.003
    for (let seed = 0; seed < 10; seed++) {
      const random = generator(seed)
      const prices = [walk(random, 50), walk(random, 50)]
      const market = createMarket(prices)
      const env = tradingEnv(market, {
        trading_fees: fee,
        include_position_feature: true,
        price_columns: ['close', 'open'],
      })
      expect([env.obsDim, env.actionDim]).toEqual([3, 2])
      env.reset()
      // A broker with units and cash, who knows nothing of weights.
      let cash = 10000
      const units = [0, 0]
      for (let t = 0; t < 49; t++) {
        const action = randomAction(random, 2)
        const before = cash + units[0]! * prices[0]![t]! + units[1]! * prices[1]![t]!
        for (const a of [0, 1]) {
          const wanted = (action[a]! * before) / prices[a]![t]!
          const notional = (wanted - units[a]!) * prices[a]![t]!
          cash -= notional + fee * Math.abs(notional)
          units[a] = wanted
        }
        const held = units.map((unit, a) => unit * prices[a]![t + 1]!)
        const after = cash + held[0]! + held[1]!
        const { info, obs, reward } = env.step(action)
        expectClose(info.wealth!, after)
        expectClose(reward, Math.log(after / before))
        expectAllClose(
          Array.from(obs).slice(1),
          held.map((value) => value / after),
          { absolute: 1e-6 },
        )
      }
    }
  })

  it('observes the weight to which the price has moved the position', () => {
    const env = tradingEnv(createMarket([[100, 150, 75, 75]]), { include_position_feature: true })
    env.reset()
    // Half of 1 in the asset: 0.75 of 1.25; then a short half at a price that halves: 0.25 owed of 1.25.
    expect(env.step([0.5]).obs[1]).toBeCloseTo(0.6, 6)
    expect(env.step([-0.5]).obs[1]).toBeCloseTo(-0.2, 6)
    expect(env.reset().obs[1]).toBe(0)
  })

  it('ends with reward -1 and a finite observation when wealth is gone', () => {
    // at 250 more is owed than owned, at 200 exactly nothing is left
    for (const last of [250, 200]) {
      const env = tradingEnv(createMarket([[100, last, 100]]), { include_position_feature: true })
      env.reset()
      const { obs, reward, terminated, truncated } = env.step([-1])
      expect([reward, terminated, truncated]).toEqual([-1, true, false])
      expect(Array.from(obs)).toEqual([Math.fround(0.2), 0])
      expect(() => env.step([0])).toThrow('the episode is over: call reset')
      env.reset()
      expect(env.step([1]).terminated).toBe(false)
    }
  })

  it('terminates, and does not truncate, when ruin comes with the last row', () => {
    const env = tradingEnv(createMarket([[100, 250]]))
    env.reset()
    expect(env.step([-1])).toMatchObject({ terminated: true, truncated: false })
  })

  it('clips the reward to ±2, and the wealth not', () => {
    const env = tradingEnv(createMarket([[100, 1000, 1000 / 20]]))
    env.reset()
    const up = env.step([1])
    expect(up.reward).toBe(2)
    expectClose(up.info.wealth!, 100000)
    const down = env.step([1])
    expect([down.reward, down.terminated]).toEqual([-2, false])
  })

  it('only truncates at the end of the data, and then refuses to go on', () => {
    for (const rows of [2, 3, 17]) {
      const env = tradingEnv(createMarket([walk(generator(rows), rows)]))
      for (let episode = 0; episode < 2; episode++) {
        env.reset()
        for (let t = 1; t < rows; t++) {
          const { terminated, truncated } = env.step([1])
          expect([terminated, truncated]).toEqual([false, t === rows - 1])
        }
        expect(() => env.step([1])).toThrow('the episode is over: call reset')
      }
    }
  })

  it('begins with a reset', () => {
    expect(() => tradingEnv(createMarket([PRICES])).step([0])).toThrow('call reset')
  })

  it('observes nothing of later rows', () => {
    const random = generator(3)
    const prices = walk(random, 30)
    const features = Array.from({ length: 30 }, random)
    for (const now of [0, 10, 28]) {
      const altered = createMarket(
        [prices.map((price, row) => (row > now ? 3 * price : price))],
        features.map((feature, row) => (row > now ? -feature : feature)),
      )
      const given = { include_position_feature: true, trading_fees: 0.001 }
      const pair = [tradingEnv(createMarket([prices], features), given), tradingEnv(altered, given)]
      const [seen, other] = pair.map((env) => {
        const actions = generator(now)
        const observed = [Array.from(env.reset().obs)]
        for (let t = 0; t < now; t++) observed.push(Array.from(env.step(randomAction(actions)).obs))
        return observed
      })
      expect(other).toEqual(seen)
    }
  })

  it('takes its logarithm from the core', () => {
    const env = tradingEnv(createMarket([PRICES]))
    env.reset()
    expect(env.step([0.3]).reward).toBe(core.math.log(1 + 0.3 * (110 / 100 - 1)))
  })
})
