// This is the one table of what a learner holds, by name and in the order that it has in linear memory. The classes of
// assembly/agent/learner.ts and assembly/nn/mlp.ts are the truth; test/core/fields.test.ts compares the two. Sizes, names
// of tensors, what receipts hash and the learner's facade all follow from here.
import type { CoreExports } from './core.ts'
import type { LearnerOptions } from './options.ts'

type Options = Readonly<Required<LearnerOptions>>

export const DIMENSIONS = ['obsDim', 'actionDim', 'batchSize', 'capacity', 'smallInit'] as const

export const HYPERPARAMETERS = [
  'actorLr',
  'criticLr',
  'actorWeightDecay',
  'criticWeightDecay',
  'gamma',
  'tau',
  'maxGradNorm',
  'criticLoss',
  'delayActor',
  'actionPenalty',
  'invertingGradients',
  'policyDelay',
  'targetNoise',
  'targetNoiseClip',
  'nStep',
  'optimizer',
] as const

/** State of a learner besides its arrays. */
export const COUNTERS = ['updates', 'replaySize', 'replayCursor', 'beta1Power', 'beta2Power'] as const

/** Figures that an update reports. */
export const STATISTICS = [
  'criticLoss',
  'actorLoss',
  'meanQ',
  'meanTargetQ',
  'criticGradNorm',
  'actorGradNorm',
] as const

/** Blocks of a network, each with all of its parameters or one number for each of them. */
export const BLOCKS = ['parameters', 'target', 'm', 'v', 'gradient'] as const
export type BlockName = (typeof BLOCKS)[number]

/** The fields that come before the widths in the shape of a network. */
export const SHAPE = ['depth', 'tanhHidden'] as const
/** Widths that a shape has room for: the inputs and up to nine layers. */
export const WIDTHS = 10

interface Network {
  /** Networks of one role are hashed together. */
  role: 'actor' | 'critic'
  /** Widths from the inputs over the hidden layers to the outputs; none when the learner lacks this network. */
  widths(options: Options): number[]
  tanhHidden(options: Options): boolean
}

const critic: Network = {
  role: 'critic',
  widths: (o) => [o.obsDim + o.actionDim, ...o.criticHiddenDims, 1],
  tanhHidden: (o) => o.criticActivation === 'tanh',
}

/** The networks: another one is an entry here and a reference in assembly/agent/learner.ts. */
export const NETWORKS = {
  actor: {
    role: 'actor',
    widths: (o) => [o.obsDim, ...o.actorHiddenDims, o.actionDim],
    tanhHidden: () => false,
  },
  critic,
  critic2: { ...critic, widths: (o) => (o.twinCritics ? critic.widths(o) : []) },
} as const satisfies Record<string, Network>
export type NetworkName = keyof typeof NETWORKS
export const ROLES = ['actor', 'critic'] as const
export type Role = (typeof ROLES)[number]
export const NETWORK_NAMES = Object.keys(NETWORKS) as NetworkName[]

interface ReplayField {
  /** Its name in a checkpoint. */
  tensor: string
  /** Numbers of a transition in f32; undefined is one flag in u8. */
  width: ((options: Options) => number) | undefined
}

/** The replay buffer, field by field. */
export const REPLAY = {
  replayObs: { tensor: 'replay_obs', width: (o) => o.obsDim },
  replayAction: { tensor: 'replay_action', width: (o) => o.actionDim },
  replayReward: { tensor: 'replay_reward', width: () => 1 },
  replayNextObs: { tensor: 'replay_next_obs', width: (o) => o.obsDim },
  replayTerminated: { tensor: 'replay_terminated', width: undefined },
  replayTruncated: { tensor: 'replay_truncated', width: undefined },
} as const satisfies Record<string, ReplayField>
export type ReplayName = keyof typeof REPLAY
export const REPLAY_NAMES = Object.keys(REPLAY) as ReplayName[]

/** A record in linear memory by the names of its fields. @param view of as many numbers as there are names */
export function recordOf<Name extends string>(
  view: Float64Array | Int32Array,
  names: readonly Name[],
): Record<Name, number> {
  const fields = names.map((name, i): [Name, PropertyDescriptor] => [
    name,
    { enumerable: true, get: () => view[i], set: (value: number) => void (view[i] = value) },
  ])
  return Object.defineProperties({}, Object.fromEntries(fields)) as Record<Name, number>
}

/** The counters, borrowed from linear memory. */
export function countersView({ memory, countersAddress }: CoreExports): Float64Array {
  return new Float64Array(memory.buffer, countersAddress() >>> 0, COUNTERS.length)
}

/** A block of a network, borrowed from linear memory; it lives as long as the memory. */
export function blockView(x: CoreExports, network: NetworkName, block: BlockName): Float32Array {
  const address = x.blockAddress(NETWORK_NAMES.indexOf(network), BLOCKS.indexOf(block))
  return new Float32Array(x.memory.buffer, address >>> 0)
}

/** The first rows of a field of the replay buffer, borrowed from linear memory. */
export function replayView(
  x: CoreExports,
  options: Options,
  field: ReplayName,
  rows: number,
): Float32Array | Uint8Array {
  const { width }: ReplayField = REPLAY[field]
  const address = x.replayAddress(REPLAY_NAMES.indexOf(field)) >>> 0
  return width === undefined
    ? new Uint8Array(x.memory.buffer, address, rows)
    : new Float32Array(x.memory.buffer, address, rows * width(options))
}

/** Writes the dimensions and the shapes of the networks, from which the core lays out its memory. */
export function writeDimensions(x: CoreExports, options: Options): void {
  const { buffer } = x.memory
  const { obsDim, actionDim, batchSize, capacity, init } = options
  const values = { obsDim, actionDim, batchSize, capacity, smallInit: init === 'small' ? 1 : 0 }
  const view = new Int32Array(buffer, x.dimensionsAddress() >>> 0, DIMENSIONS.length)
  Object.assign(recordOf(view, DIMENSIONS), values)
  const size = SHAPE.length + WIDTHS
  const shapes = new Int32Array(buffer, x.shapesAddress() >>> 0, NETWORK_NAMES.length * size)
  for (const [i, name] of NETWORK_NAMES.entries()) {
    const { widths, tanhHidden }: Network = NETWORKS[name]
    const all = widths(options)
    const shape = { depth: Math.max(0, all.length - 1), tanhHidden: tanhHidden(options) ? 1 : 0 }
    shapes.set([...SHAPE.map((field) => shape[field]), ...all], i * size)
  }
}
