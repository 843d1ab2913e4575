// Everything that the module exports. Only numbers cross; arrays are exchanged through addresses, which are fixed
// from create() on. The host checks arguments (src/core/learner.ts); nothing here does.
import * as ddpg from './agent/ddpg'
import * as explore from './agent/explore'
import { hiddenDims, layOut, learner } from './agent/learner'
import * as mlp from './nn/mlp'
import { add } from './agent/replay'
import * as rng from './rng'

// --- mathematics, f64 -----------------------------------------------------------------------------------------
export function exp(x: f64): f64 {
  return Math.exp(x)
}
export function log(x: f64): f64 {
  return Math.log(x)
}
export function sin(x: f64): f64 {
  return Math.sin(x)
}
export function cos(x: f64): f64 {
  return Math.cos(x)
}
export function tanh(x: f64): f64 {
  return Math.tanh(x)
}
export function pow(x: f64, y: f64): f64 {
  return Math.pow(x, y)
}

// --- random streams -------------------------------------------------------------------------------------------
/** @param seed an integer in [0, 2^53) */
export function seedStream(stream: i32, seed: f64): void {
  rng.seedStream(stream, <u64>seed)
}
export function uniform(stream: i32): f64 {
  return rng.uniform(stream)
}
export function normal(stream: i32): f64 {
  return rng.normal(stream)
}
export function index(stream: i32, n: u32): u32 {
  return rng.index(stream, n)
}
/** u64[6][2]: state and increment of each stream */
export function streamsAddress(): usize {
  return rng.streamsAddress()
}

// --- the learner ----------------------------------------------------------------------------------------------
/** i32[16]: hidden widths of the actor, then from 8 on of the critic; written before bytesNeeded and create. */
export function hiddenDimsAddress(): usize {
  return hiddenDims
}

/** Bytes of linear memory that create() with the same arguments would need; at most 4 GiB can be had. */
export function bytesNeeded(
  obsDim: i32,
  actionDim: i32,
  actorLayers: i32,
  criticLayers: i32,
  batchSize: i32,
  capacity: i32,
): f64 {
  return <f64>layOut(obsDim, actionDim, actorLayers, criticLayers, batchSize, capacity)
}

/** Reserves all memory, once, and initialises the networks. Returns whether the memory could be had. */
export function create(
  obsDim: i32,
  actionDim: i32,
  actorLayers: i32,
  criticLayers: i32,
  batchSize: i32,
  capacity: i32,
  criticTanh: bool,
  smallInit: bool,
): bool {
  const end = layOut(obsDim, actionDim, actorLayers, criticLayers, batchSize, capacity)
  const pages = <i32>((end + 0xffff) >> 16) - memory.size()
  if (pages > 0 && memory.grow(pages) < 0) return false
  const l = learner
  l.actor.tanhHidden = false
  l.critic.tanhHidden = criticTanh
  l.counters.beta1Power = 1
  l.counters.beta2Power = 1
  initializeNetwork(l.actor, smallInit)
  initializeNetwork(l.critic, smallInit)
  return true
}

function initializeNetwork(net: mlp.Mlp, small: bool): void {
  mlp.initialize(net, small)
  memory.copy(net.target, net.parameters, (<usize>net.count) << 2)
}

/** action = policy(obs), without noise. */
export function act(): void {
  const l = learner
  ddpg.act(l, l.actor.parameters, l.obs, l.obsDim, l.action, l.actionDim, 1)
}
export function addGaussian(sigma: f64): void {
  explore.addGaussian(learner, sigma)
}
export function addOrnsteinUhlenbeck(sigma: f64, theta: f64, dt: f64): void {
  explore.addOrnsteinUhlenbeck(learner, sigma, theta, dt)
}
export function resetNoise(): void {
  explore.resetNoise(learner)
}
export function actUniform(): void {
  explore.actUniform(learner)
}

/** policyAction[n] = policy(policyObs[n]), n at most the batch size; leaves everything else as it is. */
export function policy(n: i32): void {
  const l = learner
  ddpg.act(l, l.actor.parameters, l.policyObs, l.obsDim, l.policyAction, l.actionDim, n)
}

/** Stores the transition; false, and nothing stored, when a number of it is not finite. */
export function observe(reward: f32, terminated: bool, truncated: bool): bool {
  if (!ddpg.isFiniteTransition(learner, reward)) return false
  add(learner, reward, terminated, truncated)
  return true
}

/** One DDPG update; 0, or the number of the quantity that was not finite (ddpg.ts). Needs a stored transition. */
export function update(): i32 {
  return ddpg.update(learner)
}

// --- addresses ------------------------------------------------------------------------------------------------
export function obsAddress(): usize {
  return learner.obs
}
export function actionAddress(): usize {
  return learner.action
}
export function nextObsAddress(): usize {
  return learner.nextObs
}
export function policyObsAddress(): usize {
  return learner.policyObs
}
export function policyActionAddress(): usize {
  return learner.policyAction
}
export function noiseAddress(): usize {
  return learner.noise
}
/** f64[9]: see Hyperparameters in learner.ts; the host writes them after create(). */
export function hyperparametersAddress(): usize {
  return changetype<usize>(learner.hyper)
}
/** f64[5]: updates, transitions held, row written next, β₁ᵗ, β₂ᵗ */
export function countersAddress(): usize {
  return changetype<usize>(learner.counters)
}
/** f64[6]: critic loss, actor loss, mean Q, mean target Q, critic and actor gradient norm of the last update */
export function statisticsAddress(): usize {
  return changetype<usize>(learner.statistics)
}

/**
 * Field of the replay buffer: 0 obs, 1 action, 2 reward, 3 next obs, in f32; 4 terminated, 5 truncated, in u8. One row
 * a transition, in the order in which they came until the buffer is full.
 */
export function replayAddress(field: i32): usize {
  const l = learner
  if (field == 0) return l.replayObs
  if (field == 1) return l.replayAction
  if (field == 2) return l.replayReward
  if (field == 3) return l.replayNextObs
  return field == 4 ? l.replayTerminated : l.replayTruncated
}

/** Block of a network (0 actor, 1 critic): 0 parameters, 1 target, 2 Adam's m, 3 Adam's v, 4 gradient. */
export function blockAddress(network: i32, block: i32): usize {
  const net = networkOf(network)
  if (block == 0) return net.parameters
  if (block == 1) return net.target
  if (block == 2) return net.m
  return block == 3 ? net.v : net.gradient
}
/** Offsets within a block, in elements: of the weight from input i to unit o, and of the bias of unit 0. */
export function weightOffset(network: i32, layer: i32, i: i32, o: i32): i32 {
  return mlp.weightOffset(networkOf(network), layer, i, o)
}
export function biasOffset(network: i32, layer: i32): i32 {
  return mlp.layerOf(networkOf(network), layer).b
}

function networkOf(network: i32): mlp.Mlp {
  return network == 0 ? learner.actor : learner.critic
}
