// A run that is killed at a rename, at every one on Node and at some on Deno and Bun, ends like one that never was. All
// calls and random moments: npm run test:kills.
import { beforeAll, expect, it } from 'vitest'
import { inParallel, killAtCall, undisturbed, type KillResult, type Outcome } from '../helpers/kill.ts'

/** Renames of the small run are fewer. */
const MOST = 200

let expected: Outcome
beforeAll(async () => {
  expected = await undisturbed('Node')
})

const wrong = (results: KillResult[]) => results.filter(({ problems }) => problems.length > 0)

it('at every rename on Node', { timeout: 1_200_000 }, async () => {
  let isOver = false
  function* numbers() {
    for (let n = 1; n < MOST; n++) {
      if (isOver) return
      yield n
    }
  }
  const results = await inParallel(numbers(), 2, async (n) => {
    const result = await killAtCall('Node', 'rename', n, expected)
    isOver ||= !result.killed
    return result
  })
  expect(wrong(results)).toEqual([])
  expect(isOver).toBe(true)
  expect(results.filter(({ killed }) => killed).length).toBeGreaterThan(20)
})

it.each(['Deno', 'Bun'] as const)('at some renames on %s', { timeout: 600_000 }, async (runtime) => {
  const results = await inParallel([2, 10, 20], 2, (n) => killAtCall(runtime, 'rename', n, expected))
  expect(wrong(results)).toEqual([])
  expect(results.map(({ killed }) => killed)).toEqual([true, true, true])
})
