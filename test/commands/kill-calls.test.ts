// A run that is killed at a rename, at some on Node, Deno and Bun, ends like one that never was. All calls and random
// moments: npm run test:kills.
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { bun, deno } from '../engines/engines.ts'
import { inParallel, killAtCall, undisturbed } from '../helpers/kill.ts'
import { describeWith, placeOf } from '../helpers/needs.ts'

const strace = placeOf('/usr/bin/strace')

for (const [runtime, place, calls] of [
  // of the more than 20 that there are
  ['Node', process.execPath, [1, 5, 10, 15, 20]],
  ['Deno', deno, [10]],
  ['Bun', bun, [10]],
] as const) {
  const isThere = existsSync(strace) && existsSync(place)
  const remedy = 'install strace and run test/engines/setup.sh'
  describeWith(isThere, remedy, `a run on ${runtime} that was killed`, () => {
    it('at some renames ends like one that was not', { timeout: 1_200_000 }, async () => {
      const expected = await undisturbed('Node')
      const results = await inParallel(calls, 2, (n) => killAtCall(runtime, 'rename', n, expected))
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([])
      expect(results.map(({ killed }) => killed)).toEqual(calls.map(() => true))
    })
  })
}
