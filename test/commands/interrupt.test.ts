// An experiment that is stopped, or that cannot write, leaves what can be resumed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ExperimentReport } from '../../src/commands/experiment/summary.ts'
import { ended, overrides, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'
import { withoutWarnings } from '../helpers/warnings.ts'

const long = 'experiment -s smoke -g --max-steps 5000000 -o training.checkpoint_interval=2000'.split(' ')

/** Waits until the trial has learned for a while. */
async function learning(folder: string): Promise<void> {
  const checkpoint = join(folder, 'logs/smoke/run_1/trial_0/checkpoint_step_2000.safetensors')
  while (!existsSync(checkpoint)) await new Promise((resolve) => setTimeout(resolve, 20))
}

function statuses(folder: string): unknown[] {
  const database = new DatabaseSync(join(folder, 'mlflow.db'), { readOnly: true })
  const rows = database.prepare('SELECT status FROM runs').all()
  database.close()
  return rows.map(({ status }) => status)
}

describe('an experiment that is stopped', () => {
  it.concurrent.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s keeps and evaluates what it has learned and exits with %d', async (signal, code) => {
    const folder = temporaryFolder()
    const child = startCli(folder, [...long, '--trials', '3', '--workers', '1'])
    const end = ended(child)
    await learning(folder)
    child.kill(signal)
    const { stdout, stderr, ...rest } = await end
    expect(rest.code).toBe(code)
    // of its health, when it got far before it was stopped
    const said = withoutWarnings(stderr).replace(/^note: trial_0, step .*\n/gm, '')
    expect(said).toBe(
      'stopping after this round and writing a checkpoint; press Ctrl-C again to stop at once\n' +
        'note: resume with: ddpg experiment --resume logs/smoke/run_1/trial_0/checkpoint.safetensors\n',
    )
    expect(stdout).toMatch(/trial 0: killed after \d+ steps and \d+ updates in [\d.]+ s\n/)
    expect(stdout).toMatch(/\nΣ log reward +\d/)
    expect(stdout).toMatch(/\nsmoke: seed 7 in [\d.]+ s, 1 killed\n/)
    expect(statuses(folder)).toEqual(['KILLED', 'KILLED'])
    const checkpoint = 'logs/smoke/run_1/trial_0/checkpoint.safetensors'
    expect((await runCli(folder, 'evaluate', '--checkpoint', checkpoint)).code).toBe(0)
  })

  it.concurrent('by two signals leaves a run that is marked as killed', async () => {
    const folder = temporaryFolder()
    const child = startCli(folder, long)
    const end = ended(child)
    await once(child.stdout!, 'data')
    child.kill('SIGINT')
    // signals sent together may arrive in either order
    await new Promise<void>((resolve) => {
      child.stderr!.on('data', (text) => String(text).includes('stopping') && resolve())
    })
    child.kill('SIGTERM')
    expect((await end).code).toBe(130)
    expect(statuses(folder)).toEqual(['KILLED', 'KILLED'])
  })

  it.concurrent.each([
    [
      'a round of ten million updates',
      [
        'training.optim_steps_per_batch=10000000',
        'training.log_interval=100000000',
        'training.eval_interval=100000000',
      ],
    ],
    [
      'an evaluation of a hundred thousand episodes',
      ['evaluation.n_episodes=100000', 'evaluation.policy=final'],
    ],
  ])('by two signals ends at once, in the middle of %s', async (what, keys) => {
    const folder = temporaryFolder()
    const scenario = what.includes('episodes') ? 'pendulum' : 'smoke'
    const args = [
      'experiment',
      '-s',
      scenario,
      ...(scenario === 'smoke' ? ['-g'] : []),
      '--max-steps',
      '1000',
    ]
    const child = startCli(folder, [
      ...args,
      ...overrides('training.init_rand_steps=100', 'training.frames_per_batch=500', ...keys),
    ])
    const end = ended(child)
    await once(child.stdout!, 'data')
    const told = new Promise<void>((resolve) => {
      child.stderr!.on('data', (text) => String(text).includes('stopping') && resolve())
    })
    child.kill('SIGINT')
    await told
    child.kill('SIGINT')
    expect((await end).code).toBe(130)
  })

  it.concurrent('prints the whole document with --json', async () => {
    const folder = temporaryFolder()
    const child = startCli(folder, [...long, '--json'])
    const end = ended(child)
    await learning(folder)
    child.kill('SIGINT')
    const { code, stdout } = await end
    const { trials } = JSON.parse(stdout) as ExperimentReport
    expect(code).toBe(130)
    expect(trials).toMatchObject([{ seed: 7, status: 'KILLED', evaluation: { train: { steps: 79 } } }])
  })

  it.concurrent('goes on when nobody reads what it prints any more', async () => {
    const folder = temporaryFolder()
    const child = startCli(folder, ['experiment', '-s', 'smoke', '-g'])
    child.stdout!.destroy()
    const { code, stderr } = await ended(child)
    expect([code, withoutWarnings(stderr)]).toEqual([0, ''])
    expect(statuses(folder)).toEqual(['FINISHED', 'FINISHED'])
  })
})

describe('a checkpoint', () => {
  it.concurrent('that cannot be written fails the trial in one sentence, and leaves no part of it behind', async () => {
    const folder = temporaryFolder()
    const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
    // The limit, in units of 512 or 1024 bytes, lets the data through but no checkpoint.
    const override = '-o network.actor_hidden_dims=[128,128] -o tracking.tracking_uri=none'
    const script = `ulimit -f 40; exec "$0" "$1" experiment -s smoke -g ${override}`
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('sh', ['-c', script, process.execPath, cli], { cwd: folder }, (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      )
    })
    const path = 'logs/smoke/run_1/trial_0/checkpoint_best.safetensors' // the first that is written
    expect(withoutWarnings(stderr)).toBe(
      `error: trial_0 (seed 7) failed: file ${path} cannot be written: it would be larger than allowed\n` +
        'error: the report could not be written: file logs/smoke/run_1/report.html cannot be written: it would be larger than allowed\n',
    )
    expect(code).toBe(1)
    expect(readdirSync(join(folder, 'logs/smoke/run_1/trial_0'))).toEqual([])
  })

  it.concurrent('that is not one, or not whole, is refused by evaluate', async () => {
    const folder = temporaryFolder()
    await runCli(folder, 'experiment', '-s', 'smoke', '-g', '--max-steps', '300')
    const bytes = readFileSync(join(folder, 'logs/smoke/run_1/trial_0/checkpoint.safetensors'))
    writeFileSync(join(folder, 'begun'), bytes.subarray(0, 1000))
    writeFileSync(join(folder, 'cut'), bytes.subarray(0, -100))
    writeFileSync(
      join(folder, 'foreign'),
      bytes.toString('latin1').replace('ddpg-wasm checkpoint 2', 'another kind of file!!'),
      'latin1',
    )
    const evaluate = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(folder, 'evaluate', '--checkpoint', ...args)
      expect([code, stdout]).toEqual([1, ''])
      return stderr
    }
    expect(await evaluate('none')).toBe('error: checkpoint none does not exist\n')
    expect(await evaluate('logs')).toBe('error: checkpoint logs is a folder\n')
    expect(await evaluate('begun')).toBe(
      'error: checkpoint begun: not a safetensors file, or only the beginning of one\n',
    )
    expect(await evaluate('cut')).toBe(
      'error: checkpoint cut: damaged or cut: its content does not match its checksum\n',
    )
    expect(await evaluate('foreign')).toBe(
      'error: checkpoint foreign: expected a file of format "ddpg-wasm checkpoint 2", found "another kind of file!!"\n',
    )
    expect(await evaluate('logs/smoke/run_1/trial_0/checkpoint.safetensors', '--data-path', 'none.csv')).toBe(
      'error: data file none.csv does not exist: go to the folder of the experiment, or give your file with --data-path\n',
    )
  })
})
