// Statistics and tests of significance agree with SciPy's.
import { describe, expect, it } from 'vitest'
import { createCore, type Random } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import {
  compareReturns,
  incompleteBeta,
  logGamma,
  mannWhitney,
  permutationTest,
  resample,
  tTest,
  upperGamma,
} from '../../src/math/significance.ts'
import {
  bootstrap,
  deviation,
  interquartileMean,
  mean,
  median,
  percentileInterval,
  probabilityOfImprovement,
  quantile,
} from '../../src/math/statistics.ts'
import { core, expectClose, generator } from '../env/helpers.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'

const { math } = core
const module = await loadModule()
const seeded = async (seed: number) => (await createCore(module, seed)).random.evaluation

function compare(x: ArrayLike<number>, y: ArrayLike<number>, random: Random) {
  const [own, other] = [x, y].map((returns) => resample(Float64Array.from(returns), random))
  return compareReturns(own!, other!, random, math)
}

interface Pair {
  x: number[]
  y: number[]
  t: [number, number]
  u: [number, number]
  improvement: number
}
type Ends = [number, number]
interface Peer {
  pairs: Pair[]
  far: Pair
  exact: number
  resampled: Record<'x' | 'y', number[]> & { permutation: number; iqm: Ends; sum_of_strata: Ends } & Record<
      'sharpe' | 'sortino',
      [Ends, Ends, Ends]
    >
  samples: { values: number[]; iqm: number; median: number; q: number }[]
  beta: [number, number, number, number][]
  gamma: [number, number, number, number][]
}

/** Relative to what it should be, unlike expectClose, so that small p values count. */
function expectRelative(actual: number, expected: number, what: string): void {
  const message = `${what}: ${actual}, expected ${expected}`
  expect(Math.abs(actual - expected), message).toBeLessThanOrEqual(1e-9 * Math.abs(expected) + 1e-15)
}

/** Ends of two bootstraps of one sample differ by their noise: a tenth of the length at most. */
function expectInterval(actual: Ends, expected: Ends, what: string): void {
  const room = 0.1 * (expected[1] - expected[0])
  for (const end of [0, 1] as const)
    expect(Math.abs(actual[end] - expected[end]), `${what}: ${actual}, expected ${expected}`).toBeLessThan(
      room,
    )
}

describe('statistics of few values', () => {
  it('leave out a quarter of the values at either end, rounded down, and count ties as halves', () => {
    expect(interquartileMean([100, 0, 3, 20, 0])).toBe(23 / 3)
    expect(probabilityOfImprovement([1, 2], [1, 0])).toBe(0.875)
  })

  it('have intervals that leave as much out above as below', () => {
    const drawn = Float64Array.from({ length: 201 }, (_, i) => 200 - i)
    percentileInterval(drawn).forEach((end, i) => expect(end).toBeCloseTo([5, 195][i]!, 9))
    expect(percentileInterval(drawn, 0.5)).toEqual([50, 150])
  })
})

describeWithPython('statistics beside SciPy', () => {
  const peer = runPython('math/statistics_peer.py') as Peer

  it('agree on t and Mann–Whitney tests and on the probability of improvement', () => {
    for (const { x, y, t, u, improvement } of [...peer.pairs, peer.far]) {
      const [own, rank] = [tTest(x, y, math)!, mannWhitney(x, y, math)]
      expectClose(own.statistic, t[0], 't')
      expectRelative(own.p, t[1], 'p of t')
      expect(rank.u).toBe(u[0])
      expectRelative(rank.p, u[1], 'p of u')
      expectClose(probabilityOfImprovement(x, y), improvement, 'probability of improvement')
    }
    expect(peer.far.t[1]).toBeLessThan(1e-3)
  })

  it('agree on interquartile means, medians and quantiles', () => {
    for (const { values, iqm, median: middle, q } of peer.samples) {
      expectClose(interquartileMean(values), iqm)
      expectClose(median(values), middle)
      expectClose(quantile(Float64Array.from(values).toSorted(), 0.1), q)
    }
  })

  it('agree on the functions behind the p values', () => {
    for (const [x, a, b, value] of peer.beta) expectRelative(incompleteBeta(x, a, b, math), value, 'beta')
    for (const [a, x, value, logarithm] of peer.gamma) {
      expectRelative(upperGamma(a, x, math), value, `gamma ${a} ${x}`)
      expectClose(logGamma(a, math), logarithm, 'log gamma')
    }
  })

  it('agree on permutation tests, within their noise', async () => {
    const { x, y, permutation } = peer.resampled
    const random = await seeded(1)
    expect(Math.abs(permutationTest(x, y, random, 20_000) - permutation)).toBeLessThan(0.02)
    expect(Math.abs(permutationTest([1, 2, 3.5], [2, 4, 6, 7], random, 20_000) - peer.exact)).toBeLessThan(
      0.02,
    )
  })

  it('agree on the intervals of stratified bootstraps, within their noise', async () => {
    const { x, y, iqm, sum_of_strata: sum, sharpe, sortino } = peer.resampled
    const random = await seeded(2)
    const drawnIqm = bootstrap([x], ([a]) => interquartileMean(a!), random, 20_000)
    expectInterval(percentileInterval(drawnIqm), iqm, 'iqm')
    const drawnSum = bootstrap([x, y], ([a, b]) => mean(a!) + mean(b!), random, 20_000)
    expectInterval(percentileInterval(drawnSum), sum, 'sum')
    const comparison = compare(x, y, random)
    for (const [name, own, expected] of [
      ['sharpe', comparison.sharpe!, sharpe],
      ['sortino', comparison.sortino!, sortino],
    ] as const) {
      expectInterval(own.interval, expected[0], name)
      expectInterval(own.benchmark_interval, expected[1], name)
      expectInterval(own.difference_interval, expected[2], name)
    }
  })
})

describe('a bootstrap', () => {
  it('repeats with its seed and draws only from its own stratum', async () => {
    const strata = [
      [1, 2, 3],
      [10, 20],
    ]
    const seen = new Set<number>()
    const draw = async (seed: number) =>
      bootstrap(
        strata,
        ([a, b]) => {
          a!.forEach((value) => seen.add(value))
          b!.forEach((value) => seen.add(-value))
          return mean(a!) + mean(b!)
        },
        await seeded(seed),
        200,
      )
    expect(await draw(1)).toEqual(await draw(1))
    expect(await draw(1)).not.toEqual(await draw(2))
    expect([...seen].toSorted((a, b) => a - b)).toEqual([-20, -10, 1, 2, 3])
  })

  it('of one value has no width, and keeps infinities', async () => {
    const of = async (values: number[]) =>
      percentileInterval(bootstrap([values], ([a]) => median(a!), await seeded(1), 100))
    expect(await of([3])).toEqual([3, 3])
    expect(await of([-Infinity, -Infinity])).toEqual([-Infinity, -Infinity])
  })
})

describe('a comparison of returns', () => {
  const random = generator(5)
  const returns = (shift: number) => Float64Array.from({ length: 60 }, () => 0.02 * (random() - 0.5) + shift)
  const [good, bad] = [returns(0.01), returns(-0.005)]

  it('finds the better one better, whichever comes first, and the same no different', async () => {
    const better = compare(good, bad, await seeded(1))
    const worse = compare(bad, good, await seeded(1))
    for (const { t_p, mann_whitney_p, permutation_p, sharpe } of [better, worse]) {
      for (const p of [t_p!, mann_whitney_p, permutation_p, sharpe!.p]) expect(p).toBeLessThan(0.001)
      expect(sharpe!.significant).toBe(true)
    }
    expect(better.t_statistic).toBeGreaterThan(5)
    expect(worse.t_statistic).toBeLessThan(-5)
    expect(better.sharpe!.difference).toBeGreaterThan(0)
    expect(worse.sharpe!.difference).toBeLessThan(0)
    const same = compare(good, good, await seeded(1))
    expect([same.t_p, same.mann_whitney_p, same.permutation_p]).toEqual([1, 1, 1])
    expect(same.sharpe!.significant).toBe(false)
  })

  it('counts regroupings whose sums differ from the one observed in their last bits alone', async () => {
    const [x, y] = [
      [0.1, 0.2, 0.3],
      [-0.1, -0.2, -0.3],
    ]
    // 2 of the 20 groupings are as far apart
    expect(Math.abs(permutationTest(x, y, await seeded(1), 20_000) - 0.1)).toBeLessThan(0.01)
  })

  it('counts draws that are no different against a difference', async () => {
    const gains = (count: number) => Float64Array.from({ length: 16 }, (_, i) => (i < count ? 0.5 : -0.25))
    const { sharpe } = compare(gains(9), gains(8), await seeded(1))
    // a ratio grows with the number of gains, which is binomial; sums of these numbers are exact
    const choose = (k: number): number => (k === 0 ? 1 : (choose(k - 1) * (17 - k)) / k)
    const chance = (k: number, share: number) => choose(k) * share ** k * (1 - share) ** (16 - k)
    let notMore = 0
    for (let own = 0; own <= 16; own++)
      for (let other = own; other <= 16; other++) notMore += chance(own, 9 / 16) * chance(other, 1 / 2)
    expect(Math.abs(sharpe!.p - notMore)).toBeLessThan(0.02)
  })

  it('repeats with its seed', async () => {
    expect(compare(good, bad, await seeded(3))).toEqual(compare(good, bad, await seeded(3)))
  })

  it('has no ratios of returns that do not vary, and nothing to say of constants', async () => {
    const still = new Float64Array(20)
    const { t_p, mann_whitney_p, permutation_p, sharpe, sortino } = compare(still, still, await seeded(1))
    expect([t_p, mann_whitney_p, permutation_p, sharpe, sortino]).toEqual([null, 1, 1, null, null])
  })

  it('has nothing to say of a wealth that left the numbers', async () => {
    for (const value of [Infinity, NaN]) {
      const { t_p, permutation_p, sharpe, sortino } = compare(good.with(3, value), bad, await seeded(1))
      expect([t_p, permutation_p, sharpe, sortino]).toEqual([null, 1, null, null])
    }
  })

  it('has no Sortino ratio of returns that never lose', async () => {
    const { sortino, sharpe } = compare(good.map(Math.abs), bad, await seeded(1))
    expect(sortino).toBeNull()
    expect(sharpe!.ratio).toBeCloseTo(mean(good.map(Math.abs)) / deviation(good.map(Math.abs)), 12)
  })
})
