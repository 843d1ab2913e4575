// Mutants are small errors in the core and the host that tests must notice. `npm run mutants` tries them all.
import { CORE } from './core.ts'
import { MARKET } from './market.ts'
import { RUNS } from './runs.ts'

/** A file, the test files that should notice an error in it, and the errors: what stands there, and what instead. */
export interface MutatedFile {
  file: string
  /** Below test/, without `.test.ts`. */
  tests: readonly string[]
  changes: readonly Change[]
}

/** @param except why it may live, where it may */
export type Change = readonly [from: string, to: string, except?: string]

export interface Mutant {
  file: string
  tests: readonly string[]
  /** Found exactly once in the file. */
  from: string
  to: string
  except: string | undefined
}

export const MUTANTS: readonly Mutant[] = [...CORE, ...MARKET, ...RUNS].flatMap(({ file, tests, changes }) =>
  changes.map(([from, to, except]) => ({ file, tests, from, to, except })),
)

/** The file's text with the error in it. @throws Error when what it replaces is not found exactly once */
export function mutated(text: string, { file, from, to }: Mutant): string {
  const parts = text.split(from)
  if (parts.length !== 2)
    throw new Error(
      `${file} holds the following ${parts.length - 1} times, not once: move the mutant along in test/mutants/\n${from}`,
    )
  return parts.join(to)
}
