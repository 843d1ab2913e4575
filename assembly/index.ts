// These functions are all that the module exports. Only numbers cross; arrays are exchanged through addresses, which are fixed
// from create() on. The host checks arguments (src/core/learner.ts); nothing here does.
import * as ddpg from './agent/ddpg'
import * as explore from './agent/explore'
import { initializeAll, layOut, learner, Learner, networkOf, shapes } from './agent/learner'
import * as mlp from './nn/mlp'
import { add } from './agent/replay'
import { at } from './memory'
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
/** Dimensions (learner.ts), which the host writes before bytesNeeded and create. */
export function dimensionsAddress(): usize {
  return changetype<usize>(learner)
}
/** Shape of each network (mlp.ts), i32[networks][12], which the host writes before bytesNeeded and create. */
export function shapesAddress(): usize {
  return shapes
}

/** Bytes of linear memory that create() would need; at most 4 GiB can be had. */
export function bytesNeeded(): f64 {
  return <f64>layOut()
}

/** Reserves all memory, once, and initialises the networks. Returns whether the memory could be had. */
export function create(): bool {
  const pages = <i32>((layOut() + 0xffff) >> 16) - memory.size()
  if (pages > 0 && memory.grow(pages) < 0) return false
  learner.counters.beta1Power = 1
  learner.counters.beta2Power = 1
  initializeAll()
  return true
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

/** Stores the transition, or stores nothing and returns false when a number of it is not finite. */
export function observe(reward: f32, terminated: bool, truncated: bool): bool {
  if (!ddpg.isFiniteTransition(learner, reward)) return false
  add(learner, reward, terminated, truncated)
  return true
}

/** Does one DDPG update on stored transitions, of which there must be one; returns 0, or the number of the quantity that
 * was not finite (ddpg.ts). */
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
/** Hyperparameters (learner.ts), which the host writes after create(). */
export function hyperparametersAddress(): usize {
  return changetype<usize>(learner.hyper)
}
/** Counters (learner.ts) */
export function countersAddress(): usize {
  return changetype<usize>(learner.counters)
}
/** Statistics (learner.ts) of the last update */
export function statisticsAddress(): usize {
  return changetype<usize>(learner.statistics)
}

/**
 * Field of the replay buffer by its number in Learner (learner.ts): one row for each transition, in the order in which
 * they came until the buffer was full.
 */
export function replayAddress(field: i32): usize {
  return load<usize>(at(changetype<usize>(learner) + offsetof<Learner>('replayObs'), field))
}

/** Block of a network by its number in Mlp (mlp.ts) */
export function blockAddress(network: i32, block: i32): usize {
  return load<usize>(at(changetype<usize>(networkOf(network)) + offsetof<mlp.Mlp>('parameters'), block))
}
/** Offsets within a block, in elements: of the weight from input i to unit o, and of the bias of unit 0. */
export function weightOffset(network: i32, layer: i32, i: i32, o: i32): i32 {
  return mlp.weightOffset(networkOf(network), layer, i, o)
}
export function biasOffset(network: i32, layer: i32): i32 {
  return mlp.layerOf(networkOf(network), layer).b
}
