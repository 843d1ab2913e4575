// The record of one learner and the layout of linear memory. The host knows the fields of these classes, in this order,
// from src/core/fields.ts; test/core/fields.test.ts holds the two together.
//
//   static    random streams, this record, the layers          (addresses: never part of what is saved)
//   state     counters, statistics, noise, then the blocks of each network: parameters, target, Adam's m and v
//   replay    one array for each field of a transition
//   scratch   batch, activations, gradients: nothing that outlives a call
//
// layOut() places all of it from __heap_base upwards and create() grows memory to hold it, once; nothing moves afterwards.
import { Scratch } from '../nn/backward'
import { padded } from '../memory'
import { initialize, Layer, layerOf, MAX_LAYERS, Mlp, setShape, Shape, SHAPE_BYTES } from '../nn/mlp'
import { listBytes } from '../products/sparse'
import { groupsOf, TABLE_BYTES } from '../products/subsets'

// The networks. Another one is a number here, a reference in Learner, and an entry in src/core/fields.ts.
const ACTOR: i32 = 0
const CRITIC: i32 = 1
const CRITIC2: i32 = 2
const NETWORKS: i32 = 3

/** All state that is not an array, as f64 so that the host reads one view. */
@unmanaged
export class Counters {
  updates: f64
  replaySize: f64 // transitions held
  replayCursor: f64 // row that is written next
  beta1Power: f64
  beta2Power: f64
}

/** Figures of the last update. Q values and losses are means over the batch, norms are those before clipping. */
@unmanaged
export class Statistics {
  criticLoss: f64
  actorLoss: f64
  meanQ: f64
  meanTargetQ: f64
  criticGradNorm: f64
  actorGradNorm: f64
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
  actionPenalty: f64 // λ of λ·mean z² in the actor's loss, z before its tanh
  invertingGradients: f64 // 1: the actor's output is linear, and its gradient inverted at the bounds
  policyDelay: f64 // updates of the critics for one of the actor and the targets, at least 1
  targetNoise: f64 // standard deviation of the noise on target actions
  targetNoiseClip: f64
  nStep: f64 // rewards in a return, at least 1
  optimizer: f64 // ddpg.ts
}

/** Written by the host before layOut(), as one view of i32. */
@unmanaged
export class Dimensions {
  obsDim: i32
  actionDim: i32
  batchSize: i32
  capacity: i32
  smallInit: i32 // 1: last layers begin small (mlp.ts)
}

@unmanaged
export class Learner extends Dimensions {
  hyper: Hyperparameters
  counters: Counters
  statistics: Statistics
  actor: Mlp
  critic: Mlp
  critic2: Mlp // of depth 0 when there is none
  noise: usize // [actionDim], the Ornstein–Uhlenbeck process

  // one transition, exchanged with the host
  obs: usize // [obsDim]
  action: usize // [actionDim]
  nextObs: usize // [obsDim]
  policyObs: usize // [batchSize, obsDim]
  policyAction: usize // [batchSize, actionDim]

  // replay, by field, in the order in which src/core/fields.ts names them
  replayObs: usize // [capacity, obsDim]
  replayAction: usize // [capacity, actionDim]
  replayReward: usize // [capacity]
  replayNextObs: usize // [capacity, obsDim]
  replayTerminated: usize // u8[capacity]
  replayTruncated: usize // u8[capacity]

  // scratch: rows of obs ⊕ action, so that both networks read the same batch, the actor only its first columns
  rows: usize // i32[batchSize], the transitions of the batch, then those where their returns end
  batch: usize // [batchSize, obsDim + actionDim]
  nextBatch: usize
  reward: usize // [batchSize], or the return of nStep rewards
  terminated: usize // [batchSize], 0 or 1
  discount: usize // [batchSize], γ to the power of the steps in the return
  targetQ: usize // [batchSize]
  preActions: usize // [batchSize, padded(actionDim)], the last output of the actor, before its tanh
  scratch: Scratch
  end: u64
}

const networks = memory.data(NETWORKS * <i32>offsetof<Mlp>(), 16)
const layers = memory.data(NETWORKS * MAX_LAYERS * <i32>offsetof<Layer>(), 16)
const hyperparameters = memory.data(offsetof<Hyperparameters>(), 16)
const scratch = memory.data(offsetof<Scratch>(), 16)

/** Shape[NETWORKS], each of SHAPE_BYTES; written by the host before layOut(). */
export const shapes: usize = memory.data(NETWORKS * SHAPE_BYTES, 16)

export const learner = changetype<Learner>(memory.data(offsetof<Learner>(), 16))

export function networkOf(i: i32): Mlp {
  return changetype<Mlp>(networks + <usize>i * offsetof<Mlp>())
}

/** Fills the record from its dimensions and the shapes, and returns the bytes of memory that the learner needs. */
export function layOut(): u64 {
  const l = learner
  l.hyper = changetype<Hyperparameters>(hyperparameters)
  l.actor = networkOf(ACTOR)
  l.critic = networkOf(CRITIC)
  l.critic2 = networkOf(CRITIC2)
  for (let i = 0; i < NETWORKS; ++i) {
    networkOf(i).layers = layers + <usize>(i * MAX_LAYERS) * offsetof<Layer>()
    setShape(networkOf(i), changetype<Shape>(shapes + <usize>(i * SHAPE_BYTES)))
  }
  l.end = (<u64>__heap_base + 15) & ~15
  layOutState(l)
  layOutReplay(l)
  layOutScratch(l)
  return l.end
}

/** Draws the parameters of each network and copies them to its target; the memory must be there. */
export function initializeAll(): void {
  for (let i = 0; i < NETWORKS; ++i) {
    const net = networkOf(i)
    initialize(net, learner.smallInit != 0)
    memory.copy(net.target, net.parameters, (<usize>net.count) << 2)
  }
}

function layOutState(l: Learner): void {
  l.counters = changetype<Counters>(reserve(l, 1, offsetof<Counters>()))
  l.statistics = changetype<Statistics>(reserve(l, 1, offsetof<Statistics>()))
  l.noise = reserve(l, l.actionDim, 4)
  for (let i = 0; i < NETWORKS; ++i) layOutBlocks(l, networkOf(i))
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
  l.discount = reserve(l, B, 4)
  l.targetQ = reserve(l, B, 4)
  l.preActions = reserve(l, B, 4 * padded(l.actionDim))
  for (let i = 0; i < NETWORKS; ++i) networkOf(i).gradient = reserve(l, networkOf(i).count, 4)
  let widest = 0
  let largest = 0
  for (let i = 0; i < NETWORKS; ++i) {
    const net = networkOf(i)
    widest = max(widest, layOutActivations(l, net))
    largest = max(largest, largestTranspose(l, net))
  }
  layOutBackward(l, widest, largest)
}

/** Places the activations of a network and returns the width of its widest layer. */
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

function layOutBackward(l: Learner, widest: i32, largest: i32): void {
  l.scratch = changetype<Scratch>(scratch)
  l.scratch.dy = reserve(l, l.batchSize, 4 * widest)
  l.scratch.dx = reserve(l, l.batchSize, 4 * widest)
  l.scratch.wT = reserve(l, largest, 4)
  l.scratch.g = reserve(l, l.batchSize, 4)
  l.scratch.masksT = reserve(l, groupsOf(l.batchSize), 4 * widest)
  l.scratch.table = reserve(l, 1, TABLE_BYTES)
}

/** Counts the elements of the largest matrix that is transposed; a first layer gives only its rows of the actions. */
function largestTranspose(l: Learner, net: Mlp): i32 {
  let largest = l.actionDim * layerOf(net, 0).stride
  for (let i = 1; i < net.depth - 1; ++i)
    largest = max(largest, padded(layerOf(net, i).I) * layerOf(net, i).O)
  return largest
}

/** Returns the next address for that many items, a multiple of 16. Beyond 4 GiB only `end` is right, and create() is not called. */
function reserve(l: Learner, items: i32, itemBytes: usize): usize {
  const address = <usize>l.end
  l.end = (l.end + <u64>items * <u64>itemBytes + 15) & ~15
  return address
}
