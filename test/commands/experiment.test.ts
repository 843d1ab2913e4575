// An experiment prints and writes what it should, in a folder where nothing was before.
import { existsSync, globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import type * as summary from '../../src/commands/experiment/summary.ts'
import type { SplitName } from '../../src/data/split.ts'
import type { Evaluation } from '../../src/evaluate/evaluate.ts'
import { readReceipt, receiptName } from '../../src/trial/receipt.ts'
import type { TrialStatistics } from '../../src/task/across-trials.ts'
import { withoutWarnings } from '../helpers/warnings.ts'
import { ended, receiptOf, runCli, startCli, temporaryFolder, type CliResult } from '../helpers/cli.ts'

type Metrics = Record<SplitName, Evaluation>
type ExperimentReport = summary.ExperimentReport<Metrics>
type TrialReport = summary.TrialReport<Metrics>

const smoke = ['experiment', '--scenario', 'smoke', '--generate-data']

async function report(folder: string, ...args: string[]): Promise<ExperimentReport> {
  const { code, stdout } = await runCli(folder, ...smoke, '--json', ...args)
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

/** Everything of a trial that must not depend on when and where it ran. */
function lasting({ seed, status, receipt, evaluation }: TrialReport) {
  return { seed, status, receipt, evaluation }
}

function runs(folder: string): unknown[] {
  const database = new DatabaseSync(join(folder, 'mlflow.db'), { readOnly: true })
  const rows = database.prepare('SELECT name, status FROM runs ORDER BY start_time, rowid').all()
  database.close()
  return rows.map((row) => ({ ...row }))
}

describe('an experiment in a fresh folder', () => {
  const folder = temporaryFolder()
  let first: CliResult
  beforeAll(async () => {
    first = await runCli(folder, ...smoke)
  })

  it('prints plain lines into a pipe: the course, the table, and where everything is', () => {
    const lines = first.stdout.split('\n')
    expect([first.code, withoutWarnings(first.stderr)]).toEqual([0, ''])
    expect(lines[0]).toBe('trial 0: training for 1200 steps with seed 7')
    expect(lines[1]).toMatch(/^trial 0: finished after 1200 steps and 400 updates in [\d.]+ s$/)
    expect(lines[3]).toMatch(/^ +train +validation +test$/)
    expect(lines[5]).toMatch(/^Σ log reward +1\.\d+ +0\.\d+ +0\.\d+$/)
    expect(first.stdout).toMatch(
      /\nsmoke: seed 7 in [\d.]+ s\nreceipt [0-9a-f]{16}…\ncheckpoints, receipts and plots: logs\/smoke\/run_1\nreport: logs\/smoke\/run_1\/report\.html\nruns are in /,
    )
    expect(first.stdout).not.toContain('\u001B')
  })

  it('leaves data, checkpoints, plots and a finished run', () => {
    const files = readdirSync(join(folder, 'logs/smoke/run_1/trial_0'))
    expect(files).toEqual(
      expect.arrayContaining([
        'checkpoint.safetensors',
        'checkpoint_best.safetensors',
        'combined_evaluation.svg',
      ]),
    )
    expect(existsSync(join(folder, 'data/raw/synthetic/smoke.parquet'))).toBe(true)
    expect(runs(folder)).toEqual([
      { name: 'smoke', status: 'FINISHED' },
      { name: 'trial_0', status: 'FINISHED' },
    ])
  })

  it('writes a report, which is kept with the run of the experiment', () => {
    const written = ['report.html', 'report.md'].map((name) => {
      const text = readFileSync(join(folder, 'logs/smoke/run_1', name), 'utf8')
      const artifacts = globSync(`mlartifacts/**/${name}`, { cwd: folder })
      expect(artifacts).toHaveLength(1)
      expect(readFileSync(join(folder, artifacts[0]!), 'utf8')).toBe(text)
      return text
    })
    expect(written[1]).toMatch(/^# smoke\n\nDDPG on SMOKE: 1 trial of 1,200 steps, seed 7\n/)
    expect(written[1]).toContain(receiptName(readReceipt(receiptOf(folder, 'logs/smoke/run_1/trial_0'))))
    expect(written[0]!.length).toBeLessThan(1_000_000)
  })

  it('leaves the files of an earlier run alone, learns the same again, and evaluates its checkpoint alike', async () => {
    const earlier = join(folder, 'logs/smoke/run_1/trial_0/checkpoint.safetensors')
    const { mtimeMs } = statSync(earlier)
    const [{ checkpoint, evaluation }] = (await report(folder)).trials as [TrialReport]
    expect(checkpoint).toBe('logs/smoke/run_2/trial_0/checkpoint.safetensors')
    expect(statSync(earlier).mtimeMs).toBe(mtimeMs)
    expect(readFileSync(join(folder, checkpoint!)).equals(readFileSync(earlier))).toBe(true)
    const reports = [1, 2].map((run) =>
      readFileSync(join(folder, `logs/smoke/run_${run}/report.html`), 'utf8'),
    )
    expect(reports[1]).toBe(reports[0])
    for (const { sum_log_reward: agent, max_profit: most } of Object.values(evaluation!)) {
      expect(agent!).toBeGreaterThan(0.9 * most)
    }

    const { stdout, code } = await runCli(folder, 'evaluate', '--checkpoint', checkpoint!, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ checkpoint, step: 1200, seed: 7, evaluation })
  })
})

describe('the document of --json', () => {
  it.concurrent('holds every trial with seed, run, status, checkpoint, times and metrics', async () => {
    const folder = temporaryFolder()
    const document = await report(
      folder,
      '--name',
      'my run',
      '--seed',
      '11',
      '-o',
      'training.tau=0.03',
      '-o',
      'env.trading_fees=0.001',
    )
    expect(document).toMatchObject({
      experiment_name: 'my run',
      config: { seed: 11, training: { tau: 0.03, max_steps: 1200 }, env: { trading_fees: 0.001 } },
      timings: { total_seconds: expect.any(Number) },
      report: 'logs/my run/run_1/report.html',
    })
    const [trial] = document.trials
    expect(trial).toMatchObject({
      seed: 11,
      run_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      status: 'FINISHED',
      checkpoint: 'logs/my run/run_1/trial_0/checkpoint.safetensors',
    })
    expect(trial!.timings.training_seconds).toBeGreaterThan(0)
    expect(trial!.timings.training_seconds).toBeLessThan(document.timings.total_seconds)
    expect(Object.keys(trial!.evaluation!)).toEqual(['train', 'validation', 'test'])
    for (const metrics of Object.values(trial!.evaluation!)) {
      for (const name of ['sum_log_reward', 'buy_and_hold', 'random', 'max_profit']) {
        expect(metrics).toHaveProperty(name, expect.any(Number))
      }
    }
  })

  it.concurrent('says which trials failed, and the exit code is 1 then', async () => {
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await runCli(
      folder,
      ...smoke,
      '--json',
      '-t',
      '2',
      '-o',
      'training.critic_lr=1e30',
    )
    const { trials } = JSON.parse(stdout) as ExperimentReport
    expect(code).toBe(1)
    expect(trials.map(({ seed, status }) => [seed, status])).toEqual([
      [7, 'FAILED'],
      [8, 'FAILED'],
    ])
    expect(trials[0]!.error).toMatch(/^actor loss not finite at update 1: /)
    // in the order in which they failed
    expect(withoutWarnings(stderr).split('\n').filter(Boolean).toSorted()).toEqual(
      trials.map(({ seed, error }, i) => `error: trial_${i} (seed ${seed}) failed: ${error}`),
    )
    expect(runs(folder)).toEqual(['smoke', 'trial_0', 'trial_1'].map((name) => ({ name, status: 'FAILED' })))
  })
})

describe('the same scenario and seed', () => {
  it.concurrent('give equal weights, receipts and metrics, whichever trial of whichever experiment it is', async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()]
    const [two, single, again] = await Promise.all([
      report(one, '--trials', '2'),
      report(other, '--seed', '8'),
      report(other),
    ])
    const tensors = (folder: string, trial: TrialReport) => {
      const { tensors } = openCheckpoint(readFileSync(join(folder, trial.checkpoint!)))
      delete tensors['best'] // a checkpoint, which tells too which trial of how many it is of
      return tensors
    }
    const [zeroth, first] = two.trials as [TrialReport, TrialReport]
    expect(lasting(again.trials[0]!)).toEqual(lasting(zeroth))
    expect(lasting(single.trials[0]!)).toEqual(lasting(first))
    expect(tensors(other, again.trials[0]!)).toEqual(tensors(one, zeroth))
    expect(tensors(other, single.trials[0]!)).toEqual(tensors(one, first))
    expect((single.statistics!.test as TrialStatistics).sum_log_reward.iqm).toBe(
      first.evaluation!.test.sum_log_reward,
    )
    expect(single.trials[0]!.significance).toEqual(first.significance)
    expect(first.evaluation).not.toEqual(zeroth.evaluation)
    expect(first.evaluation!.train.max_profit).toBe(zeroth.evaluation!.train.max_profit)
  })
})

describe('options of an experiment', () => {
  it.concurrent('choose a seed at random when there is none, and say which', async () => {
    const folder = temporaryFolder()
    writeFileSync(
      join(folder, 'own.yaml'),
      'data: {train_size: 80}\ntraining: {max_steps: 300, init_rand_steps: 100}\n' +
        'data_generator: {pattern_type: sine_wave, n_periods: 3, samples_per_period: 40, volatility: 0.02}\n',
    )
    const { stdout, stderr } = await runCli(folder, 'experiment', '-c', 'own.yaml', '-g', '--json')
    const { trials } = JSON.parse(stdout) as ExperimentReport
    const { seed } = trials[0]!
    expect(withoutWarnings(stderr)).toBe(
      `note: seed ${seed} was chosen at random: -o seed=${seed} repeats this run\n`,
    )
    const again = await runCli(folder, 'experiment', '-c', 'own.yaml', '-g', '--json', '-o', `seed=${seed}`)
    expect(lasting(JSON.parse(again.stdout).trials[0])).toEqual(lasting(trials[0]!))
  })

  it.concurrent('observe raw prices with --no-features, whichever features the scenario chooses', async () => {
    const { config } = await report(temporaryFolder(), '--no-features')
    expect(config.data.no_features).toBe(true)
    expect(config.env.feature_columns).toBeNull()
  })

  it.concurrent('list the trials and their median', async () => {
    const { stdout } = await runCli(temporaryFolder(), ...smoke, '--trials', '3', '--max-steps', '400')
    expect(stdout).toMatch(
      /seed 7 .*\nseed 8 .*\nseed 9 .*\nmedian .*\ninterquartile mean .*\n  95 % CI low .*\n  95 % CI high .*\nbuy & hold .*\nbest constant .*\nmax profit /,
    )
    expect(stdout).toMatch(
      /\nP\(a trial is better\) .*\n.*\nthan buy & hold .*\nthan random .*\nthan best constant /,
    )
    for (const line of stdout.split('\n').slice(7, -4)) expect(line.length).toBeLessThanOrEqual(60)
    expect(stdout).toMatch(/\nsmoke: 3 trials in /)
  })

  it.concurrent('show help without loading what experiments need', async () => {
    const hook = `data:text/javascript,${encodeURIComponent(
      "import { registerHooks } from 'node:module'; registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context) } })",
    )}`
    const { code, stdout, stderr } = await ended(startCli(temporaryFolder(), ['--help'], ['--import', hook]))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: ddpg /)
    expect(stderr).toContain('/commander/')
    expect(stderr).not.toMatch(/echarts|zod|yaml|hyparquet|src\/commands\/(?!shared\/(failure|terminal)\.)/)
  })
})
