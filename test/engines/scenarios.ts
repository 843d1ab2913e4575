// These scenarios are trained by every engine: the same host code and module, without Node. They are small, since an
// emulator is slow.
import { createCore } from '../../src/core/core.ts'
import type { CoreModule } from '../../src/core/module.ts'
import { generate } from '../../src/data/synthetic.ts'
import { tradingTask, type TradingTask } from '../../src/task/trading.ts'
import { receiptName, receiptText } from '../../src/trial/receipt.ts'
import { parseScenario } from '../../src/scenario/load.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import { runTrial, type TrialResult } from '../../src/trial/trial.ts'

/** Two actions, and all that sine_wave leaves out: fees, smooth L1, weight decay, noise that remembers, tanh. */
const TWO_ASSETS = `
experiment_name: two_assets
seed: 11
data: { train_size: 120, validation_size: 40, test_size: 40 }
env:
  trading_fees: 0.001
  include_position_feature: true
  price_columns: [close, open]
network: { actor_hidden_dims: [20, 9], critic_hidden_dims: [24, 10, 6], critic_activation: tanh, init: torch }
training:
  actor_lr: 0.001
  critic_lr: 0.003
  actor_weight_decay: 0.001
  critic_weight_decay: 0.01
  max_steps: 3000
  init_rand_steps: 300
  frames_per_batch: 50
  optim_steps_per_batch: 20
  sample_size: 24
  buffer_size: 2000
  gamma: 0.9
  tau: 0.01
  loss_function: smooth_l1
  delay_actor: false
  max_grad_norm: 0.5
  reward_scale: 50
  noise: { type: ou, sigma: 0.6, sigma_end: 0.2, theta: 0.2, dt: 0.1 }
  eval_interval: 250
evaluation: { policy: best }
data_generator: { pattern_type: trending, n_samples: 200, n_trends: 4, min_trend_length: 30, max_trend_length: 80 }
`

/** The other environment, random resets, episodes that end by their length, and a replay buffer that is full. */
const RESUMED = `
experiment_name: resumed
seed: 5
data: { train_size: 200, validation_size: 60, test_size: 60 }
env:
  backend: gym_trading_env.continuous
  trading_fees: 0.0005
  feature_columns: [feature_return, feature_trend]
  positions: [-1, -0.5, 0, 1, 2]
  continuous_action_thresholds: [-0.6, -0.2, 0.2, 0.6]
  borrow_interest_rate: 0.0001
  borrow_interest: accumulated
  windows: 3
  max_episode_duration: 70
network: { actor_hidden_dims: [16, 8], critic_hidden_dims: [16, 8] }
training:
  max_steps: 2000
  init_rand_steps: 200
  frames_per_batch: 100
  optim_steps_per_batch: 40
  sample_size: 32
  buffer_size: 900
  gamma: 0.8
  reward_scale: 20
  eval_interval: 170
data_generator: { pattern_type: mean_reversion, n_samples: 320, volatility: 0.02, reversion_strength: 0.15 }
`

/** Environment steps after which `resumed` is stopped: in the middle of an episode, the ring overwritten once. */
const STOPPED_AT = 1000

export const SCENARIOS = ['sine_wave', 'two_assets', 'resumed'] as const
export type ScenarioName = (typeof SCENARIOS)[number]

export interface Receipt {
  /** SHA-256 of the text. */
  name: string
  text: string
}
export type Receipts = Record<ScenarioName, Receipt>

/** Trains all scenarios. @param sineWave the text of configs/sine_wave.yaml, which only the caller can read */
export async function trainAll(module: CoreModule, sineWave: string): Promise<Receipts> {
  const { sine_wave, two_assets, resumed } = await readyAll(module, sineWave)
  const receipts = {
    sine_wave: receiptOf(await toEnd(sine_wave, module)),
    two_assets: receiptOf(await toEnd(two_assets, module)),
    resumed: receiptOf(await toEnd(resumed, module, { resume: await stopHalfway(resumed, module) })),
  }
  const whole = receiptOf(await toEnd(resumed, module))
  if (whole.text !== receipts.resumed.text)
    throw new Error(`resumed, the run gives receipt ${receipts.resumed.name}, never stopped ${whole.name}`)
  return receipts
}

/** A scenario with its market. */
export interface Ready {
  scenario: Scenario
  prepared: TradingTask
}

export async function readyAll(module: CoreModule, sineWave: string): Promise<Record<ScenarioName, Ready>> {
  return {
    sine_wave: await ready(sineWave, module),
    two_assets: await ready(TWO_ASSETS, module),
    resumed: await ready(RESUMED, module),
  }
}

async function ready(text: string, module: CoreModule): Promise<Ready> {
  const { scenario } = parseScenario(text, 'scenario.yaml', { randomSeed: () => 0 })
  const generator = scenario.data_generator!
  const table = generate(generator, scenario.data.timeframe, await createCore(module, generator.seed!))
  const { math } = await createCore(module, scenario.seed)
  return { scenario, prepared: tradingTask(scenario, table, math) }
}

/** The checkpoint of a run that was stopped. */
export async function stopHalfway(run: Ready, module: CoreModule): Promise<Uint8Array<ArrayBuffer>> {
  const { step, receipt, checkpoint } = await toEnd(run, module, { stopAt: STOPPED_AT })
  if (step === STOPPED_AT && !receipt) return checkpoint
  throw new Error(`the run went on to step ${step}, it was to stop at ${STOPPED_AT}`)
}

async function toEnd(
  { scenario, prepared }: Ready,
  module: CoreModule,
  { resume, stopAt = Infinity }: { resume?: Uint8Array; stopAt?: number } = {},
): Promise<TrialResult> {
  let step = 0
  const trial = runTrial(scenario, prepared, module, { resume, shouldStop: () => step >= stopAt })
  for (;;) {
    const { done, value } = await trial.next()
    if (done) return value
    step = value.step
  }
}

function receiptOf({ receipt }: TrialResult): Receipt {
  if (!receipt) throw new Error('a complete run has a receipt')
  return { name: receiptName(receipt), text: receiptText(receipt) }
}
