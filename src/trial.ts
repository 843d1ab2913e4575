// One trial: an environment, a learner, training with validation on the side, and what came of it on every split.
// No files and no clock: the caller writes, logs and shows what the events tell it.
import { learnerTensors, setLearnerTensors } from './core/checkpoint.ts'
import { createCore, type Core } from './core/core.ts'
import { createLearner, memoryProblem, type Learner, type LearnerOptions } from './core/learner.ts'
import { readSafetensors, writeSafetensors, type Tensor } from './core/safetensors.ts'
import type { SplitName } from './data/split.ts'
import { createEnv } from './env/create.ts'
import {
  cumulativeLog,
  createEvaluationEnv,
  deterministic,
  evaluate,
  rollout,
  type SplitEvaluation,
} from './evaluate.ts'
import type { FeatureStatistics } from './features/features.ts'
import { SPLITS, type Prepared } from './market.ts'
import { parseScenario } from './scenario/load.ts'
import type { Scenario } from './scenario/schema.ts'
import { train, type TrainEvent, type TrainOptions } from './train.ts'

export type TrialEvent =
  | Exclude<TrainEvent, { type: 'evaluate' | 'checkpoint' }>
  | { type: 'validation'; step: number; sumLogReward: number; best: Uint8Array<ArrayBuffer> | undefined }
  | { type: 'checkpoint'; step: number; bytes: Uint8Array<ArrayBuffer> }

export interface TrialResult {
  /** Environment steps taken; fewer than max_steps when the caller stopped the trial. */
  step: number
  /** Of the final state, or of the best one when the scenario asks for it and there was any validation. */
  evaluation: Record<SplitName, SplitEvaluation>
  evaluated: 'final' | 'best'
  /** The final state, and the one that was best on the validation split, if there was any validation. */
  checkpoint: Uint8Array<ArrayBuffer>
  best: { step: number; bytes: Uint8Array<ArrayBuffer> } | undefined
}

/**
 * Trains and evaluates.
 * @param scenario whose `seed` is this trial's
 * @param shouldStop asked after every event; true ends training there, evaluation follows
 */
export async function* runTrial(
  scenario: Scenario,
  prepared: Prepared,
  module: WebAssembly.Module,
  shouldStop: () => boolean = () => false,
): AsyncGenerator<TrialEvent, TrialResult> {
  const { markets, statistics } = prepared
  const core = await createCore(module, scenario.seed)
  const env = createEnv(scenario.env, markets.train, core.math, core.random.environment)
  const learner = await createLearner(learnerOptions(scenario, env.obsDim, env.actionDim), core)
  const validation = createEvaluationEnv(scenario, markets.validation, core)
  const checkpoint = (step: number) => writeCheckpoint(learner, scenario, statistics, step)
  let best: (TrialResult['best'] & { sumLogReward: number }) | undefined
  let step = 0

  for (const event of train(env, learner, trainOptions(scenario))) {
    step = event.step
    if (event.type === 'checkpoint') yield { type: 'checkpoint', step, bytes: checkpoint(step) }
    else if (event.type === 'evaluate') {
      const { wealth } = rollout(validation, deterministic(learner), scenario.training.eval_steps)
      const sumLogReward = cumulativeLog(wealth, core.math).at(-1)!
      const isBest = sumLogReward > (best?.sumLogReward ?? -Infinity)
      if (isBest) best = { step, sumLogReward, bytes: checkpoint(step) }
      yield { type: 'validation', step, sumLogReward, best: isBest ? best!.bytes : undefined }
    } else yield event
    if (shouldStop()) break
  }

  const final = checkpoint(step)
  const evaluated = scenario.evaluation.policy === 'best' && best ? 'best' : 'final'
  const chosen = evaluated === 'best' ? best!.bytes : final
  const evaluation = await evaluateCheckpoint(chosen, scenario, prepared, module)
  return { step, evaluated, evaluation, checkpoint: final, best }
}

/** Finds what would stop a trial at its beginning or its end. @throws Error in a sentence */
export async function checkTrial(
  scenario: Scenario,
  { markets }: Prepared,
  module: WebAssembly.Module,
): Promise<void> {
  const core = await createCore(module, 0)
  for (const split of SPLITS) {
    try {
      createEvaluationEnv(scenario, markets[split], core)
    } catch (error) {
      throw new RangeError(`the ${split} split is too short: ${(error as Error).message}`, { cause: error })
    }
  }
  const { obsDim, actionDim } = createEnv(scenario.env, markets.train, core.math, core.random.environment)
  const problem = memoryProblem(learnerOptions(scenario, obsDim, actionDim), core)
  if (problem) throw new RangeError(problem)
}

/** Every split, by a policy from a checkpoint; the random benchmark is that of the scenario's seed. */
export async function evaluateCheckpoint(
  bytes: Uint8Array,
  scenario: Scenario,
  { markets }: Prepared,
  module: WebAssembly.Module,
): Promise<Record<SplitName, SplitEvaluation>> {
  const { learner, core } = await loadPolicy(bytes, module)
  const evaluated = SPLITS.map(
    (name) => [name, evaluate(scenario, markets[name], deterministic(learner), core)] as const,
  )
  return Object.fromEntries(evaluated) as Record<SplitName, SplitEvaluation>
}

/** The learner of a checkpoint, without its replay buffer. @throws Error when it is not a checkpoint of ours */
export async function loadPolicy(
  bytes: Uint8Array,
  module: WebAssembly.Module,
): Promise<{ learner: Learner; core: Core }> {
  const { info, tensors } = openCheckpoint(bytes)
  const { scenario, obsDim, actionDim } = info
  const core = await createCore(module, scenario.seed)
  const learner = await createLearner({ ...learnerOptions(scenario, obsDim, actionDim), capacity: 1 }, core)
  setLearnerTensors(learner, tensors)
  core.seed(scenario.seed)
  return { learner, core }
}

const FORMAT = 'ddpg-wasm checkpoint 1'

export interface CheckpointInfo {
  scenario: Scenario
  statistics: FeatureStatistics
  /** Environment steps taken. */
  step: number
  obsDim: number
  actionDim: number
}

export function writeCheckpoint(
  learner: Learner,
  scenario: Scenario,
  statistics: FeatureStatistics,
  step: number,
): Uint8Array<ArrayBuffer> {
  const { obsDim, actionDim } = learner.options
  const info: CheckpointInfo = { scenario, statistics, step, obsDim, actionDim }
  const texts = Object.entries(info).map(([key, value]) => [key, JSON.stringify(value)])
  return writeSafetensors({
    tensors: learnerTensors(learner),
    metadata: { format: FORMAT, ...Object.fromEntries(texts) },
  })
}

/** What a checkpoint says of itself. @throws Error when it is not a checkpoint of ours, or not a sound one */
export function readCheckpoint(bytes: Uint8Array): CheckpointInfo {
  return openCheckpoint(bytes).info
}

function openCheckpoint(bytes: Uint8Array): { info: CheckpointInfo; tensors: Record<string, Tensor> } {
  const { tensors, metadata } = readSafetensors(bytes)
  const { format, scenario: text = '', ...texts } = metadata
  if (format !== FORMAT)
    throw new Error(`expected a file of format "${FORMAT}", found ${format ? `"${format}"` : 'none'}`)
  for (const [name, { data }] of Object.entries(tensors)) {
    if (!data.every((value) => typeof value === 'bigint' || Number.isFinite(value)))
      throw new Error(`tensor ${name} holds numbers that are not finite`)
  }
  const { scenario } = parseScenario(text, 'its scenario', { randomSeed: () => 0 })
  const numbers = ['statistics', 'step', 'obsDim', 'actionDim'].map((key) => [
    key,
    JSON.parse(texts[key] ?? 'null'),
  ])
  const info = { scenario, ...Object.fromEntries(numbers) } as CheckpointInfo
  const { step, obsDim, actionDim, statistics } = info
  const isSound = [step, obsDim, actionDim].every(Number.isInteger) && Array.isArray(statistics?.scales)
  if (!isSound) throw new Error('its step, obsDim, actionDim or statistics are missing')
  return { info, tensors }
}

function learnerOptions({ network, training }: Scenario, obsDim: number, actionDim: number): LearnerOptions {
  const { type, theta, dt } = training.noise
  return {
    obsDim,
    actionDim,
    actorHiddenDims: network.actor_hidden_dims,
    criticHiddenDims: network.value_hidden_dims,
    criticActivation: network.critic_activation,
    init: network.init,
    batchSize: training.sample_size,
    capacity: training.buffer_size,
    actorLr: training.actor_lr,
    criticLr: training.value_lr,
    actorWeightDecay: training.actor_weight_decay,
    criticWeightDecay: training.value_weight_decay,
    gamma: training.gamma,
    tau: training.tau,
    maxGradNorm: training.max_grad_norm,
    criticLoss: training.loss_function,
    delayActor: training.delay_actor,
    noise: { type, theta, dt },
  }
}

function trainOptions({ training }: Scenario): TrainOptions {
  return {
    maxSteps: training.max_steps,
    initRandSteps: training.init_rand_steps,
    framesPerBatch: training.frames_per_batch,
    optimStepsPerBatch: training.optim_steps_per_batch,
    rewardScale: training.reward_scale,
    sigma: training.noise.sigma,
    sigmaEnd: training.noise.sigma_end,
    annealSteps: training.noise.anneal_steps,
    logInterval: training.log_interval,
    evalInterval: training.eval_interval,
    checkpointInterval: training.checkpoint_interval,
  }
}
