// The state of a trial at a moment is all that its future depends on; it is saved and restored here.
import { createChain, type Chain } from './chain.ts'
import {
  openCheckpoint,
  mustHoldRun,
  writeCheckpoint,
  type Checkpoint,
  type CheckpointInfo,
  type RunState,
} from './checkpoint.ts'
import {
  learnerTensors,
  mustFit,
  replayTensors,
  setLearnerTensors,
  setReplayTensors,
} from '../core/tensors.ts'
import { createCore, type Core } from '../core/core.ts'
import { createLearner, type Learner, type LearnerOptions } from '../core/learner.ts'
import type { CoreModule } from '../core/module.ts'
import type { Tensor } from '../core/safetensors.ts'
import type { ResumableEnv } from '../env/env.ts'
import { concat, ROW, rowOf, type HistoryEvent } from './events.ts'
import { differingKeys } from './receipt.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { Task } from '../task/task.ts'
import { newTrainState, type TrainEvent, type TrainState } from './train.ts'
import { DdpgError } from '../base/errors.ts'

export interface Session {
  scenario: Scenario
  task: Task
  module: CoreModule
  core: Core
  env: ResumableEnv
  learner: Learner
  state: TrainState
  chain: Chain
  /** Rows of losses, episodes and validations, for plots and logs. */
  history: Float64Array[]
  /** The policy that was best in validation. */
  best: { step: number; score: number; bytes: Uint8Array<ArrayBuffer> } | undefined
  experiment: CheckpointInfo['experiment']
}

interface SessionOptions {
  resume?: Uint8Array | undefined
  experiment?: CheckpointInfo['experiment']
}

/** A new trial, or a resumed one. @throws DdpgError in a sentence when it cannot resume from `resume` */
export async function openSession(
  scenario: Scenario,
  task: Task,
  module: CoreModule,
  { resume, experiment }: SessionOptions = {},
): Promise<Session> {
  const saved = resume && openCheckpoint(resume)
  const run = saved && resumable(saved, scenario, task, module)
  const core = await createCore(module, scenario.seed)
  const env = task.createEnv(core)
  const learner = await createLearner(learnerOptions(scenario, env.obsDim, env.actionDim), core)
  const session = { scenario, task, module, core, env, learner, experiment }
  if (!saved || !run) {
    const chain = createChain(learner, env, undefined)
    return { ...session, state: newTrainState(), chain, history: [], best: undefined }
  }
  const numbers = (name: string) => {
    const found = saved.tensors[name]
    if (!(found?.data instanceof Float64Array)) throw new DdpgError(`tensor ${name} is missing`)
    return found.data
  }
  mustFit(placeTensors(learner, env), saved.tensors)
  setLearnerTensors(learner, saved.tensors)
  setReplayTensors(learner, saved.tensors)
  learner.obs.set(saved.tensors['obs']!.data as Float32Array)
  env.restore(numbers('environment'))
  const bytes = saved.tensors['best']?.data as Uint8Array<ArrayBuffer> | undefined
  return {
    ...session,
    state: run.train,
    chain: createChain(learner, env, { state: run.chain, pending: numbers('pending') }),
    history: [numbers('history')],
    best: run.best && bytes && { ...run.best, bytes },
  }
}

/** The run in a checkpoint, when this one can resume from it. @throws DdpgError in a sentence when it cannot */
export function resumable(
  checkpoint: Checkpoint,
  scenario: Scenario,
  { digest }: Task,
  module: CoreModule,
): RunState {
  const { info } = checkpoint
  const short = (hash: string): string => hash.slice(0, 12)
  const run = mustHoldRun(checkpoint)
  if (info.core !== module.sha256)
    throw new DdpgError(
      `it was written with core module ${short(info.core)}, this is ${short(module.sha256)}: resume it with the version that wrote it`,
    )
  if (info.data !== digest)
    throw new DdpgError(
      `it was trained on other data (SHA-256 ${short(info.data)}) than these (${short(digest)}): give it its own`,
    )
  const others = differingKeys(info.scenario, scenario).filter((key) => key !== 'training.max_steps')
  if (others.length > 0) throw new DdpgError(`it was trained with other values of ${others.join(', ')}`)
  const { frames_per_batch: frames, max_steps: maxSteps } = scenario.training
  if (maxSteps < info.step)
    throw new DdpgError(`it is already at step ${info.step}, training.max_steps is ${maxSteps}`)
  if (maxSteps > info.step && info.step % frames !== 0)
    throw new DdpgError(
      `its last round of updates came early, at step ${info.step}, where its run ended: ` +
        `a longer run would have had it at a multiple of ${frames} steps; resume from an earlier checkpoint`,
    )
  return run
}

/** Adds an event to what is kept of the run; its health is no part of what receipts tell. */
export function remember(
  { chain, history }: Session,
  event: HistoryEvent | Exclude<TrainEvent, { type: 'checkpoint' | 'evaluate' }>,
): void {
  if (event.type === 'update' || event.type === 'episode' || event.type === 'validation') chain.add(event)
  if (
    event.type === 'health' ||
    event.type === 'losses' ||
    event.type === 'episode' ||
    event.type === 'validation'
  )
    history.push(rowOf(event))
}

/** The policy as it is now, which can be evaluated. */
export function policyCheckpoint(session: Session): Uint8Array<ArrayBuffer> {
  return writeCheckpoint({ info: infoOf(session), tensors: learnerTensors(session.learner), run: undefined })
}

/** Everything as it is now, after a round. */
export function runCheckpoint(session: Session): Uint8Array<ArrayBuffer> {
  const { learner, env, chain, history, state, best } = session
  const { links, metrics } = chain
  const rows = (data: Float64Array): Tensor => ({ shape: [data.length / ROW, ROW], data })
  return writeCheckpoint({
    info: infoOf(session),
    run: {
      train: state,
      chain: { links, metrics },
      best: best && { step: best.step, score: best.score },
    },
    tensors: {
      ...learnerTensors(learner),
      ...replayTensors(learner),
      ...placeTensors(learner, env),
      history: rows(concat(history)),
      pending: rows(chain.pending()),
      ...(best && { best: vector(best.bytes) }),
    },
  })
}

/** The tensors that hold where the learner and its environment are. */
function placeTensors(learner: Learner, env: ResumableEnv): Record<'obs' | 'environment', Tensor> {
  return { obs: vector(learner.obs), environment: vector(env.save()) }
}

const vector = (data: Tensor['data']): Tensor => ({ shape: [data.length], data })

function infoOf({ scenario, task, module, learner, state, experiment }: Session): CheckpointInfo {
  const { obsDim, actionDim } = learner.options
  return {
    scenario,
    statistics: task.statistics,
    step: state.step,
    obsDim,
    actionDim,
    core: module.sha256,
    data: task.digest,
    experiment,
  }
}

export function learnerOptions(
  { network, training }: Scenario,
  obsDim: number,
  actionDim: number,
): LearnerOptions {
  const { type, theta, dt } = training.noise
  return {
    obsDim,
    actionDim,
    actorHiddenDims: network.actor_hidden_dims,
    criticHiddenDims: network.critic_hidden_dims,
    criticActivation: network.critic_activation,
    init: network.init,
    batchSize: training.sample_size,
    capacity: training.buffer_size,
    actorLr: training.actor_lr,
    criticLr: training.critic_lr,
    actorWeightDecay: training.actor_weight_decay,
    criticWeightDecay: training.critic_weight_decay,
    gamma: training.gamma,
    tau: training.tau,
    maxGradNorm: training.max_grad_norm,
    criticLoss: training.loss_function,
    delayActor: training.delay_actor,
    noise: { type, theta, dt },
    actionPenalty: training.action_penalty,
    invertingGradients: training.inverting_gradients,
    twinCritics: training.twin_critics,
    policyDelay: training.policy_delay,
    targetNoise: training.target_noise,
    targetNoiseClip: training.target_noise_clip,
    nStep: training.n_step,
    optimizer: training.optimizer,
  }
}
