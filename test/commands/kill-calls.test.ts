// A run that is killed at a rename, at some on Node, Deno and Bun, ends like one that never was. All calls and random
// moments: npm run test:kills.
import { beforeAll, expect, it } from 'vitest'
import { inParallel, killAtCall, undisturbed, type Outcome } from '../helpers/kill.ts'

let expected: Outcome
beforeAll(async () => {
  expected = await undisturbed('Node')
})

it.each([
  // of the more than 20 that there are
  ['Node', [1, 5, 10, 15, 20]],
  ['Deno', [10]],
  ['Bun', [10]],
] as const)('at some renames on %s', { timeout: 1_200_000 }, async (runtime, calls) => {
  const results = await inParallel(calls, 2, (n) => killAtCall(runtime, 'rename', n, expected))
  expect(results.filter(({ problems }) => problems.length > 0)).toEqual([])
  expect(results.map(({ killed }) => killed)).toEqual(calls.map(() => true))
})
