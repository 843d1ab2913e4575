// `node bench/tracking.ts`: 200,000 points and 50 artifacts are logged to an MLflow server that is killed and started
// again ten times while a training goes on. Is everything there once, and what does the training lose? It runs in
// turns with the same training that logs to nobody, a few milliseconds each; all that logging does beside it, as
// talking to the server, is counted as its time. Needs test/setup.sh; takes some minutes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createCore } from '../src/core/core.ts'
import { createLearner } from '../src/core/learner.ts'
import { loadModule } from '../src/core/module.ts'
import { createPendulum } from '../src/env/pendulum.ts'
import { openTracker } from '../src/mlflow/index.ts'
import { noTracker, type Run } from '../src/mlflow/run.ts'
import { train, type TrainEvent } from '../src/train.ts'
import { ARTIFACTS, faultsOf, KEYS, logFile, logStep, pointsInDatabase } from '../test/mlflow/fault.ts'
import { callsOf } from '../test/mlflow/server.ts'
import { digits, printTable, spread } from './measure.ts'

const POINTS = 200_000
const STEPS = POINTS / KEYS.length
const KILLS = 10
const BLOCKS = 20
/** Rounds until engines have compiled it. */
const WARM_UP = 50
/** Logged in a round of training. */
const STEPS_PER_ROUND = 5

/** Milliseconds of wall and of the training's thread. */
interface Spent {
  wall: number
  thread: number
}

/** A training of which each call does a round of 50 steps and updates. */
async function training(): Promise<() => void> {
  const core = await createCore(await loadModule(), 1)
  const hidden = [64, 64]
  const sizes = { obsDim: 3, actionDim: 1, actorHiddenDims: hidden, criticHiddenDims: hidden, batchSize: 128 }
  const learner = await createLearner({ ...sizes, capacity: 10_000, seed: 1 }, core)
  const options = { maxSteps: 1e9, initRandSteps: 100, framesPerBatch: 50, optimStepsPerBatch: 50 }
  const events = train(createPendulum(core.math, core.random.environment), learner, options)
  return () => {
    let event: TrainEvent
    do event = events.next().value as TrainEvent
    while (event.type !== 'round')
  }
}

/** So often others have their turn, about every 50 ms as in ddpg experiment, whether it logs or not. */
const ROUNDS_PER_TURN = 5
const giveTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Gives what went by since it was asked before. */
function stopwatch(): () => Spent {
  const now = (): Spent => {
    const { user, system } = process.threadCpuUsage()
    return { wall: performance.now(), thread: (user + system) / 1000 }
  }
  let last = now()
  return () => {
    const before = last
    last = now()
    return { wall: last.wall - before.wall, thread: last.thread - before.thread }
  }
}

/** Logs these steps to the run. */
function log(run: Run, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    logStep(run, step)
    if (step % (STEPS / ARTIFACTS) === 0) logFile(run, step / (STEPS / ARTIFACTS))
  }
}

const folder = mkdtempSync(join(tmpdir(), 'bench-tracking-'))
const program = fileURLToPath(new URL('faulty-server.ts', import.meta.url))
const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const base = (await answers.next()).value as string
let logged = 0
let kills = 0

/** In the middle of each of eleven parts of what is logged but the last, when the server is back from the one before. */
async function killAndRestart(): Promise<number> {
  let away = 0
  for (; kills < KILLS; kills++) {
    while (logged < partsUpTo(kills + 0.5)) await sleep(200)
    child.stdin.write('kill\n')
    away += Number((await answers.next()).value)
    process.stderr.write(`\rkilled ${kills + 1} times, ${digits((100 * logged) / STEPS)} % logged `)
  }
  return away
}

/** Steps in so many of the eleven. */
function partsUpTo(part: number): number {
  return (part / (KILLS + 1)) * STEPS
}

const load = loadavg()[0]!
const warnings: string[] = []
const warn = (sentence: string) => void warnings.push(sentence)
const tracker = await openTracker(base, { warn, spool: join(folder, 'spool'), environment: {} })
const tracked = await tracker.startRun({ experiment: 'faults', name: 'bench' })
const untracked = await noTracker().startRun({ name: 'bench' })
const trainings = [await training(), await training()]
const spent: { tracked: Spent; untracked: Spent }[] = []
const nothing = (): Spent => ({ wall: 0, thread: 0 })
const lap = stopwatch()
const troubled = killAndRestart()
for (let round = 0; logged < STEPS; round++) {
  // with the last of a part the training goes on until the server is back
  const to = Math.min(logged + STEPS_PER_ROUND, Math.floor(partsUpTo(kills + 1)))
  // which of the two is tracked changes seldom, or its memory would be colder than that of the other
  const [watched, unwatched] = Math.floor(round / 500) % 2 === 0 ? trainings : trainings.toReversed()
  const isTurn = round % ROUNDS_PER_TURN === 0
  const passed = { tracked: nothing(), untracked: nothing() }
  const pass = (which: keyof typeof passed) => {
    const { wall, thread } = lap()
    passed[which].wall += wall
    passed[which].thread += thread
  }
  const parts = {
    async tracked() {
      watched!()
      log(tracked, logged, to)
      if (isTurn) await giveTurn()
      pass('tracked')
    },
    async untracked() {
      unwatched!()
      log(untracked, logged, to)
      pass('untracked')
      if (!isTurn) return
      await giveTurn() // to what logging left to do
      pass('tracked')
      await giveTurn()
      pass('untracked')
    },
  }
  for (const which of round % 2 === 0
    ? (['tracked', 'untracked'] as const)
    : (['untracked', 'tracked'] as const))
    await parts[which]()
  logged = to
  if (round >= WARM_UP) spent.push(passed)
}
const away = await troubled
tracked.end('FINISHED')
await tracker.close()
process.stderr.write('\r\u001B[K')
const faults = await faultsOf(callsOf(base), tracked.id, STEPS, (id, key) =>
  pointsInDatabase(folder, id, key),
)
if (readdirSync(folder).includes('spool')) faults.push('a journal is left')
child.stdin.end()
await once(child, 'exit')
rmSync(folder, { recursive: true })

const sum = (part: typeof spent, which: 'tracked' | 'untracked', clock: keyof Spent) =>
  part.reduce((total, turns) => total + turns[which][clock], 0)
const loss = (part: typeof spent, clock: keyof Spent) =>
  100 * (sum(part, 'tracked', clock) / sum(part, 'untracked', clock) - 1)
const blocks = Array.from({ length: BLOCKS }, (_, i) =>
  spent.slice((i * spent.length) / BLOCKS, ((i + 1) * spent.length) / BLOCKS),
)
const row = (what: string, clock: keyof Spent) => [
  what,
  digits(sum(spent, 'untracked', clock) / 1000),
  digits(sum(spent, 'tracked', clock) / 1000),
  digits(loss(spent, clock)),
  spread(blocks.map((block) => loss(block, clock))),
]
console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, load ${load.toFixed(2)}`)
console.log(
  `killed ${KILLS} times, away for ${digits(away)} s of ${digits((sum(spent, 'tracked', 'wall') + sum(spent, 'untracked', 'wall')) / 1000)} s;`,
  faults.length === 0
    ? `every one of ${POINTS} points and ${ARTIFACTS} artifacts is there once`
    : faults.join('; '),
)
for (const sentence of warnings) console.log(`warning: ${sentence}`)
printTable(
  'Training while it logs, and while it does not',
  ['', 'untracked, s', 'tracked, s', 'longer, %', `in ${BLOCKS} parts, %`],
  [row('wall', 'wall'), row("the training's thread", 'thread')],
)
if (faults.length > 0) process.exitCode = 1
