// The defaults of the library and of scenarios stand here side by side.

/** Defaults of createLearner: plain DDPG, both networks alike, no gradient clipped. */
export const LEARNER = {
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
  actionPenalty: 0,
  invertingGradients: false,
  twinCritics: false,
  policyDelay: 1,
  targetNoise: 0,
  targetNoiseClip: 0.5,
  nStep: 1,
  optimizer: 'adam',
} as const

/** The settings of TD3 where a scenario leaves them out (Fujimoto et al. 2018, §6.1). */
export const TD3 = { twinCritics: true, policyDelay: 2, targetNoise: 0.2 } as const

/** Defaults of train: an update after every step, as in the paper. */
export const LOOP = {
  initRandSteps: 1000,
  framesPerBatch: 1,
  optimStepsPerBatch: 1,
  rewardScale: 1,
  sigma: 0.2,
  logInterval: 50,
  evalInterval: 500,
  checkpointInterval: 0,
} as const

/**
 * Defaults of a scenario. They differ from the library's where a file of the Python original must mean the same without the key: layers that narrow, a
 * slower actor, clipped gradients, rounds of 50 updates after 200 steps. And a scenario has a folder for checkpoints.
 */
export const SCENARIO = {
  ...LEARNER,
  ...LOOP,
  actorHiddenDims: [64, 32],
  criticHiddenDims: [64, 32, 16],
  actorLr: 1e-4,
  maxGradNorm: 1,
  framesPerBatch: 200,
  optimStepsPerBatch: 50,
  checkpointInterval: 10_000,
} as const
