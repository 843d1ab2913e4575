// Classic control: what the shipped scenarios reach over seeds, and their time beside Stable-Baselines3.
//   node bench/control.ts [quality] [time]    time needs bench/.venv
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ControlEvaluation } from '../src/control.ts'
import { controlTask } from '../src/control.ts'
import { createCore } from '../src/core/core.ts'
import { loadModule } from '../src/core/module.ts'
import { createControlEnv } from '../src/env/create.ts'
import { parseScenario } from '../src/scenario/load.ts'
import type { Scenario } from '../src/scenario/schema.ts'
import { interquartileMean } from '../src/statistics.ts'
import { runTrial } from '../src/trial.ts'
import { digits, printTable } from './measure.ts'

const module = await loadModule()
const python = fileURLToPath(new URL('.venv/bin/python', import.meta.url))

function scenarioOf(name: string, overrides: string[] = []): Scenario {
  const file = new URL(`../configs/${name}.yaml`, import.meta.url)
  return parseScenario(readFileSync(file, 'utf8'), name, { overrides, randomSeed: () => 0 }).scenario
}

/** @returns the evaluation, and the seconds of training without it */
async function train(scenario: Scenario): Promise<{ test: ControlEvaluation; seconds: number }> {
  const began = performance.now()
  const trial = runTrial(scenario, controlTask(scenario), module)
  let seconds = 0
  for (;;) {
    const { done, value } = await trial.next()
    if (done) return { test: value.evaluation.test, seconds }
    if (value.type === 'round') seconds = (performance.now() - began) / 1000
  }
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Prints the mean returns of so many seeds, on the episodes that all of them are evaluated on. */
async function quality(): Promise<void> {
  const rows: string[][] = []
  for (const [name, seeds, overrides] of [
    ['pendulum', 10, []],
    ['pendulum', 5, ['training.max_steps=20000']],
    ['mountain_car_continuous', 5, []],
    ['mountain_car_continuous', 5, ['evaluation.policy=final']],
  ] as const) {
    const scenario = scenarioOf(name, [...overrides])
    const returns: number[] = []
    for (let seed = 0; seed < seeds; seed++)
      returns.push((await train({ ...scenario, seed })).test.metrics.mean_episode_return)
    const of = `${scenario.env.name}, ${scenario.training.max_steps} steps, ${scenario.evaluation.policy} policy`
    const each = returns.map((value) => value.toFixed(1)).join(', ')
    rows.push([of, each, mean(returns).toFixed(1), interquartileMean(Float64Array.from(returns)).toFixed(1)])
  }
  printTable(
    'Mean return of 100 episodes, seeds 0, 1, …',
    ['scenario', 'by seed', 'mean', 'interquartile mean'],
    rows,
  )
}

/** The start states of the evaluation, for others to be evaluated on too. */
async function startsOf({ env, evaluation }: Scenario): Promise<number[][]> {
  const { math, random } = await createCore(module, 0)
  random.evaluation.seed(12345)
  const environment = createControlEnv(env.name, math, random.evaluation)
  return Array.from({ length: evaluation.n_episodes }, () => {
    environment.reset()
    return [...environment.save().subarray(0, 2)]
  })
}

/** What bench/control_sb3.py needs to train the same. */
async function told({ env, network, training, seed, ...scenario }: Scenario): Promise<string> {
  const starts = await startsOf({ env, network, training, seed, ...scenario })
  return JSON.stringify({ env: env.name, network, training, seed, starts })
}

/** Prints the seconds of training here and in Stable-Baselines3, in turns, and what both reach. */
async function time(): Promise<void> {
  if (!existsSync(python)) throw new Error('bench/.venv is missing: run bench/setup.sh')
  const zoo = ['max_steps=20000', 'init_rand_steps=10000', 'sample_size=256', 'buffer_size=200000']
  const large = [...zoo.map((text) => `training.${text}`), 'network.actor_hidden_dims=[400,300]']
  const rows: string[][] = []
  for (const [name, seeds, overrides] of [
    ['pendulum', [0, 1, 2], []],
    ['pendulum', [0], [...large, 'network.value_hidden_dims=[400,300]']],
    ['mountain_car_continuous', [0], []],
  ] as const) {
    for (const seed of seeds) {
      const scenario = { ...scenarioOf(name, [...overrides]), seed }
      const ours = await train(scenario)
      const text = await told(scenario)
      const { status, stdout, stderr } = spawnSync(
        python,
        [fileURLToPath(new URL('control_sb3.py', import.meta.url)), text],
        {
          encoding: 'utf8',
          env: { ...process.env, OMP_NUM_THREADS: '1' },
        },
      )
      if (status !== 0) throw new Error(`control_sb3.py failed: ${stderr}`)
      const theirs = JSON.parse(stdout) as { seconds: number; mean_episode_return: number }
      const { actor_hidden_dims: hidden } = scenario.network
      const { max_steps: steps, sample_size: batch } = scenario.training
      rows.push([
        `${scenario.env.name}, ${steps} steps, ${hidden.join('/')} × ${batch}, seed ${seed}`,
        digits(ours.seconds),
        digits(theirs.seconds),
        digits(theirs.seconds / ours.seconds),
        ours.test.metrics.mean_episode_return.toFixed(1),
        theirs.mean_episode_return.toFixed(1),
      ])
    }
  }
  const header = ['scenario', 'ours, s', 'SB3, s', 'SB3 / ours', 'our return', 'return of SB3']
  printTable('Training beside Stable-Baselines3, one thread', header, rows)
}

const parts: Record<string, () => Promise<void>> = { quality, time }
const chosen = process.argv.slice(2)
for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) {
  const part = parts[name]
  if (!part) throw new Error(`no part ${name}: there are ${Object.keys(parts).join(', ')}`)
  await part()
  console.log(`\nload ${loadavg()[0]!.toFixed(2)}`)
}
