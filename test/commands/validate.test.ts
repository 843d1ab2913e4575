// A scenario is checked before it trains, by `ddpg validate` and by an experiment.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'

import { runCli, temporaryFolder } from '../helpers/cli.ts'

const TAU = 'warning: training.tau 0.5 lets the targets move almost with the networks: try 0.005\n'
const TOO_FEW =
  'error: training.sample_size 2000 is more than the 1200 transitions there are at the first update: ' +
  'raise training.init_rand_steps to 2000\n'

/** The package's path of a scenario, as it is printed. */
const printed = (stdout: string) => stdout.replace(/^.*configs/, 'configs')

describe('ddpg validate', () => {
  it.concurrent('says that all is well, and writes nothing', async () => {
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await runCli(folder, 'validate', '-s', 'sine_wave')
    expect([code, printed(stdout), stderr]).toEqual([
      0,
      'configs/sine_wave.yaml is valid, without warnings\n',
      '',
    ])
    expect(readdirSync(folder)).toEqual([])
  })

  it.concurrent('warns, and exits with 0', async () => {
    const args = ['validate', '-s', 'sine_wave', '-o', 'training.tau=0.5']
    const { code, stdout, stderr } = await runCli(temporaryFolder(), ...args)
    expect([code, printed(stdout), stderr]).toEqual([
      0,
      'configs/sine_wave.yaml is valid, with 1 warning\n',
      TAU,
    ])
  })

  it.concurrent('tells errors and warnings at once, and exits with 1', async () => {
    const overrides = [
      '-o',
      'training.tau=0.5',
      '-o',
      'training.sample_size=2000',
      '-o',
      'training.optim_steps_per_batch=5',
    ]
    const { code, stdout, stderr } = await runCli(
      temporaryFolder(),
      'validate',
      '-s',
      'sine_wave',
      ...overrides,
    )
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(TAU)
    expect(stderr.endsWith(TOO_FEW)).toBe(true)
    expect(stderr).toMatch(/^(warning: .*\n)+error: .*\n$/)
  })

  it.concurrent('refuses what is no scenario, as an experiment does', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'own.yaml'), 'training: {max_stepz: 1}\n')
    const { code, stderr } = await runCli(folder, 'validate', '-c', 'own.yaml')
    expect(code).toBe(2)
    expect(stderr).toBe(
      'error: own.yaml:1: unknown key training.max_stepz, did you mean training.max_steps?\n',
    )
    expect((await runCli(folder, 'validate')).code).toBe(2)
  })
})

describe('an experiment', () => {
  it.concurrent('stops at an error before anything is written', async () => {
    const folder = temporaryFolder()
    const args = ['experiment', '-s', 'sine_wave', '-g', '-o', 'training.sample_size=2000']
    expect(await runCli(folder, ...args)).toEqual({ code: 1, stdout: '', stderr: TOO_FEW })
    expect(readdirSync(folder)).toEqual([])
  })

  it.concurrent('warns and trains, tells of bad health, and logs it', async () => {
    const folder = temporaryFolder()
    const args = [
      'experiment',
      '-s',
      'smoke',
      '-g',
      '-o',
      'training.actor_lr=1',
      '-o',
      'training.log_interval=5',
      '--json',
    ]
    const { code, stdout, stderr } = await runCli(folder, ...args)
    expect(code).toBe(0)
    expect(stderr).toContain('warning: training.actor_lr 1 is high for Adam: try 0.001\n')
    const [note, ...others] = stderr.match(/^note: trial_0, step \d+: nearly all actions are at ±1: .*\n/gm)!
    expect([note !== undefined, others]).toEqual([true, []])
    const [{ significance }] = JSON.parse(stdout).trials
    expect(significance.buy_and_hold.t_p).toBeLessThanOrEqual(1)

    const database = new DatabaseSync(join(folder, 'mlflow.db'), { readOnly: true })
    const rows = database
      .prepare("SELECT key, COUNT(DISTINCT step) AS n FROM metrics WHERE key LIKE 'health/%' GROUP BY key")
      .all()
    const tests = database.prepare("SELECT value FROM metrics WHERE key = 'stat/test/buy_and_hold/t_p'").all()
    database.close()
    expect(rows.map((row) => ({ ...row }))).toEqual(
      ['action_range', 'actor_idle_units', 'critic_idle_units', 'q_to_limit', 'saturated_actions'].map(
        (name) => ({
          key: `health/${name}`,
          n: 10,
        }),
      ),
    )
    expect(tests.map(({ value }) => value)).toEqual([significance.buy_and_hold.t_p])
  })
})
