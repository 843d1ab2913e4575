// A learner is, for the host, a set of views of its linear memory and of calls of its core.
import { createCore, type Core } from './core.ts'
import { COUNTERS, countersView, HYPERPARAMETERS, recordOf, STATISTICS, writeDimensions } from './fields.ts'
import { loadModule } from './module.ts'
import { complete, LOSSES, OPTIMIZERS, type LearnerOptions } from './options.ts'
import { DdpgError } from '../base/errors.ts'

export type { LearnerOptions, Noise } from './options.ts'

/** Figures of one update: losses and Q values are means over the batch, gradient norms are those before clipping. */
export type UpdateStatistics = Record<(typeof STATISTICS)[number], number>

/**
 * One DDPG learner in one WebAssembly instance. The views are borrowed from its memory: write the observation into
 * `obs` before `act`, read `action`, write `nextObs` before `observe`.
 */
export interface Learner {
  readonly options: Readonly<Required<LearnerOptions>>
  readonly core: Core
  /** [obsDim] */
  readonly obs: Float32Array
  /** [actionDim], in [-1, 1] */
  readonly action: Float32Array
  /** [obsDim] */
  readonly nextObs: Float32Array
  /** action = policy(obs) plus exploration noise of standard deviation sigma; 0 is the policy itself. */
  act(sigma: number): void
  /** action ~ U[-1, 1] */
  actUniform(): void
  /** Sets the noise process to zero, where each episode begins. */
  resetNoise(): void
  /** Stores (obs, action, reward, nextObs); with nStep > 1 in the order of time. @throws DdpgError when a number is not finite */
  observe(reward: number, terminated: boolean, truncated: boolean): void
  /** One gradient step. The result is reused. @throws DdpgError naming update and quantity when one is not finite */
  update(): UpdateStatistics
  /**
   * The deterministic action for each row: [rows, actionDim] from [rows, obsDim]; touches nothing else.
   * @throws DdpgError when obs does not hold rows × obsDim numbers
   */
  policy(obs: ArrayLike<number>, rows?: number): Float32Array
  /** Updates done. */
  readonly updates: number
  /** Transitions held. */
  readonly replaySize: number
}

const QUANTITIES = [
  '',
  'critic loss',
  'critic gradient',
  'critic weights',
  'actor loss',
  'actor gradient',
  'actor weights',
]
const FOUR_GIB = 4294967296
const HIDDEN_KEYS = 'network.actor_hidden_dims, network.critic_hidden_dims'

/**
 * A learner with freshly initialised networks. All its memory is reserved here.
 * @param given options; those left out or undefined have their defaults
 * @param core an instance without a learner, whose streams are seeded; by default a new one with options.seed
 * @throws DdpgError that lists every option out of range, or says what to lower when it does not fit in 4 GiB
 * @throws DdpgError when the core has a learner
 */
export async function createLearner(given: LearnerOptions, core?: Core): Promise<Learner> {
  const options = complete(given)
  const own = core ?? (await createCore(await loadModule(), options.seed))
  const problem = memoryProblem(options, own)
  if (problem) throw new DdpgError(problem)
  if (!own.exports.create()) throw new DdpgError(tooLarge(options, own, 'more than is free here'))
  return facade(own, options)
}

/**
 * Says in a sentence what to lower when a learner cannot fit in the 4 GiB of an instance, without creating it.
 * @returns undefined when it fits
 * @param core an instance without a learner, which is used up by the question: createLearner refuses it afterwards
 * @throws as createLearner does
 */
export function memoryProblem(given: LearnerOptions, core: Core): string | undefined {
  const options = complete(given)
  const { exports } = core
  if (exports.obsAddress() !== 0)
    throw new DdpgError('this core has a learner already: make another one with createCore')
  writeDimensions(exports, options)
  if (exports.bytesNeeded() <= FOUR_GIB) return undefined
  return tooLarge(options, core, 'more than the 4 GiB that a learner can have')
}

/** @param limit names what the memory exceeds, such as `more than is free here` */
function tooLarge(o: Required<LearnerOptions>, { exports }: Core, limit: string): string {
  const bytes = exports.bytesNeeded()
  const replay = o.capacity * (8 * o.obsDim + 4 * o.actionDim + 6)
  const gib = (n: number): string => `${(n / 1073741824).toFixed(2)} GiB`
  const [part, remedy] =
    replay >= bytes / 2
      ? [`, ${gib(replay)} of it for replay`, 'capacity (training.buffer_size)']
      : ['', `actorHiddenDims or criticHiddenDims (${HIDDEN_KEYS}) or batchSize (training.sample_size)`]
  return `the learner needs ${gib(bytes)} of memory${part}, which is ${limit}: lower ${remedy}`
}

function facade(core: Core, options: Required<LearnerOptions>): Learner {
  const x = core.exports
  const floats = (address: number, length: number) => new Float32Array(x.memory.buffer, address >>> 0, length)
  const { obsDim, actionDim, batchSize, noise } = options
  const doubles = (address: number, names: readonly string[]) =>
    new Float64Array(x.memory.buffer, address >>> 0, names.length)
  const counters = recordOf(countersView(x), COUNTERS)
  const statistics = doubles(x.statisticsAddress(), STATISTICS)
  const policyObs = floats(x.policyObsAddress(), batchSize * obsDim)
  const policyAction = floats(x.policyActionAddress(), batchSize * actionDim)
  const hyper = recordOf(doubles(x.hyperparametersAddress(), HYPERPARAMETERS), HYPERPARAMETERS)
  for (const name of HYPERPARAMETERS) hyper[name] = hyperparameter(options, name)
  const result = Object.fromEntries(STATISTICS.map((name) => [name, 0])) as UpdateStatistics

  return {
    options,
    core,
    obs: floats(x.obsAddress(), obsDim),
    action: floats(x.actionAddress(), actionDim),
    nextObs: floats(x.nextObsAddress(), obsDim),
    act(sigma) {
      x.act()
      if (sigma === 0) return
      if (noise.type === 'ou') x.addOrnsteinUhlenbeck(sigma, noise.theta, noise.dt)
      else x.addGaussian(sigma)
    },
    actUniform: x.actUniform,
    resetNoise: x.resetNoise,
    observe(reward, terminated, truncated) {
      if (x.observe(reward, terminated ? 1 : 0, truncated ? 1 : 0)) return
      const isReward = !Number.isFinite(Math.fround(reward)) // it is stored as f32
      throw new DdpgError(
        isReward ? `the reward must be finite, got ${reward}` : 'observations and actions must be finite',
      )
    },
    update() {
      if (counters.replaySize === 0)
        throw new DdpgError('update needs a stored transition: call observe first')
      const failed = x.update()
      if (failed)
        throw new DdpgError(
          `${QUANTITIES[failed]} not finite at update ${counters.updates + 1}: ` +
            'lower actorLr or criticLr (training.actor_lr, training.critic_lr) or the reward scale',
        )
      for (let i = 0; i < STATISTICS.length; i++) result[STATISTICS[i]!] = statistics[i]!
      return result
    },
    policy(obs, rows = obs.length / obsDim) {
      if (!Number.isInteger(rows) || obs.length !== rows * obsDim) {
        const wanted = Number.isInteger(rows) ? `${rows} × ${obsDim}` : `rows of ${obsDim}`
        throw new DdpgError(`obs must hold ${wanted} numbers, got ${obs.length}`)
      }
      const actions = new Float32Array(rows * actionDim)
      for (let row = 0; row < rows; row += batchSize) {
        const n = Math.min(batchSize, rows - row)
        for (let i = 0; i < n * obsDim; i++) policyObs[i] = obs[row * obsDim + i]!
        x.policy(n)
        for (let i = 0; i < n * actionDim; i++) actions[row * actionDim + i] = policyAction[i]!
      }
      return actions
    },
    get updates() {
      return counters.updates
    },
    get replaySize() {
      return counters.replaySize
    },
  }
}

function hyperparameter(o: Required<LearnerOptions>, name: (typeof HYPERPARAMETERS)[number]): number {
  if (name === 'criticLoss') return LOSSES.indexOf(o.criticLoss)
  if (name === 'optimizer') return OPTIMIZERS.indexOf(o.optimizer)
  return Number(o[name])
}
