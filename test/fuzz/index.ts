// This program fuzzes every parser: node test/fuzz/index.ts --minutes N [--seed S] [--only TARGET]. Findings are
// written to the corpus, which test/fuzz/corpus.test.ts reads again for ever.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, only: { type: 'string' } },
})
const TARGETS = ['scenario', 'csv', 'parquet', 'checkpoint', 'receipt', 'journal', 'rest', 'link']
const names = TARGETS.filter((name) => values.only === undefined || values.only === name)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const end = Date.now() + Number(values.minutes) * 60_000
/** An input that takes so long does not end at all; the machine may be busy. */
const HANGS_MILLISECONDS = 120_000
/** Each target has its turn twice at least; a thread takes seconds to begin. */
const SLICE_MILLISECONDS = Math.min(30_000, (Number(values.minutes) * 60_000) / names.length / 2)

export interface Slice {
  target: string
  seed: number
  milliseconds: number
  /** The state of the input that is read: runs so far, its length, and its bytes from the eighth on. */
  shared: SharedArrayBuffer
}

export interface SliceResult {
  runs: number
  refused: number
  finding?: { fault: string; input: Uint8Array }
}

const counts = new Map(names.map((name) => [name, { runs: 0, refused: 0, findings: 0 }]))
console.log(`fuzzing ${names.join(', ')} for ${values.minutes} minutes from seed ${seed}`)
for (let slice = 0; Date.now() < end; slice++) {
  const name = names[slice % names.length]!
  const { runs, refused, finding } = await work({
    target: name,
    seed: seed + slice,
    milliseconds: SLICE_MILLISECONDS,
  })
  const count = counts.get(name)!
  count.runs += runs
  count.refused += refused
  if (!finding) continue
  count.findings++
  console.log(
    `${name}, seed ${seed + slice}: ${finding.fault.slice(0, 2000)}\n  kept in ${keep(name, seed + slice, finding.input)}`,
  )
}
for (const [name, { runs, refused, findings }] of counts)
  console.log(`${name}: ${runs} inputs, ${refused} refused in a sentence, ${findings} findings`)
const all = [...counts.values()]
const total = (key: 'runs' | 'findings') => all.reduce((sum, count) => sum + count[key], 0)
console.log(`${total('runs')} inputs, ${total('findings')} findings, seed ${seed}`)
process.exitCode = total('findings') > 0 || all.some(({ runs }) => runs === 0) ? 1 : 0

function keep(name: string, from: number, input: Uint8Array): string {
  const folder = new URL(`corpus/${name}/`, import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = `${from}-${createHash('sha256').update(input).digest('hex').slice(0, 8)}`
  writeFileSync(new URL(file, folder), input)
  return `test/fuzz/corpus/${name}/${file}`
}

/** In a thread, which is ended when an input does not end. */
function work(slice: Omit<Slice, 'shared'>): Promise<SliceResult> {
  const shared = new SharedArrayBuffer(8 + 1_000_000)
  const [progress, bytes] = [new Int32Array(shared, 0, 2), new Uint8Array(shared, 8)]
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { ...slice, shared } })
  return new Promise((done, fail) => {
    let [last, since] = [-1, Date.now()]
    const watch = setInterval(() => {
      const runs = Atomics.load(progress, 0)
      if (runs !== last) [last, since] = [runs, Date.now()]
      if (Date.now() - since < HANGS_MILLISECONDS) return
      void worker.terminate()
      finish({
        runs,
        refused: 0,
        finding: { fault: 'does not end', input: bytes.slice(0, Atomics.load(progress, 1)) },
      })
    }, 1000)
    const finish = (result: SliceResult) => {
      clearInterval(watch)
      void worker.terminate()
      done(result)
    }
    worker.on('message', finish)
    worker.on('error', (error) => {
      const input = bytes.slice(0, Atomics.load(progress, 1))
      if (Atomics.load(progress, 0) === 0) fail(error)
      else
        finish({
          runs: Atomics.load(progress, 0),
          refused: 0,
          finding: { fault: `ends its thread: ${error.message}`, input },
        })
    })
  })
}
