// The YAML text of a scenario and where in it each key stands.
import {
  type Document,
  LineCounter,
  type Pair,
  type YAMLMap,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml'

export type Path = readonly PropertyKey[]

/** A sentence and what it is about: a line of the file, 0 for all of it, an override or nothing (''). */
export interface Problem {
  about: number | string
  text: string
}

export interface Source {
  /** What the file says, aliases of YAML resolved; an empty file says nothing. */
  value: Record<string, unknown>
  problems: Problem[]
  /** Syntax or top level is wrong: there is no use in looking further. */
  broken: boolean
  /**
   * The line of the key or entry at `path`, or of the innermost one around it that is written (0 when there is
   * none); `exact` when `path` itself is written; `text` as written when it is a plain value.
   */
  locate(path: Path): { line: number; exact: boolean; text?: string | undefined }
}

// Without the tags for dates and the like: a date stays the text that it is, whatever a file declares.
const yamlOptions = {
  schema: 'core',
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
} as const

// Aliases become references to one value, so that any number of them costs nothing.
const shared = { maxAliasCount: -1 }

export function readSource(text: string): Source {
  const counter = new LineCounter()
  const document = parseDocument(text, { ...yamlOptions, lineCounter: counter })
  const lineAt = (node: unknown) => counter.linePos(offsetOf(node)).line
  const problems = syntaxProblems(document, (offset) => counter.linePos(offset).line)
  const value = problems.length > 0 ? {} : ((document.toJS(shared) as unknown) ?? {})
  if (!isMapping(value)) {
    const got = Array.isArray(value) ? 'a list' : JSON.stringify(value)
    const text = `must be a mapping of keys such as seed and training, got ${got}`
    problems.push({ about: lineAt(document.contents), text })
  }
  const broken = problems.length > 0
  problems.push(...duplicateKeys(document, lineAt))

  const named = new Map<YAMLMap, Map<string, Pair>>()
  /** By key; of a key that is given twice the last one. */
  function pairsOf(map: YAMLMap): Map<string, Pair> {
    const known = named.get(map)
    if (known) return known
    const pairs = new Map(map.items.map((pair) => [String(pair.key), pair]))
    named.set(map, pairs)
    return pairs
  }

  function locate(path: Path) {
    let node: unknown = document.contents
    let line = 0
    for (const [depth, key] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document)
      const pair = isMap(node) ? pairsOf(node).get(String(key)) : undefined
      const entry = isSeq(node) ? node.items[Number(key)] : undefined
      if (pair === undefined && entry === undefined) return { line, exact: false }
      line = lineAt(pair?.key ?? entry)
      node = pair ? pair.value : entry
      if (depth === path.length - 1 && isAlias(node)) node = node.resolve(document)
    }
    return { line, exact: true, text: isScalar(node) ? node.source : undefined }
  }
  return { value: isMapping(value) ? value : {}, problems, broken, locate }
}

/** One YAML value, as an override gives it. @returns the value, or a sentence on what is wrong with it */
export function readValue(text: string): { value: unknown } | { problem: string } {
  const document = parseDocument(text, yamlOptions)
  const [problem] = syntaxProblems(document, () => 1)
  return problem === undefined ? { value: document.toJS(shared) as unknown } : { problem: problem.text }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One problem a line: the parser's next ones tend to follow from the first. */
function syntaxProblems(document: Document.Parsed, lineOf: (offset: number) => number): Problem[] {
  const problems = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    about: lineOf(pos[0]),
    // what follows a semicolon is advice to callers of the library
    text: `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1).replace(/;.*/s, '')}`,
  }))
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key)) return
      problems.push({ about: lineOf(offsetOf(key)), text: 'a key must be plain text' })
    },
    Alias(_, alias, ancestors) {
      const anchored = alias.resolve(document)
      if (anchored !== undefined && !ancestors.includes(anchored)) return
      const text = `not valid YAML: no anchor &${alias.source} stands before *${alias.source}`
      problems.push({ about: lineOf(offsetOf(alias)), text })
    },
  })
  return problems.filter(({ about }, i) => problems.findIndex((one) => one.about === about) === i)
}

function duplicateKeys(document: Document.Parsed, lineAt: (node: unknown) => number): Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Map(_, map, ancestors) {
      const outer = ancestors.flatMap((node) => (isPair(node) ? [String(node.key)] : []))
      const first = new Map<string, unknown>()
      for (const { key } of map.items) {
        const name = [...outer, String(key)].join('.')
        if (first.has(name)) {
          const text = `${name} is given twice, first on line ${lineAt(first.get(name))}`
          problems.push({ about: lineAt(key), text })
        } else first.set(name, key)
      }
    },
  })
  return problems
}

function offsetOf(node: unknown): number {
  return (node as { range?: [number, number, number] } | null)?.range?.[0] ?? 0
}
