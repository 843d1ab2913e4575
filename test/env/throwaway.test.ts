// Environments that exist nowhere but here are added to a copy of src/, as a newcomer would add them.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const copies: string[] = []
afterAll(() => copies.forEach((copy) => rmSync(copy, { recursive: true, force: true })))

/** Lines that are added before the line that holds `before`; a file that does not exist yet has no such line. */
interface Addition {
  file: string
  before?: string
  text: string
}

/** A copy of src/ with additions, beside the same core and packages. */
function copyWith(additions: Addition[]): string {
  const copy = mkdtempSync(join(root, 'build/throwaway-'))
  copies.push(copy)
  cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true })
  cpSync(join(root, 'package.json'), join(copy, 'package.json'))
  for (const name of ['build', 'dist']) symlinkSync(join(root, name), join(copy, name))
  writeFileSync(join(copy, 'tsconfig.json'), '{"extends":"../../tsconfig.json","include":["src"]}')
  for (const { file, before, text } of additions) {
    const path = join(copy, 'src', file)
    const lines = before === undefined ? [] : readFileSync(path, 'utf8').split('\n')
    const at = before === undefined ? 0 : lines.findIndex((line) => line.includes(before))
    expect(at, `${file} has a line with ${before}`).toBeGreaterThanOrEqual(0)
    writeFileSync(path, lines.toSpliced(at, 0, text).join('\n'))
  }
  return copy
}

/** The objections of the compiler, as the files and codes of its errors. */
function compile(copy: string): string[] {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', copy], { cwd: copy, encoding: 'utf8' })
  return [...stdout.matchAll(/^(?:.*\/)?src\/(\S+)\(\d+,\d+\): error (TS\d+)/gm)].map(
    ([, file, code]) => `${file} ${code}`,
  )
}

/** Trains in the copy for 300 steps. @returns the metrics by split */
function train(copy: string, scenario: object): Record<string, Record<string, number>> {
  const small = { actor_hidden_dims: [8], critic_hidden_dims: [8] }
  const training = {
    max_steps: 300,
    init_rand_steps: 50,
    sample_size: 16,
    frames_per_batch: 10,
    optim_steps_per_batch: 2,
  }
  const text = JSON.stringify({ seed: 1, network: small, training, ...scenario })
  const program = `
    const { createCore, loadModule, parseScenario, generate, NO_DATA, runTrial } = await import('./src/index.ts')
    const { createTask } = await import('./src/task/create.ts')
    const { scenario } = parseScenario(${JSON.stringify(text)}, 'throwaway.yaml', { randomSeed: () => 1 })
    const module = await loadModule()
    const core = await createCore(module, 1)
    const { data_generator: generator, data } = scenario
    const table = generator ? generate(generator, data.timeframe, core) : NO_DATA
    const trial = runTrial(scenario, createTask(scenario, table, core.math), module)
    let next = await trial.next()
    while (!next.done) next = await trial.next()
    console.log(JSON.stringify(next.value.receipt.evaluation))`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: copy,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

const name: Addition = {
  file: 'scenario/environments.ts',
  before: "'Pendulum-v1': [",
  text: "'Still-v1': ['x'],",
}
const control: Addition[] = [
  name,
  {
    file: 'env/still.ts',
    text: `// This environment never moves and pays 1 a step, for 10 steps.
import type { ResumableEnv } from './env.ts'
export function createStill(): ResumableEnv {
let count = 0
const obs = Float32Array.of(0)
return {
  obsDim: 1, obsNames: ['x'], actionDim: 1,
  reset: () => ((count = 0), { obs, info: {} }),
  step: () => ({ obs, reward: 1, terminated: ++count === 10, truncated: false, info: {} }),
  save: () => Float64Array.of(count),
  restore: ([saved]) => void (count = saved!),
}
}
`,
  },
  { file: 'env/create.ts', before: "'Pendulum-v1': createPendulum", text: "'Still-v1': createStill," },
  {
    file: 'env/create.ts',
    before: 'import { createPendulum }',
    text: "import { createStill } from './still.ts'",
  },
]

const backend: Addition = {
  file: 'scenario/environments.ts',
  before: "tradingenv: 'the action",
  text: "halved: 'the action is twice the weight',",
}
const description: Addition = {
  file: 'scenario/environments.ts',
  before: '  tradingenv: {',
  text: `halved: {
  kind: 'trading', names: [], keys: [], rules: [], warnings: () => [],
  obsNames: (_, { featureNames }) => featureNames,
},`,
}
const trading: Addition[] = [
  backend,
  description,
  {
    file: 'env/halved.ts',
    text: `// This environment trades to half of what the action says.
import type { TradingEnvironment } from './env.ts'
import { weightEnvironment } from './trading-env.ts'
export const halvedEnvironment: TradingEnvironment = {
...weightEnvironment,
create(config, market, math, random) {
  const env = weightEnvironment.create({ ...config, include_position_feature: false }, market, math, random)
  return { ...env, step: (action) => env.step(Array.from(action, (weight) => weight / 2)) }
},
}
`,
  },
  { file: 'env/create.ts', before: 'tradingenv: weightEnvironment', text: 'halved: halvedEnvironment,' },
  {
    file: 'env/create.ts',
    before: 'import { createPendulum }',
    text: "import { halvedEnvironment } from './halved.ts'",
  },
]

const filesOf = (additions: Addition[]) => new Set(additions.map(({ file }) => file)).size

describe('an environment that is added', () => {
  it('takes 3 files, whether it trades or not', () => {
    expect([filesOf(control), filesOf(trading)]).toEqual([3, 3])
  })

  it('compiles and is trained, not another in its place', () => {
    const copy = copyWith([...control, ...trading])
    expect(compile(copy)).toEqual([])
    const still = train(copy, { env: { name: 'Still-v1' }, evaluation: { n_episodes: 3 } })
    expect(still['test']).toMatchObject({ mean_episode_return: 10, mean_episode_length: 10, n_episodes: 3 })
    const halved = train(copy, {
      env: { backend: 'halved' },
      data: { train_size: 60, validation_size: 30, test_size: 30 },
      data_generator: { pattern_type: 'sine_wave', n_periods: 4, samples_per_period: 30 },
    })
    // the best constant action is at most all of wealth, of which this trades half
    expect(Math.abs(halved['test']!['best_constant_position']!)).toBeLessThanOrEqual(0.5)
    expect(halved['test']!['steps']).toBe(29)
  })

  it('does not compile when it is named but not described or not made', () => {
    const errors = compile(copyWith([name, backend]))
    expect(errors).toContain('env/create.ts TS2741')
    expect(errors.some((error) => error.startsWith('scenario/environments.ts'))).toBe(true)
  })
})
