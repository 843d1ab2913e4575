// What the critic gives, in f64. For looking at a learner: what it learns from is computed in f32, by the core.
import { blockTensors } from './checkpoint.ts'
import type { Learner } from './learner.ts'

/** Q(obs, action) of each row: [rows] from [rows, obsDim] and [rows, actionDim]. */
export function qValues(learner: Learner, obs: ArrayLike<number>, actions: ArrayLike<number>): Float64Array {
  const { obsDim, actionDim, criticHiddenDims, criticActivation } = learner.options
  const { tanh } = learner.core.math
  const activate = criticActivation === 'tanh' ? tanh : (x: number) => Math.max(0, x)
  const tensors = blockTensors(learner, 'critic', 1, 0)
  const data = (name: string) => tensors[`critic.${name}`]!.data as Float32Array
  const layers = [...criticHiddenDims, 1].map((width, l) => ({
    weight: data(`${2 * l}.weight`),
    bias: data(`${2 * l}.bias`),
    output: new Float64Array(width),
  }))
  const [hidden, last] = [layers.slice(0, -1), layers.at(-1)]
  const input = new Float64Array(obsDim + actionDim)
  const q = new Float64Array(actions.length / actionDim)
  for (let row = 0; row < q.length; row++) {
    for (let i = 0; i < obsDim; i++) input[i] = obs[row * obsDim + i]!
    for (let i = 0; i < actionDim; i++) input[obsDim + i] = actions[row * actionDim + i]!
    let x = input
    for (const { weight, bias, output } of hidden) {
      linear(weight, bias, x, output)
      for (let i = 0; i < output.length; i++) output[i] = activate(output[i]!)
      x = output
    }
    linear(last!.weight, last!.bias, x, last!.output)
    q[row] = last!.output[0]!
  }
  return q
}

/** output[O] = weight[O, I] · x[I] + bias[O] */
function linear(weight: Float32Array, bias: Float32Array, x: Float64Array, output: Float64Array): void {
  for (let o = 0; o < output.length; o++) {
    let total = bias[o]!
    for (let i = 0; i < x.length; i++) total += weight[o * x.length + i]! * x[i]!
    output[o] = total
  }
}
