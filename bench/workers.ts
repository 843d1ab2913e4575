// This bench trains many seeds on worker threads: `ddpg experiment --workers K` beside one at a time, and beside K
// processes with a part of the trials each, in turns. Whatever else the machine does, it does to K threads as to K
// processes.
//   node bench/workers.ts [trials] [K] [rounds]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digits, printTable, spread } from './measure.ts'

const [trials = 10, workers = 2, rounds = 3] = process.argv.slice(2).map(Number)
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

/** Trains that many trials in a folder of their own. */
async function run(count: number, atATime: number): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'ddpg-bench-'))
  const args = `experiment --scenario pendulum --json --trials ${count} --workers ${atATime}`.split(' ')
  const child = spawn(process.execPath, [cli, ...args], { cwd, stdio: 'ignore' })
  const code = await new Promise((resolve) => child.on('close', resolve))
  rmSync(cwd, { recursive: true })
  if (code !== 0) throw new Error(`ddpg ${args.join(' ')} ended with ${code}`)
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

const times = []
for (let round = 0; round < rounds; round++) {
  const one = await seconds(() => run(trials, 1))
  const threads = await seconds(() => run(trials, workers))
  const processes = await seconds(() =>
    Promise.all(Array.from({ length: workers }, () => run(trials / workers, 1))),
  )
  times.push({ one, threads, processes })
}
printTable(
  `ddpg experiment --scenario pendulum --trials ${trials}`,
  ['', 's'],
  [
    ['one at a time', spread(times.map(({ one }) => one))],
    [`${workers} threads`, spread(times.map(({ threads }) => threads))],
    [`${workers} processes with a part of the trials each`, spread(times.map(({ processes }) => processes))],
    [`threads / (one at a time / ${workers})`, spread(times.map((t) => (workers * t.threads) / t.one))],
    ['threads / processes', spread(times.map((t) => t.threads / t.processes))],
  ],
)
console.log(`\nload ${digits(loadavg()[0]!)}`)
