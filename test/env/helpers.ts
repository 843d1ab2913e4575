// This file makes small markets, environments and random paths for tests.
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { createEnv } from '../../src/env/create.ts'
import type { Market, ResumableEnv } from '../../src/env/env.ts'
import { scenarioSchema, type EnvConfig, type ScenarioInput } from '../../src/scenario/schema.ts'
import { expectAllClose } from '../helpers/allclose.ts'

export const core = await createCore(await loadModule(), 0)

/** The defaults of a scenario with these keys of `env`. */
export function envConfig(given: ScenarioInput['env'] = {}): EnvConfig {
  return scenarioSchema.parse({ env: given }).env
}

/** Prices of each asset, and one feature: 0.1, 0.2, … by default. */
export function createMarket(prices: ArrayLike<number>[], feature?: ArrayLike<number>): Market {
  const rows = prices[0]!.length
  return {
    rows,
    priceNames: prices.map((_, i) => `price_${i}`),
    prices: prices.map((price) => Float64Array.from(price)),
    featureNames: ['feature_x'],
    features: Float32Array.from(feature ?? Array.from({ length: rows }, (_, i) => (i + 1) / 10)),
  }
}

export function testEnv(market: Market, given: ScenarioInput['env']): ResumableEnv {
  return createEnv(envConfig(given), market, core.math, core.random.environment)
}

/** Mulberry32, uniform in [0, 1): random numbers that are not the project's own. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Prices that move by at most `most` (a fraction) from row to row. */
export function walk(random: () => number, rows: number, most = 0.1): number[] {
  const prices = [100]
  while (prices.length < rows) prices.push(prices.at(-1)! * (1 + most * (2 * random() - 1)))
  return prices
}

/** An action in [-1, 1] for each of n assets. */
export function randomAction(random: () => number, n = 1): number[] {
  return Array.from({ length: n }, () => 2 * random() - 1)
}

/** Equal to 1e-9 relative. */
export function expectClose(actual: number, expected: number, what?: string): void {
  expectAllClose([actual], [expected], { relative: 1e-9, absolute: 1e-12, ...(what && { what }) })
}
