// The numbers of several trials are summed up with their spread.
import { expect, it } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import type { Evaluation } from '../../src/evaluate/evaluate.ts'
import { trialStatistics } from '../../src/task/across-trials.ts'
import { expectClose } from '../env/helpers.ts'

const module = await loadModule()

/** Trials with these Σ log rewards on every split; their random benchmarks lie around 0, the others at 1. */
async function statisticsOf(rewards: (number | null)[], seed = 1) {
  const evaluations = rewards.map((sum_log_reward, i) => {
    const one = {
      sum_log_reward,
      total_return: i,
      sharpe_annualized: i === 0 ? null : i,
      max_drawdown: -i,
      buy_and_hold: 1,
      random: (i % 2) / 10,
      best_constant: 1,
    } as Evaluation
    return { train: one, validation: one, test: one }
  })
  return trialStatistics(evaluations, (await createCore(module, seed)).random.evaluation)
}

it('the middle of the trials, the mean of their middle half, and its interval', async () => {
  const { trials, sum_log_reward: sum } = (await statisticsOf([5, 1, 2, 3, 4, 100, 2, 3])).test
  expect(trials).toBe(8)
  expectClose(sum.median!, 3)
  expectClose(sum.iqm!, 3) // of 2, 3, 3, 4
  const [low, high] = sum.iqm_interval as [number, number]
  expect(low).toBeGreaterThanOrEqual(1)
  expect(low).toBeLessThan(2.6)
  expect(high).toBeGreaterThan(3.5)
  expect(high).toBeLessThan(100)
  const [least, most] = sum.median_interval as [number, number]
  expect(least).toBeLessThan(3)
  expect(most).toBeGreaterThan(3)
})

it('the same of total returns, Sharpe ratios where there are any, and falls', async () => {
  const { total_return, sharpe_annualized, max_drawdown } = (await statisticsOf([1, 1, 1, 1])).test
  expect([total_return, sharpe_annualized, max_drawdown].map(({ median }) => median)).toEqual([1.5, 2, -1.5])
  const { sharpe_annualized: none } = (await statisticsOf([1])).test
  expect(none).toEqual({ median: null, median_interval: [null, null], iqm: null, iqm_interval: [null, null] })
})

it('how probable it is that a trial is better than a benchmark, ties as halves', async () => {
  const { probability_of_improvement: p } = (await statisticsOf([0.5, 1, 2, 3])).train
  expectClose(p.buy_and_hold.estimate, 2.5 / 4)
  expectClose(p.best_constant.estimate, 2.5 / 4)
  expect(p.random).toEqual({ estimate: 1, interval: [1, 1] })
  const [low, high] = p.buy_and_hold.interval
  expect(low).toBeLessThan(0.4)
  expect(high).toBe(1)
})

it('takes what differs by rounding alone for a tie', async () => {
  const { probability_of_improvement: p } = (await statisticsOf([1 - 2e-16, 1 + 3e-16, 1.00001])).train
  expectClose(p.buy_and_hold.estimate, 2 / 3)
})

it('repeat with the seed, and have no width for one trial', async () => {
  const rewards = [1, 5.3, 2.2, 8.7, 3.1, 4.4, 0.3, 6.9, 7.7, 2.9, 3.6, 5.9]
  expect(await statisticsOf(rewards)).toEqual(await statisticsOf(rewards))
  expect(await statisticsOf(rewards)).not.toEqual(await statisticsOf(rewards, 2))
  const { sum_log_reward: sum } = (await statisticsOf([7])).test
  expect(sum).toEqual({ median: 7, median_interval: [7, 7], iqm: 7, iqm_interval: [7, 7] })
})

it('count ruin as worse than anything', async () => {
  const { sum_log_reward: sum, probability_of_improvement: p } = (await statisticsOf([null, 2, 3])).test
  expectClose(sum.median!, 2)
  expect(sum.iqm).toBeNull()
  expectClose(p.random.estimate, 2 / 3)
})
