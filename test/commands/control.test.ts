// The commands work with an environment that has no data.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/trial/checkpoint.ts'
import { runCli, temporaryFolder } from '../helpers/cli.ts'
import { withoutWarnings } from '../helpers/warnings.ts'

const short = ['training.init_rand_steps=200', 'training.eval_interval=200', 'evaluation.n_episodes=20']
const pendulum = [
  'experiment',
  '-s',
  'pendulum',
  '--max-steps',
  '1200',
  ...short.flatMap((key) => ['-o', key]),
]
const trial = 'logs/pendulum/run_1/trial_0'

describe('ddpg experiment -s pendulum', () => {
  const folder = temporaryFolder()
  let document: { trials: Record<string, any>[]; statistics: unknown } // eslint-disable-line typescript/no-explicit-any
  beforeAll(async () => {
    const { code, stdout, stderr } = await runCli(folder, ...pendulum, '--json')
    expect({ code, stderr: withoutWarnings(stderr) }).toEqual({ code: 0, stderr: '' })
    document = JSON.parse(stdout)
  })

  it('tells the returns of episodes, and nothing of wealth', () => {
    const { evaluation, status } = document.trials[0]!
    expect(status).toBe('FINISHED')
    expect(evaluation).toEqual({
      test: {
        mean_episode_return: expect.any(Number),
        std_episode_return: expect.any(Number),
        min_episode_return: expect.any(Number),
        max_episode_return: expect.any(Number),
        mean_episode_length: 200,
        n_episodes: 20,
      },
    })
    const { mean_episode_return: mean, min_episode_return: least } = evaluation.test
    expect(mean).toBeLessThan(0)
    expect(mean).toBeGreaterThan(least)
    const interval = [mean, mean]
    expect(document.statistics).toEqual({
      test: {
        trials: 1,
        mean_episode_return: { median: mean, median_interval: interval, iqm: mean, iqm_interval: interval },
      },
    })
  })

  it('writes no data, and logs what there is', () => {
    expect(existsSync(join(folder, 'data'))).toBe(false)
    expect(readdirSync(join(folder, trial)).toSorted()).toEqual([
      'checkpoint.safetensors',
      'checkpoint_best.safetensors',
      'receipt.json',
      'training_losses.svg',
      'validation_returns.svg',
    ])
    const svg = readFileSync(join(folder, trial, 'validation_returns.svg'), 'utf8')
    expect(svg).toContain('mean episode return')
    expect(svg).not.toMatch(/NaN|no data/)
    const database = new DatabaseSync(join(folder, 'mlflow.db'), { readOnly: true })
    const keys = database.prepare('SELECT key, value FROM latest_metrics').all()
    database.close()
    const names = keys.map(({ key }) => String(key))
    expect(names).toEqual(
      expect.arrayContaining(['train/validation_episode_return', 'eval/test/mean_episode_return']),
    )
    expect(names.filter((name) => /wealth|portfolio|position|log_reward|sharpe|stat\//.test(name))).toEqual(
      [],
    )
    const { value } = keys.find(({ key }) => key === 'eval/test/mean_episode_return')!
    expect(value).toBe(document.trials[0]!.evaluation.test.mean_episode_return)
  })

  it('gives a checkpoint that evaluates alike, and a receipt that can be verified', async () => {
    const { checkpoint, evaluation } = document.trials[0]!
    expect(checkpoint).toBe(`${trial}/checkpoint_best.safetensors`)
    const evaluated = await runCli(folder, 'evaluate', '--checkpoint', checkpoint, '--json')
    const { step } = readCheckpoint(readFileSync(join(folder, checkpoint)))
    expect(JSON.parse(evaluated.stdout)).toEqual({ checkpoint, step, seed: 0, evaluation })
    const printed = await runCli(folder, 'evaluate', '--checkpoint', checkpoint)
    expect(printed.stdout).toMatch(/^ +test$/m)
    expect(printed.stdout).toMatch(/^mean episode return +-\d/m)
    const verified = await runCli(folder, 'verify', `${trial}/receipt.json`)
    expect(verified).toMatchObject({ code: 0, stderr: '' })
    expect(verified.stdout).toMatch(/^receipt [0-9a-f]{16}: identical$/m)
  })

  it('says in a sentence that there are no data', async () => {
    const none = (verb: string) => `error: there are no data to ${verb}: Pendulum-v1 needs none\n`
    const commands: [string, string[]][] = [
      ['generate', [...pendulum, '--generate-data']],
      ['generate', ['generate-data', '-s', 'pendulum']],
      ['read', ['evaluate', '--checkpoint', `${trial}/checkpoint.safetensors`, '--data-path', 'x.csv']],
      ['read', ['verify', `${trial}/receipt.json`, '--data-path', 'x.csv']],
    ]
    for (const [verb, args] of commands) {
      const { code, stderr } = await runCli(folder, ...args)
      expect({ code, stderr: withoutWarnings(stderr) }).toEqual({ code: 1, stderr: none(verb) })
    }
  })
})

describe('several trials', () => {
  it.concurrent('are summarised by their returns', async () => {
    const { code, stdout } = await runCli(temporaryFolder(), ...pendulum, '--trials', '2')
    expect(code).toBe(0)
    const rows = ['mean episode return +test', '─+  ─+', 'seed 0 +-\\S+', 'seed 1 +-\\S+']
    const more = [
      'median +-\\S+',
      'interquartile mean +-\\S+',
      ' +95 % CI low +-\\S+',
      ' +95 % CI high +-\\S+',
    ]
    expect(stdout).toMatch(new RegExp([...rows, ...more].map((row) => `${row}\n`).join('')))
    expect(stdout).not.toMatch(/log reward|hold/)
  })
})

describe('a run of the mountain car', () => {
  it.concurrent('that was stopped and extended has the receipt of one that was not', async () => {
    const [stopped, whole] = [temporaryFolder(), temporaryFolder()]
    const car = (steps: number) => [
      'experiment',
      '-s',
      'mountain_car_continuous',
      '--max-steps',
      String(steps),
    ]
    const keys = [
      '-o',
      'training.init_rand_steps=100',
      '-o',
      'training.eval_interval=400',
      '-o',
      'evaluation.n_episodes=3',
    ]
    expect((await runCli(stopped, ...car(1500), ...keys)).code).toBe(0)
    expect((await runCli(stopped, 'experiment', '--resume', 'last', '--max-steps', '2500')).code).toBe(0)
    expect((await runCli(whole, ...car(2500), ...keys)).code).toBe(0)
    const receipt = (folder: string, run: number) =>
      readFileSync(join(folder, `logs/mountain_car_continuous/run_${run}/trial_0/receipt.json`), 'utf8')
    expect(receipt(stopped, 2)).toBe(receipt(whole, 1))
  })
})
