// This file times with tinybench, in turns: tasks to compare run in the same short round, so that a busy neighbour
// slows both and their ratio stays.
import { Bench } from 'tinybench'

export interface Measured {
  /** Milliseconds per call: the median of each round. */
  rounds: number[]
}

const ROUNDS = 7
const ROUND_MILLISECONDS = 20
/** Long beside the steps of the clock, which are coarse in pages. */
const SAMPLE_MILLISECONDS = Math.max(0.05, 50 * clockStep())

/**
 * Milliseconds per call of each task. All tasks run once per round, in their order.
 * @param tasks what a task returns does not matter; it must do the same work at every call
 */
export function inTurns<Name extends string>(
  tasks: Record<Name, () => void>,
  rounds = ROUNDS,
): Record<Name, Measured> {
  const names = Object.keys(tasks) as Name[]
  const bench = new Bench({ time: ROUND_MILLISECONDS, iterations: 3, warmup: false, throws: true })
  const measured = Object.fromEntries(names.map((name) => [name, { rounds: [] }])) as unknown as Record<
    Name,
    Measured
  >
  for (const name of names) addTask(bench, name, tasks[name])
  for (let round = 0; round < rounds; round++) {
    bench.runSync()
    for (const name of names) measured[name].rounds.push(latencyOf(bench, name))
    bench.reset()
  }
  return measured
}

function clockStep(): number {
  const began = performance.now()
  for (;;) {
    const step = performance.now() - began
    if (step > 0) return step
  }
}

/** Short tasks are repeated within one sample, so that the clock is read rarely. */
function addTask(bench: Bench, name: string, task: () => void): void {
  const repeats = Math.max(1, Math.ceil(SAMPLE_MILLISECONDS / warmUp(task)))
  bench.add(name, () => {
    const began = bench.now()
    for (let i = 0; i < repeats; i++) task()
    const spent = bench.now() - began
    return { overriddenDuration: spent / repeats, overriddenIterationCost: spent }
  })
}

/** Runs the task until engines have compiled it. Returns about how long one call takes, in milliseconds. */
function warmUp(task: () => void): number {
  const began = performance.now()
  let calls = 0
  let spent = 0
  for (; spent < 50 || calls < 5; spent = performance.now() - began) {
    for (let i = 0; i < 5; i++) task()
    calls += 5
  }
  return spent / calls
}

function latencyOf(bench: Bench, name: string): number {
  const { result } = bench.getTask(name)!
  if (!('latency' in result)) throw new Error(`${name} was not measured: its state is ${result.state}`)
  return result.latency.p50
}

/** Per round, how many times longer one took than the other. */
export function ratios(one: Measured, other: Measured): number[] {
  return one.rounds.map((milliseconds, i) => milliseconds / other.rounds[i]!)
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Three significant digits, without an exponent below a million. */
export function digits(value: number): string {
  return value >= 1e6 ? value.toPrecision(3) : String(Number(value.toPrecision(3)))
}

/** `median (lowest – highest)` */
export function spread(values: number[]): string {
  return `${digits(median(values))} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`
}

/** Prints a table in Markdown. */
export function printTable(title: string, header: string[], rows: string[][]): void {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
  console.log(`\n### ${title}\n`)
  for (const cells of [header, header.map(() => '---'), ...rows]) console.log(line(cells))
}
