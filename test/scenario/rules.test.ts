// A scenario that breaks a rule of several keys is refused in a sentence.
import { describe, expect, it } from 'vitest'
import { problemsOf } from './helpers.ts'

const gym = 'backend: gym_trading_env.continuous'

describe('rules over several keys', () => {
  it.each([
    [
      'training: {sample_size: 65, buffer_size: 64}',
      'training.sample_size must be at most training.buffer_size 64, got 65',
    ],
    [
      'training: {init_rand_steps: 500, max_steps: 500}',
      'training.init_rand_steps must be below training.max_steps 500, got 500: nothing would be learned',
    ],
    [
      'training: {max_training_steps: 900}',
      'training.init_rand_steps must be below training.max_steps 900, got 1000: nothing would be learned',
    ],
    [
      'training: {noise: {anneal_steps: 5}}',
      'training.noise.anneal_steps needs training.noise.sigma_end: there is nothing to anneal to',
    ],
    [`env: {${gym}, positions: [0, 1, 1]}`, 'env.positions must ascend, got [0, 1, 1]'],
    [
      `env: {${gym}, continuous_action_thresholds: [0.5, -0.5]}`,
      'env.continuous_action_thresholds must ascend, got [0.5, -0.5]',
    ],
    [
      `env: {${gym}, positions: [0, 1], continuous_action_thresholds: [0, 0.5]}`,
      'env.continuous_action_thresholds must be one fewer than env.positions, 1, got [0, 0.5]',
    ],
    [
      `env: {${gym}, initial_position: 0.5}`,
      'env.initial_position must be random or one of env.positions [-1, 0, 1], got 0.5',
    ],
    [
      'data: {data_path: data/prices.pkl}',
      'data.data_path must be a .csv, .txt, .tsv, .json or .parquet file, one of these as .gz or .zip, a folder of them or a pattern such as data/*.csv, got data/prices.pkl: pickle files are not read, convert it',
    ],
    [
      'data: {data_path: prices.xlsx}',
      'data.data_path must be a .csv, .txt, .tsv, .json or .parquet file, one of these as .gz or .zip, a folder of them or a pattern such as data/*.csv, got prices.xlsx: save the sheet as CSV',
    ],
    [
      'training: {max_steps: 2000, max_training_steps: 3000}',
      'training.max_training_steps 3000 and training.max_steps 2000 differ: they are two names of one key, keep one',
    ],
    [
      'training: {exploration_noise_std: 0.1, noise: {sigma: 0.2}}',
      'training.exploration_noise_std 0.1 and training.noise.sigma 0.2 differ: they are two names of one key, keep one',
    ],
    [
      'training: {value_lr: 0.001, critic_lr: 0.002}',
      'training.value_lr 0.001 and training.critic_lr 0.002 differ: they are two names of one key, keep one',
    ],
    [
      'training: {value_weight_decay: 0.1, critic_weight_decay: 0}',
      'training.value_weight_decay 0.1 and training.critic_weight_decay 0 differ: they are two names of one key, keep one',
    ],
    [
      'network: {value_hidden_dims: [8, 4], critic_hidden_dims: [8]}',
      'network.value_hidden_dims [8, 4] and network.critic_hidden_dims [8] differ: they are two names of one key, keep one',
    ],
    [
      'env: {price_columns: [close, open, close]}',
      'env.price_columns must name each column once, got [close, open, close]',
    ],
    [
      'env: {feature_columns: [feature_high, feature_high]}',
      'env.feature_columns must name each column once, got [feature_high, feature_high]',
    ],
    [
      'env: {backend: classic_control, name: CartPole-v1}',
      'env.name must be Pendulum-v1 or MountainCarContinuous-v0 for env.backend classic_control, got CartPole-v1',
    ],
    [
      'env: {backend: classic_control}',
      'env.name must be Pendulum-v1 or MountainCarContinuous-v0 for env.backend classic_control, got TRADING',
    ],
    ['{env: {}, environment: {}}', 'env and environment are two names of one section: keep one'],
  ])('refuse %s', (text, sentence) => {
    expect(problemsOf(text)).toEqual([`configs/x.yaml:1: ${sentence}`])
  })

  it.each([
    [
      'pattern_type: sine_wave, n_samples: 400',
      'data_generator.n_samples must be n_periods · samples_per_period = 500, got 400: drop it',
    ],
    [
      'pattern_type: sine_wave, n_periods: 20000, samples_per_period: 20000',
      'data_generator.n_periods · samples_per_period must be at most 100000000, got 400000000',
    ],
    [
      'pattern_type: sine_wave, start_date: 2024-02-30',
      'data_generator.start_date must be an ISO 8601 time such as 2024-01-01 or 2024-01-01T09:30, got 2024-02-30',
    ],
    [
      'pattern_type: trending, min_trend_length: 60, max_trend_length: 50',
      'data_generator.min_trend_length must be at most max_trend_length 50, got 60',
    ],
    [
      'pattern_type: trending, n_trends: 11',
      'data_generator.n_trends · min_trend_length must be at most n_samples 500, got 550',
    ],
    [
      'pattern_type: trending, trend_strength_range: [2, 1]',
      'data_generator.trend_strength_range must ascend, got [2, 1]',
    ],
    [
      'pattern_type: trending, trend_strength_range: [1]',
      'data_generator.trend_strength_range must have exactly 2 entries, got [1]',
    ],
    [
      'pattern_type: mean_reversion, mean_price: 4, base_price: 5',
      'data_generator.mean_price 4 and data_generator.base_price 5 differ: they are two names of one key, keep one',
    ],
  ])('refuse a generator with %s', (generator, sentence) => {
    expect(problemsOf(`data: {train_size: 100}\ndata_generator: {${generator}}`)).toEqual([
      `configs/x.yaml:2: ${sentence}`,
    ])
  })

  it('ask for rows after the training split', () => {
    const generator = 'data_generator: {pattern_type: sine_wave}'
    expect(problemsOf(`data: {train_size: 496}\n${generator}`)).toEqual([])
    expect(problemsOf(`data: {train_size: 497}\n${generator}`)).toEqual([
      'configs/x.yaml:1: data.train_size must be at most 496, got 497: of the 500 rows that data_generator makes, validation and test need 4',
    ])
    expect(problemsOf(`data: {train_size: 400, validation_size: 60, test_size: 50}\n${generator}`)).toEqual([
      'configs/x.yaml:1: data.train_size must be at most 390, got 400: of the 500 rows that data_generator makes, validation and test need 110',
    ])
    // a file of one's own may have as many as it likes
    expect(problemsOf(`data: {train_size: 4000, data_path: own.csv}\n${generator}`)).toEqual([])
  })

  it('accept what is just right', () => {
    const text = `
data: {train_size: 100}
env: {${gym}, feature_columns: [feature_high, feature_low], positions: [-1, 1], continuous_action_thresholds: [0], initial_position: 1}
training: {sample_size: 64, buffer_size: 64, init_rand_steps: 9, max_steps: 10, max_training_steps: 10, noise: {anneal_steps: 5, sigma_end: 0}}
data_generator: {pattern_type: trending, n_trends: 10, min_trend_length: 50, max_trend_length: 50, trend_strength_range: [1, 1]}
`
    expect(problemsOf(text)).toEqual([])
  })

  it('leave the gym_trading_env keys alone with the other backend', () => {
    expect(problemsOf('env: {positions: [1, 0], initial_position: 7}')).toEqual([])
  })

  it('are skipped when one of their own keys is wrong', () => {
    expect(problemsOf('training: {buffer_size: 0, max_steps: x, max_training_steps: 5}')).toEqual([
      'configs/x.yaml:1: training.max_steps must be an integer, got "x"',
      'configs/x.yaml:1: training.buffer_size must be in [1, 2147483647], got 0',
    ])
  })
})
