// An evaluation compares a policy with its benchmarks on the same rows, and changes no learner.
import { describe, expect, it } from 'vitest'
import { returnsOf } from '../../src/math/bars.ts'
import { learnerTensors } from '../../src/core/tensors.ts'
import { createCore, STREAMS } from '../../src/core/core.ts'
import { createLearner } from '../../src/core/learner.ts'
import { loadModule } from '../../src/core/module.ts'
import { createEnv } from '../../src/env/create.ts'
import type { Market } from '../../src/env/env.ts'
import { BENCHMARKS, buyAndHold, shortAndHold, timeWeighted } from '../../src/evaluate/benchmarks.ts'
import {
  compareWithBenchmarks,
  createEvaluationEnv,
  cumulativeLog,
  deterministic,
  evaluate,
  rollout,
  uniform,
  type Policy,
} from '../../src/evaluate/evaluate.ts'
import { deviation, mean } from '../../src/math/statistics.ts'
import { train } from '../../src/trial/train.ts'
import { createMarket, expectClose, generator, walk } from '../env/helpers.ts'
import { parse } from '../scenario/helpers.ts'
import golden from '../golden/metrics.json' with { type: 'json' }

const module = await loadModule()
const core = await createCore(module, 0)
const PRICES = walk(generator(1), 80)
const market = createMarket([PRICES])

function scenario(env: object = {}, evaluation: object = {}) {
  return parse(JSON.stringify({ env, evaluation: { n_random_trials: 3, ...evaluation } })).scenario
}

/** Σ ln(p′/p), by the engine's own logarithm. */
function logReturns(prices: number[]): number[] {
  return prices.slice(1).map((price, i) => Math.log(price / prices[i]!))
}
const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)

/** The action of each step in turn, whatever is observed. */
function replay(actions: number[]): Policy {
  let step = 0
  return () => [actions[step++]!]
}

describe('an evaluation', () => {
  it('gives an agent that is always long what the market gives, without fees', async () => {
    const { metrics, curves } = evaluate(scenario(), market, () => [1], await createCore(module, 0))
    expectClose(metrics.sum_log_reward!, metrics.buy_and_hold!)
    expectClose(metrics.buy_and_hold!, total(logReturns(PRICES)))
    const [agent, , buyAndHold] = curves
    agent!.values.forEach((value, step) => expectClose(value, buyAndHold!.values[step]!))
  })

  it('takes fees from the agent and not from what it is compared with', async () => {
    const config = scenario({ trading_fees: 0.01 })
    const { metrics } = evaluate(config, market, () => [1], await createCore(module, 0))
    expect(metrics.sum_log_reward!).toBeLessThan(metrics.buy_and_hold! - 0.005)
    expectClose(metrics.buy_and_hold!, total(logReturns(PRICES)))
  })

  it('gives a perfect agent the greatest profit, and no other more', async () => {
    const moves = PRICES.slice(1).map((price, i) => price / PRICES[i]! - 1)
    const { metrics } = evaluate(
      scenario(),
      market,
      replay(moves.map(Math.sign)),
      await createCore(module, 0),
    )
    expectClose(metrics.sum_log_reward!, metrics.max_profit)
    expectClose(metrics.max_profit, total(moves.map((move) => Math.log(1 + Math.abs(move)))))
    const random = generator(9)
    const other = moves.map((move) => Math.sign(move) * (1 - 0.01 * random()))
    const { metrics: less } = evaluate(scenario(), market, replay(other), await createCore(module, 0))
    expect(less.sum_log_reward!).toBeLessThan(metrics.max_profit)
  })

  it('compares with random actions, which repeat with the seed and differ between rollouts', async () => {
    const run = async (seed: number) =>
      evaluate(scenario(), market, () => [1], await createCore(module, seed))
    const [first, again, other] = [await run(4), await run(4), await run(5)]
    expect(again).toEqual(first)
    expect(other.random.positions).not.toEqual(first.random.positions)
    expect(other.agent).toEqual(first.agent)
    expect(first.random.positions).not.toEqual(first.agent.positions)
    const positions = Array.from(first.random.positions)
    expect(Math.max(...positions)).toBeGreaterThan(0.8)
    expect(Math.min(...positions)).toBeLessThan(-0.8)
  })

  it('gives the mean of the random rollouts', async () => {
    const one = await createCore(module, 3)
    const { metrics } = evaluate(scenario(), market, () => [1], one)
    const core = await createCore(module, 3)
    const env = createEvaluationEnv(scenario(), market, core)
    const atRandom = uniform(1, core.random.evaluation)
    const sums = [1, 2, 3].map(() => total(Array.from(rollout(env, atRandom).rewards)))
    expect(new Set(sums).size).toBe(3)
    expectClose(metrics.random!, total(sums) / 3)
  })

  it('gives curves of one point more than there are steps, beginning at 0', async () => {
    const { agent, curves, metrics } = evaluate(scenario(), market, () => [0.5], await createCore(module, 0))
    expect(curves.map(({ name }) => name)).toEqual(['agent', 'random', 'buy_and_hold', 'max_profit'])
    for (const { values } of curves) expect([values.length, values[0]]).toEqual([80, 0])
    expect([agent.rewards.length, agent.wealth.length, agent.positions.length]).toEqual([79, 80, 79])
    expect(metrics.steps).toBe(79)
  })

  it('adds rewards up to the agent’s curve', async () => {
    const config = scenario({ trading_fees: 0.001 })
    const random = generator(2)
    const actions = Array.from({ length: 79 }, () => 2 * random() - 1)
    const { agent, curves } = evaluate(config, market, replay(actions), await createCore(module, 0))
    let sum = 0
    agent.rewards.forEach((reward, step) => expectClose(curves[0]!.values[step + 1]!, (sum += reward)))
  })

  it('compares two assets with half of the wealth in each', async () => {
    const pair = [walk(generator(2), 30), walk(generator(3), 30)]
    const config = scenario({ price_columns: ['close', 'open'] })
    const { metrics } = evaluate(config, createMarket(pair), () => [1, 0], await createCore(module, 0))
    const ratios = pair.map((prices) => prices[29]! / prices[0]!)
    expectClose(metrics.buy_and_hold!, Math.log((ratios[0]! + ratios[1]!) / 2))
    expectClose(metrics.sum_log_reward!, Math.log(ratios[0]!))
  })

  it('begins where a window begins, and compares from there', async () => {
    const config = scenario({ backend: 'gym_trading_env.continuous', windows: 5 })
    const { agent, metrics, curves } = evaluate(config, market, () => [1], await createCore(module, 0))
    expect(agent.firstRow).toBe(4)
    for (const { values } of curves) expect(values.length).toBe(76)
    expectClose(metrics.buy_and_hold!, total(logReturns(PRICES.slice(4))))
    expectClose(metrics.sum_log_reward!, metrics.buy_and_hold!)
  })

  it('compares with what the market gives to the simplest traders, without fees', async () => {
    const config = scenario({ trading_fees: 0.01 })
    const { metrics, benchmarks } = evaluate(config, market, () => [1], await createCore(module, 0))
    const moves = PRICES.slice(1).map((price, i) => price / PRICES[i]! - 1)
    const logOf = (weight: (t: number) => number) =>
      total(moves.map((move, t) => Math.log(1 + weight(t) * move)))
    expectClose(
      metrics.short_and_hold!,
      logOf(() => -1),
    )
    expectClose(
      metrics.twap!,
      logOf((t) => t / moves.length),
    )
    for (const wealth of Object.values(benchmarks)) expect(wealth.length).toBe(80)
  })

  it('gives the benchmarks of the Python original their returns', () => {
    const market = createMarket([[100, 110, 105, 120, 90, 95]])
    const held = buyAndHold(market)
    const expectReturns = (wealth: Float64Array, expected: number[]) =>
      expected.forEach((value, t) => expectClose(wealth[t + 1]! / wealth[t]! - 1, value))
    expectReturns(held, golden.bh)
    expectReturns(timeWeighted(held), golden.twap)
    expectReturns(
      shortAndHold(held),
      golden.bh.map((r) => -r),
    )
    expect(shortAndHold(Float64Array.of(1, 2.5, 1, 5))).toEqual(Float64Array.of(1, 0, 0, 0)) // ruin is for good
  })

  it('compares with the best constant weight, which pays its fees', async () => {
    const config = scenario({ trading_fees: 0.002 })
    const constants = Array.from({ length: 21 }, (_, i) => (i - 10) / 10)
    const env = createEvaluationEnv(config, market, core)
    const logs = constants.map((action) =>
      cumulativeLog(rollout(env, () => [action]).wealth, core.math).at(-1)!,
    )
    const { metrics } = evaluate(config, market, () => [0], await createCore(module, 0))
    expect(metrics.best_constant).toBe(Math.max(...logs))
    expect(metrics.best_constant_position).toBe(constants[logs.indexOf(Math.max(...logs))])
  })

  it('compares with the best of the positions where these are all there is', async () => {
    const config = scenario({ backend: 'gym_trading_env.continuous', positions: [-2, 0, 0.5, 2] })
    const rising = createMarket([[100, 101, 103, 104, 107]])
    const { metrics } = evaluate(config, rising, () => [0], await createCore(module, 0))
    expect(metrics.best_constant_position).toBe(2)
    expectClose(metrics.best_constant!, Math.log(2 * 1.07 - 1))
    const falling = createMarket([[107, 104, 103, 101, 100]])
    const other = evaluate(config, falling, () => [0], await createCore(module, 0))
    expect(other.metrics.best_constant_position).toBe(-2)
  })

  it('measures beside the market over the same moves: what holds it has its beta', async () => {
    const { metrics } = evaluate(scenario(), market, () => [0.5], await createCore(module, 0))
    expectClose(metrics.beta!, 0.5)
    expectClose(metrics.alpha!, 0)
  })

  it('tests whether the agent differs from each benchmark, alike with the same seed', async () => {
    const moves = PRICES.slice(1).map((price, i) => price / PRICES[i]! - 1)
    const perfect = replay(moves.map(Math.sign))
    const evaluation = evaluate(scenario(), market, perfect, await createCore(module, 0))
    const compare = async () => compareWithBenchmarks(evaluation, scenario(), await createCore(module, 4))
    const found = await compare()
    expect(Object.keys(found)).toEqual([...BENCHMARKS])
    for (const { t_p, mann_whitney_p, permutation_p, sharpe } of Object.values(found)) {
      for (const p of [t_p!, mann_whitney_p, permutation_p]) expect(p).toBeLessThan(0.01)
      expect(sharpe!.significant).toBe(true)
    }
    expect(await compare()).toEqual(found)
    const holding = evaluate(scenario(), market, () => [1], await createCore(module, 0))
    const same = compareWithBenchmarks(holding, scenario(), await createCore(module, 4))
    expect(same.buy_and_hold.t_p).toBeCloseTo(1, 6)
    expect(same.buy_and_hold.sharpe!.significant).toBe(false)
  })

  it('tests it against a benchmark that is ruined long before its end', async () => {
    const doubling = createMarket([[...PRICES.slice(0, 5), ...PRICES.slice(5).map((price) => 3 * price)]])
    const holding = evaluate(scenario(), doubling, () => [1], await createCore(module, 0))
    expect([...holding.benchmarks.short_and_hold.subarray(5)]).toEqual(Array(75).fill(0))
    const { short_and_hold: short } = compareWithBenchmarks(holding, scenario(), await createCore(module, 4))
    const returns = returnsOf(holding.benchmarks.short_and_hold)
    expect([...returns.subarray(4)]).toEqual([-1, ...Array(74).fill(0)])
    expect(short.sharpe!.benchmark).toBe(mean(returns) / deviation(returns))
    for (const p of [short.t_p!, short.mann_whitney_p, short.permutation_p]) {
      expect(p).toBeGreaterThan(0)
      expect(p).toBeLessThan(1)
    }
  })

  it('runs through a whole split from cash, whatever episodes training has', async () => {
    const config = scenario({
      backend: 'gym_trading_env.continuous',
      trading_fees: 0.01, // leaving any other position than cash would cost
      initial_position: 'random',
      max_episode_duration: 7,
    })
    const core = await createCore(module, 0)
    for (let run = 0; run < 5; run++) {
      const { agent } = evaluate(config, market, () => [0], core)
      expect([agent.firstRow, agent.rewards.length]).toEqual([0, 79])
      expect(Array.from(agent.wealth)).toEqual(Array(80).fill(10000))
    }
  })

  it('has no logarithm of an agent that is ruined, whose episode ends there', async () => {
    const doubling = createMarket([[100, 110, 300, 310]])
    const { metrics, agent, curves } = evaluate(scenario(), doubling, () => [-1], await createCore(module, 0))
    expect([metrics.sum_log_reward, metrics.steps]).toEqual([null, 2])
    expect(agent.rewards[1]).toBe(-1)
    expect(curves[0]!.values[2]).toBeNaN()
    expectClose(metrics.buy_and_hold!, Math.log(3.1))
  })
})

describe('a rollout', () => {
  it('stops after as many steps as asked', () => {
    const env = createEnv(scenario().env, market, core.math, core.random.environment)
    const { rewards, wealth, positions } = rollout(env, () => [1], 10)
    expect([rewards.length, wealth.length, positions.length]).toEqual([10, 11, 10])
    expectClose(cumulativeLog(wealth, core.math).at(-1)!, Math.log(PRICES[10]! / PRICES[0]!))
  })

  it('of an environment that does not trade has rewards alone', () => {
    const info = {}
    const env = {
      obsDim: 1,
      actionDim: 1,
      reset: () => ({ obs: [0], info }),
      step: () => ({ obs: [0], reward: 2, terminated: true, truncated: false, info }),
    }
    const { firstRow, rewards, positions } = rollout(env, () => [0])
    expect([firstRow, Array.from(rewards), positions.length]).toEqual([0, [2], 0])
  })
})

describe('training', () => {
  /** Trains 300 steps; `between` runs after every event. */
  async function trained(between: (learner: Awaited<ReturnType<typeof createLearner>>) => void) {
    const core = await createCore(module, 11)
    const config = scenario({ include_position_feature: true })
    const env = createEnv(config.env, market, core.math, core.random.environment)
    const shape = { actorHiddenDims: [8], criticHiddenDims: [8], batchSize: 8, capacity: 500 }
    const learner = await createLearner({ obsDim: env.obsDim, actionDim: env.actionDim, ...shape }, core)
    const options = { maxSteps: 300, initRandSteps: 50, framesPerBatch: 10, optimStepsPerBatch: 5 }
    for (const _ of train(env, learner, options)) between(learner)
    return learnerTensors(learner)
  }
  const other: Market = createMarket([walk(generator(5), 40)])
  const config = scenario({ include_position_feature: true })

  it('is not touched by validation between its events', async () => {
    let validations = 0
    const watched = await trained((learner) => {
      validations++
      rollout(createEvaluationEnv(config, other, learner.core), deterministic(learner))
    })
    expect(validations).toBeGreaterThan(30)
    expect(watched).toEqual(await trained(() => {}))
  })

  it('is touched by whole evaluations only in the stream that is theirs', async () => {
    const watched = await trained((learner) => {
      evaluate(config, other, deterministic(learner), learner.core)
    })
    const { random: drawn, ...rest } = watched
    const { random, ...expected } = await trained(() => {})
    expect(rest).toEqual(expected)
    const own = 2 * STREAMS.indexOf('evaluation')
    for (let i = 0; i < 2 * STREAMS.length; i++) {
      if (i === own) expect(drawn!.data[i]).not.toBe(random!.data[i])
      else expect(drawn!.data[i]).toBe(random!.data[i])
    }
  })
})
