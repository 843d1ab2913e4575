// The schema is the one description of a scenario: types, defaults, validation, the guide's table (docs/scenario.md)
// and configs/schema.json come from here. Keys keep the spelling of the YAML files everywhere in the code.
import { z } from 'zod'
import { SCENARIO } from '../core/defaults.ts'
import { env, type EnvConfig } from './environments.ts'
import { count, nonNegative, positive, withoutEffect } from './kinds.ts'

const hiddenDims = z.array(z.int().min(1).max(4096)).min(1).max(8)

const forPpo = withoutEffect('only PPO uses it')
const forDownload = withoutEffect('market data is not downloaded')

/** Rows, or their part of all when below 1; a rule checks what lies between. */
const rowsOrPart = z.number().positive()
const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?$/, 'must be a date such as 2021-12-31')
  .nullable()
  .default(null)

const data = z.strictObject({
  data_path: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'file of market data (.csv, .txt, .tsv, .json, .parquet, one of these as .gz or .zip), a folder of its parts or a pattern such as data/*.csv; null = data/raw/synthetic/<scenario>.parquet',
    ),
  train_size: rowsOrPart
    .nullable()
    .default(null)
    .describe(
      'rows of the training split, the first ones, or their part of all, such as 0.7; null = 1000 generated rows, 0.7 of a file',
    ),
  validation_size: rowsOrPart
    .nullable()
    .default(null)
    .describe('rows of the validation split, the next ones, or their part; null = half of what remains'),
  test_size: rowsOrPart
    .nullable()
    .default(null)
    .describe('rows of the test split, the next ones, or their part; null = the rest'),
  train_end: date.describe('last day of the training split, such as 2021-12-31, instead of train_size; UTC'),
  validation_end: date.describe('last day of the validation split, instead of validation_size'),
  no_features: z
    .boolean()
    .default(false)
    .describe('observe the standardised open, high, low, close and volume instead of the features'),
  timeframe: z
    .string()
    .regex(/^(auto|[1-9]\d*(s|m|h|d|w|M))$/, 'must be a number and s, m, h, d, w or M, such as 1h, or auto')
    .default('auto')
    .describe(
      'length of a bar: spacing of generated rows, and what annualised metrics count with; auto = what the file shows, 1h for generated rows',
    ),
  download_data: forDownload,
  exchange_names: forDownload,
  symbols: forDownload,
  columns: z
    .partialRecord(
      z.enum(['time', 'open', 'high', 'low', 'close', 'volume', 'adj_close', 'symbol']),
      z.string().min(1).max(200),
    )
    .default({})
    .describe(
      'columns of the file whose names say too little, such as {close: PX_LAST}; others are found by name',
    ),
  time_format: z
    .string()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe(
      'how times are written, such as DD/MM/YYYY HH:mm or %d/%m/%Y %H:%M; null = as the whole column says',
    ),
  time_zone: z
    .string()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe('zone of times that are written without one, such as America/New_York; null = UTC'),
  adjusted: z
    .boolean()
    .default(false)
    .describe(
      'trade prices adjusted for splits and dividends: all four as the adjusted close is to the close',
    ),
  assets: z
    .record(
      z.string().regex(/^[\w.^=-]{1,40}$/, 'must be letters, digits and _ . - ^ = alone'),
      z.string().min(1),
    )
    .nullable()
    .default(null)
    .describe('files of several assets by name, such as {BTC: btc.csv, ETH: eth.csv}, aligned on time'),
  align: z
    .enum(['inner', 'forward_fill'])
    .default('inner')
    .describe(
      'times that not all of several assets have: inner leaves them out, forward_fill takes the last bar before them',
    ),
  allow: z
    .array(z.enum(['outlier', 'split', 'close_outside', 'constant_price', 'gap']))
    .max(5)
    .default([])
    .describe('doubts about the data that are not warned of, such as [gap]'),
  data_dir: forDownload,
  download_since: forDownload,
})

const network = z.strictObject({
  actor_hidden_dims: hiddenDims
    .default([...SCENARIO.actorHiddenDims])
    .describe('units of the hidden ReLU layers of the actor'),
  critic_hidden_dims: hiddenDims
    .default([...SCENARIO.criticHiddenDims])
    .describe('units of the hidden layers of the critic'),
  value_hidden_dims: hiddenDims.optional().describe('another name of critic_hidden_dims'),
  critic_activation: z
    .enum(['relu', 'tanh'])
    .default(SCENARIO.criticActivation)
    .describe('activation of the hidden layers of the critic'),
  init: z
    .enum(['small', 'torch'])
    .default(SCENARIO.init)
    .describe('small: U(±1/√fan_in), last layers U(±0.003) with zero bias; torch: U(±1/√fan_in) everywhere'),
})

const noise = z.strictObject({
  type: z
    .enum(['gaussian', 'ou'])
    .default(SCENARIO.noise.type)
    .describe('Gaussian or Ornstein–Uhlenbeck exploration noise'),
  sigma: nonNegative
    .default(SCENARIO.sigma)
    .describe(
      'gaussian: standard deviation, in units of the action range [-1, 1]; ou: volatility, which tends to the deviation sigma/√(2 theta)',
    ),
  sigma_end: nonNegative.nullable().default(null).describe('sigma after annealing; null = sigma'),
  anneal_steps: count
    .nullable()
    .default(null)
    .describe('environment steps over which sigma goes linearly to sigma_end; null = max_steps'),
  theta: nonNegative.default(0.15).describe('ou: pull towards zero'),
  dt: positive.default(0.01).describe('ou: time step'),
})

const training = z.strictObject({
  algorithm: z
    .enum(['DDPG', 'TD3'])
    .default('DDPG')
    .describe('TD3 sets twin_critics, policy_delay and target_noise where they are null'),
  actor_lr: positive.default(SCENARIO.actorLr).describe('learning rate of the actor'),
  critic_lr: positive.default(SCENARIO.criticLr).describe('learning rate of the critic'),
  actor_weight_decay: nonNegative
    .default(SCENARIO.actorWeightDecay)
    .describe('weight decay of the actor; how it works is training.optimizer'),
  critic_weight_decay: nonNegative.default(SCENARIO.criticWeightDecay).describe('weight decay of the critic'),
  optimizer: z
    .enum(['adam', 'adamw'])
    .default(SCENARIO.optimizer)
    .describe(
      'adam: weight decay is part of the gradient (L2); adamw: apart from it, θ ← θ (1 − lr · decay)',
    ),
  max_steps: count.default(10000).describe('environment steps in all'),
  max_training_steps: count.optional().describe('another name of max_steps'),
  init_rand_steps: z
    .int()
    .min(0)
    .default(SCENARIO.initRandSteps)
    .describe('environment steps with uniformly random actions before learning begins'),
  frames_per_batch: count
    .default(SCENARIO.framesPerBatch)
    .describe('environment steps collected before each round of updates'),
  optim_steps_per_batch: count.default(SCENARIO.optimStepsPerBatch).describe('updates in a round'),
  sample_size: z.int().min(1).max(4096).default(SCENARIO.batchSize).describe('transitions in a minibatch'),
  buffer_size: count.default(SCENARIO.capacity).describe('transitions that the replay buffer holds'),
  gamma: z.number().min(0).max(1).default(SCENARIO.gamma).describe('discount factor'),
  tau: z.number().gt(0).max(1).default(SCENARIO.tau).describe('soft update rate of the target networks'),
  loss_function: z.enum(['l2', 'l1', 'smooth_l1']).default(SCENARIO.criticLoss).describe('critic loss'),
  delay_actor: z
    .boolean()
    .default(SCENARIO.delayActor)
    .describe('take the target action from the target actor; false = from the online actor'),
  n_step: z
    .int()
    .min(1)
    .max(1000)
    .default(SCENARIO.nStep)
    .describe('rewards that a target sums before it bootstraps, at most to the end of the episode'),
  twin_critics: z
    .boolean()
    .nullable()
    .default(null)
    .describe('two critics, of which targets take the lesser value; null = with TD3'),
  policy_delay: z
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .default(null)
    .describe('TD3: updates of the critics for each one of the actor and the targets; null = 2'),
  target_noise: nonNegative
    .nullable()
    .default(null)
    .describe('standard deviation of the noise on target actions; null = 0.2 with TD3, else 0'),
  target_noise_clip: nonNegative
    .default(SCENARIO.targetNoiseClip)
    .describe('the noise on target actions is clipped to ± this'),
  action_penalty: nonNegative
    .default(SCENARIO.actionPenalty)
    .describe(
      'λ of λ · mean z² in the loss of the actor, z what it gives before its tanh: keeps actions from getting stuck at ±1',
    ),
  inverting_gradients: z
    .boolean()
    .default(SCENARIO.invertingGradients)
    .describe(
      'the output of the actor is linear and clipped to ±1 in place of its tanh, and its gradient fades towards a bound and turns round beyond',
    ),
  max_grad_norm: nonNegative
    .default(SCENARIO.maxGradNorm)
    .describe('gradients are clipped to this global L2 norm, per network; 0 = not clipped'),
  reward_scale: positive
    .default(SCENARIO.rewardScale)
    .describe('rewards are multiplied by this before they are learned from'),
  noise: noise.prefault({}).describe('exploration noise'),
  eval_interval: count
    .default(SCENARIO.evalInterval)
    .describe('updates between evaluations on the validation split'),
  eval_steps: count
    .default(500)
    .describe(
      'steps of such an evaluation, at most; classic_control: no episode begins after so many; one that has begun is finished',
    ),
  log_interval: count.default(SCENARIO.logInterval).describe('updates between logged points of the losses'),
  checkpoint_interval: z
    .int()
    .min(0)
    .default(SCENARIO.checkpointInterval)
    .describe('environment steps between checkpoints; 0 = only at the end'),
  checkpoint_keep: z
    .int()
    .min(1)
    .nullable()
    .default(2)
    .describe('newest checkpoints of a run that stay while it trains; null = all'),
  exploration_noise_std: nonNegative.optional().describe('another name of noise.sigma'),
  value_lr: positive.optional().describe('another name of critic_lr'),
  value_weight_decay: nonNegative.optional().describe('another name of critic_weight_decay'),
  delay_qvalue: z.literal(true).optional().describe('target values come from the target critic, always'),
  policy_noise: nonNegative.optional().describe('TD3: another name of target_noise'),
  noise_clip: nonNegative.optional().describe('TD3: another name of target_noise_clip'),
  clip_epsilon: forPpo,
  entropy_bonus: forPpo,
  vf_coef: forPpo,
  ppo_epochs: forPpo,
  save_buffer: withoutEffect('the checkpoint holds what evaluation needs'),
})

const evaluation = z.strictObject({
  policy: z
    .enum(['final', 'best'])
    .default('final')
    .describe('weights that are evaluated at the end: the final ones, or the best on the validation split'),
  n_random_trials: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('random rollouts whose mean is the random benchmark'),
  n_episodes: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('classic_control: episodes that are evaluated, from start states that are always the same'),
  calendar: z
    .enum(['auto', 'crypto', 'forex', 'us_equity'])
    .default('auto')
    .describe(
      'what a year holds: crypto 365 days of 24 hours, forex 260 days of 24 hours, us_equity 252 days of 6.5 hours; auto = what the file shows, else crypto',
    ),
})

const logging = z.strictObject({
  log_dir: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('folder of checkpoints and plots; null = logs/<experiment_name>'),
  save_plots: z.boolean().default(true).describe('write the plots beside the checkpoint too'),
  log_level: withoutEffect('there is no log file'),
  log_file: withoutEffect('there is no log file'),
  tensorboard_dir: withoutEffect('runs are logged to MLflow'),
})

const tracking = z.strictObject({
  tracking_uri: z
    .string()
    .min(1)
    .default('sqlite:///mlflow.db')
    .describe(
      'MLflow store: sqlite:///FILE, http://HOST, file:FOLDER or none; MLFLOW_TRACKING_URI comes first',
    ),
  artifact_location: z
    .enum(['portable', 'absolute'])
    .default('portable')
    .describe(
      'addresses of artifacts in mlflow.db: portable, for a server wherever the folder is moved, or absolute, for ' +
        "MLflow's Python client without a server",
    ),
})

const generated = {
  base_price: positive.default(50000).describe('price that the pattern starts from or returns to'),
  start_date: z.string().default('2024-01-01').describe('time of the first row, ISO 8601, UTC'),
  seed: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('seed of the data; null = the seed of the scenario file (--seed leaves the data as they are)'),
  description: z.string().optional().describe('free text'),
  expected_strategy: z.string().optional().describe('free text'),
  optimal_return_estimate: z.string().optional().describe('free text'),
}
const nSamples = z.int().min(2).max(100_000_000)

const sineWave = z.strictObject({
  pattern_type: z.literal('sine_wave').describe('a sine with a linear trend'),
  n_periods: count.default(5).describe('periods of the sine'),
  samples_per_period: z.int().min(2).default(100).describe('rows of a period'),
  n_samples: nSamples.optional().describe('rows in all; must be n_periods · samples_per_period'),
  amplitude: nonNegative.default(8000).describe('amplitude of the sine, in price'),
  trend_slope: z.number().default(0).describe('price added per row'),
  volatility: nonNegative.default(0).describe('strength of the second harmonic and of the opening gaps'),
  ...generated,
})
const upwardDrift = z.strictObject({
  pattern_type: z.literal('upward_drift').describe('exponential growth with small pull-backs'),
  n_samples: nSamples.default(500).describe('rows'),
  drift_rate: z.number().default(0.0015).describe('growth per row, logarithmic'),
  volatility: nonNegative
    .default(0.0005)
    .describe('standard deviation of the noise, as a fraction of the price'),
  pullback_floor: z
    .number()
    .gt(0)
    .max(1)
    .default(0.995)
    .describe('lowest close, as a fraction of the highest trend price so far'),
  ...generated,
})
const meanReversion = z.strictObject({
  pattern_type: z.literal('mean_reversion').describe('a price that returns to its mean, with shocks'),
  n_samples: nSamples.default(500).describe('rows'),
  mean_price: positive.optional().describe('another name of base_price'),
  reversion_strength: z
    .number()
    .gt(0)
    .lt(2)
    .default(0.1)
    .describe('part of the distance to the mean that a step takes back'),
  volatility: nonNegative.default(0.05).describe('standard deviation of a step, as a fraction of the mean'),
  shock_probability: z.number().min(0).max(1).default(0.02).describe('probability of a shock in a step'),
  shock_magnitude: nonNegative.default(0.15).describe('size of a shock, as a fraction of the mean'),
  ...generated,
})
const trending = z.strictObject({
  pattern_type: z.literal('trending').describe('trends up and down with consolidations between them'),
  n_samples: nSamples.default(500).describe('rows'),
  n_trends: count.default(3).describe('segments'),
  min_trend_length: count.default(50).describe('rows of a segment, at least'),
  max_trend_length: count.default(150).describe('rows of a segment, at most'),
  trend_strength_range: z
    .tuple([nonNegative, nonNegative])
    .default([0.5, 2])
    .describe('range of the strength of a trend, in percent of base_price per row'),
  volatility: nonNegative.default(0.03).describe('standard deviation of a step, as a fraction of the price'),
  consolidation_probability: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('probability that a segment goes sideways'),
  ...generated,
})
const dataGenerator = z.discriminatedUnion('pattern_type', [sineWave, upwardDrift, meanReversion, trending])

export const scenarioSchema = z.strictObject({
  experiment_name: z
    .string()
    .regex(
      /^[A-Za-z0-9][\w .-]*$/,
      'must begin with a letter or digit and hold only letters, digits, space and _ . -',
    )
    .max(200)
    .optional()
    .describe('name of the MLflow experiment and of the folder under logs/; by default the name of the file'),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .nullable()
    .default(null)
    .describe('seed of trial 0, trial i adds i; null = chosen at random and printed'),
  features: z
    .union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).min(1).max(256)])
    .optional()
    .describe(
      'what is observed of the market, such as `rsi(14)`, `close / sma(50) - 1`, `column(sentiment) | robust` or the preset `finrl` (docs/features.md); without it, what env.feature_columns and data.no_features say',
    ),
  device: z.literal('cpu').optional().describe('where networks run'),
  data: data.prefault({}).describe('the data and their chronological splits'),
  env: env.prefault({}).describe('where the agent acts'),
  network: network.prefault({}).describe('actor and critic'),
  training: training.prefault({}).describe('the learning run'),
  evaluation: evaluation.prefault({}).describe('what is measured at the end'),
  logging: logging.prefault({}).describe('what is written beside MLflow'),
  tracking: tracking.prefault({}).describe('where runs are logged'),
  data_generator: dataGenerator.nullable().default(null).describe('how --generate-data makes the data'),
})

/** A scenario as files and callers may write it: every key with a default may be absent. */
export type ScenarioInput = z.input<typeof scenarioSchema>
/** The output of the schema for a file: defaults filled in, other names and dependent defaults not yet resolved. */
export type ParsedScenario = z.output<typeof scenarioSchema>
/** A complete, valid scenario: all defaults filled in, other names of a key resolved. */
export type Scenario = Omit<ParsedScenario, 'experiment_name' | 'seed' | 'data' | 'training' | 'logging'> & {
  experiment_name: string
  seed: number
  data: Omit<ParsedScenario['data'], 'data_path'> & { data_path: string }
  training: Omit<ParsedScenario['training'], 'noise' | keyof Td3Config> & { noise: NoiseConfig } & Td3Config
  logging: Omit<ParsedScenario['logging'], 'log_dir'> & { log_dir: string }
}
/** The settings that depend on the algorithm. */
export interface Td3Config {
  twin_critics: boolean
  policy_delay: number
  target_noise: number
}
export type NoiseConfig = ParsedScenario['training']['noise'] & { sigma_end: number; anneal_steps: number }
export type DataGenerator = NonNullable<ParsedScenario['data_generator']>
export type { EnvConfig }
export type DataConfig = Scenario['data']
