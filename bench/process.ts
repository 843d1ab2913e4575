// This bench times whole processes, as a user starts them (help, an experiment, a long one), and measures their memory.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLearner } from '../src/core/learner.ts'
import { denoEnvironment } from '../test/engines/engines.ts'
import { EMPTY, PROGRAMS } from './engines.ts'
import { digits, printTable, spread } from './measure.ts'
import { learnerOptions, nameOf, ROWS, type Shape } from './shapes.ts'

const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
const built = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const core = fileURLToPath(new URL('../build/core.wasm', import.meta.url))

interface Ended {
  seconds: number
  /** Largest resident memory, in MiB. */
  peak: number
  stdout: string
}

/**
 * Runs `ddpg` in a folder of its own.
 * @param engine one of PROGRAMS
 * @throws Error with what it said when it failed
 */
function ddpg(engine: string, args: string[], files: Record<string, string> = {}): Ended {
  if (!existsSync(built)) throw new Error('the host is not built: run npm run build')
  const cwd = mkdtempSync(join(tmpdir(), 'ddpg-bench-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
    const began = performance.now()
    const { status, stdout, stderr } = start([...PROGRAMS[engine]!, cli, ...args], cwd)
    const seconds = (performance.now() - began) / 1000
    if (status !== 0) throw new Error(`ddpg ${args.join(' ')} ended with ${status}: ${stderr}`)
    return { seconds, peak: Number(/peak (\d+)/.exec(stderr)![1]) / 1024, stdout }
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

function start([file, ...args]: string[], cwd?: string) {
  return spawnSync(file!, args, { cwd, encoding: 'utf8', env: { ...process.env, ...denoEnvironment } })
}

const times = (n: number, run: () => Ended): Ended[] => Array.from({ length: n }, run)
const milliseconds = (runs: Ended[]): string => spread(runs.map(({ seconds }) => seconds * 1000))

/** Prints how long `ddpg --help` takes, beside an empty program, and the size of the module. */
export async function benchStart(engine: string): Promise<void> {
  const started = (command: string[]) =>
    times(10, () => {
      const began = performance.now()
      const { status, stderr } = start(command)
      if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`)
      return { seconds: (performance.now() - began) / 1000, peak: 0, stdout: '' }
    })
  const rows = [
    ['ddpg --help, ms', milliseconds(started([...PROGRAMS[engine]!, built, '--help']))],
    ['an empty program, ms', milliseconds(started(EMPTY[engine]!))],
    ['build/core.wasm, KiB', digits(statSync(core).size / 1024)],
  ]
  printTable('Start', ['what', ''], rows)
}

/** Prints the time of a whole experiment, and of its training. */
export async function benchRun(engine: string): Promise<void> {
  const runs = times(5, () =>
    ddpg(engine, ['experiment', '--scenario', 'sine_wave', '--generate-data', '--json']),
  )
  const training = runs.map(({ stdout }) => trainingSeconds(stdout))
  const rows = [
    ['whole, s', spread(runs.map(({ seconds }) => seconds))],
    ['training with its validation, s', spread(training)],
    ['peak memory, MiB', spread(runs.map(({ peak }) => peak))],
  ]
  printTable('ddpg experiment --scenario sine_wave', ['what', ''], rows)
}

function trainingSeconds(stdout: string): number {
  const report = JSON.parse(stdout) as { trials: [{ timings: { training_seconds: number } }] }
  return report.trials[0].timings.training_seconds
}

/** Prints what a learner reserves beside the sum of its arrays, and the peak of a run on a million rows. */
export async function benchMemory(engine: string): Promise<void> {
  const rows = []
  for (const shape of ROWS) {
    for (const capacity of [10_000, 1_000_000]) {
      const learner = await createLearner({ ...learnerOptions(shape), capacity })
      const reserved = learner.core.exports.memory.buffer.byteLength
      const laidOut = learner.core.exports.bytesNeeded()
      const arrays = bytesOf(shape, capacity)
      const sizes = [laidOut, reserved].map(
        (bytes) => `${mebibytes(bytes)} (+${digits((100 * (bytes - arrays)) / arrays)} %)`,
      )
      rows.push([nameOf(shape), String(capacity), mebibytes(arrays), ...sizes])
    }
  }
  printTable(
    'A learner, MiB',
    ['H × B', 'capacity', 'sum of its arrays', 'laid out', 'reserved, in pages of 64 KiB'],
    rows,
  )
  const run = ddpg(engine, ['experiment', '--config', 'long.yaml', '--generate-data', '--json'], {
    'long.yaml': longScenario(),
  })
  const cells = [digits(run.seconds), digits(trainingSeconds(run.stdout)), digits(run.peak)]
  printTable('sine_wave with 1,000,000 rows', ['whole, s', 'training, s', 'peak memory, MiB'], [cells])
}

const mebibytes = (bytes: number): string => digits(bytes / 1048576)

/** Parameters, targets, Adam's moments, gradients, replay, batches, activations with their lists: none of it padded. */
function bytesOf({ hidden, batchSize, obsDim, actionDim }: Shape, capacity: number): number {
  const count = (dims: number[]): number =>
    dims.slice(1).reduce((total, units, i) => total + (dims[i]! + 1) * units, 0)
  const parameters = count([obsDim, ...hidden, actionDim]) + count([obsDim + actionDim, ...hidden, 1])
  const units = hidden.reduce((total, n) => total + n, 0)
  const activations = 2 * (2 * units) + 2 * actionDim + 1 // of both networks, with the lists of the hidden ones
  const gradients = 2 * Math.max(...hidden)
  const rows = 2 * (obsDim + actionDim) + 3 + obsDim + actionDim // two batches with their rewards, and policy's
  const scratch = 4 * batchSize * (activations + gradients + rows)
  const transposed = 4 * Math.max(...hidden.slice(1).map((n, i) => n * hidden[i]!))
  return 5 * 4 * parameters + capacity * (8 * obsDim + 4 * actionDim + 6) + scratch + transposed
}

function longScenario(): string {
  const text = readFileSync(new URL('../configs/sine_wave.yaml', import.meta.url), 'utf8')
  const changes: [RegExp, string][] = [
    [/n_periods: .*/, 'n_periods: 10000'],
    [/train_size: .*/, 'train_size: 600000'],
    [/validation_size: .*/, 'validation_size: 200000'],
    [/test_size: .*/, 'test_size: 200000'],
    [/trend_slope: .*/, 'trend_slope: 0'],
    [/timeframe: .*/, 'timeframe: 1m'],
  ]
  return changes.reduce((scenario, [key, line]) => scenario.replace(key, line), text)
}
