// Files with the keys and values of the Python original load where their meaning is ours.
import { describe, expect, it } from 'vitest'
import { parse, problemsOf } from './helpers.ts'

interface Original {
  name: string
  seed: number | null
  path: string
  trainSize: number
  backend: string
  env?: string
  training: string
  network: string
  generator?: string
}

const file = ({ name, seed, path, trainSize, backend, env, training, network, generator }: Original) => `
experiment_name: ${name}
seed: ${seed}
device: cpu
data:
  data_path: ${path}
  download_data: false
  exchange_names: [synthetic]
  symbols: [SINE/WAVE]
  timeframe: 1h
  data_dir: data
  download_since: 2024-01-01T00:00:00Z
  train_size: ${trainSize}
  no_features: false
env:
  name: MARKET
  positions: [-1, 0, 1]
  trading_fees: 0.0
  borrow_interest_rate: 0.0
  backend: ${backend}
  ${env ?? ''}
network: ${network}
training:
  actor_weight_decay: 0.0
  frames_per_batch: 200
  checkpoint_interval: 0
  ${training}
  save_buffer: false
logging: {log_dir: logs/${name}, log_file: trading_env_debug.log, log_level: INFO, tensorboard_dir: runs, save_plots: false}
tracking: {tracking_uri: 'sqlite:///mlflow.db'}
${generator === undefined ? '' : `data_generator: ${generator}`}
`

const defaultFile = file({
  name: 'trading_rl_default',
  seed: null,
  path: 'data/raw/binance/binance-BTCUSDT-1h.parquet',
  trainSize: 1000,
  backend: 'gym_anytrading.forex',
  network: '{actor_hidden_dims: [64, 32], value_hidden_dims: [64, 32, 16]}',
  training: `algorithm: PPO
  actor_lr: 1e-4
  value_lr: 1e-3
  value_weight_decay: 0.01
  max_steps: 5000
  init_rand_steps: 50`,
})

const sineWave = file({
  name: 'sine_wave',
  seed: 42,
  path: 'data/raw/synthetic/sine_wave.parquet',
  trainSize: 400,
  backend: 'gym_anytrading.forex',
  network: '{actor_hidden_dims: [32, 16], value_hidden_dims: [32, 16, 8]}',
  training: `algorithm: DDPG
  actor_lr: 5e-4
  value_lr: 2e-3
  value_weight_decay: 0.005
  max_steps: 10000
  init_rand_steps: 20
  optim_steps_per_batch: 50
  sample_size: 32
  buffer_size: 5000
  gamma: 0.99
  tau: 0.005
  loss_function: l2
  eval_steps: 400
  eval_interval: 100
  log_interval: 25`,
  generator: `
  pattern_type: sine_wave
  n_periods: 5
  samples_per_period: 100
  base_price: 50000.0
  amplitude: 8000.0
  trend_slope: 50.0
  volatility: 0.02
  description: a sine
  expected_strategy: buy near 42000, sell near 58000
  optimal_return_estimate: '>200%'`,
})

const meanReversion = file({
  name: 'mean_reversion',
  seed: 123,
  path: 'data/raw/synthetic/mean_reversion.parquet',
  trainSize: 450,
  backend: 'gym_anytrading.forex',
  network: '{actor_hidden_dims: [48, 24], value_hidden_dims: [48, 24, 12]}',
  training: `algorithm: DDPG
  actor_lr: 3e-4
  value_lr: 1.5e-3
  value_weight_decay: 0.008
  max_training_steps: 15000
  init_rand_steps: 30
  sample_size: 48
  buffer_size: 8000
  tau: 0.003`,
  generator: `
  pattern_type: mean_reversion
  n_samples: 500
  base_price: 50000.0
  reversion_strength: 0.12
  volatility: 0.04
  shock_probability: 0.03
  shock_magnitude: 0.15`,
})

const upwardTrend = file({
  name: 'ddpg_tradingenv_uptrend',
  seed: 123,
  path: 'data/raw/synthetic/upward_trend_td3_tradingenv.parquet',
  trainSize: 450,
  backend: 'tradingenv',
  env: 'price_columns: [close]\n  feature_columns: [feature_return, feature_trend]\n  reward_type: log_return\n  reward_eta: 0.01',
  network: '{actor_hidden_dims: [128, 64], value_hidden_dims: [128, 64]}',
  training: `algorithm: DDPG
  actor_lr: 3e-4
  value_lr: 1e-3
  value_weight_decay: 0.001
  max_steps: 10000
  init_rand_steps: 900
  optim_steps_per_batch: 10
  sample_size: 64
  buffer_size: 20000
  tau: 0.01
  loss_function: smooth_l1
  policy_noise: 0.2
  noise_clip: 0.5
  policy_delay: 2
  exploration_noise_std: 0.1
  delay_actor: true
  delay_qvalue: true
  clip_epsilon: 0.2
  entropy_bonus: 0.01
  vf_coef: 0.5
  ppo_epochs: 4`,
  generator: `
  pattern_type: upward_drift
  n_samples: 500
  base_price: 50000.0
  drift_rate: 0.0015
  volatility: 0.0005
  pullback_floor: 0.995
  start_date: 2024-01-01`,
})

describe("the Python original's files", () => {
  it('load as they are with the tradingenv backend', () => {
    const { scenario, notes } = parse(upwardTrend)
    expect(scenario).toMatchObject({
      experiment_name: 'ddpg_tradingenv_uptrend',
      seed: 123,
      data: { data_path: 'data/raw/synthetic/upward_trend_td3_tradingenv.parquet', train_size: 450 },
      env: { price_columns: ['close'], feature_columns: ['feature_return', 'feature_trend'] },
      network: { actor_hidden_dims: [128, 64], critic_hidden_dims: [128, 64] },
      training: {
        tau: 0.01,
        critic_lr: 1e-3,
        critic_weight_decay: 0.001,
        noise: { sigma: 0.1 },
        loss_function: 'smooth_l1',
      },
      data_generator: { pattern_type: 'upward_drift', start_date: '2024-01-01', seed: 123 },
    })
    expect(notes).toEqual([
      'these keys have no effect: ' +
        'data.download_data, data.exchange_names, data.symbols, data.data_dir, data.download_since (market data is not downloaded); ' +
        'training.clip_epsilon, training.entropy_bonus, training.vf_coef, training.ppo_epochs (only PPO uses it); ' +
        'training.save_buffer (the checkpoint holds what evaluation needs); ' +
        'logging.log_level, logging.log_file (there is no log file); ' +
        'logging.tensorboard_dir (runs are logged to MLflow); ' +
        'training.policy_noise, training.noise_clip, training.policy_delay (training.algorithm is DDPG)',
    ])
    expect(scenario.training).toMatchObject({ policy_delay: 1, target_noise: 0, twin_critics: false })
  })

  it('mean TD3 by its keys when they say so', () => {
    const overrides = ['training.algorithm=TD3', 'training.policy_noise=0.3', 'training.noise_clip=0.4']
    const { scenario, notes } = parse(upwardTrend, { overrides })
    expect(scenario.training).toMatchObject({
      algorithm: 'TD3',
      twin_critics: true,
      policy_delay: 2,
      target_noise: 0.3,
      target_noise_clip: 0.4,
    })
    expect(scenario.training).not.toHaveProperty('policy_noise')
    expect(notes.join()).not.toContain('policy_')
  })

  it('may give an override by either name, over a file with either', () => {
    const overrides = ['training.value_lr=0.5', 'network.value_hidden_dims=[4, 2]']
    for (const text of [upwardTrend, 'network: {critic_hidden_dims: [9]}\ntraining: {critic_lr: 0.1}']) {
      const { scenario } = parse(text, { overrides })
      expect([scenario.training.critic_lr, scenario.network.critic_hidden_dims]).toEqual([0.5, [4, 2]])
      expect(scenario.training).not.toHaveProperty('value_lr')
      expect(scenario.network).not.toHaveProperty('value_hidden_dims')
    }
    const { scenario } = parse(upwardTrend, { overrides: ['training.critic_weight_decay=0.25'] })
    expect(scenario.training.critic_weight_decay).toBe(0.25)
  })

  it.each([
    ['sine_wave', sineWave],
    ['mean_reversion', meanReversion],
  ])('are refused for an anytrading backend, and load with another: %s', (_, text) => {
    expect(problemsOf(text)).toEqual([
      'configs/x.yaml:20: env.backend gym_anytrading.forex has only sell and buy; use tradingenv or gym_trading_env.continuous',
    ])
    for (const backend of ['tradingenv', 'gym_trading_env.continuous']) {
      expect(problemsOf(text, [`env.backend=${backend}`])).toEqual([])
    }
  })

  it('are refused for other algorithms', () => {
    expect(problemsOf(defaultFile)).toEqual([
      'configs/x.yaml:20: env.backend gym_anytrading.forex has only sell and buy; use tradingenv or gym_trading_env.continuous',
      'configs/x.yaml:27: training.algorithm must be DDPG or TD3, got PPO: only DDPG and TD3 are implemented',
    ])
  })

  it.each([
    [
      'training: {algorithm: SAC}',
      'training.algorithm must be DDPG or TD3, got SAC: only DDPG and TD3 are implemented',
    ],
    [
      'training: {delay_qvalue: false}',
      'training.delay_qvalue must be true, got false: target values always come from the target critic',
    ],
    [
      'env: {backend: gym_trading_env.discrete}',
      'env.backend gym_trading_env.discrete has only discrete actions; use tradingenv or gym_trading_env.continuous',
    ],
    [
      'env: {backend: gym}',
      'env.backend must be tradingenv, gym_trading_env.continuous or classic_control, got gym',
    ],
    [
      'env: {reward_type: sharpe}',
      'env.reward_type must be log_return, simple_return, differential_sharpe, differential_downside, log_return_variance, log_return_drawdown, log_return_turnover or excess_return, got sharpe',
    ],
    ['device: cuda', 'device must be cpu, got cuda: everything runs in WebAssembly on the CPU'],
    [
      'data: {data_path: data/bitfinex2-BTCUSDT-1m.pkl}',
      'data.data_path must be a .csv, .txt, .tsv, .json or .parquet file, one of these as .gz or .zip, a folder of them or a pattern such as data/*.csv, got data/bitfinex2-BTCUSDT-1m.pkl: pickle files are not read, convert it',
    ],
  ])('are refused with a sentence where their meaning is not ours: %s', (text, sentence) => {
    expect(problemsOf(text)).toEqual([`configs/x.yaml:1: ${sentence}`])
  })

  it('keep dates as they are written, whatever YAML version they declare', () => {
    const text =
      '%YAML 1.1\n---\nexperiment_name: 2024-01-01\ndata: {download_since: 2024-01-01}\nseed: 010\n'
    expect(parse(text).scenario).toMatchObject({ experiment_name: '2024-01-01', seed: 10 })
  })
})
