// A thread of the fuzzing runs this file: inputs of one target for a few seconds, shrunk when one is read wrongly.
import { parentPort, workerData } from 'node:worker_threads'
import * as fc from 'fast-check'
import type { Slice, SliceResult } from './index.ts'
import { TARGETS } from './targets.ts'
import { faultOf } from './verdict.ts'

const { target: name, seed, milliseconds, shared } = workerData as Slice
const target = await TARGETS[name]!()
const [progress, bytes] = [new Int32Array(shared, 0, 2), new Uint8Array(shared, 8)]
const count = { runs: 0, refused: 0 }
let found: { fault: string; input: Uint8Array } | undefined

async function read(input: Uint8Array): Promise<void> {
  try {
    await target.read(input)
  } catch (error) {
    count.refused++
    throw error
  }
}

const property = fc.asyncProperty(target.inputs, async (input) => {
  bytes.set(input.subarray(0, bytes.length))
  Atomics.store(progress, 1, Math.min(input.length, bytes.length))
  Atomics.store(progress, 0, ++count.runs)
  const fault = await faultOf(read, input)
  if (fault === undefined) return
  found = { fault, input }
  throw new Error(fault)
})
// the first inputs warm the engine up
await fc.check(property, {
  seed,
  numRuns: 1e9,
  interruptAfterTimeLimit: milliseconds,
  markInterruptAsFailure: false,
})
parentPort!.postMessage({ ...count, ...(found && { finding: found }) } satisfies SliceResult)
