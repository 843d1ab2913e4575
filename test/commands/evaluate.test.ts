// ddpg evaluate takes any split and any data, and writes files that other programs read.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Papa from 'papaparse'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CostResult } from '../../src/evaluate/costs.ts'
import type { Evaluation } from '../../src/evaluate/evaluate.ts'
import { overrides, runCli, temporaryFolder } from '../helpers/cli.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'

interface Document {
  evaluation: Record<string, Evaluation>
  costs: Record<string, CostResult[]>
}

/** A checkpoint of an experiment, and what evaluates it. */
async function trained(...args: string[]) {
  const folder = temporaryFolder()
  const { code, stdout } = await runCli(folder, 'experiment', ...args, '--json', '--tracking-uri', 'none')
  expect(code).toBe(0)
  const [{ checkpoint, evaluation }] = JSON.parse(stdout).trials
  const run = (...more: string[]) => runCli(folder, 'evaluate', '--checkpoint', checkpoint, ...more)
  const json = async (...more: string[]): Promise<{ document: Document; stderr: string }> => {
    const { code, stdout, stderr } = await run('--json', ...more)
    expect(code, stderr).toBe(0)
    return { document: JSON.parse(stdout), stderr }
  }
  const refuses = async (...more: string[]) => {
    const { code, stdout, stderr } = await run(...more)
    expect([code, stdout]).toEqual([1, ''])
    return stderr
  }
  return { folder, evaluation: evaluation as Document['evaluation'], run, json, refuses }
}

describe('a checkpoint that trades', () => {
  let agent: Awaited<ReturnType<typeof trained>>
  beforeAll(async () => {
    agent = await trained('-s', 'smoke', '-g', ...overrides('env.trading_fees=0.0005'))
  })

  it('is evaluated on one split as on all of them, and at other costs', async () => {
    const all = await agent.json()
    expect(all.document.evaluation).toEqual(agent.evaluation)
    expect(Object.keys(all.document.costs)).toEqual(['train', 'validation', 'test'])
    const { evaluation, costs } = (await agent.json('--split', 'test')).document
    expect(evaluation).toEqual({ test: agent.evaluation['test'] })
    expect(costs).toEqual({ test: all.document.costs['test'] })
    const { total_return, sharpe_ratio } = agent.evaluation['test']!
    expect(costs['test']![2]).toEqual({ cost_bp: 5, total_return, sharpe_ratio })
    const { stdout } = await agent.run('--split', 'test')
    expect(stdout).toMatch(/^ +test\n─+  ─+\nΣ log reward +0\.\d+$/m)
    expect(stdout).toMatch(
      /^\(fees, .*; the scenario has 5\)\ncost +test +Sharpe\n(─+ *){3}\n0 +0\.\d+ +\d\.\d+\n1 /m,
    )
  })

  it('is evaluated on any data: all rows of other ones, or those of the splits when they are asked for', async () => {
    const rows = Array.from({ length: 150 }, (_, i) => {
      const price = 50000 + 3000 * Math.sin(i / 9)
      return [new Date(1.7e12 + i * 3.6e6).toISOString(), price, price, price, price, 1]
    })
    writeFileSync(
      join(agent.folder, 'other.csv'),
      Papa.unparse([['time', 'open', 'high', 'low', 'close', 'volume'], ...rows]),
    )
    const whole = await agent.json('--data-path', 'other.csv')
    expect(whole.stderr).toBe(
      'note: other.csv holds other data than the policy was trained on: all rows are evaluated as one, ' +
        '--split train|validation|test takes those of the scenario\n',
    )
    expect(Object.keys(whole.document.evaluation)).toEqual(['all'])
    expect(whole.document.evaluation['all']!.steps).toBe(149)
    expect(Object.keys(whole.document.costs)).toEqual(['all'])
    const test = await agent.json('--data-path', 'other.csv', '--split', 'test')
    expect(test.document.evaluation['test']!.steps).toBe(19)
    expect(test.stderr).toBe('note: other.csv holds other data than the policy was trained on\n')

    // fewer rows than the splits of the scenario
    writeFileSync(
      join(agent.folder, 'short.csv'),
      Papa.unparse([['time', 'open', 'high', 'low', 'close', 'volume'], ...rows.slice(0, 50)]),
    )
    expect((await agent.json('--data-path', 'short.csv')).document.evaluation['all']!.steps).toBe(49)
    expect(await agent.refuses('--data-path', 'short.csv', '--split', 'test')).toMatch(
      /error: short.csv has 50 rows: data.train_size 80 leaves 0 for validation and test/,
    )
    // the same data under another name are its own
    const [own, copy] = [
      join(agent.folder, 'data/raw/synthetic/smoke.parquet'),
      join(agent.folder, 'copy.parquet'),
    ]
    writeFileSync(copy, readFileSync(own))
    const same = await agent.json('--data-path', 'copy.parquet')
    expect([same.document.evaluation, same.stderr]).toEqual([agent.evaluation, ''])
  })

  it('writes its trades, whose fees are what its wealth lacks', async () => {
    await agent.json('--save-trades', 'out/trades.csv', '--split', 'test')
    const text = readFileSync(join(agent.folder, 'out/trades.csv'), 'utf8')
    const { data, errors } = Papa.parse<Record<string, string | number>>(text, {
      header: true,
      dynamicTyping: true,
      skipEmptyLines: true,
    })
    expect(errors).toEqual([])
    expect(data[0]).toMatchObject({
      split: 'test',
      step: 1,
      asset: 'close',
      from_weight: 0,
      wealth_before: 10000,
    })
    expect(text.split('\n')[1]).toMatch(/^test,1,2024-01-05T04:00:00.000Z,close,(buy|sell),0,/)
    for (const { side, from_weight: from, to_weight: to, fee, notional } of data) {
      expect(side).toBe(to! > from! ? 'buy' : 'sell')
      expect(fee).toBeCloseTo(0.0005 * Number(notional), 9)
    }
  })

  it('says in a sentence which file it cannot write, and writes nothing', async () => {
    expect(await agent.refuses('--save-rollout', 'rollout.csv')).toBe(
      'error: --save-rollout writes parquet: the file must end in .parquet, got rollout.csv\n',
    )
    expect(await agent.refuses('--save-trades', 'trades.parquet')).toBe(
      'error: --save-trades writes csv: the file must end in .csv, got trades.parquet\n',
    )
    const data = 'data/raw/synthetic/smoke.parquet'
    expect(await agent.refuses('--save-rollout', `./${data}`)).toBe(
      `error: --save-rollout ./${data} would replace the data that are evaluated: give another name\n`,
    )
    const { code, stderr } = await agent.run('--split', 'all rows')
    expect(code).toBe(2)
    expect(stderr).toContain(
      "argument 'all rows' is invalid. Allowed choices are train, validation, test, all.",
    )
    expect(existsSync(join(agent.folder, 'rollout.csv'))).toBe(false)
  })

  describeWithPython('and its rollout', () => {
    it('is read by pyarrow, polars and DuckDB, and adds up to its evaluation', async () => {
      await agent.json('--save-rollout', 'rollout.parquet')
      type Seen = { types: Record<string, string>; columns: Record<string, number[]> }
      const seen = runPython('data/parquet_peer.py', 'read', join(agent.folder, 'rollout.parquet')) as Record<
        string,
        Seen
      >
      const { columns } = seen['pyarrow']!
      for (const library of ['polars', 'duckdb']) expect(seen[library]!.columns).toEqual(columns)
      expect(seen['polars']!.types).toEqual({
        split: 'String',
        step: 'Int32',
        timestamp: "Datetime(time_unit='ms', time_zone=None)",
        price: 'Float64',
        feature_return: 'Float32',
        feature_trend: 'Float32',
        position: 'Float64',
        reward: 'Float64',
        wealth: 'Float64',
        buy_and_hold: 'Float64',
      })
      expect(columns['split']).toEqual([
        ...Array(79).fill('train'),
        ...Array(19).fill('validation'),
        ...Array(19).fill('test'),
      ])
      const last = columns['wealth']!.length - 1
      const { total_return, buy_and_hold } = agent.evaluation['test']!
      expect(columns['wealth']![last]! / 10000 - 1).toBeCloseTo(total_return, 12)
      expect(Math.log(columns['buy_and_hold']![last]! / 10000)).toBeCloseTo(buy_and_hold!, 12)
      const sum = columns['reward']!.slice(-19).reduce((total, reward) => total + reward, 0)
      expect(sum).toBeCloseTo(agent.evaluation['test']!.sum_log_reward!, 12)
    })
  })
})

describe('a checkpoint of classic control', () => {
  it('saves the steps of its episodes, and says in a sentence what it does not have', async () => {
    const keys = ['training.init_rand_steps=100', 'training.eval_interval=200', 'evaluation.n_episodes=3']
    const pendulum = await trained('-s', 'pendulum', '--max-steps', '300', ...overrides(...keys))
    expect(await pendulum.refuses('--save-trades', 'trades.csv')).toBe(
      'error: there are no trades to save: Pendulum-v1 does not trade\n',
    )
    expect(await pendulum.refuses('--split', 'train')).toBe(
      'error: there are no train rows: Pendulum-v1 is evaluated in episodes, which --split test or all play\n',
    )
    const { document } = await pendulum.json('--split', 'test', '--save-rollout', 'steps.parquet')
    expect(document).toMatchObject({ evaluation: pendulum.evaluation })
    expect(document).not.toHaveProperty('costs')
    const { asyncBufferFromFile, parquetReadObjects } = await import('hyparquet')
    const file = await asyncBufferFromFile(join(pendulum.folder, 'steps.parquet'))
    const rows = await parquetReadObjects({ file })
    expect(rows).toHaveLength(600)
    expect(rows[200]).toMatchObject({ episode: 2, step: 1, terminated: false })
    expect(Object.keys(rows[0]!).join()).toBe(
      'episode,step,cos_angle,sin_angle,speed,action,reward,terminated',
    )
    const total = rows.reduce((sum, { reward }) => sum + reward, 0)
    expect(total / 3).toBeCloseTo(
      (pendulum.evaluation as unknown as { test: { mean_episode_return: number } }).test.mean_episode_return,
      9,
    )
    for (const { cos_angle: cos, sin_angle: sin } of rows) expect(cos * cos + sin * sin).toBeCloseTo(1, 5)
  })
})
