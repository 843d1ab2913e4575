// Signs that a training goes nowhere are reported once they last.
import { describe, expect, it } from 'vitest'
import { blockView, NETWORK_NAMES, NETWORKS, type NetworkName } from '../../src/core/fields.ts'
import { blockTensors, learnerTensors } from '../../src/core/tensors.ts'
import { createLearner, type LearnerOptions } from '../../src/core/learner.ts'
import { createHealthWatch, healthOf } from '../../src/trial/health.ts'
import type { Learner } from '../../src/core/learner.ts'
import { generator } from '../env/helpers.ts'
import { ofType, run } from '../helpers/trial.ts'

/** A learner that has stored 200 transitions with rewards of at most 1, and updated once. */
async function learnerOf(options: Partial<LearnerOptions> = {}, obs = (random: () => number) => random()) {
  const learner = await createLearner({
    obsDim: 2,
    actionDim: 1,
    actorHiddenDims: [16, 8],
    criticHiddenDims: [16],
    batchSize: 32,
    capacity: 300,
    seed: 1,
    gamma: 0.9,
    init: 'torch',
    ...options,
  })
  const random = generator(1)
  for (let i = 0; i < 200; i++) {
    for (const view of [learner.obs, learner.nextObs])
      for (let k = 0; k < 2; k++) view[k] = 2 * obs(random) - 1
    learner.actUniform()
    learner.observe(i === 100 ? -1 : random(), false, false)
  }
  learner.update()
  return learner
}

/** As a trial does it. */
function createHealthCheck(learner: Learner) {
  const watch = createHealthWatch()
  return (meanQ: number) => {
    const health = healthOf(learner, meanQ)
    return { health, findings: watch(health) }
  }
}

/** Changes the values of a network where they are; its tensors are copies. */
function fill({ core, options }: Learner, network: NetworkName, layer: number, bias: number): void {
  const { exports: x } = core
  const first = x.biasOffset(NETWORK_NAMES.indexOf(network), layer)
  const units = NETWORKS[network].widths(options)[layer + 1]!
  blockView(x, network, 'parameters').fill(bias, first, first + units)
}

const told = (check: ReturnType<typeof createHealthCheck>, times: number, meanQ = 0) =>
  Array.from({ length: times }, () => check(meanQ).findings).flat()

describe('the health of a learner', () => {
  it('is good when it learns', async () => {
    const learner = await learnerOf()
    const { health } = createHealthCheck(learner)(5)
    expect(health.saturated_actions).toBe(0)
    expect(health.action_range).toBeGreaterThan(0.05)
    expect(health.q_to_limit).toBeCloseTo(0.5, 6) // rewards of 1 at most add up to 1 / (1 − 0.9)
    expect(health.actor_idle_units).toBeLessThan(0.4)
    expect(health.critic_idle_units).toBeLessThan(0.4)
    expect(told(createHealthCheck(learner), 50, 5)).toEqual([])
  })

  it('tells of saturated actions, and that they are constant', async () => {
    const learner = await learnerOf()
    fill(learner, 'actor', 2, 10)
    const check = createHealthCheck(learner)
    expect(check(0).health).toMatchObject({ saturated_actions: 1 })
    const findings = told(check, 60)
    expect(findings.map((text) => text.split(':')[0])).toEqual([
      'nearly all actions are at ±1',
      'the policy does the same whatever it observes',
    ])
  })

  it('tells of a policy that always does the same, as one does that always observes the same', async () => {
    const still = await learnerOf({ init: 'small' }, () => 0.7)
    expect(createHealthCheck(still)(0).health).toMatchObject({ saturated_actions: 0, action_range: 0 })
    expect(told(createHealthCheck(still), 20)).toContainEqual(
      expect.stringMatching(/^the policy does the same/),
    )
  })

  it('tells of units that are off for the whole minibatch', async () => {
    const learner = await learnerOf()
    for (const network of NETWORK_NAMES) fill(learner, network, 0, -100)
    learner.update()
    const { health } = createHealthCheck(learner)(0)
    expect(health.critic_idle_units).toBe(1)
    expect(health.actor_idle_units).toBeGreaterThan(16 / 24 - 1e-9)
    expect(
      told(createHealthCheck(learner), 20).filter((text) => text.includes('learn nothing')),
    ).toHaveLength(2)
  })

  it('counts exactly the units without gradient', async () => {
    const learner = await learnerOf()
    const gradients = blockTensors(learner, 'g', 'actor', 'gradient')
    const biases = ['g.0.bias', 'g.2.bias'].flatMap((name) =>
      Array.from(gradients[name]!.data as Float32Array),
    )
    const { health } = createHealthCheck(learner)(0)
    expect(health.actor_idle_units).toBe(biases.filter((value) => value === 0).length / 24)
  })

  it('tells of a critic that promises more than there is, after 20 checks in a row, once', async () => {
    const check = createHealthCheck(await learnerOf())
    expect(told(check, 19, -10.1)).toEqual([])
    expect(told(check, 1, 9.9)).toEqual([]) // not in a row
    expect(told(check, 19, 10.1)).toEqual([])
    expect(told(check, 1, 10.1)).toEqual([expect.stringMatching(/^the critic promises more/)])
    expect(told(check, 100, 1000)).toEqual([])
  })

  it('knows no limit without discounting', async () => {
    const check = createHealthCheck(await learnerOf({ gamma: 1 }))
    expect(check(1e9).health.q_to_limit).toBe(0)
  })

  it('is looked for without touching the learner', async () => {
    const [watched, alone] = [await learnerOf(), await learnerOf()]
    const check = createHealthCheck(watched)
    for (let i = 0; i < 30; i++) {
      for (const learner of [watched, alone]) {
        learner.act(0.3)
        learner.observe(i, false, false)
        learner.update()
      }
      check(i)
    }
    expect(learnerTensors(watched)).toEqual(learnerTensors(alone))
  })
})

describe('a trial', () => {
  it('is checked once with every point of its losses, alike when it runs again', async () => {
    const [one, other] = [await run(), await run()]
    const health = ofType(one.events, 'health')
    expect(health.map(({ step }) => step)).toEqual(ofType(one.events, 'losses').map(({ step }) => step))
    expect(health.length).toBeGreaterThan(2)
    expect(ofType(other.events, 'health')).toEqual(health)
  })

  it.each([2, 5])(
    'that is resumed tells its health again, but no finding twice: %d',
    async (log_interval) => {
      const given = { training: { actor_lr: 1, log_interval, checkpoint_interval: 200 } }
      const whole = await run(given)
      const { bytes } = ofType(whole.events, 'checkpoint')[0]!
      const rest = await run(given, { resume: bytes })
      const health = (events: typeof whole.events) =>
        ofType(events, 'health').map(({ step, health }) => ({ step, ...health }))
      expect(health(rest.events)).toEqual(health(whole.events))
      const told = (events: typeof whole.events) =>
        ofType(events, 'health').flatMap(({ step, findings }) => findings.map((text) => ({ step, text })))
      const late = told(whole.events).filter(({ step }) => step > 200)
      expect(told(rest.events)).toEqual(late)
      // every 2 updates there are 20 checks before the checkpoint, every 5 only with those after it
      expect([told(whole.events).length > late.length, late.length > 0]).toEqual([
        log_interval === 2,
        log_interval === 5,
      ])
    },
  )

  it('tells of an actor that is driven to the limit', async () => {
    const { events } = await run({ training: { actor_lr: 1, log_interval: 5 } })
    const findings = ofType(events, 'health').flatMap((event) => event.findings)
    expect(findings).toEqual(expect.arrayContaining([expect.stringMatching(/^nearly all actions are at ±1/)]))
    expect(new Set(findings).size).toBe(findings.length)
  })
})
