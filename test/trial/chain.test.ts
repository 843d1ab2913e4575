// Each link of a chain hangs on the one before it, and on all that it tells of.
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { createLearner } from '../../src/core/learner.ts'
import { createChain, QUANTITIES, type Chain } from '../../src/trial/chain.ts'
import { rowOf } from '../../src/trial/events.ts'
import { smallScenario, core, table } from '../helpers/trial.ts'
import { createEnv } from '../../src/env/create.ts'
import { createMarket } from '../env/helpers.ts'

const learner = await createLearner(
  {
    obsDim: 2,
    actionDim: 1,
    actorHiddenDims: [4],
    criticHiddenDims: [4],
    batchSize: 4,
    capacity: 8,
    init: 'torch',
    noise: { type: 'gaussian' },
  },
  core,
)
const prices = createMarket([table.columns['close']!])
const env = createEnv(smallScenario().env, prices, core.math, core.random.environment)
env.reset(1)

const begun = (links: string[] = [], metrics = '') =>
  createChain(learner, env, { state: { links, metrics }, pending: new Float64Array(0) })
const validation = (score: number) => ({ type: 'validation', step: 1, score }) as const
const digits = (link: string, name: (typeof QUANTITIES)[number]) =>
  link.split(' ')[2 + QUANTITIES.indexOf(name)]
const hashOf = (link: string) => link.split(' ')[1]
const sha256 = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

it('hangs each link on the one before it', () => {
  const before = ['1', '2'].map((digit) => `0 ${digit.repeat(64)} 12345678`)
  const [one, other] = before.map((link) => begun([link]).link())
  expect(hashOf(one!)).not.toBe(hashOf(other!))
  expect(one!.split(' ').toSpliced(1, 1)).toEqual(other!.split(' ').toSpliced(1, 1))
})

it('hashes all that happened, one interval after the other', () => {
  const chain: Chain = begun([], 'start')
  let expected = 'start'
  for (const scores of [[1, 2], [], [3]]) {
    const rows = scores.map((score) => new Uint8Array(rowOf(validation(score)).buffer))
    for (const score of scores) chain.add(validation(score))
    expect(chain.isOpen()).toBe(scores.length > 0)
    expected = sha256(expected, ...rows)
    expect(digits(chain.link(), 'metrics')).toBe(expected.slice(0, 8))
    expect(chain.metrics).toBe(expected)
    expect(chain.isOpen()).toBe(false)
    expect(chain.pending()).toHaveLength(0)
  }
})

it('tells of the environment by its state and what it shows', () => {
  learner.obs.set([0.25, -1])
  const state = env.save()
  const seen = sha256(new Uint8Array(state.buffer), new Uint8Array(Float32Array.of(0.25, -1).buffer))
  expect(digits(begun().link(), 'environment')).toBe(seen.slice(0, 8))
})
