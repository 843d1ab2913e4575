// A scenario is loaded with its defaults, seeds, other names and overrides.
import { stringify } from 'yaml'
import { describe, expect, it } from 'vitest'
import { parse, problemsOf } from './helpers.ts'

describe('an empty file', () => {
  it('is a scenario of defaults, named after the file', () => {
    const { scenario, notes } = parse('', {}, 'C:\\runs\\my run.v2.yml')
    expect(notes).toEqual([])
    expect(scenario).toMatchObject({
      experiment_name: 'my run.v2',
      seed: 5,
      data: { data_path: 'data/raw/synthetic/my run.v2.parquet', validation_size: null, test_size: null },
      env: { backend: 'tradingenv', continuous_action_thresholds: [-0.33, 0.33], obs_clip: 5 },
      training: { gamma: 0.99, max_steps: 10000, noise: { sigma: 0.2, sigma_end: 0.2, anneal_steps: 10000 } },
      logging: { log_dir: 'logs/my run.v2' },
      data_generator: null,
    })
    expect(parse('# nothing\n').scenario).toEqual(parse('{}').scenario)
  })
})

describe('defaults that depend on other keys', () => {
  it('keep the file name for the data when the experiment has another', () => {
    const { scenario } = parse('experiment_name: other')
    expect(scenario.data.data_path).toBe('data/raw/synthetic/x.parquet')
    expect(scenario.logging.log_dir).toBe('logs/other')
  })

  it('do not replace what is given', () => {
    const { scenario } = parse(
      'data: {data_path: a/b.CSV}\nlogging: {log_dir: out}\ntraining: {noise: {sigma_end: 0, anneal_steps: 7}}',
    )
    expect(scenario.data.data_path).toBe('a/b.CSV')
    expect(scenario.logging.log_dir).toBe('out')
    expect(scenario.training.noise).toMatchObject({ sigma: 0.2, sigma_end: 0, anneal_steps: 7 })
  })

  it('part the actions evenly among other than three positions', () => {
    const env = (rest: string) =>
      parse(`env: {backend: gym_trading_env.continuous, ${rest}}`).scenario.env.continuous_action_thresholds
    expect(env('positions: [0, 1]')).toEqual([0])
    expect(env('positions: [0, 1, 2, 3]')).toEqual([-0.5, 0, 0.5])
    expect(env('positions: [0, 1, 2]')).toEqual([-0.33, 0.33])
    expect(env('positions: [0, 1], continuous_action_thresholds: [0.7]')).toEqual([0.7])
  })

  it('take null as the default, except where null has a meaning', () => {
    const { scenario, notes } = parse(`
data: {data_path: null, timeframe: ~, download_since: null}
env: {obs_clip: null, trading_fees: null}
network:
training: {noise: {theta: null}}
`)
    expect(notes).toEqual([])
    expect(scenario.data.timeframe).toBe('auto')
    expect(scenario.env).toMatchObject({ obs_clip: null, trading_fees: 0 })
    expect(scenario.network.actor_hidden_dims).toEqual([64, 32])
  })
})

describe('seeds', () => {
  const generator = 'data_generator: {pattern_type: sine_wave}\ndata: {train_size: 400}\n'
  const seeds = (text: string, options = {}) => {
    const { scenario } = parse(generator + text, options)
    return [scenario.seed, scenario.data_generator?.seed]
  }

  it('of the data follow the file, not --seed', () => {
    expect(seeds('seed: 3')).toEqual([3, 3])
    expect(seeds('seed: 3', { seed: 9 })).toEqual([9, 3])
    expect(seeds('seed: 3', { seed: 9, overrides: ['seed=4'] })).toEqual([9, 4])
    expect(seeds('seed: 3', { seed: 0, overrides: ['data_generator.seed=8'] })).toEqual([0, 8])
  })

  it('are random only when nobody gives one', () => {
    expect(seeds('')).toEqual([5, 5])
    expect(seeds('seed: null', { seed: 9 })).toEqual([9, 9])
    const never = () => {
      throw new Error('called')
    }
    expect(seeds('seed: 0', { randomSeed: never })).toEqual([0, 0])
    expect(seeds('', { seed: 0, randomSeed: never })).toEqual([0, 0])
  })

  it('on the command line are checked with the rest', () => {
    expect(() => parse('training: {tau: 0}', { seed: -1 })).toThrow(
      'configs/x.yaml:1: training.tau must be in (0, 1], got 0\n--seed must be an integer in [0, 9007199254740991], got -1',
    )
    expect(() => parse('', { seed: NaN })).toThrow('--seed must be an integer')
  })
})

describe('overrides', () => {
  it('lie on top of the file, in order, their values in YAML', () => {
    const overrides = [
      'training.actor_lr=3e-4',
      'env.backend=gym_trading_env.continuous',
      'env.positions=[-1,1]',
      'data_generator.amplitude=10',
      'seed=6',
      'seed=7',
      'data.data_path=a=b.csv',
      'environment.name=2024-01-01',
    ]
    const text =
      'seed: 1\ndata: {train_size: 400}\ndata_generator: {pattern_type: sine_wave, amplitude: 1, trend_slope: 2}'
    const { scenario } = parse(text, { overrides })
    expect(scenario).toMatchObject({
      seed: 7,
      training: { actor_lr: 0.0003 },
      env: { name: '2024-01-01', positions: [-1, 1], continuous_action_thresholds: [0] },
      data: { data_path: 'a=b.csv' },
      data_generator: { amplitude: 10, trend_slope: 2, seed: 7 },
    })
  })

  it('take the place of a whole section, and of the other name of a key', () => {
    const text = 'training: {max_training_steps: 5000, exploration_noise_std: 0.5, noise: {type: ou}}'
    const { scenario } = parse(text, {
      overrides: ['training.max_steps=2000', 'training.noise={sigma_end: 0}', 'training.noise.sigma=0.4'],
    })
    expect(scenario.training).toMatchObject({
      max_steps: 2000,
      noise: { type: 'gaussian', sigma: 0.4, sigma_end: 0 },
    })
    expect(
      parse('training: {max_steps: 5000}', { overrides: ['training.max_training_steps=2000'] }).scenario
        .training.max_steps,
    ).toBe(2000)
  })

  it('leave values apart that the file shares by an anchor', () => {
    const text = 'network: {actor_hidden_dims: &d [8], critic_hidden_dims: *d}'
    const { scenario } = parse(text, { overrides: ['network.actor_hidden_dims=[4]'] })
    expect(scenario.network).toMatchObject({ actor_hidden_dims: [4], critic_hidden_dims: [8] })
  })

  it('are named in the problems that they cause, after those of the file', () => {
    const overrides = [
      'training.actr_lr=3e-4',
      'training.tau=2',
      'env.positions=[1',
      'verbose',
      'training..x=1',
      '=1',
      'training.noise.dt.x=1',
      'training.max_steps=10',
    ]
    const problems = problemsOf('training:\n  gamma: 2\n  tau: 0.5\n', overrides)
    expect(problems[0]).toBe('configs/x.yaml:2: training.gamma must be in [0, 1], got 2')
    expect(problems.slice(1).toSorted()).toEqual([
      '-o =1: must be key=value, such as training.actor_lr=3e-4',
      '-o env.positions=[1: not valid YAML: flow sequence must end with a ]',
      '-o training..x=1: must be key=value, such as training.actor_lr=3e-4',
      '-o training.actr_lr=3e-4: unknown key training.actr_lr, did you mean training.actor_lr?',
      '-o training.max_steps=10: training.init_rand_steps must be below training.max_steps 10, got 1000: nothing would be learned',
      '-o training.noise.dt.x=1: training.noise.dt must be a number, got a mapping',
      '-o training.tau=2: training.tau must be in (0, 1], got 2',
      '-o verbose: must be key=value, such as training.actor_lr=3e-4',
    ])
  })
})

describe('keys without effect', () => {
  it('are named in a note and do not stay', () => {
    const { scenario, notes } = parse('training: {clip_epsilon: 0.2}')
    expect(notes).toEqual(['training.clip_epsilon has no effect: only PPO uses it'])
    expect(scenario.training).not.toHaveProperty('clip_epsilon')
  })

  it('share one line', () => {
    const { scenario, notes } = parse(`
data: {download_data: false, symbols: [BTC/USDT]}
env: {windows: 4, positions: [0, 1], borrow_interest_rate: 0}
training: {vf_coef: 1, noise: {theta: 1}}
`)
    expect(notes).toEqual([
      'these keys have no effect: data.download_data, data.symbols (market data is not downloaded); training.vf_coef (only PPO uses it); env.positions, env.windows (env.backend is tradingenv); training.noise.theta (training.noise.type is gaussian)',
    ])
    expect(scenario.env).toMatchObject({ windows: null, positions: [-1, 0, 1] })
    expect(scenario.training.noise.theta).toBe(0.15)
  })

  it('depend on the environment: one of classic control needs no market', () => {
    const market = 'data: {train_size: 50}\ndata_generator: {pattern_type: sine_wave}'
    const { scenario, notes } = parse(
      `env: {name: Pendulum-v1, trading_fees: 0.1, windows: 3}\n${market}\nevaluation: {n_episodes: 7, calendar: us_equity}`,
    )
    expect(scenario.env).toEqual(parse('env: {name: Pendulum-v1, backend: classic_control}').scenario.env)
    expect(scenario).toMatchObject({
      env: { backend: 'classic_control', trading_fees: 0 },
      data: { train_size: null },
      data_generator: null,
      evaluation: { n_episodes: 7, calendar: 'auto' },
    })
    expect(notes).toEqual([
      'these keys have no effect: env.windows, data_generator, data.train_size, env.trading_fees, evaluation.calendar (env.backend is classic_control)',
    ])
  })

  it('depend on the backend where one is given, whatever the name', () => {
    const text =
      'env: {name: Pendulum-v1, backend: tradingenv, trading_fees: 0.1}\nevaluation: {n_episodes: 7}'
    const { scenario, notes } = parse(text)
    expect(scenario.env).toMatchObject({ backend: 'tradingenv', trading_fees: 0.1 })
    expect(notes).toEqual(['evaluation.n_episodes has no effect: env.backend is tradingenv'])
  })

  it('depend on the backend', () => {
    const { scenario, notes } = parse(
      'env: {backend: gym_trading_env.continuous, windows: 4, include_position_feature: true}',
    )
    expect(notes).toEqual([
      'env.include_position_feature has no effect: env.backend is gym_trading_env.continuous',
    ])
    expect(scenario.env).toMatchObject({ windows: 4, include_position_feature: false })
  })
})

describe('other names', () => {
  it('are resolved and do not stay', () => {
    const { scenario, notes } = parse(`
environment: {trading_fees: 0.5}
data: {train_size: 400}
training: {max_training_steps: 4000, exploration_noise_std: 0.1}
data_generator: {pattern_type: mean_reversion, mean_price: 7}
`)
    expect(notes).toEqual([])
    expect(scenario).toMatchObject({
      env: { trading_fees: 0.5 },
      training: { max_steps: 4000, noise: { sigma: 0.1, sigma_end: 0.1, anneal_steps: 4000 } },
      data_generator: { base_price: 7 },
    })
    expect(JSON.stringify(scenario)).not.toMatch(
      /environment|max_training_steps|exploration_noise_std|mean_price/,
    )
  })
})

describe('the effective scenario', () => {
  it.each([
    '',
    'env: {backend: gym_trading_env.continuous, positions: [0, 0.1, 1, 2], windows: 3, obs_clip: null}\ntraining: {noise: {type: ou, theta: 1, sigma_end: 0.05}}',
    'training: {max_training_steps: 4000, clip_epsilon: 1}\nenv: {windows: 3}\ndata: {train_size: 400}\ndata_generator: {pattern_type: mean_reversion, mean_price: 0.1, start_date: 2024-01-01, description: "a: b # c"}',
    'data: {train_size: 400}\ndata_generator: {pattern_type: trending, trend_strength_range: [1e-7, 123456789.125]}',
    'data: {train_size: 400}\ndata_generator: {pattern_type: sine_wave, n_samples: 500}\nexperiment_name: "1e3"',
  ])('is a scenario file that gives itself: %j', (text) => {
    const { scenario } = parse(text, { seed: 11 })
    const { tracking_uri: trackingUri } = scenario.tracking
    expect(parse(stringify(scenario), {}, 'effective.yaml')).toEqual({ scenario, trackingUri, notes: [] })
  })
})
