// This file finds where a wrong key was given: in an override or on a line of the file.
import { otherNames, overrideName, type Override } from './overrides.ts'
import type { Path, Problem, Source } from './source.ts'

/** A sentence and the keys that it is about, the one to blame first. */
export interface Finding {
  paths: readonly Path[]
  text: string
}

/** The text and overrides that a scenario was read from. */
export interface Origin {
  source: Source
  overrides: readonly Override[]
}

export function place({ paths, text }: Finding, origin: Origin): Problem {
  return { about: locate(paths, origin).about, text }
}

/** The first of `paths` that an override gave, or else that the file gave; `text` is its value as written there. */
export function locate(
  paths: readonly Path[],
  { source, overrides }: Origin,
): Pick<Problem, 'about'> & { text?: string } {
  const names = paths.flatMap(spellings)
  const override = names.flatMap((path) => overrides.findLast((one) => touches(one.path, path)) ?? []).at(0)
  if (override !== undefined) return { about: overrideName(override.text) }
  const found = names.map((path) => source.locate(path))
  const { line, text } = found.find(({ exact }) => exact) ??
    found.toSorted((a, b) => b.line - a.line)[0] ?? { line: 0 }
  return text === undefined ? { about: line } : { about: line, text }
}

/** The path as a file may write it. */
function spellings(path: Path): Path[] {
  const others = otherNames.filter(([, key]) => key === path.join('.')).map(([other]) => other.split('.'))
  const environment = path[0] === 'env' ? [['environment', ...path.slice(1)]] : []
  return [path, ...others, ...environment]
}

/** True when one path leads to or through the other. */
function touches(one: Path, other: Path): boolean {
  return one.every((key, i) => i >= other.length || key === other[i])
}
