// Kills a run at every rename and fsync, and at random moments, on Node, Deno and Bun, and prints a line of counts each:
// `npm run test:kills -- [RUNTIME…] [--moments N] [--width N]`.
import { parseArgs } from 'node:util'
import { generator } from '../env/helpers.ts'
import {
  CALLS,
  inParallel,
  killAfter,
  killAtCall,
  RUNTIME_NAMES,
  undisturbed,
  type KillResult,
  type Outcome,
  type Runtime,
} from '../helpers/kill.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    moments: { type: 'string', default: '34' },
    width: { type: 'string', default: '2' },
    calls: { type: 'string', default: Object.keys(CALLS).join(',') },
  },
})
const width = Number(values.width)
const runtimes = positionals.length > 0 ? (positionals as Runtime[]) : RUNTIME_NAMES
let failures = 0

function tell(runtime: Runtime, what: string, results: KillResult[]): void {
  const killed = results.filter((result) => result.killed)
  const wrong = results.filter(({ problems }) => problems.length > 0)
  failures += wrong.length
  console.log(
    `${runtime}, ${what}: ${killed.length} killed, ${killed.length - wrong.length} the same in the end`,
  )
  for (const { how, problems } of wrong) console.log(`  ${how}: ${problems.join('; ')}`)
}

/** 1, 2, … until a run comes to its end. */
function* numbers(isOver: () => boolean): Generator<number> {
  for (let n = 1; !isOver(); n++) yield n
}

const expected: Outcome = await undisturbed('Node')
for (const runtime of runtimes) {
  for (const call of values.calls.split(',').filter(Boolean) as (keyof typeof CALLS)[]) {
    let isOver = false
    const results = await inParallel(
      numbers(() => isOver),
      width,
      async (n) => {
        const result = await killAtCall(runtime, call, n, expected)
        isOver ||= !result.killed
        return result
      },
    )
    tell(runtime, call, results)
  }
  const { milliseconds } = await undisturbed(runtime)
  const random = generator(runtimes.indexOf(runtime) + 1)
  const moments = Array.from({ length: Number(values.moments) }, () => random() * milliseconds)
  const results = await inParallel(moments, width, (moment) => killAfter(runtime, moment, expected))
  tell(runtime, 'random moments', results)
}
process.exitCode = failures > 0 ? 1 : 0
