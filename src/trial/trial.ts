// A trial trains one learner in one environment, validates it on the side and evaluates it on every split.
// No files and no clock: the caller writes, logs and shows what the events tell it.
import { LINK_UPDATES, weightHashes } from './chain.ts'
import { openCheckpoint, type CheckpointInfo } from './checkpoint.ts'
import { learnerTensors, setLearnerTensors } from '../core/tensors.ts'
import { createCore, type Core } from '../core/core.ts'
import { createLearner, memoryProblem, type Learner } from '../core/learner.ts'
import type { CoreModule } from '../core/module.ts'
import { heldObservations } from '../core/inspect.ts'
import { deterministic, metricsBySplit, type Rollout } from '../evaluate/evaluate.ts'
import { concat, eventsOf } from './events.ts'
import { createHealthWatch, healthOf, type Health } from './health.ts'
import type { TradingEvaluations } from '../task/trading.ts'
import { createReceipt, type Receipt } from './receipt.ts'
import type { Scenario } from '../scenario/schema.ts'
import {
  learnerOptions,
  openSession,
  policyCheckpoint,
  remember,
  runCheckpoint,
  type Session,
} from './state.ts'
import type { Evaluations, Task } from '../task/task.ts'
import { train, type TrainEvent, type TrainOptions } from './train.ts'
import { DdpgError } from '../base/errors.ts'

export type TrialEvent =
  | Exclude<TrainEvent, { type: 'evaluate' | 'checkpoint' }>
  | {
      type: 'validation'
      step: number
      /** The score of the policy: Σ ln of wealth ratios in trading, the mean return of episodes in classic control. */
      score: number
      /** The policy when it is the best so far, and what it did; neither when a resumed run tells of its past. */
      best?: Uint8Array<ArrayBuffer> | undefined
      rollout?: Rollout
    }
  | { type: 'checkpoint'; step: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'link'; step: number; updates: number; link: string }
  /** After every `losses`; each finding is reported once in a run. */
  | { type: 'health'; step: number; health: Health; findings: string[] }

export interface TrialResult<E extends Evaluations = TradingEvaluations> {
  /** Environment steps taken; fewer than max_steps when the caller stopped the trial. */
  step: number
  complete: boolean
  /**
   * The evaluation of the final state, or of the best one when the scenario asks for it and there was any validation.
   */
  evaluation: E
  evaluated: 'final' | 'best'
  /** The policy that was evaluated, as a checkpoint of the policy alone. */
  policy: Uint8Array<ArrayBuffer>
  /** Observations from all over the replay buffer, 512 or fewer of them: [n, obsDim]. */
  observed: Float32Array
  /** The final state, from which the run can be resumed, and the policy that was best in validation, if any. */
  checkpoint: Uint8Array<ArrayBuffer>
  best: { step: number; bytes: Uint8Array<ArrayBuffer> } | undefined
  /** The receipt; only complete trials have one. */
  receipt: Receipt | undefined
}

export interface TrialOptions {
  /** Asked after every round; true ends training there, evaluation follows. */
  shouldStop?: () => boolean
  /** A checkpoint of this scenario, except for its max_steps, to resume from. */
  resume?: Uint8Array | undefined
  /** Which trial of how many this is, for the checkpoint to record. */
  experiment?: CheckpointInfo['experiment']
}

/** Enough to say where a policy has been: observations, and numbers in all of them. */
const OBSERVED = { rows: 512, numbers: 25_000 }

/**
 * Trains and evaluates. A resumed trial tells again of the losses, episodes and validations before it was saved.
 * @param scenario whose `seed` is this trial's
 * @throws DdpgError in a sentence when it cannot resume from `resume`
 */
export async function* runTrial<E extends Evaluations>(
  scenario: Scenario,
  task: Task<E>,
  module: CoreModule,
  { shouldStop = () => false, resume, experiment }: TrialOptions = {},
): AsyncGenerator<TrialEvent, TrialResult<E>> {
  const session = await openSession(scenario, task, module, { resume, experiment })
  const { learner, env, chain, state } = session
  const watch = createHealthWatch()
  for (const event of eventsOf(concat(session.history))) {
    if (event.type !== 'health') yield event
    else {
      watch(event.health)
      yield { ...event, findings: [] } // those were reported before
    }
  }
  if (chain.links.length === 0) yield linkEvent(session)

  for (const event of train(env, learner, trainOptions(scenario), state)) {
    const { step } = event
    if (event.type === 'checkpoint') yield { type: 'checkpoint', step, bytes: runCheckpoint(session) }
    else if (event.type === 'evaluate') yield validate(session, step)
    else {
      remember(session, event)
      yield event
    }
    if (event.type === 'losses') yield healthEvent(session, watch, event)
    if (event.type === 'update' && event.updates % LINK_UPDATES === 0) yield linkEvent(session)
    if (event.type === 'round' && shouldStop()) break
  }

  const checkpoint = runCheckpoint(session)
  const complete = state.step === scenario.training.max_steps
  if (complete && chain.isOpen()) yield linkEvent(session)
  const { best } = session
  const evaluated = scenario.evaluation.policy === 'best' && best ? 'best' : 'final'
  const policy = evaluated === 'best' ? best!.bytes : policyCheckpoint(session)
  const evaluation = await evaluateCheckpoint(policy, task, module)
  const receipt = complete ? receiptOf(session, evaluation) : undefined
  const rows = Math.max(16, Math.min(OBSERVED.rows, Math.floor(OBSERVED.numbers / env.obsDim)))
  const observed = heldObservations(learner, rows)
  return { step: state.step, complete, evaluated, policy, observed, evaluation, checkpoint, best, receipt }
}

function linkEvent({ state, learner, chain }: Session): TrialEvent {
  return { type: 'link', step: state.step, updates: learner.updates, link: chain.link() }
}

function healthEvent(
  session: Session,
  watch: (health: Health) => string[],
  { step, meanQ }: { step: number; meanQ: number },
): TrialEvent {
  const health = healthOf(session.learner, meanQ)
  remember(session, { type: 'health', step, health })
  return { type: 'health', step, health, findings: watch(health) }
}

function validate(session: Session, step: number): TrialEvent {
  const { task, learner, core } = session
  const validated = task.validate(deterministic(learner), core)
  const { score } = validated
  remember(session, { type: 'validation', step, score })
  const isBest = score > (session.best?.score ?? -Infinity)
  if (isBest) session.best = { step, score, bytes: policyCheckpoint(session) }
  return { type: 'validation', step, ...validated, best: isBest ? session.best!.bytes : undefined }
}

function receiptOf(
  { scenario, task, module, state, learner, chain }: Session,
  evaluation: Evaluations,
): Receipt {
  return createReceipt({
    scenario,
    core: module.sha256,
    data: task.digest,
    steps: state.step,
    updates: learner.updates,
    weights: weightHashes(learnerTensors(learner)),
    metrics: chain.metrics,
    evaluation: metricsBySplit(evaluation),
    links: chain.links,
  })
}

/** Finds what would stop a trial at its beginning or its end. @throws DdpgError in a sentence */
export async function checkTrial(scenario: Scenario, task: Task, module: CoreModule): Promise<void> {
  const core = await createCore(module, 0)
  task.check(core)
  const { obsDim, actionDim } = task.createEnv(core)
  const problem = memoryProblem(learnerOptions(scenario, obsDim, actionDim), core)
  if (problem) throw new DdpgError(problem)
}

/** Evaluates the policy of a checkpoint; random draws, as those of a benchmark, follow the seed of its scenario. */
export async function evaluateCheckpoint<E extends Evaluations>(
  bytes: Uint8Array,
  task: Task<E>,
  module: CoreModule,
): Promise<E> {
  const { learner, core } = await loadPolicy(bytes, module)
  return task.evaluate(deterministic(learner), core)
}

/** The learner of a checkpoint, without its replay buffer. @throws DdpgError when it is not a checkpoint of ours */
export async function loadPolicy(
  bytes: Uint8Array,
  module: CoreModule,
): Promise<{ learner: Learner; core: Core }> {
  const { info, tensors } = openCheckpoint(bytes)
  const { scenario, obsDim, actionDim } = info
  const core = await createCore(module, scenario.seed)
  const learner = await createLearner({ ...learnerOptions(scenario, obsDim, actionDim), capacity: 1 }, core)
  setLearnerTensors(learner, tensors)
  core.seed(scenario.seed)
  return { learner, core }
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
