// A learner as a safetensors file, and back. Networks are named and shaped as PyTorch's nn.Sequential would have
// them (Linear at 0, 2, 4, …; weight [out, in]), so that load_state_dict takes them as they are:
//
//   actor.0.weight, actor.0.bias, …     critic.…     actor_target.…     critic_target.…
//   actor_exp_avg.…, actor_exp_avg_sq.…, critic_exp_avg.…, critic_exp_avg_sq.…     Adam's moments
//   counters F64[5], noise F32[actionDim], random U64[6, 2]                        see assembly/index.ts
//   replay_obs F32[n, obsDim], replay_action, …, replay_terminated U8[n], …        what the replay buffer holds
import { STREAMS } from './core.ts'
import type { Learner } from './learner.ts'
import { dtypeOf, type Tensor } from './safetensors.ts'

const BLOCKS = [
  ['actor', 0, 0],
  ['critic', 1, 0],
  ['actor_target', 0, 1],
  ['critic_target', 1, 1],
  ['actor_exp_avg', 0, 2],
  ['actor_exp_avg_sq', 0, 3],
  ['critic_exp_avg', 1, 2],
  ['critic_exp_avg_sq', 1, 3],
] as const

/** Copies of everything that a learner is made of but its replay buffer. */
export function learnerTensors(learner: Learner): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {}
  for (const [prefix, network, block] of BLOCKS)
    Object.assign(tensors, blockTensors(learner, prefix, network, block))
  for (const [name, data] of Object.entries(stateViews(learner))) {
    tensors[name] = { shape: name === 'random' ? [STREAMS.length, 2] : [data.length], data: data.slice() }
  }
  return tensors
}

/** Copies of the transitions that the replay buffer holds. */
export function replayTensors(learner: Learner): Record<string, Tensor> {
  const views = Object.entries(replayViews(learner, learner.replaySize))
  return Object.fromEntries(views.map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}

/** After setLearnerTensors, which empties it. @throws Error naming the tensor that does not fit */
export function setReplayTensors(learner: Learner, tensors: Record<string, Tensor>): void {
  const [, size, cursor] = tensors['counters']!.data as Float64Array
  const { capacity } = learner.options
  const isSound = size! < capacity ? cursor === size : size === capacity && cursor! < capacity
  if (!isSound) throw new Error(`the replay buffer of ${size} transitions does not fit into ${capacity}`)
  const views = replayViews(learner, size!)
  mustFit(views, tensors)
  for (const [name, { data }] of Object.entries(views)) data.set(tensors[name]!.data as never)
  const counters = stateViews(learner)['counters'] as Float64Array
  counters[1] = size!
  counters[2] = cursor!
}

/**
 * Writes the tensors into a learner of the same dimensions, or nothing when one does not fit.
 * @throws Error naming the tensor that does not fit
 */
export function setLearnerTensors(learner: Learner, tensors: Record<string, Tensor>): void {
  mustFit(learnerTensors(learner), tensors)
  for (const [prefix, network, block] of BLOCKS) {
    eachLayer(learner, network, block, ({ layer, values, weightAt, bias, I, O }) => {
      const w = tensors[`${prefix}.${2 * layer}.weight`]!.data as Float32Array
      for (let o = 0; o < O; o++) for (let i = 0; i < I; i++) values[weightAt(i, o)] = w[o * I + i]!
      bias.set(tensors[`${prefix}.${2 * layer}.bias`]!.data as Float32Array)
    })
  }
  const views = stateViews(learner)
  for (const [name, view] of Object.entries(views)) view.set(tensors[name]!.data as never)
  views['counters']!.subarray(1, 3).fill(0 as never) // until setReplayTensors
}

/** @throws Error naming the tensor that is missing, or of another shape or type */
export function mustFit(expected: Record<string, Tensor>, tensors: Record<string, Tensor>): void {
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const found = tensors[name]
    if (!found) throw new Error(`tensor ${name} is missing`)
    if (String(found.shape) !== String(shape))
      throw new Error(`tensor ${name} has shape [${found.shape}], expected [${shape}]`)
    if (dtypeOf(found.data) !== dtypeOf(data))
      throw new Error(`tensor ${name} has dtype ${dtypeOf(found.data)}, expected ${dtypeOf(data)}`)
  }
}

/** A block of a network (assembly/index.ts: blockAddress) as named tensors, copied. */
export function blockTensors(
  learner: Learner,
  prefix: string,
  network: 0 | 1,
  block: number,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {}
  eachLayer(learner, network, block, ({ layer, values, weightAt, bias, I, O }) => {
    const data = new Float32Array(O * I)
    for (let o = 0; o < O; o++) for (let i = 0; i < I; i++) data[o * I + i] = values[weightAt(i, o)]!
    tensors[`${prefix}.${2 * layer}.weight`] = { shape: [O, I], data }
    tensors[`${prefix}.${2 * layer}.bias`] = { shape: [O], data: bias.slice() }
  })
  return tensors
}

interface LayerView {
  layer: number
  I: number
  O: number
  /** The block; `weightAt` is the index of the weight from input i to unit o. */
  values: Float32Array
  weightAt(i: number, o: number): number
  bias: Float32Array
}

function eachLayer(learner: Learner, network: 0 | 1, block: number, visit: (view: LayerView) => void): void {
  const { exports: x } = learner.core
  const { obsDim, actionDim, actorHiddenDims, criticHiddenDims } = learner.options
  const dims =
    network === 0 ? [obsDim, ...actorHiddenDims, actionDim] : [obsDim + actionDim, ...criticHiddenDims, 1]
  const values = new Float32Array(x.memory.buffer, x.blockAddress(network, block) >>> 0)
  for (let layer = 0; layer < dims.length - 1; layer++) {
    const [I, O] = [dims[layer]!, dims[layer + 1]!]
    const first = x.biasOffset(network, layer)
    // Weights of a unit are equally far apart: two calls a unit instead of one a weight.
    const base = Int32Array.from({ length: O }, (_, o) => x.weightOffset(network, layer, 0, o))
    const step = base.map((offset, o) => (I > 1 ? x.weightOffset(network, layer, 1, o) - offset : 0))
    const weightAt = (i: number, o: number) => base[o]! + i * step[o]!
    visit({ layer, I, O, values, weightAt, bias: values.subarray(first, first + O) })
  }
}

function stateViews(learner: Learner): Record<string, Float32Array | Float64Array | BigUint64Array> {
  const { exports: x } = learner.core
  const { buffer } = x.memory
  return {
    counters: new Float64Array(buffer, x.countersAddress() >>> 0, 5),
    noise: new Float32Array(buffer, x.noiseAddress() >>> 0, learner.options.actionDim),
    random: new BigUint64Array(buffer, x.streamsAddress() >>> 0, 2 * STREAMS.length),
  }
}

/** The filled rows of the replay buffer, in the order of replayAddress. */
function replayViews(learner: Learner, rows: number): Record<string, Tensor> {
  const { exports: x } = learner.core
  const { obsDim, actionDim } = learner.options
  const floats = (field: number, width: number): Tensor => ({
    shape: [rows, width],
    data: new Float32Array(x.memory.buffer, x.replayAddress(field) >>> 0, rows * width),
  })
  const flags = (field: number): Tensor => ({
    shape: [rows],
    data: new Uint8Array(x.memory.buffer, x.replayAddress(field) >>> 0, rows),
  })
  return {
    replay_obs: floats(0, obsDim),
    replay_action: floats(1, actionDim),
    replay_reward: floats(2, 1),
    replay_next_obs: floats(3, obsDim),
    replay_terminated: flags(4),
    replay_truncated: flags(5),
  }
}
