// The options of a learner are completed and checked here, once; the core trusts them.
import { LEARNER } from './defaults.ts'
import { DdpgError } from '../base/errors.ts'

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
  /** Seed of all random streams, an integer in [0, 2^53). */
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
  /** True: the target action comes from the target actor; false: from the online one. */
  delayActor?: boolean
  noise?: Noise
  /** λ ≥ 0: λ · mean z² is added to the actor's loss, z what it gives before its tanh. */
  actionPenalty?: number
  /** True: the actor's output is linear and clipped, and its gradient turns round at the bounds. */
  invertingGradients?: boolean
  /** True: two critics, of which targets take the lesser value. */
  twinCritics?: boolean
  /** Updates of the critics for each one of the actor and the targets. */
  policyDelay?: number
  /** Standard deviation of the noise on target actions, and what it is clipped to. */
  targetNoise?: number
  targetNoiseClip?: number
  /** Rewards in a return, 1 to 1000; transitions must be observed in the order in which they happen. */
  nStep?: number
  /** adam: weight decay is part of the gradient; adamw: apart from it. */
  optimizer?: 'adam' | 'adamw'
}

export type Noise = { type: 'gaussian' } | { type: 'ou'; theta: number; dt: number }

export const LOSSES = ['l2', 'l1', 'smooth_l1']
export const OPTIMIZERS = ['adam', 'adamw']

/** Fills in the defaults of what is left out or undefined. @throws DdpgError that lists all out of range */
export function complete(given: LearnerOptions): Required<LearnerOptions> {
  const set = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as LearnerOptions
  const options = { ...LEARNER, ...set } as Required<LearnerOptions>
  check(options)
  return options
}

const NOT_NEGATIVE = [
  'actorLr',
  'criticLr',
  'actorWeightDecay',
  'criticWeightDecay',
  'maxGradNorm',
  'actionPenalty',
  'targetNoise',
  'targetNoiseClip',
] as const

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
  integer('policyDelay', 1000)
  integer('nStep', 1000)
  for (const name of NOT_NEGATIVE) atLeastZero(name)
  must(o.gamma >= 0 && o.gamma <= 1, 'gamma', 'in [0, 1]')
  must(o.tau > 0 && o.tau <= 1, 'tau', 'in (0, 1]')
  must(LOSSES.includes(o.criticLoss), 'criticLoss', LOSSES.join(' or '))
  must(OPTIMIZERS.includes(o.optimizer), 'optimizer', OPTIMIZERS.join(' or '))
  must(['relu', 'tanh'].includes(o.criticActivation), 'criticActivation', 'relu or tanh')
  must(['small', 'torch'].includes(o.init), 'init', 'small or torch')
  must(
    isNoise(o.noise),
    'noise',
    'of type gaussian, or of type ou with a finite theta, at least 0, and a finite dt above 0',
  )
  if (problems.length > 0) throw new DdpgError(problems.join('\n'))
}

function isNoise(noise: Noise): boolean {
  if (noise.type !== 'ou') return noise.type === 'gaussian'
  const { theta, dt } = noise
  return Number.isFinite(theta) && theta >= 0 && Number.isFinite(dt) && dt > 0
}
