// This bench trains classic control: the returns of the shipped scenarios over seeds, and time beside
// Stable-Baselines3.
//   node bench/control.ts [quality] [starts] [time]    starts and time need bench/.venv
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { episodicTask } from '../src/task/episodic.ts'
import { createCore } from '../src/core/core.ts'
import { loadModule } from '../src/core/module.ts'
import { createControlEnv } from '../src/env/create.ts'
import { parseScenario } from '../src/scenario/load.ts'
import type { Scenario } from '../src/scenario/schema.ts'
import { interquartileMean, mean } from '../src/math/statistics.ts'
import { evaluateCheckpoint, runTrial } from '../src/trial/trial.ts'
import { digits, printTable } from './measure.ts'

const module = await loadModule()
const python = fileURLToPath(new URL('.venv/bin/python', import.meta.url))

function scenarioOf(name: string, overrides: string[] = []): Scenario {
  const file = new URL(`../configs/${name}.yaml`, import.meta.url)
  return parseScenario(readFileSync(file, 'utf8'), name, { overrides, randomSeed: () => 0 }).scenario
}

interface Trained {
  /** Mean returns of the policy that was best in validation, and of the final one. */
  best: number
  final: number
  /** Seconds of training with its validation. */
  seconds: number
}

async function train(scenario: Scenario): Promise<Trained> {
  const task = episodicTask(scenario)
  const began = performance.now()
  const trial = runTrial(scenario, task, module)
  let seconds = 0
  for (;;) {
    const { done, value } = await trial.next()
    if (done) {
      const returnOf = async (bytes: Uint8Array) =>
        (await evaluateCheckpoint(bytes, task, module)).test.metrics.mean_episode_return
      return { best: await returnOf(value.best!.bytes), final: await returnOf(value.checkpoint), seconds }
    }
    if (value.type === 'round') seconds = (performance.now() - began) / 1000
  }
}

/** Prints the mean returns of so many seeds, on the episodes that all of them are evaluated on. */
async function quality(): Promise<void> {
  const rows: string[][] = []
  for (const [name, seeds, overrides] of [
    ['pendulum', 10, []],
    ['pendulum', 10, [RELU]],
    ['pendulum', 5, [TWENTY]],
    ['pendulum', 5, [TWENTY, RELU]],
    ['mountain_car_continuous', 5, []],
    ['mountain_car_continuous', 5, ['training.noise.dt=0.01']],
  ] as const) {
    const scenario = scenarioOf(name, [...overrides])
    const all: Trained[] = []
    for (let seed = 0; seed < seeds; seed++) all.push(await train({ ...scenario, seed }))
    for (const policy of ['best', 'final'] as const) {
      const returns = all.map((one) => one[policy])
      const cells = [mean(returns), interquartileMean(returns)].map((value) => value.toFixed(1))
      rows.push([
        [name, ...overrides].join(' '),
        policy,
        returns.map((value) => value.toFixed(1)).join(', '),
        ...cells,
      ])
    }
  }
  printTable(
    'Mean return of 100 episodes, seeds 0, 1, …',
    ['scenario', 'policy', 'by seed', 'mean', 'interquartile mean'],
    rows,
  )
}

const TWENTY = 'training.max_steps=20000'
const RELU = 'network.critic_activation=relu'

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

/** The settings with which bench/control_sb3.py trains the same. */
async function settingsOf({ env, network, training, seed, ...scenario }: Scenario): Promise<string> {
  const starts = await startsOf({ env, network, training, seed, ...scenario })
  return JSON.stringify({ env: env.name, network, training, seed, starts, random_episodes: 400 })
}

interface Peer {
  seconds: number
  mean_episode_return: number
  mean_random_return: number
}

/** The same in Stable-Baselines3, on one thread. */
async function trainPeer(scenario: Scenario): Promise<Peer> {
  return inPython('control_sb3.py', await settingsOf(scenario))
}

function inPython<T>(name: string, given: string): T {
  if (!existsSync(python)) throw new Error('bench/.venv is missing: run bench/setup.sh')
  const script = fileURLToPath(new URL(name, import.meta.url))
  const env = { ...process.env, OMP_NUM_THREADS: '1' }
  const { status, stdout, stderr } = spawnSync(python, [script, given], { encoding: 'utf8', env })
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** Prints what can be reached from the start states of our evaluation, and what Stable-Baselines3 reaches, also from its own. */
async function starts(): Promise<void> {
  const scenario = scenarioOf('pendulum', [TWENTY])
  const { gamma } = scenario.training
  const given = JSON.stringify({ starts: await startsOf(scenario), gamma })
  const bound = inPython<{ best: number; discounted: number }>('pendulum_bound.py', given)
  const rows = [
    ['the best policy for 200 steps', bound.best.toFixed(1), ''],
    [`the best policy for γ ${gamma}`, bound.discounted.toFixed(1), ''],
  ]
  for (let seed = 0; seed < 5; seed++) {
    const peer = await trainPeer({ ...scenario, seed })
    rows.push([
      `Stable-Baselines3, seed ${seed}`,
      peer.mean_episode_return.toFixed(1),
      peer.mean_random_return.toFixed(1),
    ])
  }
  printTable('Pendulum-v1, 20000 steps', ['policy', 'our 100 starts', '400 random starts'], rows)
}

/** Prints the seconds of training here and in Stable-Baselines3, in turns, and what both reach. */
async function time(): Promise<void> {
  const zoo = ['max_steps=20000', 'init_rand_steps=10000', 'sample_size=256', 'buffer_size=200000']
  const large = [...zoo.map((text) => `training.${text}`), 'network.actor_hidden_dims=[400,300]']
  const rows: string[][] = []
  for (const [name, seeds, overrides] of [
    ['pendulum', [0, 1, 2], []],
    ['pendulum', [0], [RELU]],
    ['pendulum', [0], [...large, 'network.critic_hidden_dims=[400,300]', RELU]],
    ['mountain_car_continuous', [0], []],
  ] as const) {
    for (const seed of seeds) {
      const scenario = { ...scenarioOf(name, [...overrides]), seed }
      const ours = await train(scenario)
      const theirs = await trainPeer(scenario)
      const { actor_hidden_dims: hidden, critic_activation: activation } = scenario.network
      const { max_steps: steps, sample_size: batch } = scenario.training
      rows.push([
        `${scenario.env.name}, ${steps} steps, ${hidden.join('/')} × ${batch}, critic ${activation}, seed ${seed}`,
        digits(ours.seconds),
        digits(theirs.seconds),
        digits(theirs.seconds / ours.seconds),
        ours.best.toFixed(1),
        theirs.mean_episode_return.toFixed(1),
      ])
    }
  }
  const header = ['scenario', 'ours, s', 'SB3, s', 'SB3 / ours', 'our return', 'return of SB3']
  printTable('Training beside Stable-Baselines3, one thread', header, rows)
}

const parts: Record<string, () => Promise<void>> = { quality, starts, time }
const chosen = process.argv.slice(2)
for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) {
  const part = parts[name]
  if (!part) throw new Error(`no part ${name}: there are ${Object.keys(parts).join(', ')}`)
  await part()
  console.log(`\nload ${loadavg()[0]!.toFixed(2)}`)
}
