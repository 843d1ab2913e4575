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
  /**
   * The deterministic action for each row: [rows, actionDim] from [rows, obsDim]; touches nothing else.
   * @throws RangeError when obs does not hold rows × obsDim numbers
   */
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
const HIDDEN_KEYS = 'network.actor_hidden_dims, network.critic_hidden_dims'

/**
 * A learner with freshly initialised networks. All its memory is reserved here.
 * @param given what is left out or undefined is as by default
 * @param core an instance without a learner, whose streams are seeded; by default a new one with options.seed
 * @throws RangeError that lists every option out of range, or says what to lower when it does not fit in 4 GiB
 * @throws Error when the core has a learner
 */
export async function createLearner(given: LearnerOptions, core?: Core): Promise<Learner> {
  const options = complete(given)
  const own = core ?? (await createCore(await loadModule(), options.seed))
  const problem = memoryProblem(options, own)
  if (problem) throw new RangeError(problem)
  const [tanh, small] = [options.criticActivation === 'tanh' ? 1 : 0, options.init === 'small' ? 1 : 0]
  if (!own.exports.create(...shapeOf(options), tanh, small))
    throw new RangeError(tooLarge(options, own, 'more than is free here'))
  return facade(own, options)
}

/**
 * What to lower when a learner cannot fit in the 4 GiB of an instance, without creating it; undefined when it can.
 * @param core an instance without a learner, which is used up by the question: createLearner refuses it afterwards
 * @throws as createLearner does
 */
export function memoryProblem(given: LearnerOptions, core: Core): string | undefined {
  const options = complete(given)
  const { exports } = core
  if (exports.obsAddress() !== 0)
    throw new Error('this core has a learner already: make another one with createCore')
  const hidden = new Int32Array(exports.memory.buffer, exports.hiddenDimsAddress() >>> 0, 16)
  hidden.set(options.actorHiddenDims)
  hidden.set(options.criticHiddenDims, 8)
  if (exports.bytesNeeded(...shapeOf(options)) <= FOUR_GIB) return undefined
  return tooLarge(options, core, 'more than the 4 GiB that a learner can have')
}

function shapeOf(o: Required<LearnerOptions>): Parameters<CoreExports['bytesNeeded']> {
  const layers = [o.actorHiddenDims.length + 1, o.criticHiddenDims.length + 1] as const
  return [o.obsDim, o.actionDim, ...layers, o.batchSize, o.capacity]
}

/** @param limit what the memory is more than */
function tooLarge(o: Required<LearnerOptions>, { exports }: Core, limit: string): string {
  const bytes = exports.bytesNeeded(...shapeOf(o))
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
      throw new RangeError(
        isReward ? `the reward must be finite, got ${reward}` : 'observations and actions must be finite',
      )
    },
    update() {
      if (counters[1] === 0) throw new Error('update needs a stored transition: call observe first')
      const failed = x.update()
      if (failed)
        throw new Error(
          `${QUANTITIES[failed]} not finite at update ${counters[0]! + 1}: ` +
            'lower actorLr or criticLr (training.actor_lr, training.critic_lr) or the reward scale',
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
      if (!Number.isInteger(rows) || obs.length !== rows * obsDim) {
        const wanted = Number.isInteger(rows) ? `${rows} × ${obsDim}` : `rows of ${obsDim}`
        throw new RangeError(`obs must hold ${wanted} numbers, got ${obs.length}`)
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
      return counters[0]!
    },
    get replaySize() {
      return counters[1]!
    },
  }
}

/** In the order of Hyperparameters in assembly/agent/learner.ts. */
function hyperparameters(o: Required<LearnerOptions>): number[] {
  const { actorLr, criticLr, actorWeightDecay, criticWeightDecay, gamma, tau, maxGradNorm } = o
  const optimizer = [actorLr, criticLr, actorWeightDecay, criticWeightDecay]
  return [...optimizer, gamma, tau, maxGradNorm, LOSSES.indexOf(o.criticLoss), o.delayActor ? 1 : 0]
}

function complete(given: LearnerOptions): Required<LearnerOptions> {
  const set = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as LearnerOptions
  const options = { ...DEFAULTS, ...set } as Required<LearnerOptions>
  check(options)
  return options
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
  must(
    isNoise(o.noise),
    'noise',
    'of type gaussian, or of type ou with a finite theta, at least 0, and a finite dt above 0',
  )
  if (problems.length > 0) throw new RangeError(problems.join('\n'))
}

function isNoise(noise: Noise): boolean {
  if (noise.type !== 'ou') return noise.type === 'gaussian'
  const { theta, dt } = noise
  return Number.isFinite(theta) && theta >= 0 && Number.isFinite(dt) && dt > 0
}
