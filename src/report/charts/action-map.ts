// Maps the action of a policy and its critic’s value over the two numbers of an observation that move the action most.
import { qValues } from '../../core/inspect.ts'
import type { Learner } from '../../core/learner.ts'
import { deviation, median, quantile, sum } from '../../math/statistics.ts'

export interface ActionMap {
  /** The effect of each number of an observation on the actions, the strongest first. */
  effects: { name: string; effect: number }[]
  /** The most telling one or two, and the values that the map is drawn for, ascending. */
  axes: { name: string; values: number[] }[]
  /** Which action: the one that is moved most. */
  action: number
  /** At each place, the values of the first axis running fastest: the action there, and Q of all of them. */
  actions: Float32Array
  q: Float64Array
  /** Observed states: their values on the axes. */
  observed: number[][]
}

/** Observed states that are drawn. */
const DRAWN = 200

/**
 * The effect of a number is how far the actions move when it alone goes from half a deviation below to half a deviation
 * above where it was observed: the mean of |μ(s + σ/2) − μ(s − σ/2)| over the states, summed over the actions. Ties go to
 * the first. The map runs from the 1 % to the 99 % quantile of each axis; all other numbers stand at their medians.
 * @param states [n, obsDim] that were observed, n at least 1
 * @param obsNames the names of the numbers of an observation
 * @param size values on an axis
 */
export function actionMap(
  learner: Learner,
  states: Float32Array,
  obsNames: readonly string[],
  size: number,
): ActionMap {
  const { obsDim, actionDim } = learner.options
  const n = states.length / obsDim
  const columns = obsNames.map((_, d) => Float32Array.from({ length: n }, (_, i) => states[i * obsDim + d]!))
  const moved = columns.map((column, d) => effectsOf(learner, states, d, deviation(column)))
  const observed = Array.from({ length: Math.min(DRAWN, n) }, (_, i) =>
    Math.floor((i * n) / Math.min(DRAWN, n)),
  )
  const order = columns
    .map((_, d) => ({ d, name: obsNames[d]!, effect: sum(moved[d]!) }))
    .toSorted((one, other) => other.effect - one.effect || one.d - other.d)
  const byAction = Array.from({ length: actionDim }, (_, a) => sum(moved.map((effects) => effects[a]!)))
  const action = byAction.indexOf(Math.max(...byAction))

  const chosen = order.slice(0, 2)
  const axes = chosen.map(({ d, name }) => ({ name, values: spread(columns[d]!, size) }))
  const [x, y] = axes.map(({ values }) => values) as [number[], number[] | undefined]
  const places = (y ?? [0]).flatMap((second) => x.map((first) => [first, second]))
  const middle = columns.map((column) => median(column))
  const obs = new Float32Array(places.length * obsDim)
  places.forEach((place, row) => {
    obs.set(middle, row * obsDim)
    chosen.forEach(({ d }, axis) => (obs[row * obsDim + d] = place[axis]!))
  })
  const all = learner.policy(obs)
  return {
    effects: order.map(({ name, effect }) => ({ name, effect })),
    axes,
    action,
    actions: all.filter((_, i) => i % actionDim === action),
    q: qValues(learner, obs, all),
    observed: observed.map((row) => chosen.map(({ d }) => columns[d]![row]!)),
  }
}

/** The mean effect on each action, over the states. */
function effectsOf(learner: Learner, states: Float32Array, d: number, sigma: number): number[] {
  const { obsDim, actionDim } = learner.options
  if (!(sigma > 0)) return Array<number>(actionDim).fill(0)
  const shifted = (by: number) =>
    learner.policy(states.map((value, i) => (i % obsDim === d ? value + by : value)))
  const [above, below] = [shifted(sigma / 2), shifted(-sigma / 2)]
  const sums = Array<number>(actionDim).fill(0)
  above.forEach((value, i) => (sums[i % actionDim]! += Math.abs(value - below[i]!)))
  return sums.map((sum) => sum / (above.length / actionDim))
}

/** Values at even distances over where nearly all of the column lies. */
function spread(column: Float32Array, size: number): number[] {
  const sorted = column.toSorted()
  let [from, to] = [quantile(sorted, 0.01), quantile(sorted, 0.99)]
  if (from === to) [from, to] = [from - 1, to + 1]
  return Array.from({ length: size }, (_, i) => from + ((to - from) * i) / (size - 1))
}
