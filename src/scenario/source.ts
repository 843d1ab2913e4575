// This file reads the YAML text of a scenario and tells where in it each key stands.
import {
  CST,
  type Document,
  Lexer,
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
import { quoted, shown } from '../base/text.ts'

export type Path = readonly PropertyKey[]

/** A sentence and what it is about: a line of the file, 0 for all of it, an override or nothing (''). */
export interface Problem {
  about: number | string
  text: string
}

export interface Source {
  /** The content of the file, aliases of YAML resolved; empty for an empty file. */
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

/** The limits of a scenario, so that reading one never takes long: a thousand lines are far below them. */
export const LIMITS = { characters: 256 * 1024, tokens: 20_000, depth: 64 }

/** A sentence for what is too large to be a scenario; found without reading more of it than may be. */
function excess(text: string): string | undefined {
  const { characters, tokens, depth } = LIMITS
  if (text.length > characters)
    return `is too large for a scenario: it has ${text.length} characters, at most ${characters} are read`
  let [count, flow, line] = [0, 0, 0]
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme)
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++
    else if (type === 'flow-map-end' || type === 'flow-seq-end') flow = Math.max(0, flow - 1)
    else if (type === 'newline') line = 0
    else if (flow === 0 && NESTING.has(type)) line++
    if (++count > tokens) return `is too large for a scenario: at most ${tokens} words and signs are read`
    if (flow + line > depth) return `is nested too deeply for a scenario: at most ${depth} levels are read`
  }
  return undefined
}

/** Signs that can open one level after the other on a line. */
const NESTING = new Set<CST.TokenType | null>(['seq-item-ind', 'explicit-key-ind', 'map-value-ind'])

export function readSource(text: string): Source {
  const tooMuch = excess(text)
  if (tooMuch !== undefined) {
    const nowhere = () => ({ line: 0, exact: false })
    return { value: {}, problems: [{ about: 0, text: tooMuch }], broken: true, locate: nowhere }
  }
  const counter = new LineCounter()
  const document = parseDocument(text, { ...yamlOptions, lineCounter: counter })
  const lineAt = (node: unknown) => counter.linePos(offsetOf(node)).line
  const problems = syntaxProblems(document, (offset) => counter.linePos(offset).line)
  const value = problems.length > 0 ? {} : ((document.toJS(shared) as unknown) ?? {})
  if (!isMapping(value)) {
    const got = Array.isArray(value) ? 'a list' : quoted(value)
    const text = `must be a mapping of keys such as seed and training, got ${got}`
    problems.push({ about: lineAt(document.contents), text })
  }
  const broken = problems.length > 0
  problems.push(...duplicateKeys(document, lineAt))

  const named = new Map<YAMLMap, Map<string, Pair>>()
  /** The nodes by key; the last one of a key that is given twice. */
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
  const tooMuch = excess(text)
  if (tooMuch !== undefined) return { problem: `its value ${tooMuch}` }
  const document = parseDocument(text, yamlOptions)
  const [problem] = syntaxProblems(document, () => 1)
  return problem === undefined ? { value: document.toJS(shared) as unknown } : { problem: problem.text }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One problem a line: the parser's next ones tend to follow from the first. */
function syntaxProblems(document: Document.Parsed, lineOf: (offset: number) => number): Problem[] {
  const problems = new Map<number, string>()
  const add = (offset: number, text: string) => {
    const line = lineOf(offset)
    if (!problems.has(line)) problems.set(line, text)
  }
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    // what follows a semicolon is advice to callers of the library
    const [sentence = ''] = message.split(';')
    add(pos[0], `not valid YAML: ${shown(sentence.charAt(0).toLowerCase() + sentence.slice(1), 200)}`)
  }
  /** The latest node of each name: the walk meets them in the order of the file. */
  const anchors = new Map<string, unknown>()
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) add(offsetOf(key), 'a key must be plain text')
    },
    Node(_, node, ancestors) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
        return
      }
      const anchored = anchors.get(node.source)
      if (anchored !== undefined && !ancestors.includes(anchored as Document)) return
      const name = shown(node.source)
      add(offsetOf(node), `not valid YAML: no anchor &${name} stands before *${name}`)
    },
  })
  return [...problems].map(([about, text]) => ({ about, text }))
}

function duplicateKeys(document: Document.Parsed, lineAt: (node: unknown) => number): Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Map(_, map, ancestors) {
      const outer = ancestors.flatMap((node) => (isPair(node) ? [shown(String(node.key))] : []))
      const first = new Map<string, unknown>()
      for (const { key } of map.items) {
        const name = [...outer, String(key)].join('.')
        if (first.has(name)) {
          const text = `${shown(name)} is given twice, first on line ${lineAt(first.get(name))}`
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
