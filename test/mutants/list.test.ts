// Each mutant of list.ts finds the place that it changes: what moves in the sources moves in the list.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { MUTANTS, mutated } from './list.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('finds what each mutant replaces exactly once, and the tests that should notice it', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(60)
  const wrong = MUTANTS.flatMap((mutant) => {
    const text = readFileSync(root + mutant.file, 'utf8')
    try {
      return mutated(text, mutant) === text ? [`${mutant.file}: nothing changes: ${mutant.from}`] : []
    } catch (error) {
      return [String(error)]
    }
  })
  expect(wrong).toEqual([])
  for (const test of new Set(MUTANTS.flatMap(({ tests }) => tests)))
    expect(existsSync(`${root}test/${test}.test.ts`), `test/${test}.test.ts is named in test/mutants/`).toBe(
      true,
    )
})
