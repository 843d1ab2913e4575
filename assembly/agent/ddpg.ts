// Deep deterministic policy gradient (Lillicrap et al. 2015, arXiv:1509.02971, algorithm 1). Read this first.
//
// A batch is rows of s ⊕ a. The actor reads the s columns in place and writes its action into the a columns, so
// Q(s, a) and Q(s, μ(s)) are the same call on the same rows.
import { advanceBetaPowers, adam, clipFactor, norm } from '../nn/adam'
import { tanhBackward, tanhForward } from '../nn/activation'
import { backward, inputGradient } from '../nn/backward'
import { Counters, Learner } from './learner'
import { criticLoss } from './loss'
import { allFinite, at, copyRow, padded } from '../memory'
import { forward, layerOf, Mlp } from '../nn/mlp'
import { sample } from './replay'

// An update returns 0, or one of these for the quantity that was not finite. The host turns them into sentences.
const CRITIC_LOSS: i32 = 1
const CRITIC_GRADIENT: i32 = 2
const CRITIC_WEIGHT: i32 = 3
const ACTOR_LOSS: i32 = 4
const ACTOR_GRADIENT: i32 = 5
const ACTOR_WEIGHT: i32 = 6

/** One DDPG update on a fresh batch; 0, or what was not finite. */
export function update(l: Learner): i32 {
  sample(l)
  return learn(l)
}

/** One gradient step of both networks on the batch (s, a, r, s', terminated), and a soft update of both targets. */
export function learn(l: Learner): i32 {
  const hyper = l.hyper
  const stats = l.statistics
  const actor = l.actor
  const critic = l.critic
  const B = l.batchSize
  const ld = l.obsDim + l.actionDim

  // y = r + γ (1 − terminated) Q̄(s', μ̄(s'))
  act(
    l,
    hyper.delayActor ? actor.target : actor.parameters,
    l.nextBatch,
    ld,
    at(l.nextBatch, l.obsDim),
    ld,
    B,
  )
  targetQ(l, forward(critic, critic.target, l.nextBatch, ld, B))

  // φ ← Adam on mean loss(Q(s, a) − y), and φ̄ ← φ̄ + τ (φ − φ̄)
  const q = forward(critic, critic.parameters, l.batch, ld, B)
  stats.meanQ = mean(q, 4, B)
  stats.criticLoss = criticLoss(<i32>hyper.criticLoss, q, l.targetQ, l.scratch.dy, B)
  if (!isFinite(stats.criticLoss)) return CRITIC_LOSS
  backward(critic, l.batch, ld, B, l.scratch)
  stats.criticGradNorm = norm(critic.gradient, critic.count)
  if (!isFinite(stats.criticGradNorm)) return CRITIC_GRADIENT
  advanceBetaPowers(betaPowers(l))
  if (!step(l, critic, hyper.criticLr, hyper.criticWeightDecay, stats.criticGradNorm)) return CRITIC_WEIGHT

  // θ ← Adam on −mean Q(s, μ(s)), with the critic just updated, and θ̄ ← θ̄ + τ (θ − θ̄)
  act(l, actor.parameters, l.batch, ld, at(l.batch, l.obsDim), ld, B)
  stats.actorLoss = -mean(forward(critic, critic.parameters, l.batch, ld, B), 4, B)
  if (!isFinite(stats.actorLoss)) return ACTOR_LOSS
  actorGradient(l, ld)
  stats.actorGradNorm = norm(actor.gradient, actor.count)
  if (!isFinite(stats.actorGradNorm)) return ACTOR_GRADIENT
  if (!step(l, actor, hyper.actorLr, hyper.actorWeightDecay, stats.actorGradNorm)) return ACTOR_WEIGHT

  l.counters.updates += 1
  return 0
}

/** action[B, actionDim] = tanh(actor(obs[B, obsDim])), rows of ldAction and ldObs elements. */
export function act(
  l: Learner,
  parameters: usize,
  obs: usize,
  ldObs: i32,
  action: usize,
  ldAction: i32,
  B: i32,
): void {
  const y = forward(l.actor, parameters, obs, ldObs, B)
  const stride = padded(l.actionDim)
  tanhForward(y, B * stride)
  for (let b = 0; b < B; ++b) copyRow(at(action, b * ldAction), at(y, b * stride), l.actionDim)
}

/** True when the transition that the host has written holds finite numbers only, and so can be learned from. */
export function isFiniteTransition(l: Learner, reward: f32): bool {
  return (
    isFinite(reward) &&
    allFinite(l.obs, l.obsDim) &&
    allFinite(l.action, l.actionDim) &&
    allFinite(l.nextObs, l.obsDim)
  )
}

function targetQ(l: Learner, nextQ: usize): void {
  const gamma = <f32>l.hyper.gamma
  for (let b = 0; b < l.batchSize; ++b) {
    const bootstrap = gamma * (1 - load<f32>(at(l.terminated, b))) * load<f32>(at(nextQ, 4 * b))
    store<f32>(at(l.targetQ, b), load<f32>(at(l.reward, b)) + bootstrap)
  }
  l.statistics.meanTargetQ = mean(l.targetQ, 1, l.batchSize)
}

/** Gradient of −mean Q(s, μ(s)): back through the critic to the action, through tanh, into the actor. */
function actorGradient(l: Learner, ld: i32): void {
  const B = l.batchSize
  const output = layerOf(l.actor, l.actor.depth - 1)
  const dq = f32x4.replace_lane(f32x4.splat(0), 0, -1 / <f32>B)
  for (let b = 0; b < B; ++b) v128.store(at(l.scratch.dy, 4 * b), dq)
  inputGradient(l.critic, l.obsDim, l.actionDim, B, l.scratch)
  tanhBackward(l.scratch.dy, output.y, B * output.stride)
  backward(l.actor, l.batch, ld, B, l.scratch)
}

/** One step of Adam, with the soft update of the target; false when a weight is no longer finite. */
function step(l: Learner, net: Mlp, lr: f64, decay: f64, gradientNorm: f64): bool {
  const clip = clipFactor(gradientNorm, l.hyper.maxGradNorm)
  return adam(net, betaPowers(l), lr, decay, clip, l.hyper.tau)
}

function betaPowers(l: Learner): usize {
  return changetype<usize>(l.counters) + offsetof<Counters>('beta1Power')
}

function mean(x: usize, ld: i32, B: i32): f64 {
  let sum: f64 = 0
  for (let b = 0; b < B; ++b) sum += <f64>load<f32>(at(x, b * ld))
  return sum / <f64>B
}
