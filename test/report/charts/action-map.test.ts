// The action map shows a policy over the numbers that move it most, on networks whose answers are known.
import { describe, expect, it } from 'vitest'
import { actionMap } from '../../../src/report/charts/action-map.ts'
import { createCore } from '../../../src/core/core.ts'
import { learnerTensors, setLearnerTensors } from '../../../src/core/tensors.ts'
import { qValues } from '../../../src/core/inspect.ts'
import { createLearner, type Learner, type LearnerOptions } from '../../../src/core/learner.ts'
import { loadModule } from '../../../src/core/module.ts'
import { generator } from '../../env/helpers.ts'

const module = await loadModule()

async function learnerOf(options: Partial<LearnerOptions>): Promise<Learner> {
  const all = {
    obsDim: 3,
    actionDim: 1,
    actorHiddenDims: [8],
    criticHiddenDims: [8, 5],
    batchSize: 1,
    capacity: 4,
  }
  return createLearner({ ...all, init: 'torch', ...options }, await createCore(module, 3))
}

/** Numbers within ±1. */
function randomNumbers(n: number, seed: number): Float32Array {
  const random = generator(seed)
  return Float32Array.from({ length: n }, () => 2 * random() - 1)
}

describe('Q values in f64', () => {
  it.each(['relu', 'tanh'] as const)('are those of the core, with %s', async (criticActivation) => {
    const learner = await learnerOf({ criticActivation, actionDim: 2 })
    const [obs, action] = [randomNumbers(3, 1), randomNumbers(2, 2)]
    learner.obs.set(obs)
    learner.action.set(action)
    learner.nextObs.set(obs)
    learner.observe(0.5, true, false)
    const [before] = qValues(learner, obs, action)
    // the mean over a batch of this one transition, before the update changed anything
    expect(learner.update().meanQ).toBeCloseTo(before!, 6)
    expect(qValues(learner, obs, action)[0]).not.toBe(before)
  })

  it('come row by row', async () => {
    const learner = await learnerOf({})
    const [obs, actions] = [randomNumbers(12, 1), randomNumbers(4, 2)]
    const rows = [0, 1, 2, 3].map(
      (row) => qValues(learner, obs.subarray(3 * row, 3 * row + 3), actions.subarray(row, row + 1))[0],
    )
    expect([...qValues(learner, obs, actions)]).toEqual(rows)
  })
})

/** a = tanh(−2 x₂ + ½ x₀) in two ReLU pairs; x₁ has no part in it. */
async function knownLearner(): Promise<Learner> {
  const learner = await learnerOf({ actorHiddenDims: [2] })
  const tensors = learnerTensors(learner)
  const set = (name: string, values: number[]) => (tensors[name]!.data as Float32Array).set(values)
  set('actor.0.weight', [0.5, 0, -2, -0.5, 0, 2])
  set('actor.0.bias', [0, 0])
  set('actor.2.weight', [1, -1])
  set('actor.2.bias', [0])
  setLearnerTensors(learner, tensors)
  return learner
}

const names = ['slow', 'idle', 'fast']

describe('an action map', () => {
  it('has the numbers that move the action most as its axes, by their effect', async () => {
    const learner = await knownLearner()
    const map = actionMap(learner, randomNumbers(300, 4), names, 5)
    expect(map.effects.map(({ name }) => name)).toEqual(['fast', 'slow', 'idle'])
    expect(map.effects[2]!.effect).toBe(0)
    expect(map.effects[0]!.effect).toBeGreaterThan(2 * map.effects[1]!.effect)
    expect(map.axes.map(({ name }) => name)).toEqual(['fast', 'slow'])
  })

  it('gives the action and Q at every place, all else at its median', async () => {
    const learner = await knownLearner()
    const states = randomNumbers(300, 4)
    const { axes, actions, q, action } = actionMap(learner, states, names, 5)
    const idle = states.filter((_, i) => i % 3 === 1).toSorted()
    const median = (idle[49]! + idle[50]!) / 2
    expect(action).toBe(0)
    axes[1]!.values.forEach((slow, row) =>
      axes[0]!.values.forEach((fast, column) => {
        const at = 5 * row + column
        expect(actions[at]).toBeCloseTo(Math.tanh(-2 * fast + 0.5 * slow), 6)
        expect(q[at]).toBeCloseTo(qValues(learner, [slow, median, fast], [actions[at]!])[0]!, 6)
      }),
    )
  })

  it('runs over nearly all that was observed, outliers left out, and tells some of it', async () => {
    const states = randomNumbers(3 * 500, 4)
    states[2] = 1000 // once, in `fast`
    const { axes, observed } = actionMap(await knownLearner(), states, names, 7)
    for (const { values } of axes) {
      expect(values).toHaveLength(7)
      expect(values[0]).toBeGreaterThan(-1)
      expect(values[0]).toBeLessThan(-0.95)
      expect(values[6]).toBeLessThan(1)
      expect(values[6]).toBeGreaterThan(0.95)
    }
    expect(observed).toHaveLength(200)
    expect(observed[0]).toEqual([1000, states[0]])
  })

  it('is a line where there is one number to observe, and flat where nothing varies', async () => {
    const one = await learnerOf({ obsDim: 1 })
    const line = actionMap(one, randomNumbers(50, 4), ['x'], 9)
    expect([line.axes.length, line.actions.length, line.q.length]).toEqual([1, 9, 9])
    const still = actionMap(one, new Float32Array([2]), ['x'], 3)
    expect(still.axes).toEqual([{ name: 'x', values: [1, 2, 3] }])
    expect(still.effects).toEqual([{ name: 'x', effect: 0 }])
  })

  it('shows of several actions the one that is moved most', async () => {
    const learner = await learnerOf({ actionDim: 2 })
    const tensors = learnerTensors(learner)
    ;(tensors['actor.2.weight']!.data as Float32Array).fill(0, 0, 8) // the first says the same, always
    setLearnerTensors(learner, tensors)
    const map = actionMap(learner, randomNumbers(300, 4), names, 3)
    expect(map.action).toBe(1)
    expect(map.actions).toHaveLength(9)
    expect(new Set(map.actions).size).toBe(9)
  })
})
