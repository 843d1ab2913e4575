// The record of one learner and the layout of linear memory.
//
//   static    random streams, this record, the layers          (addresses: never part of what is saved)
//   state     counters, statistics, noise, then the blocks of both networks: parameters, targets, Adam's m and v
//   replay    one array for each field of a transition
//   scratch   batch, activations, gradients: nothing that outlives a call
//
// create() lays all of it out from __heap_base upwards and grows memory once; nothing moves afterwards.
import { Scratch } from '../nn/backward'
import { padded } from '../products/memory'
import { Layer, layerOf, MAX_LAYERS, Mlp, shape } from '../nn/mlp'
import { listBytes } from '../products/sparse'
import { groupsOf, TABLE_BYTES } from '../products/subsets'

/** All state that is not an array, as f64 so that the host reads one view. */
@unmanaged
export class Counters {
  updates: f64
  replaySize: f64 // transitions held
  replayCursor: f64 // row that is written next
  beta1Power: f64
  beta2Power: f64
}

/** What the last update was like. Q values and losses are means over the batch, norms are before clipping. */
@unmanaged
export class Statistics {
  criticLoss: f64
  actorLoss: f64
  meanQ: f64
  meanTargetQ: f64
  criticGradientNorm: f64
  actorGradientNorm: f64
}

/** Set by the host before the first update, as one view of f64; not part of the state. */
@unmanaged
export class Hyperparameters {
  actorLr: f64
  criticLr: f64
  actorWeightDecay: f64
  criticWeightDecay: f64
  gamma: f64
  tau: f64
  maxGradNorm: f64 // 0: gradients are not clipped
  criticLoss: f64 // loss.ts
  delayActor: f64 // 1: target action from the target actor, 0: from the online one
}

@unmanaged
export class Learner {
  hyper: Hyperparameters
  obsDim: i32
  actionDim: i32
  batchSize: i32
  capacity: i32
  counters: Counters
  statistics: Statistics
  actor: Mlp
  critic: Mlp
  noise: usize // [actionDim], the Ornstein–Uhlenbeck process

  // one transition, exchanged with the host
  obs: usize // [obsDim]
  action: usize // [actionDim]
  nextObs: usize // [obsDim]
  policyObs: usize // [batchSize, obsDim]
  policyAction: usize // [batchSize, actionDim]

  // replay, by field
  replayObs: usize // [capacity, obsDim]
  replayAction: usize // [capacity, actionDim]
  replayReward: usize // [capacity]
  replayNextObs: usize // [capacity, obsDim]
  replayTerminated: usize // u8[capacity]
  replayTruncated: usize // u8[capacity]

  // scratch: rows of obs ⊕ action, so that both networks read the same batch, the actor only its first columns
  rows: usize // i32[batchSize], the transitions of the batch
  batch: usize // [batchSize, obsDim + actionDim]
  nextBatch: usize
  reward: usize // [batchSize]
  terminated: usize // [batchSize], 0 or 1
  targetQ: usize // [batchSize]
  scratch: Scratch
  end: u64
}

const record = memory.data(256, 16)
const hyperparameters = memory.data(128, 16)
const networks = memory.data(128, 16)
const layers = memory.data(576, 16)
const scratch = memory.data(32, 16)
/** i32[16]: hidden widths of the actor, then from 8 on of the critic; the host writes them before create(). */
export const hiddenDims: usize = memory.data(64, 16)

export const learner = changetype<Learner>(record)

/** Fills the record and returns the bytes of memory that the learner needs. */
export function layOut(
  obsDim: i32,
  actionDim: i32,
  actorLayers: i32,
  criticLayers: i32,
  batchSize: i32,
  capacity: i32,
): u64 {
  const l = learner
  l.hyper = changetype<Hyperparameters>(hyperparameters)
  l.obsDim = obsDim
  l.actionDim = actionDim
  l.batchSize = batchSize
  l.capacity = capacity
  l.actor = changetype<Mlp>(networks)
  l.critic = changetype<Mlp>(networks + offsetof<Mlp>())
  l.actor.depth = actorLayers
  l.critic.depth = criticLayers
  l.actor.layers = layers
  l.critic.layers = layers + <usize>MAX_LAYERS * offsetof<Layer>()
  shape(l.actor, obsDim, hiddenDims, actionDim)
  shape(l.critic, obsDim + actionDim, hiddenDims + 32, 1)
  l.end = (<u64>__heap_base + 15) & ~15
  layOutState(l)
  layOutReplay(l)
  layOutScratch(l)
  return l.end
}

function layOutState(l: Learner): void {
  l.counters = changetype<Counters>(reserve(l, 1, offsetof<Counters>()))
  l.statistics = changetype<Statistics>(reserve(l, 1, offsetof<Statistics>()))
  l.noise = reserve(l, l.actionDim, 4)
  layOutBlocks(l, l.actor)
  layOutBlocks(l, l.critic)
}

function layOutBlocks(l: Learner, net: Mlp): void {
  net.parameters = reserve(l, net.count, 4)
  net.target = reserve(l, net.count, 4)
  net.m = reserve(l, net.count, 4)
  net.v = reserve(l, net.count, 4)
}

function layOutReplay(l: Learner): void {
  l.replayObs = reserve(l, l.capacity, 4 * l.obsDim)
  l.replayAction = reserve(l, l.capacity, 4 * l.actionDim)
  l.replayReward = reserve(l, l.capacity, 4)
  l.replayNextObs = reserve(l, l.capacity, 4 * l.obsDim)
  l.replayTerminated = reserve(l, l.capacity, 1)
  l.replayTruncated = reserve(l, l.capacity, 1)
}

function layOutScratch(l: Learner): void {
  const B = l.batchSize
  const row = 4 * (l.obsDim + l.actionDim)
  l.obs = reserve(l, l.obsDim, 4)
  l.action = reserve(l, l.actionDim, 4)
  l.nextObs = reserve(l, l.obsDim, 4)
  l.policyObs = reserve(l, B, 4 * l.obsDim)
  l.policyAction = reserve(l, B, 4 * l.actionDim)
  l.rows = reserve(l, B, 4)
  l.batch = reserve(l, B, row)
  l.nextBatch = reserve(l, B, row)
  l.reward = reserve(l, B, 4)
  l.terminated = reserve(l, B, 4)
  l.targetQ = reserve(l, B, 4)
  l.actor.gradient = reserve(l, l.actor.count, 4)
  l.critic.gradient = reserve(l, l.critic.count, 4)
  layOutBackward(l, max(layOutActivations(l, l.actor), layOutActivations(l, l.critic)))
}

/** Returns the widest row of an activation. */
function layOutActivations(l: Learner, net: Mlp): i32 {
  let widest = 0
  for (let i = 0; i < net.depth; ++i) {
    const layer = layerOf(net, i)
    layer.y = reserve(l, l.batchSize, 4 * layer.stride)
    if (i < net.depth - 1) layer.active = reserve(l, l.batchSize, listBytes(layer.stride))
    widest = max(widest, layer.stride)
  }
  return widest
}

function layOutBackward(l: Learner, widest: i32): void {
  l.scratch = changetype<Scratch>(scratch)
  l.scratch.dy = reserve(l, l.batchSize, 4 * widest)
  l.scratch.dx = reserve(l, l.batchSize, 4 * widest)
  l.scratch.wT = reserve(l, max(largestTranspose(l, l.actor), largestTranspose(l, l.critic)), 4)
  l.scratch.g = reserve(l, l.batchSize, 4)
  l.scratch.masksT = reserve(l, groupsOf(l.batchSize), 4 * widest)
  l.scratch.table = reserve(l, 1, TABLE_BYTES)
}

/** Elements of the largest transposed matrix: of the critic's first layer only the actions' rows are taken. */
function largestTranspose(l: Learner, net: Mlp): i32 {
  let largest = l.actionDim * layerOf(net, 0).stride
  for (let i = 1; i < net.depth - 1; ++i)
    largest = max(largest, padded(layerOf(net, i).I) * layerOf(net, i).O)
  return largest
}

/** Next address for that many items, on 16 bytes. Beyond 4 GiB only `end` is right, and create() is not called. */
function reserve(l: Learner, items: i32, itemBytes: usize): usize {
  const address = <usize>l.end
  l.end = (l.end + <u64>items * <u64>itemBytes + 15) & ~15
  return address
}
