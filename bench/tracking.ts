// This bench measures the time that a training loses when it logs to a server in trouble: it runs in turns with the
// same training that logs to nobody, a few milliseconds each; talking to the server and all other logging counts as its
// time.
//   node bench/tracking.ts          MLflow is killed and started again ten times while 200,000 points and 50 artifacts are
//                                   logged. Is everything there once? Needs test/tracking/mlflow/setup.sh, takes three minutes.
//   node bench/tracking.ts MODE     a stand-in (failing-server.ts): 500, 429, hang, slow or well
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
import { openTracker } from '../src/tracking/mlflow/index.ts'
import { noTracker, type Run } from '../src/tracking/mlflow/run.ts'
import { train, type TrainEvent } from '../src/trial/train.ts'
import {
  ARTIFACTS,
  faultsOf,
  KEYS,
  logFile,
  logStep,
  pointsInDatabase,
} from '../test/tracking/mlflow/fault.ts'
import { callsOf } from '../test/tracking/mlflow/server.ts'
import { digits, printTable, spread } from './measure.ts'

const MODES = ['500', '429', 'hang', 'slow', 'well']
const [mode] = process.argv.slice(2)
if (mode && !MODES.includes(mode)) throw new Error(`no mode ${mode}: there are ${MODES.join(', ')}`)
const POINTS = mode ? 60_000 : 200_000
const STEPS = POINTS / KEYS.length
const KILLS = mode ? 0 : 10
const BLOCKS = 20
/** Rounds until engines have compiled it. */
const WARM_UP = 50
/** Logged in a round of training. */
const STEPS_PER_ROUND = 5

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

/** Gives the milliseconds since it was asked before. */
function stopwatch(): () => number {
  let last = performance.now()
  return () => {
    const before = last
    last = performance.now()
    return last - before
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
const [program, argument] = mode ? ['failing-server.ts', mode] : ['faulty-server.ts', folder]
const server = [fileURLToPath(new URL(program, import.meta.url)), argument]
const child = spawn(process.execPath, server, { stdio: ['pipe', 'pipe', 'inherit'] })
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const base = (await answers.next()).value as string
let logged = 0
let kills = 0

/** Kills the server in the middle of each of eleven parts but the last, once it is back from the one before. */
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
const spent: { tracked: number; untracked: number }[] = []
const lap = stopwatch()
const troubled = killAndRestart()
for (let round = 0; logged < STEPS; round++) {
  // with the last of a part the training continues until the server is back
  const to = Math.min(logged + STEPS_PER_ROUND, Math.floor(partsUpTo(kills + 1)))
  // which of the two is tracked changes seldom, or its memory would be colder than that of the other
  const [watched, unwatched] = Math.floor(round / 500) % 2 === 0 ? trainings : trainings.toReversed()
  const isTurn = round % ROUNDS_PER_TURN === 0
  const passed = { tracked: 0, untracked: 0 }
  const pass = (which: keyof typeof passed) => void (passed[which] += lap())
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
  const order = [parts.tracked, parts.untracked]
  for (const part of round % 2 === 0 ? order : order.toReversed()) await part()
  logged = to
  if (round >= WARM_UP) spent.push(passed)
}
const away = await troubled
process.stderr.write('\r\u001B[K')
if (mode) tracker.abandon()
else {
  tracked.end('FINISHED')
  await tracker.close()
}
const faults = mode ? [] : await faultsOf(callsOf(base), tracked.id, STEPS, stored)
if (!mode && readdirSync(folder).includes('spool')) faults.push('a journal is left')
child.stdin.end()
await once(child, 'exit')
rmSync(folder, { recursive: true })

function stored(id: string, key: string): number[][] {
  return pointsInDatabase(folder, id, key)
}

const seconds = (part: typeof spent, which: 'tracked' | 'untracked') =>
  part.reduce((total, turns) => total + turns[which], 0) / 1000
const loss = (part: typeof spent) => 100 * (seconds(part, 'tracked') / seconds(part, 'untracked') - 1)
const blocks = Array.from({ length: BLOCKS }, (_, i) =>
  spent.slice((i * spent.length) / BLOCKS, ((i + 1) * spent.length) / BLOCKS),
)
const both = [seconds(spent, 'untracked'), seconds(spent, 'tracked')] as const
console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, load ${load.toFixed(2)}`)
if (!mode) {
  const end = `every one of ${POINTS} points and ${ARTIFACTS} artifacts is there once`
  console.log(`killed ${KILLS} times, away for ${digits(away)} s of ${digits(both[0] + both[1])} s;`)
  console.log(faults.length === 0 ? end : faults.join('; '))
}
for (const sentence of warnings) console.log(`warning: ${sentence}`)
printTable(
  'Training while it logs, and while it does not',
  ['server', 'untracked, s', 'tracked, s', 'longer, %', `in ${BLOCKS} parts, %`],
  [[mode ?? 'killed', ...both.map(digits), digits(loss(spent)), spread(blocks.map(loss))]],
)
process.exit(faults.length > 0 ? 1 : 0)
