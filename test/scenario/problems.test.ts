// The problems of a scenario are reported by line, key and value.
import { describe, expect, it } from 'vitest'
import { problemsOf } from './helpers.ts'

describe('problems of a scenario file', () => {
  it('are listed all at once, in the order of lines, rules among them', () => {
    const text = `
env:
  gamma: 3
  trading_fees: 1
training:
  tau: 2
  gama: 0.9
  actor_lr: abc
  frames_per_batch: 1.5
  sample_size: 128
  buffer_size: 100
  max_steps: 500
`
    expect(problemsOf(text)).toEqual([
      'configs/x.yaml:3: unknown key env.gamma, gamma belongs to training: training.gamma',
      'configs/x.yaml:4: env.trading_fees must be in [0, 1), got 1',
      'configs/x.yaml:6: training.tau must be in (0, 1], got 2',
      'configs/x.yaml:7: unknown key training.gama, did you mean training.gamma?',
      'configs/x.yaml:8: training.actor_lr must be a number, got "abc"',
      'configs/x.yaml:9: training.frames_per_batch must be an integer, got 1.5',
      'configs/x.yaml:10: training.sample_size must be at most training.buffer_size 100, got 128',
      'configs/x.yaml:12: training.init_rand_steps must be below training.max_steps 500, got 1000: nothing would be learned'.replace(
        ':13:',
        ':12:',
      ),
    ])
  })

  it.each([
    ['seed: -1', 'seed must be at least 0, got -1'],
    ['seed: 1e300', 'seed must be at most 9007199254740991, got 1e300'],
    ['seed: foo', 'seed must be an integer or null, got "foo"'],
    ['data: 5', 'data must be a mapping, got 5'],
    ['tracking: []', 'tracking must be a mapping, got []'],
    ['data: {train_size: 1}', 'data.train_size must be at least 2, got 1'],
    ['data: {no_features: yes}', 'data.no_features must be true or false, got "yes"'],
    [
      'data: {timeframe: 1y}',
      'data.timeframe must be a number and s, m, h, d, w or M, such as 1h, or auto, got "1y"',
    ],
    ['logging: {log_dir: ""}', 'logging.log_dir must not be empty, got ""'],
    ['training: {tau: .nan}', 'training.tau must be a finite number, got .nan'],
    ['training: {reward_scale: .inf}', 'training.reward_scale must be a finite number, got .inf'],
    ['training: {actor_lr: 0x0}', 'training.actor_lr must be above 0, got 0x0'],
    ['training: {loss_function: L2}', 'training.loss_function must be l2, l1 or smooth_l1, got L2'],
    ['training: {noise: {type: 3}}', 'training.noise.type must be gaussian or ou, got 3'],
    ['network: {actor_hidden_dims: []}', 'network.actor_hidden_dims must have 1 to 8 entries, got []'],
    ['network: {actor_hidden_dims: [8, 0]}', 'network.actor_hidden_dims[1] must be in [1, 4096], got 0'],
    ['network: {critic_hidden_dims: 64}', 'network.critic_hidden_dims must be a list of integers, got 64'],
    ['env: {obs_clip: 0}', 'env.obs_clip must be above 0, got 0'],
    ['env: {windows: x}', 'env.windows must be an integer or null, got "x"'],
    ['env: {initial_position: long}', 'env.initial_position must be random or a number, got long'],
    ['env: {positions: {a: 1}}', 'env.positions must be a list of numbers, got a mapping'],
    ['data_generator: 3', 'data_generator must be a mapping or null, got 3'],
    [
      'data_generator: {}',
      'data_generator.pattern_type is missing: it must be sine_wave, upward_drift, mean_reversion or trending',
    ],
    [
      'data_generator: {pattern_type: square}',
      'data_generator.pattern_type must be sine_wave, upward_drift, mean_reversion or trending, got square',
    ],
    [
      'experiment_name: /tmp/x',
      'experiment_name must begin with a letter or digit and hold only letters, digits, space and _ . -, got "/tmp/x"',
    ],
    [
      `experiment_name: ${'a'.repeat(201)}`,
      `experiment_name must have at most 200 characters, got "${'a'.repeat(80)}"… (201 characters)`,
    ],
  ])('are told for %s', (text, sentence) => {
    expect(problemsOf(text)).toEqual([`configs/x.yaml:1: ${sentence}`])
  })

  it.each([
    ['trainng: {}', 'unknown key trainng, did you mean training?'],
    ['benchmarks: {}', 'unknown key benchmarks'],
    ['tau: 1', 'unknown key tau, tau belongs to training: training.tau'],
    ['training: {seed: 1}', 'unknown key training.seed, seed belongs to the top level: seed'],
    [
      'training: {sigma: 1}',
      'unknown key training.sigma, sigma belongs to training.noise: training.noise.sigma',
    ],
    ['training: {noise: {sgima: 1}}', 'unknown key training.noise.sgima, did you mean training.noise.sigma?'],
    ['env: {gamme: 1}', 'unknown key env.gamme, did you mean training.gamma?'],
    ['env: {actor_l: 1}', 'unknown key env.actor_l, did you mean training.actor_lr?'],
    ['__proto__: {a: 1}', 'unknown key __proto__'],
    ['training: {toString: 1}', 'unknown key training.toString'],
  ])('suggest a key for %s', (text, sentence) => {
    expect(problemsOf(text)).toEqual([`configs/x.yaml:1: ${sentence}`])
  })

  it('tell a key of another pattern from an unknown one', () => {
    const text = `data: {train_size: 400}
data_generator:
  pattern_type: upward_drift
  n_sampls: 3
  amplitude: 1
`
    expect(problemsOf(text)).toEqual([
      'configs/x.yaml:4: unknown key data_generator.n_sampls, did you mean data_generator.n_samples?',
      'configs/x.yaml:5: unknown key data_generator.amplitude: only sine_wave has it',
    ])
  })

  it.each([
    ['[1, 2]', 'configs/x.yaml:1: must be a mapping of keys such as seed and training, got a list'],
    ['\nhello', 'configs/x.yaml:2: must be a mapping of keys such as seed and training, got "hello"'],
    [
      'a: 1\n b: 2\n',
      'configs/x.yaml:1: not valid YAML: nested mappings are not allowed in compact mappings',
    ],
    ['a:\n\t- 1', 'configs/x.yaml:2: not valid YAML: tabs are not allowed as indentation'],
    ['seed: 1\ndevice: "cpu', 'configs/x.yaml:2: not valid YAML: missing closing "quote'],
    ['seed: 1\ndevice: !gpu cpu', 'configs/x.yaml:2: not valid YAML: unresolved tag: !gpu'],
    ['seed: 1\n---\nseed: 2', 'configs/x.yaml:2: not valid YAML: source contains multiple documents'],
    ['seed: 1\ndata: *d', 'configs/x.yaml:2: not valid YAML: no anchor &d stands before *d'],
    ['seed: 1\ndata: &d [*d]', 'configs/x.yaml:2: not valid YAML: no anchor &d stands before *d'],
    ['? [a, b]\n: 1', 'configs/x.yaml:1: a key must be plain text'],
  ])('tell where YAML goes wrong in %j', (text, sentence) => {
    expect(problemsOf(text)[0]).toBe(sentence)
  })

  it('survive aliases that multiply without end', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `- &k${i} [${i === 0 ? 1 : `*k${i - 1}, *k${i - 1}`}]`)
    expect(problemsOf(`rows:\n${rows.join('\n')}\nenv: {positions: *k39}`)).toContain(
      'configs/x.yaml:41: env.positions[1] must be a number, got a list of 2',
    )
  })

  it('name keys that are given twice, and what else is wrong', () => {
    const text = `training:
  tau: 0.1
  noise: {sigma: 1, sigma: 2}
  tau: 3
`
    expect(problemsOf(text)).toEqual([
      'configs/x.yaml:3: training.noise.sigma is given twice, first on line 3',
      'configs/x.yaml:4: training.tau is given twice, first on line 2',
      'configs/x.yaml:4: training.tau must be in (0, 1], got 3',
    ])
  })

  it('stand on the right line in flow mappings, lists, anchors and files from Windows', () => {
    expect(problemsOf('training: {\n  gamma: 1,\n  tau:\n    2, noise: {\n  dt: 0}}')).toEqual([
      'configs/x.yaml:3: training.tau must be in (0, 1], got 2',
      'configs/x.yaml:5: training.noise.dt must be above 0, got 0',
    ])
    expect(problemsOf('network:\n  actor_hidden_dims:\n    - 8\n    - -8\n')).toEqual([
      'configs/x.yaml:4: network.actor_hidden_dims[1] must be in [1, 4096], got -8',
    ])
    expect(
      problemsOf('network:\n  actor_hidden_dims: &dims\n    - 0\n  critic_hidden_dims: *dims\n'),
    ).toEqual([
      'configs/x.yaml:3: network.actor_hidden_dims[0] must be in [1, 4096], got 0',
      'configs/x.yaml:3: network.critic_hidden_dims[0] must be in [1, 4096], got 0',
    ])
    expect(problemsOf('data: {train_size: &n 1}\ntraining:\n  tau: *n\n  gamma: 2\n')).toEqual([
      'configs/x.yaml:1: data.train_size must be at least 2, got 1',
      'configs/x.yaml:4: training.gamma must be in [0, 1], got 2',
    ])
    expect(problemsOf('\uFEFFseed: 7\r\ntraining:\r\n  tau: 3\r\n')).toEqual([
      'configs/x.yaml:3: training.tau must be in (0, 1], got 3',
    ])
  })

  it('refuse a file name that cannot name the experiment', () => {
    expect(problemsOf('', [], 'configs/é.yaml')).toEqual([
      'configs/é.yaml: experiment_name is missing and the name of the file cannot stand for it: it must begin with a letter or digit and hold only letters, digits, space and _ . -',
    ])
    expect(problemsOf('experiment_name: e', [], 'configs/é.yaml')).toEqual([])
  })
})
