// Trials that run at a time, on threads, end as they do one after the other, whatever becomes of the threads.
import { spawn } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/trial/checkpoint.ts'
import type { ExperimentReport } from '../../src/commands/experiment/summary.ts'
import type { TrialStatistics } from '../../src/task/across-trials.ts'
import {
  cli,
  ended,
  filesIn,
  overrides,
  receiptOf,
  runCli,
  startCli,
  temporaryFolder,
} from '../helpers/cli.ts'
import { resealed } from '../helpers/trial.ts'

const TRIALS = 4
/** Enough to be stopped in the middle. */
const STEPS = 8000
const args = [
  ...`experiment -s smoke -g --trials ${TRIALS} --max-steps ${STEPS}`.split(' '),
  ...overrides('training.checkpoint_interval=1000', 'training.log_interval=20'),
]
const resume = ['experiment', '--resume', 'last']

/** One trial after the other, never stopped. */
const whole = temporaryFolder()
let report: ExperimentReport
beforeAll(async () => {
  const { code, stdout } = await runCli(whole, ...args, '--workers', '1', '--json')
  expect(code).toBe(0)
  report = JSON.parse(stdout)
})

const FILES = ['receipt.json', 'checkpoint.safetensors', 'checkpoint_best.safetensors', 'training_losses.svg']

/** Compares what the trials of a run have come to with that of the whole one. */
function expectSameAsWhole(where: string, run: string): void {
  for (let i = 0; i < TRIALS; i++)
    for (const name of FILES) {
      const [mine, other] = [
        join(where, `logs/smoke/${run}/trial_${i}`),
        join(whole, `logs/smoke/run_1/trial_${i}`),
      ]
      expect(readFileSync(join(mine, name)).equals(readFileSync(join(other, name))), `${i} ${name}`).toBe(
        true,
      )
    }
  const [mine, other] = [join(where, `logs/smoke/${run}`), join(whole, 'logs/smoke/run_1')].map((path) =>
    readFileSync(join(path, 'report.html'), 'utf8'),
  )
  expect(mine === other).toBe(true)
}

/** The runs that MLflow has, by their names, but for times, ids and what tells of the machine. */
function tracked(where: string): unknown {
  const database = new DatabaseSync(join(where, 'mlflow.db'), { readOnly: true })
  const rows = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  const all = {
    runs: rows('SELECT name, status FROM runs ORDER BY name'),
    params: rows('SELECT name, key, value FROM params JOIN runs USING (run_uuid) ORDER BY name, key'),
    // its table holds equal points of one millisecond once
    metrics: rows(
      "SELECT DISTINCT name, key, step, value FROM metrics JOIN runs USING (run_uuid) WHERE key NOT LIKE 'time/%' " +
        "AND key NOT LIKE 'system/%' ORDER BY name, key, step, value",
    ),
    tags: rows(
      "SELECT name, key, value FROM tags JOIN runs USING (run_uuid) WHERE key IN ('receipt', 'mlflow.note.content') " +
        "AND name LIKE 'trial%' ORDER BY name, key",
    ),
    artifacts: rows('SELECT name, artifact_uri FROM runs ORDER BY name').flatMap(
      ({ name, artifact_uri: uri }) =>
        globSync('**/*.*', { cwd: join(where, 'mlartifacts', ...String(uri).split('/').slice(-3)) })
          .toSorted()
          .map((file) => `${name} ${file}`),
    ),
  }
  database.close()
  return all
}

describe('trials on workers', () => {
  it.each([2, 4])('%d at a time leave the same receipts, files, records and results', async (k) => {
    const where = temporaryFolder()
    const { code, stdout } = await runCli(where, ...args, '--workers', `${k}`, '--json')
    expect(code).toBe(0)
    const lasting = ({ config, statistics, trials }: ExperimentReport) => ({
      config,
      statistics,
      trials: trials.map(({ seed, status, receipt, checkpoint, evaluation, significance }) => ({
        seed,
        status,
        receipt,
        checkpoint,
        evaluation,
        significance,
      })),
    })
    expect(lasting(JSON.parse(stdout))).toEqual(lasting(report))
    expectSameAsWhole(where, 'run_1')
    expect(tracked(where)).toEqual(tracked(whole))
  })

  it('are told together in the run of the experiment', () => {
    const { sum_log_reward: sum, probability_of_improvement: p } = report.statistics!.test as TrialStatistics
    const database = new DatabaseSync(join(whole, 'mlflow.db'), { readOnly: true })
    const found = database
      .prepare("SELECT name, key, value FROM metrics JOIN runs USING (run_uuid) WHERE key LIKE 'trials/%'")
      .all()
    database.close()
    expect(new Set(found.map(({ name }) => name))).toEqual(new Set(['smoke']))
    expect(Object.fromEntries(found.map(({ key, value }) => [key, value]))).toMatchObject({
      'trials/test/trials': TRIALS,
      'trials/test/sum_log_reward/median': sum.median,
      'trials/test/sum_log_reward/iqm_interval/low': sum.iqm_interval[0],
      'trials/test/sum_log_reward/iqm_interval/high': sum.iqm_interval[1],
      'trials/test/probability_of_improvement/random/estimate': p.random.estimate,
    })
  })

  it('stop at Ctrl-C with checkpoints, and all go on with the command that is told', async () => {
    const where = temporaryFolder()
    const child = startCli(where, [...args, '--workers', '2'])
    const end = ended(child)
    await untilFirstIsComplete(where, 'run_1')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await end
    expect(code).toBe(130)
    const killed = [...stdout.matchAll(/^trial (\d): killed after /gm)].map((match) => Number(match[1]))
    for (const trial of killed)
      expect(filesIn(where, `trial_${trial}/checkpoint.safetensors`)).toHaveLength(1)
    const [, command] = /^note: resume with: ddpg (.*)$/m.exec(stderr)!
    expect(command).toMatch(/^experiment --resume logs\/smoke\/run_1\/trial_\d\/checkpoint\.safetensors$/)
    const again = await runCli(where, ...command!.split(' '), '--workers', '2')
    expect(again.code).toBe(0)
    expect(again.stdout).toContain(`\nsmoke: ${TRIALS} trials in `)
    expectSameAsWhole(where, 'run_2')
  })

  it('lose nothing that was saved when they are killed twice without warning', async () => {
    const where = temporaryFolder()
    for (const [run, command] of [
      ['run_1', args],
      ['run_2', resume],
    ] as const) {
      const child = startCli(where, [...command, '--workers', '2'])
      const end = ended(child)
      await untilFirstIsComplete(where, run)
      child.kill('SIGKILL')
      expect((await end).code).toBeNull()
    }
    for (const [trial, step] of Object.entries(stepsIn(where, 'run_1')))
      expect(stepsIn(where, 'run_2')[trial], trial).toBeGreaterThanOrEqual(step)
    expect((await runCli(where, ...resume, '--workers', '2')).code).toBe(0)
    expectSameAsWhole(where, 'run_3')
  })

  it('finish when one of them fails, which is told', async () => {
    const where = temporaryFolder()
    // a checkpoint that looks well until its trial begins
    const damaged = resealed(
      readFileSync(join(whole, 'logs/smoke/run_1/trial_1/checkpoint.safetensors')),
      (content) => {
        delete content.tensors['pending']
      },
    )
    const first = await runCli(where, ...args, '--workers', '2', '--max-steps', '2000')
    expect(first.code).toBe(0)
    writeFileSync(join(where, 'logs/smoke/run_1/trial_1/checkpoint.safetensors'), damaged)
    const from = 'logs/smoke/run_1/trial_0/checkpoint.safetensors'
    const { code, stdout, stderr } = await runCli(
      where,
      ...`experiment --max-steps ${STEPS} --workers 2 --resume`.split(' '),
      from,
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: trial_1 \(seed 8\) failed: tensor pending is missing$/m)
    expect(stdout).toMatch(/\nsmoke: 4 trials in [\d.]+ s, 1 failed\n/)
    for (const i of [0, 2, 3])
      expect(receiptOf(where, `logs/smoke/run_2/trial_${i}`)).toBe(
        receiptOf(whole, `logs/smoke/run_1/trial_${i}`),
      )
  })
})

it('on a terminal each trial under way has a line, and what stays is as in a pipe', async () => {
  const [where, { execPath }] = [temporaryFolder(), process]
  const command = `stty cols 50 rows 10; exec '${execPath}' '${cli}' ${args.join(' ')} --workers 2`
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: where, stdio: 'pipe' })
  const { code, stdout } = await ended(child)
  expect(code).toBe(0)
  for (let i = 0; i < TRIALS; i++) {
    expect(stdout).toMatch(new RegExp(`trial ${i} [█░]+ \\d+%`))
    expect(stdout).toMatch(
      new RegExp(`\u001B\\[\\?7htrial ${i}: finished after ${STEPS} steps and \\d+ updates in [\\d.]+ s\r\n`),
    )
  }
  // the cursor is shown and long lines wrap again before the table is printed
  const table = stdout.slice(stdout.indexOf('Σ log reward'))
  const before = stdout.slice(0, -table.length)
  for (const setting of ['?25', '?7'])
    expect(before.lastIndexOf(`\u001B[${setting}h`)).toBeGreaterThan(before.lastIndexOf(`\u001B[${setting}l`))
  expect(table).not.toContain('\u001B')
})

const soon = () => new Promise((resolve) => setTimeout(resolve, 5))

/** And a checkpoint of each of the next two is there. */
async function untilFirstIsComplete(where: string, run: string): Promise<void> {
  while (filesIn(where, `${run}/*/receipt.json`).length === 0) await soon()
}

/** The step of each trial of a run, by its newest checkpoint. */
function stepsIn(where: string, run: string): Record<string, number> {
  const steps: Record<string, number> = {}
  for (const path of filesIn(where, `${run}/*/checkpoint*.safetensors`)) {
    if (path.endsWith('_best.safetensors')) continue
    const { step } = readCheckpoint(readFileSync(join(where, path)))
    const name = basename(dirname(path))
    steps[name] = Math.max(step, steps[name] ?? 0)
  }
  return steps
}
