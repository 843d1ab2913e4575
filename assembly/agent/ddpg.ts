// Deep deterministic policy gradient (Lillicrap et al. 2015, arXiv:1509.02971, algorithm 1). Read this first.
//
// A batch is rows of s ⊕ a. The actor reads the s columns in place and writes its action into the a columns, so
// Q(s, a) and Q(s, μ(s)) are the same call on the same rows.
import { advanceBetaPowers, adam, betaPowersAfter, clipFactor, norm } from '../nn/adam'
import { addScaled, clipForward, invertGradient, tanhBackward, tanhForward } from '../nn/activation'
import { backward, inputGradient } from '../nn/backward'
import { perturb } from './explore'
import { Counters, Learner } from './learner'
import { criticLoss } from './loss'
import { allFinite, at, copyRow, padded } from '../memory'
import { forward, layerOf, Mlp } from '../nn/mlp'
import { sample } from './replay'
import { normal, REPLAY } from '../rng'

// An update returns 0, or one of these for the quantity that was not finite. The host turns them into sentences.
const CRITIC_LOSS: i32 = 1
const CRITIC_GRADIENT: i32 = 2
const CRITIC_WEIGHT: i32 = 3
const ACTOR_LOSS: i32 = 4
const ACTOR_GRADIENT: i32 = 5
const ACTOR_WEIGHT: i32 = 6

const ADAMW: f64 = 1 // hyper.optimizer; 0 is Adam

/** One DDPG update on a fresh batch; 0, or what was not finite. */
export function update(l: Learner): i32 {
  sample(l)
  return learn(l)
}

/**
 * One gradient step of the critics on the batch (s, a, R, s', terminated), at every policyDelay-th update one of the actor
 * and a soft update of the targets. R is the reward, or the return of n steps, whose discount is γⁿ (replay.ts). With two
 * critics, a delay and target noise this is TD3 (Fujimoto et al. 2018, arXiv:1802.09477, algorithm 1).
 */
export function learn(l: Learner): i32 {
  const hyper = l.hyper
  const stats = l.statistics
  const actor = l.actor
  const critic = l.critic
  const B = l.batchSize
  const ld = l.obsDim + l.actionDim
  const number = <i64>l.counters.updates + 1
  const isActorsTurn = number % <i64>hyper.policyDelay == 0
  const tau = isActorsTurn ? hyper.tau : 0

  // y = R + γⁿ (1 − terminated) min Q̄ᵢ(s', μ̄(s') + ε)
  act(
    l,
    hyper.delayActor ? actor.target : actor.parameters,
    l.nextBatch,
    ld,
    at(l.nextBatch, l.obsDim),
    ld,
    B,
  )
  if (hyper.targetNoise > 0) addTargetNoise(l, ld)
  const nextQ = forward(critic, critic.target, l.nextBatch, ld, B)
  if (l.critic2.depth > 0) keepLesser(nextQ, forward(l.critic2, l.critic2.target, l.nextBatch, ld, B), B)
  targetQ(l, nextQ)

  // φᵢ ← Adam on mean loss(Qᵢ(s, a) − y), and φ̄ᵢ ← φ̄ᵢ + τ (φᵢ − φ̄ᵢ)
  advanceBetaPowers(betaPowers(l))
  let fault = learnCritic(l, critic, ld, tau)
  if (fault == 0 && l.critic2.depth > 0) fault = learnCritic(l, l.critic2, ld, tau)
  if (fault != 0) return fault

  // θ ← Adam on −mean Q(s, μ(s)) + penalty, with the critic just updated, and θ̄ ← θ̄ + τ (θ − θ̄)
  if (isActorsTurn) {
    act(l, actor.parameters, l.batch, ld, at(l.batch, l.obsDim), ld, B)
    stats.actorLoss = -mean(forward(critic, critic.parameters, l.batch, ld, B), 4, B)
    if (hyper.actionPenalty > 0) stats.actorLoss += penalty(l)
    if (!isFinite(stats.actorLoss)) return ACTOR_LOSS
    actorGradient(l, ld)
    stats.actorGradNorm = norm(actor.gradient, actor.count)
    if (!isFinite(stats.actorGradNorm)) return ACTOR_GRADIENT
    const powers = actorPowers(l, number)
    if (!step(l, actor, hyper.actorLr, hyper.actorWeightDecay, stats.actorGradNorm, tau, powers))
      return ACTOR_WEIGHT
  }

  l.counters.updates += 1
  return 0
}

/** One gradient step of a critic; 0, or what was not finite. Figures of two critics are those of the sum of their losses. */
function learnCritic(l: Learner, net: Mlp, ld: i32, tau: f64): i32 {
  const hyper = l.hyper
  const stats = l.statistics
  const isFirst = net == l.critic
  const q = forward(net, net.parameters, l.batch, ld, l.batchSize)
  if (isFirst) stats.meanQ = mean(q, 4, l.batchSize)
  const loss = criticLoss(<i32>hyper.criticLoss, q, l.targetQ, l.scratch.dy, l.batchSize)
  stats.criticLoss = isFirst ? loss : stats.criticLoss + loss
  if (!isFinite(stats.criticLoss)) return CRITIC_LOSS
  backward(net, l.batch, ld, l.batchSize, l.scratch)
  const size = norm(net.gradient, net.count)
  const first = stats.criticGradNorm
  stats.criticGradNorm = isFirst ? size : Math.sqrt(first * first + size * size)
  if (!isFinite(stats.criticGradNorm)) return CRITIC_GRADIENT
  const isWhole = step(l, net, hyper.criticLr, hyper.criticWeightDecay, size, tau, betaPowers(l))
  return isWhole ? 0 : CRITIC_WEIGHT
}

/**
 * action[B, actionDim] = tanh(actor(obs[B, obsDim])), rows of ldAction and ldObs elements; with inverting gradients the
 * actor's output is linear and clipped. What it was before stays in l.preActions.
 */
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
  memory.copy(l.preActions, y, (<usize>(B * stride)) << 2)
  if (l.hyper.invertingGradients) clipForward(y, B * stride)
  else tanhForward(y, B * stride)
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

/** a' ← clip(a' + clip(targetNoise N(0, 1), ±targetNoiseClip), ±1), which smooths the target over actions. */
function addTargetNoise(l: Learner, ld: i32): void {
  const clip = l.hyper.targetNoiseClip
  for (let b = 0; b < l.batchSize; ++b) {
    const action = at(l.nextBatch, b * ld + l.obsDim)
    for (let i = 0; i < l.actionDim; ++i) {
      const noise = l.hyper.targetNoise * normal(REPLAY)
      perturb(at(action, i), Math.max(-clip, Math.min(clip, noise)))
    }
  }
}

/** q[B] ← min(q, other), rows of 4 elements. */
function keepLesser(q: usize, other: usize, B: i32): void {
  for (let i = 0; i < 4 * B; i += 4)
    v128.store(at(q, i), f32x4.min(v128.load(at(q, i)), v128.load(at(other, i))))
}

function targetQ(l: Learner, nextQ: usize): void {
  for (let b = 0; b < l.batchSize; ++b) {
    const discount = load<f32>(at(l.discount, b))
    const bootstrap = discount * (1 - load<f32>(at(l.terminated, b))) * load<f32>(at(nextQ, 4 * b))
    store<f32>(at(l.targetQ, b), load<f32>(at(l.reward, b)) + bootstrap)
  }
  l.statistics.meanTargetQ = mean(l.targetQ, 1, l.batchSize)
}

/** actionPenalty · mean z², z what the actor gave before its tanh. */
function penalty(l: Learner): f64 {
  const size = norm(l.preActions, l.batchSize * padded(l.actionDim))
  return (l.hyper.actionPenalty * size * size) / <f64>(l.batchSize * l.actionDim)
}

/** Gradient of −mean Q(s, μ(s)) + penalty: back through the critic to the action, through tanh, into the actor. */
function actorGradient(l: Learner, ld: i32): void {
  const B = l.batchSize
  const output = layerOf(l.actor, l.actor.depth - 1)
  const n = B * output.stride
  const dq = f32x4.replace_lane(f32x4.splat(0), 0, -1 / <f32>B)
  for (let b = 0; b < B; ++b) v128.store(at(l.scratch.dy, 4 * b), dq)
  inputGradient(l.critic, l.obsDim, l.actionDim, B, l.scratch)
  if (l.hyper.invertingGradients) invertGradient(l.scratch.dy, l.preActions, n)
  else tanhBackward(l.scratch.dy, output.y, n)
  if (l.hyper.actionPenalty > 0)
    addScaled(l.scratch.dy, l.preActions, <f32>((2 * l.hyper.actionPenalty) / <f64>(B * l.actionDim)), n)
  backward(l.actor, l.batch, ld, B, l.scratch)
}

/** One step of Adam, with the soft update of the target; false when a weight is no longer finite. */
function step(l: Learner, net: Mlp, lr: f64, decay: f64, size: f64, tau: f64, powers: usize): bool {
  const isDecoupled = l.hyper.optimizer == ADAMW
  const clip = clipFactor(size, l.hyper.maxGradNorm)
  return adam(net, powers, lr, isDecoupled ? 0 : decay, isDecoupled ? 1 - lr * decay : 1, clip, tau)
}

function betaPowers(l: Learner): usize {
  return changetype<usize>(l.counters) + offsetof<Counters>('beta1Power')
}

/** An actor that waits has taken fewer steps of Adam than the critics. */
function actorPowers(l: Learner, number: i64): usize {
  const delay = <i64>l.hyper.policyDelay
  if (delay == 1) return betaPowers(l)
  return betaPowersAfter(<f64>(number / delay))
}

function mean(x: usize, ld: i32, B: i32): f64 {
  let sum: f64 = 0
  for (let b = 0; b < B; ++b) sum += <f64>load<f32>(at(x, b * ld))
  return sum / <f64>B
}
