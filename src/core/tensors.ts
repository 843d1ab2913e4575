// A learner becomes a safetensors file here, and back. Networks are named and shaped as PyTorch's nn.Sequential would
// have them (Linear at 0, 2, 4, …; weight [out, in]), so that load_state_dict takes them as they are:
//
//   actor.0.weight, actor.0.bias, …     critic.…     actor_target.…     critic_target.…
//   actor_exp_avg.…, actor_exp_avg_sq.…, critic_exp_avg.…, critic_exp_avg_sq.…     Adam's moments
//   critic2.…, critic2_target.…, critic2_exp_avg.…, critic2_exp_avg_sq.…           where there are two critics
//   statistics F64[6], actor_gradient F32[n]   of the actor's last update, where it does not learn at each one
//   counters F64[5], noise F32[actionDim], random U64[6, 2]                        see fields.ts, core.ts
//   replay_obs F32[n, obsDim], replay_action, …, replay_terminated U8[n], …        what the replay buffer holds
import { STREAMS } from './core.ts'
import {
  blockView,
  COUNTERS,
  countersView,
  NETWORK_NAMES,
  NETWORKS,
  recordOf,
  REPLAY,
  REPLAY_NAMES,
  replayView,
  ROLES,
  STATISTICS,
  type BlockName,
  type NetworkName,
  type Role,
} from './fields.ts'
import type { Learner } from './learner.ts'
import { dtypeOf, type Tensor } from './safetensors.ts'
import { DdpgError } from '../base/errors.ts'

/** The blocks that are saved, by the names that PyTorch has for them; a gradient outlives no update. */
const SUFFIXES = { parameters: '', target: '_target', m: '_exp_avg', v: '_exp_avg_sq' } as const
type SavedBlock = keyof typeof SUFFIXES

export type WeightName = Role | `${Role}_target`

/** The weights that receipts hash: the networks by their role, and then their targets. */
export const WEIGHT_NAMES = ['', '_target'].flatMap((suffix) =>
  ROLES.map((role) => `${role}${suffix}` as WeightName),
)

/** True when a tensor is of these weights; those of a second critic are of the critic. */
export function isOfWeights(tensor: string, name: WeightName): boolean {
  return NETWORK_NAMES.some((network) => {
    const { role }: { role: Role } = NETWORKS[network]
    return name.startsWith(role) && tensor.startsWith(`${network}${name.slice(role.length)}.`)
  })
}

/** Each saved block with the prefix of its tensors, in the order that files and hashes have. */
const SAVED = [...networksOf('parameters'), ...networksOf('target'), ...NETWORK_NAMES.flatMap(momentsOf)]

function networksOf(block: SavedBlock) {
  return NETWORK_NAMES.map((network) => saved(network, block))
}

function momentsOf(network: NetworkName) {
  return [saved(network, 'm'), saved(network, 'v')]
}

function saved(network: NetworkName, block: SavedBlock) {
  return { prefix: `${network}${SUFFIXES[block]}`, network, block }
}

/** Copies everything that a learner is made of but its replay buffer. */
export function learnerTensors(learner: Learner): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {}
  for (const { prefix, network, block } of SAVED)
    Object.assign(tensors, blockTensors(learner, prefix, network, block))
  for (const [name, data] of Object.entries(stateViews(learner))) {
    tensors[name] = { shape: name === 'random' ? [STREAMS.length, 2] : [data.length], data: data.slice() }
  }
  return tensors
}

/** Copies the transitions that the replay buffer holds. */
export function replayTensors(learner: Learner): Record<string, Tensor> {
  const views = Object.entries(replayViews(learner, learner.replaySize))
  return Object.fromEntries(views.map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}

/** Fills the replay buffer, after setLearnerTensors, which empties it. @throws DdpgError naming the tensor that does not fit */
export function setReplayTensors(learner: Learner, tensors: Record<string, Tensor>): void {
  const { replaySize: size, replayCursor: cursor } = recordOf(
    tensors['counters']!.data as Float64Array,
    COUNTERS,
  )
  const { capacity } = learner.options
  const isWhole = [size, cursor].every((count) => Number.isSafeInteger(count) && count >= 0)
  const isSound = size < capacity ? cursor === size : size === capacity && cursor < capacity
  if (!isWhole || !isSound)
    throw new DdpgError(`the replay buffer of ${size} transitions does not fit into ${capacity}`)
  const views = replayViews(learner, size)
  mustFit(views, tensors)
  for (const [name, { data }] of Object.entries(views)) data.set(tensors[name]!.data as never)
  setReplay(learner, size, cursor)
}

function setReplay({ core }: Learner, replaySize: number, replayCursor: number): void {
  Object.assign(recordOf(countersView(core.exports), COUNTERS), { replaySize, replayCursor })
}

/**
 * Writes the tensors into a learner of the same dimensions, or nothing when one does not fit.
 * @throws DdpgError naming the tensor that does not fit
 */
export function setLearnerTensors(learner: Learner, tensors: Record<string, Tensor>): void {
  mustFit(learnerTensors(learner), tensors)
  for (const { prefix, network, block } of SAVED) {
    eachLayer(learner, network, block, ({ layer, values, weightAt, bias, I, O }) => {
      const w = tensors[`${prefix}.${2 * layer}.weight`]!.data as Float32Array
      for (let o = 0; o < O; o++) for (let i = 0; i < I; i++) values[weightAt(i, o)] = w[o * I + i]!
      bias.set(tensors[`${prefix}.${2 * layer}.bias`]!.data as Float32Array)
    })
  }
  const views = stateViews(learner)
  for (const [name, view] of Object.entries(views)) view.set(tensors[name]!.data as never)
  setReplay(learner, 0, 0) // until setReplayTensors
}

/** @throws DdpgError naming the tensor that is missing, or of another shape or type */
export function mustFit(expected: Record<string, Tensor>, tensors: Record<string, Tensor>): void {
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const found = tensors[name]
    if (!found) throw new DdpgError(`tensor ${name} is missing`)
    if (String(found.shape) !== String(shape))
      throw new DdpgError(`tensor ${name} has shape [${found.shape}], expected [${shape}]`)
    if (dtypeOf(found.data) !== dtypeOf(data))
      throw new DdpgError(`tensor ${name} has dtype ${dtypeOf(found.data)}, expected ${dtypeOf(data)}`)
  }
}

/** A block of a network as tensors whose names begin with the prefix, copied. */
export function blockTensors(
  learner: Learner,
  prefix: string,
  network: NetworkName,
  block: BlockName,
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

function eachLayer(
  { core, options }: Learner,
  network: NetworkName,
  block: BlockName,
  visit: (view: LayerView) => void,
): void {
  const { exports: x } = core
  const dims = NETWORKS[network].widths(options)
  const values = blockView(x, network, block)
  const number = NETWORK_NAMES.indexOf(network)
  for (let layer = 0; layer < dims.length - 1; layer++) {
    const [I, O] = [dims[layer]!, dims[layer + 1]!]
    const first = x.biasOffset(number, layer)
    // Weights of a unit are equally far apart: two calls a unit instead of one a weight.
    const base = Int32Array.from({ length: O }, (_, o) => x.weightOffset(number, layer, 0, o))
    const step = base.map((offset, o) => (I > 1 ? x.weightOffset(number, layer, 1, o) - offset : 0))
    const weightAt = (i: number, o: number) => base[o]! + i * step[o]!
    visit({ layer, I, O, values, weightAt, bias: values.subarray(first, first + O) })
  }
}

function stateViews(learner: Learner): Record<string, Float32Array | Float64Array | BigUint64Array> {
  const { exports: x } = learner.core
  const { buffer } = x.memory
  const { actorHiddenDims, actionDim, policyDelay } = learner.options
  const gradients = x.biasOffset(NETWORK_NAMES.indexOf('actor'), actorHiddenDims.length) + actionDim
  // an update that leaves the actor out tells of its last one
  const last = policyDelay > 1 && {
    statistics: new Float64Array(buffer, x.statisticsAddress() >>> 0, STATISTICS.length),
    actor_gradient: blockView(x, 'actor', 'gradient').subarray(0, gradients),
  }
  return {
    ...last,
    counters: countersView(x),
    noise: new Float32Array(buffer, x.noiseAddress() >>> 0, actionDim),
    random: new BigUint64Array(buffer, x.streamsAddress() >>> 0, 2 * STREAMS.length),
  }
}

/** The first rows of the replay buffer, field by field. */
function replayViews({ core, options }: Learner, rows: number): Record<string, Tensor> {
  const views = REPLAY_NAMES.map((field): [string, Tensor] => {
    const { tensor, width } = REPLAY[field]
    const shape = width === undefined ? [rows] : [rows, width(options)]
    return [tensor, { shape, data: replayView(core.exports, options, field, rows) }]
  })
  return Object.fromEntries(views)
}
