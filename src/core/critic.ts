// What the critic gives, in f64. For looking at a learner: what it learns from is computed in f32, by the core.
import { blockTensors } from './checkpoint.ts'
import type { Learner } from './learner.ts'

/** Q(obs, action) of each row: [rows] from [rows, obsDim] and [rows, actionDim]. */
export function qValues(learner: Learner, obs: ArrayLike<number>, actions: ArrayLike<number>): Float64Array {
  const { obsDim, actionDim, criticHiddenDims, criticActivation } = learner.options
  const { tanh } = learner.core.math
  const activate = criticActivation === 'tanh' ? tanh : (x: number) => Math.max(0, x)
  const tensors = blockTensors(learner, 'critic', 1, 0)
  const layers = [...criticHiddenDims, 1].map((_, layer) => ({
    weight: tensors[`critic.${2 * layer}.weight`]!.data as Float32Array,
    bias: tensors[`critic.${2 * layer}.bias`]!.data as Float32Array,
  }))
  return Float64Array.from({ length: actions.length / actionDim }, (_, row) => {
    const input = Float64Array.from({ length: obsDim + actionDim }, (_, i) =>
      i < obsDim ? obs[row * obsDim + i]! : actions[row * actionDim + i - obsDim]!,
    )
    const output = layers.reduce<Float64Array>((x, { weight, bias }, layer) => {
      const y = linear(weight, bias, x)
      return layer < layers.length - 1 ? y.map(activate) : y
    }, input)
    return output[0]!
  })
}

/** @param weight [out, in] */
function linear(weight: Float32Array, bias: Float32Array, x: Float64Array): Float64Array {
  return Float64Array.from(bias, (start, o) => {
    let total = start
    for (let i = 0; i < x.length; i++) total += weight[o * x.length + i]! * x[i]!
    return total
  })
}
