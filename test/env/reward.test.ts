// Rewards other than the log return: golden numbers of the differential Sharpe ratio, and the others by hand.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createReward, type Outcome, type RewardConfig } from '../../src/env/reward.ts'
import type { ScenarioInput } from '../../src/scenario/schema.ts'
import { core, createMarket, envConfig, expectClose, generator, testEnv, walk } from './helpers.ts'

interface Golden {
  R: number[]
  clipped: number[]
  state: [number, number][]
}
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('../golden/dsr.json', import.meta.url)), 'utf8'),
) as Record<'eta01' | 'eta10', Golden>

const rewardOf = (given: ScenarioInput['env'], clip?: number) =>
  createReward(envConfig(given) as RewardConfig, core.math, clip)

/** The outcome of a step with that log return. */
function outcome(r: number, rest: Partial<Outcome> = {}): Outcome {
  return { growth: Math.exp(r), turnover: 0, wealth: 1, market: () => 1, ...rest }
}

/** Log returns that go up and down. */
const RETURNS = [0.01, -0.02, 0.015, 0.003, -0.005, 0.02, -0.01, 0.005]

describe('the differential Sharpe ratio', () => {
  it.each([
    ['eta01', 0.01],
    ['eta10', 0.1],
  ] as const)('has the golden numbers of %s', (name, reward_eta) => {
    const { R, clipped, state } = golden[name]
    const reward = rewardOf({ reward_type: 'differential_sharpe', reward_eta })
    R.forEach((r, i) => {
      expectClose(reward.of(outcome(r)), clipped[i]!, `reward ${i}`)
      reward.save().forEach((value, k) => expectClose(value, state[i]![k]!))
    })
    reward.reset(1)
    expect(reward.save()).toEqual([0, 0])
  })

  it('is clipped to ± 10, whatever the clip of other rewards, and ruin costs as much', () => {
    const reward = rewardOf({ reward_type: 'differential_sharpe' }, 2)
    const rewards = [0.01, 0.01, 5, 0.01, -5].map((r) => reward.of(outcome(r)))
    expect(Math.max(...rewards)).toBeLessThanOrEqual(10)
    expect(rewards[4]).toBe(-10)
    expect(reward.ruin).toBe(-10)
  })

  it('is about the derivative of the ratio by the rate of its means', () => {
    // S(η) after one more return, from means that a long past has made
    const [a, b, r, eta] = [0.002, 0.0005, 0.01, 1e-6]
    const ratio = (e: number) => {
      const [A, B] = [a + e * (r - a), b + e * (r * r - b)]
      return A / Math.sqrt(B - A * A)
    }
    const reward = rewardOf({ reward_type: 'differential_sharpe', reward_eta: eta })
    reward.restore([a, b])
    expect(reward.of(outcome(r))).toBeCloseTo((ratio(eta) - ratio(0)) / eta, 4)
  })
})

it('the differential downside ratio is the derivative of mean by downside deviation', () => {
  const [a, square, eta] = [0.002, 0.0003, 1e-6]
  for (const r of [0.01, -0.02]) {
    const ratio = (e: number) => (a + e * (r - a)) / Math.sqrt(square + e * (Math.min(r, 0) ** 2 - square))
    const reward = rewardOf({ reward_type: 'differential_downside', reward_eta: eta })
    reward.restore([a, square])
    expect(reward.of(outcome(r))).toBeCloseTo((ratio(eta) - ratio(0)) / eta, 4)
  }
  const fresh = rewardOf({ reward_type: 'differential_downside' })
  // nothing was lost yet
  for (const r of [0.01, 0.02, 0.03]) expect(fresh.of(outcome(r))).toBe(0)
})

describe('other rewards', () => {
  it('are the simple return, and the log return less a penalty', () => {
    expectClose(rewardOf({ reward_type: 'simple_return' }).of(outcome(Math.log(1.25))), 0.25)
    const turnover = rewardOf({ reward_type: 'log_return_turnover', reward_penalty: 0.01 })
    expectClose(turnover.of(outcome(0.02, { turnover: 1.5 })), 0.02 - 0.015)
    const excess = rewardOf({ reward_type: 'excess_return' })
    expectClose(excess.of(outcome(0.02, { market: () => 1.05 })), 0.02 - Math.log(1.05))
  })

  it('take off the squared distance from a running mean', () => {
    const reward = rewardOf({ reward_type: 'log_return_variance', reward_eta: 0.1, reward_penalty: 3 })
    let a = 0
    for (const r of RETURNS) {
      expectClose(reward.of(outcome(r)), r - 3 * (r - a) ** 2)
      a = 0.9 * a + 0.1 * r
    }
  })

  it('take off the drawdown from the highest wealth of the episode', () => {
    const reward = rewardOf({ reward_type: 'log_return_drawdown', reward_penalty: 0.5 })
    reward.reset(100)
    let [wealth, peak] = [100, 100]
    for (const r of RETURNS) {
      wealth *= Math.exp(r)
      peak = Math.max(peak, wealth)
      expectClose(reward.of(outcome(r, { wealth })), r - 0.5 * (1 - wealth / peak))
    }
    reward.reset(1)
    expectClose(reward.of(outcome(0.01, { wealth: 2 })), 0.01)
  })

  it('are clipped as the environment says', () => {
    expect(rewardOf({ reward_type: 'simple_return' }, 2).of(outcome(3))).toBe(2)
    expectClose(rewardOf({ reward_type: 'simple_return' }).of(outcome(3)), Math.exp(3) - 1)
  })

  it.each(['tradingenv', 'gym_trading_env.continuous'] as const)('come from the wealth of %s', (backend) => {
    const prices = walk(generator(4), 30)
    const given = { backend, initial_position: 0, trading_fees: 0.01, reward_penalty: 0.1 }
    const types = ['simple_return', 'log_return_turnover', 'excess_return', 'log_return'] as const
    const envs = types.map((reward_type) => testEnv(createMarket([prices]), { ...given, reward_type }))
    envs.forEach((env) => env.reset())
    let [before, held] = [10000, 0]
    for (let t = 0; t < 29; t++) {
      const action = [[1], [-1], [0]][t % 3]!
      const [simple, turnover, excess, plain] = envs.map((env) => env.step(action))
      const { wealth } = simple!.info
      expectClose(simple!.reward, wealth! / before - 1)
      expectClose(excess!.reward, plain!.reward - Math.log(prices[t + 1]! / prices[t]!))
      if (backend === 'tradingenv') {
        expectClose(turnover!.reward, plain!.reward - 0.1 * Math.abs(action[0]! - held))
        held = (action[0]! * before * (prices[t + 1]! / prices[t]!)) / wealth!
      } else expect(turnover!.reward).toBeLessThan(plain!.reward)
      before = wealth!
    }
  })
})
