// Kills real runs, at a call to the system or at a moment, resumes them, and says what is other than in a run that was
// never killed.
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { bun, deno, denoEnvironment } from '../engines/engines.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { tasks } = JSON.parse(readFileSync(join(root, 'deno.json'), 'utf8'))

/** The task of deno.json, which may also read the sources: a test runs in another folder. */
const denoTask: string[] = tasks.ddpg.command
  .replace(/--allow-read=(\S+)/, `--allow-read=$1,${root}`)
  .replace('src/cli.ts', `${root}src/cli.ts`)
  .split(' ')
  .slice(1)

/** The words of the command line before the arguments of `ddpg`. */
const RUNTIMES = {
  Node: [process.execPath, `${root}src/cli.ts`],
  Deno: [deno, ...denoTask],
  Bun: [bun, `${root}src/cli.ts`],
}

export type Runtime = keyof typeof RUNTIMES
export const RUNTIME_NAMES = Object.keys(RUNTIMES) as Runtime[]

/** Calls to the system by which files get their names, and by which they are made to last. */
export const CALLS = { rename: 'rename,renameat,renameat2', fsync: 'fsync,fdatasync' }

/** Small, with checkpoints of which the old ones are removed, and the best policy as what is evaluated. */
const EXPERIMENT =
  'experiment -s smoke -g --max-steps 500 -o training.init_rand_steps=100 -o training.checkpoint_interval=100'.split(
    ' ',
  )
const RESUME = ['experiment', '--resume', 'last']

interface End {
  signal: NodeJS.Signals | null
  code: number | null
  output: string
  milliseconds: number
}

/** @param before a program that runs it */
function run(
  cwd: string,
  runtime: Runtime,
  args: string[],
  before: string[] = [],
  killAfter = Infinity,
): Promise<End> {
  const [file, ...rest] = [...before, ...RUNTIMES[runtime], ...args] as [string, ...string[]]
  const began = performance.now()
  const child = spawn(file, rest, { cwd, env: { ...process.env, ...denoEnvironment }, stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const timer = killAfter < Infinity ? setTimeout(() => child.kill('SIGKILL'), killAfter) : undefined
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, output, milliseconds: performance.now() - began })
    })
  })
}

/** The part of a run's outcome that is the same for each. */
export interface Outcome {
  receipt: string
  html: string
  markdown: string
  milliseconds: number
}

export async function undisturbed(runtime: Runtime): Promise<Outcome> {
  return inFolder(async (where) => {
    const { code, output, milliseconds } = await run(where, runtime, EXPERIMENT)
    if (code !== 0) throw new Error(output)
    return { ...outcomeIn(join(where, 'logs/smoke/run_1')), milliseconds }
  })
}

function outcomeIn(folder: string): Omit<Outcome, 'milliseconds'> {
  const read = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''
  return { receipt: read('trial_0/receipt.json'), html: read('report.html'), markdown: read('report.md') }
}

/**
 * The result of a run that was to be killed: whether it was, and a sentence for each thing that is not as it should be.
 */
export interface KillResult {
  killed: boolean
  how: string
  problems: string[]
}

/** Kills it at the n-th call of that kind, by strace. */
export function killAtCall(runtime: Runtime, call: keyof typeof CALLS, n: number, expected: Outcome) {
  const calls = CALLS[call]
  const strace = [
    'strace',
    '-f',
    '-qqq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:signal=KILL:when=${n}`,
  ]
  return kill(runtime, `${call} ${n}`, expected, (where) => run(where, runtime, EXPERIMENT, strace))
}

export function killAfter(runtime: Runtime, milliseconds: number, expected: Outcome) {
  const how = `${Math.round(milliseconds)} ms`
  return kill(runtime, how, expected, (where) => run(where, runtime, EXPERIMENT, [], milliseconds))
}

function kill(
  runtime: Runtime,
  how: string,
  expected: Outcome,
  start: (where: string) => Promise<End>,
): Promise<KillResult> {
  return inFolder(async (where) => {
    const { signal, code } = await start(where)
    const killed = signal === 'SIGKILL' || code === 137
    if (!killed) return { killed, how, problems: code === 0 ? [] : [`it ended with code ${code}`] }
    let end = await run(where, runtime, RESUME)
    // nothing was kept yet
    if (end.output.includes('there is no checkpoint under logs/')) end = await run(where, runtime, EXPERIMENT)
    const problems = problemsIn(where, runtime, expected)
    if (end.code !== 0) problems.push(`resumed, it ends with code ${end.code}: ${end.output}`)
    const again = await run(where, runtime, RESUME)
    if (again.code !== 0 || !again.output.includes('nothing is left to do'))
      problems.push(`resumed again, it says: ${again.output}`)
    return { killed, how, problems }
  })
}

function problemsIn(where: string, runtime: Runtime, expected: Outcome): string[] {
  const runs = globSync('logs/smoke/run_*/report.html', { cwd: where }).toSorted()
  const found = outcomeIn(join(where, runs.at(-1) ?? 'logs/smoke/run_1', '..'))
  const parts = ['receipt', 'html', 'markdown'] as const
  const other = parts.filter((part) => found[part] !== expected[part]).map((part) => `another ${part}`)
  // with the rights of its task Deno may not ask which processes live
  const pattern = runtime === 'Deno' ? 'none' : '{logs,data}/**/*.tmp'
  const left = globSync(pattern, { cwd: where }).map((name) => `${name} is left`)
  const database = new DatabaseSync(join(where, 'mlflow.db'), { readOnly: true })
  const rows = database.prepare('SELECT name, status FROM runs ORDER BY rowid').all()
  database.close()
  const last = ['smoke', 'trial_0'].map((name) => rows.findLast((row) => row['name'] === name)?.['status'])
  const states = last.every((status) => status === 'FINISHED') ? [] : [`MLflow says ${last.join(' and ')}`]
  return [...other, ...left, ...states]
}

async function inFolder<T>(work: (where: string) => Promise<T>): Promise<T> {
  const where = mkdtempSync(join(tmpdir(), 'ddpg-kill-'))
  try {
    return await work(where)
  } finally {
    rmSync(where, { recursive: true, force: true })
  }
}

/** Does the work on each, so many at a time. */
export async function inParallel<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const iterator = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) results.push(await work(next.value))
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
