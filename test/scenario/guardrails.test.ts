// A scenario with which learning seldom works is warned of.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { guardrails } from '../../src/scenario/guardrails.ts'
import { parse } from './helpers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sineWave = readFileSync(`${root}configs/sine_wave.yaml`, 'utf8')

/** The warnings about sine_wave with other values. */
function said(...overrides: string[]) {
  return guardrails(parse(sineWave, { overrides }).scenario)
}

const GYM = 'env.backend=gym_trading_env.continuous'
const COLUMNS = 'env.feature_columns=null'

describe('the guardrails', () => {
  it('say nothing of the scenarios that come along, but of smoke, which is so on purpose', () => {
    for (const file of globSync('configs/*.yaml', { cwd: root })) {
      const { scenario } = parse(readFileSync(root + file, 'utf8'))
      const keys = guardrails(scenario).map(({ severity, key }) => `${severity} ${key}`)
      const expected: Record<string, string[]> = {
        smoke: ['training.optim_steps_per_batch', 'training.max_steps', 'training.frames_per_batch'],
      }
      const name = file.replace(/^.*\/|\.yaml$/g, '')
      expect(keys, file).toEqual((expected[name] ?? []).map((key) => `warning ${key}`))
    }
  })

  it.each([
    ['training.sample_size', 2000, 'is more than the 1200 transitions', []],
    ['data.train_size', 300, 'is less than the 400 rows', [GYM, 'env.max_episode_duration=399']],
    ['evaluation.policy', 'best', 'needs a validation', ['training.eval_interval=3000']],
  ])('stop %s %s, which %s', (key, value, why, others) => {
    const [first, ...rest] = said(`${key}=${value}`, ...others)
    expect(first).toMatchObject({ severity: 'error', key, value })
    expect(first!.text.startsWith(`${key} ${value} ${why}`), first!.text).toBe(true)
    expect(rest.every(({ severity }) => severity === 'warning')).toBe(true)
  })

  it.each([
    [
      'training.noise.sigma',
      0,
      'explores nothing',
      ['training.init_rand_steps=0', 'training.sample_size=16'],
    ],
    ['training.noise.sigma', 1.5, 'clips most actions', []],
    ['training.init_rand_steps', 5000, 'are forgotten', ['training.buffer_size=4000']],
    ['training.init_rand_steps', 400, 'try 500', []],
    ['training.buffer_size', 300, 'is less than 10 times', []],
    ['training.buffer_size', 100001, 'lower it to 10000', []],
    ['training.frames_per_batch', 3000, 'more than a quarter', []],
    ['training.optim_steps_per_batch', 400, 'draws 12800 transitions', []],
    ['training.max_steps', 1900, 'leaves 900', []],
    ['training.max_steps', 2800, 'gives 450 updates', []],
    ['training.frames_per_batch', 301, 'is more than data.train_size 300', []],
    ['training.frames_per_batch', 5001, 'more than half', []],
    ['training.eval_interval', 600, 'fewer than 4 validations in 2250', []],
    ['training.log_interval', 600, 'fewer than 4 points', []],
    ['training.log_interval', 101, 'is more than training.eval_interval 100', []],
    ['training.checkpoint_interval', 0, 'try 20000', ['training.max_steps=200000']],
    ['training.actor_lr', 0.02, 'is high for Adam', []],
    ['training.actor_lr', 0.000001, 'is so low', []],
    ['training.critic_lr', 0.02, 'is high for Adam', []],
    ['training.critic_lr', 0.000001, 'is so low', []],
    [
      'training.actor_lr',
      0.009,
      'more than 10 times training.critic_lr 0.0005',
      ['training.critic_lr=0.0005'],
    ],
    ['training.tau', 0.2, 'targets', []],
    [
      'training.critic_weight_decay',
      0.001,
      'differ more than 100 times',
      ['training.actor_weight_decay=1e-6'],
    ],
    ['training.critic_weight_decay', 0.001, 'small rewards', ['training.reward_scale=1']],
    ['training.actor_weight_decay', 0.001, 'one constant action', ['training.reward_scale=1']],
    ['training.policy_delay', 11, 'learn seldom', ['training.algorithm=TD3']],
    ['training.target_noise_clip', 0, 'takes all of training.target_noise 0.2', ['training.algorithm=TD3']],
    ['training.target_noise', 1.5, 'most target actions', []],
    ['training.n_step', 11, 'no longer take', []],
    ['training.action_penalty', 2, 'near 0', []],
    ['training.action_penalty', 0.01, 'use one of the two', ['training.inverting_gradients=true']],
    ['training.max_grad_norm', 0.001, 'clips nearly every gradient', []],
    ['training.sample_size', 8, 'noisy gradients', []],
    ['training.optim_steps_per_batch', 101, 'same transitions', []],
    ['data.validation_size', 20, 'a tenth of data.train_size 300', []],
    ['training.eval_steps', 9, 'says little', []],
    ['env.windows', 60, 'a fifth or more', [GYM]],
    ['env.trading_fees', 0.0011, '0.1 %', []],
    ['env.obs_clip', null, 'outliers', []],
    ['env.positions', [0, 1], 'one side', [GYM]],
    ['env.positions', [-1, 1], 'no way out', [GYM]],
    ['env.positions', [-1, 0, 3], 'borrows more', [GYM]],
    ['env.positions', [-3, 0, 1], 'borrows more', [GYM]],
    ['network.actor_hidden_dims', [32, 7], 'fewer than 8 units', []],
    ['network.actor_hidden_dims', [8, 16], 'than the 14 numbers', [GYM, COLUMNS, 'env.windows=2']],
    ['network.critic_hidden_dims', [9, 9, 9, 9, 9], 'has 5 layers', []],
  ])('warn of %s %s: %s', (key, value, why, others) => {
    const written = Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
    const found = said(`${key}=${written}`, ...others).filter(
      (one) => one.key === key && one.text.includes(why),
    )
    expect(found.length, JSON.stringify(said(`${key}=${written}`, ...others), null, 1)).toBe(1)
    expect(found[0]).toMatchObject({ severity: 'warning', key, value })
    expect(found[0]!.text.startsWith(`${key} ${written} `)).toBe(true)
  })

  it('warn at no threshold itself, only beyond it', () => {
    for (const override of [
      'training.tau=0.1',
      'training.actor_lr=0.01',
      'training.actor_lr=0.00001',
      'training.noise.sigma=1',
      'training.max_grad_norm=0.01',
      'training.max_grad_norm=0',
      'training.sample_size=16',
      'env.trading_fees=0.001',
      'training.init_rand_steps=500',
      'training.log_interval=100',
      'data.validation_size=30',
      'training.buffer_size=100000',
      'network.actor_hidden_dims=[8, 8]',
    ])
      expect(said(override), override).toEqual([])
  })

  it('stop nothing at a limit itself: as many transitions as a minibatch, one validation, positions of 2', () => {
    for (const [key, overrides] of [
      ['training.sample_size', ['training.sample_size=1200']],
      ['data.train_size', [GYM, 'env.max_episode_duration=299']],
      ['evaluation.policy', ['evaluation.policy=best', 'training.eval_interval=2250']],
      ['env.positions', ['env.positions=[-2, 0, 2]', GYM]],
    ] as const)
      expect(said(...overrides).filter((one) => one.key === key)).toEqual([])
  })

  it('say nothing of the defaults', () => {
    expect(guardrails(parse('seed: 1').scenario)).toEqual([])
  })

  it('count the updates that a run really does', async () => {
    const { run } = await import('../helpers/trial.ts')
    for (const training of [
      { init_rand_steps: 60, frames_per_batch: 20 },
      { init_rand_steps: 65, frames_per_batch: 30 },
      { init_rand_steps: 59, frames_per_batch: 7 },
    ]) {
      const { config, events } = await run({ training: { ...training, eval_interval: 400 } })
      const updates = events.filter(({ type }) => type === 'update').length
      const text = guardrails(config).find(({ text }) => text.includes('fewer than 4 validations'))!.text
      expect(text).toContain(`in ${updates} updates`)
    }
  })
})
