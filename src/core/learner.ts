// The learner as the host sees it: arguments are checked here, once; the core trusts them.
import { createCore, type Core, type CoreExports } from './core.ts'
import { loadModule } from './module.ts'

export interface LearnerOptions {
  /** Numbers in an observation, 1 to 4096. */
  obsDim: number
  /** Numbers in an action, each in [-1, 1], 1 to 64. */
  actionDim: number
  /** Units of the hidden layers, 1 to 8 layers of 1 to 4096. */
  actorHiddenDims?: number[]
  criticHiddenDims?: number[]
  criticActivation?: 'relu' | 'tanh'
  /** small: last layers from U(±0.003) with zero bias; torch: U(±1/√fan_in) everywhere. */
  init?: 'small' | 'torch'
  /** Transitions in a minibatch, 1 to 4096. */
  batchSize?: number
  /** Transitions that the replay buffer holds. */
  capacity?: number
  /** Of all random streams: an integer in [0, 2^53). */
  seed?: number
  actorLr?: number
  criticLr?: number
  actorWeightDecay?: number
  criticWeightDecay?: number
  gamma?: number
  tau?: number
  /** Global L2 norm to which the gradient of a network is clipped; 0 = not clipped. */
  maxGradNorm?: number
  criticLoss?: 'l2' | 'l1' | 'smooth_l1'
  /** Whether the target action comes from the target actor (else from the online one). */
  delayActor?: boolean
  noise?: Noise
}

export type Noise = { type: 'gaussian' } | { type: 'ou'; theta: number; dt: number }

/** Of one update: means over the batch; gradient norms before clipping. */
export interface UpdateStatistics {
  criticLoss: number
  actorLoss: number
  meanQ: number
  meanTargetQ: number
  criticGradNorm: number
  actorGradNorm: number
}

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
  /** Begins an episode of the noise process. */
  resetNoise(): void
  /** Stores (obs, action, reward, nextObs). @throws RangeError when a number is not finite */
  observe(reward: number, terminated: boolean, truncated: boolean): void
  /** One gradient step. The result is reused. @throws Error naming update and quantity when one is not finite */
  update(): UpdateStatistics
  /** The deterministic action for each row: [rows, actionDim] from [rows, obsDim]; touches nothing else. */
  policy(obs: ArrayLike<number>, rows?: number): Float32Array
  /** Updates done, and transitions held. */
  readonly updates: number
  readonly replaySize: number
}

const DEFAULTS = {
  actorHiddenDims: [64, 64],
  criticHiddenDims: [64, 64],
  criticActivation: 'relu',
  init: 'small',
  batchSize: 64,
  capacity: 100_000,
  seed: 0,
  actorLr: 1e-3,
  criticLr: 1e-3,
  actorWeightDecay: 0,
  criticWeightDecay: 0,
  gamma: 0.99,
  tau: 0.005,
  maxGradNorm: 0,
  criticLoss: 'l2',
  delayActor: true,
  noise: { type: 'gaussian' },
} as const

const LOSSES = ['l2', 'l1', 'smooth_l1']
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

/**
 * A learner with freshly initialised networks. All its memory is reserved here.
 * @param core an instance without a learner, whose streams are seeded; by default a new one with options.seed
 * @throws RangeError that lists every option out of range, or says what to lower when it does not fit in 4 GiB
 */
export async function createLearner(given: LearnerOptions, core?: Core): Promise<Learner> {
  const options = { ...DEFAULTS, ...given } as Required<LearnerOptions>
  check(options)
  const own = core ?? (await createCore(await loadModule(), options.seed))
  reserve(own.exports, options)
  return facade(own, options)
}

function reserve(exports: CoreExports, o: Required<LearnerOptions>): void {
  const hidden = new Int32Array(exports.memory.buffer, exports.hiddenDimsAddress() >>> 0, 16)
  hidden.set(o.actorHiddenDims)
  hidden.set(o.criticHiddenDims, 8)
  const layers = [o.actorHiddenDims.length + 1, o.criticHiddenDims.length + 1] as const
  const shape = [o.obsDim, o.actionDim, ...layers, o.batchSize, o.capacity] as const
  const bytes = exports.bytesNeeded(...shape)
  const fits =
    bytes <= FOUR_GIB &&
    exports.create(...shape, o.criticActivation === 'tanh' ? 1 : 0, o.init === 'small' ? 1 : 0)
  if (!fits) throw new RangeError(tooLarge(o, bytes))
}

function tooLarge(o: Required<LearnerOptions>, bytes: number): string {
  const replay = o.capacity * (8 * o.obsDim + 4 * o.actionDim + 6)
  const gib = (n: number): string => `${(n / 1073741824).toFixed(2)} GiB`
  const key = replay > bytes / 2 ? 'buffer_size' : 'actor_hidden_dims, value_hidden_dims or sample_size'
  const limit = bytes > FOUR_GIB ? 'more than the 4 GiB that a learner can have' : 'more than is free here'
  return `the learner needs ${gib(bytes)} of memory, ${gib(replay)} of it for replay, which is ${limit}: lower ${key}`
}

function facade(core: Core, options: Required<LearnerOptions>): Learner {
  const x = core.exports
  const floats = (address: number, length: number) => new Float32Array(x.memory.buffer, address >>> 0, length)
  const doubles = (address: number, length: number) =>
    new Float64Array(x.memory.buffer, address >>> 0, length)
  const { obsDim, actionDim, batchSize, noise } = options
  const counters = doubles(x.countersAddress(), 5)
  const statistics = doubles(x.statisticsAddress(), 6)
  const policyObs = floats(x.policyObsAddress(), batchSize * obsDim)
  const policyAction = floats(x.policyActionAddress(), batchSize * actionDim)
  doubles(x.hyperparametersAddress(), 9).set(hyperparameters(options))
  const result = {
    criticLoss: 0,
    actorLoss: 0,
    meanQ: 0,
    meanTargetQ: 0,
    criticGradNorm: 0,
    actorGradNorm: 0,
  }
  const nonFinite = (what: string) => new RangeError(`${what} must be finite at transition ${counters[1]}`)

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
      throw nonFinite(Number.isFinite(reward) ? 'observations and actions' : 'the reward')
    },
    update() {
      if (counters[1] === 0) throw new Error('update needs a stored transition: call observe first')
      const failed = x.update()
      if (failed)
        throw new Error(
          `${QUANTITIES[failed]} not finite at update ${counters[0]! + 1}: lower the learning rates or training.reward_scale`,
        )
      result.criticLoss = statistics[0]!
      result.actorLoss = statistics[1]!
      result.meanQ = statistics[2]!
      result.meanTargetQ = statistics[3]!
      result.criticGradNorm = statistics[4]!
      result.actorGradNorm = statistics[5]!
      return result
    },
    policy(obs, rows = obs.length / obsDim) {
      const actions = new Float32Array(rows * actionDim)
      for (let row = 0; row < rows; row += batchSize) {
        const n = Math.min(batchSize, rows - row)
        for (let i = 0; i < n * obsDim; i++) policyObs[i] = obs[row * obsDim + i]!
        x.policy(n)
        actions.set(policyAction.subarray(0, n * actionDim), row * actionDim)
      }
      return actions
    },
    get updates() {
      return counters[0]!
    },
    get replaySize() {
      return counters[1]!
    },
  }
}

/** In the order of Hyperparameters in assembly/learner.ts. */
function hyperparameters(o: Required<LearnerOptions>): number[] {
  const { actorLr, criticLr, actorWeightDecay, criticWeightDecay, gamma, tau, maxGradNorm } = o
  const optimizer = [actorLr, criticLr, actorWeightDecay, criticWeightDecay]
  return [...optimizer, gamma, tau, maxGradNorm, LOSSES.indexOf(o.criticLoss), o.delayActor ? 1 : 0]
}

function check(o: Required<LearnerOptions>): void {
  const problems: string[] = []
  const must = (holds: boolean, name: keyof LearnerOptions, condition: string): void => {
    if (!holds) problems.push(`${name} must be ${condition}, got ${JSON.stringify(o[name])}`)
  }
  const within = (n: number, low: number, high: number): boolean =>
    Number.isInteger(n) && n >= low && n <= high
  const integer = (name: keyof LearnerOptions, high: number): void =>
    must(within(o[name] as number, 1, high), name, `an integer in [1, ${high}]`)
  const atLeastZero = (name: keyof LearnerOptions): void =>
    must(Number.isFinite(o[name]) && (o[name] as number) >= 0, name, 'a finite number, at least 0')
  const hidden = (name: 'actorHiddenDims' | 'criticHiddenDims'): void =>
    must(
      within(o[name].length, 1, 8) && o[name].every((n) => within(n, 1, 4096)),
      name,
      '1 to 8 integers in [1, 4096]',
    )
  integer('obsDim', 4096)
  integer('actionDim', 64)
  integer('batchSize', 4096)
  integer('capacity', 2147483647)
  hidden('actorHiddenDims')
  hidden('criticHiddenDims')
  for (const name of ['actorLr', 'criticLr', 'actorWeightDecay', 'criticWeightDecay', 'maxGradNorm'] as const)
    atLeastZero(name)
  must(o.gamma >= 0 && o.gamma <= 1, 'gamma', 'in [0, 1]')
  must(o.tau > 0 && o.tau <= 1, 'tau', 'in (0, 1]')
  must(LOSSES.includes(o.criticLoss), 'criticLoss', LOSSES.join(' or '))
  must(['relu', 'tanh'].includes(o.criticActivation), 'criticActivation', 'relu or tanh')
  must(['small', 'torch'].includes(o.init), 'init', 'small or torch')
  must(['gaussian', 'ou'].includes(o.noise.type), 'noise', 'of type gaussian or ou')
  if (problems.length > 0) throw new RangeError(problems.join('\n'))
}
