// An expression is what a feature is computed from: columns, numbers, indicators and arithmetic, as a tree.
import { outputsOf } from '../indicators/index.ts'
import type { Indicator } from '../indicators/indicator.ts'

export type Expression =
  | { kind: 'number'; value: number }
  | { kind: 'column'; name: string }
  | { kind: 'negative'; operand: Expression }
  | { kind: 'arithmetic'; operator: Operator; left: Expression; right: Expression }
  | Call

export interface Call {
  kind: 'call'
  name: string
  indicator: Indicator
  /** The series that it is of, undefined for one of the market's columns alone. */
  series: Expression | undefined
  parameters: readonly number[]
  /** Index into its outputs. */
  output: number
}

export type Operator = '+' | '-' | '*' | '/'

/** The ways of scaling a feature; `rolling(n)` is a zscore(…, n) that is not scaled. */
export const SCALES = ['standard', 'robust', 'range', 'original_range', 'none'] as const
export type ScaleName = (typeof SCALES)[number]

/** One feature, that is one number in each row. */
export interface Feature {
  name: string
  /** The expression as text that parses to the same again. */
  text: string
  expression: Expression
  scale: ScaleName
}

/** Columns of every market, which need no `column(…)`. */
export const MARKET_COLUMNS = ['open', 'high', 'low', 'close', 'volume']

/** The expression as text; the same for the same numbers. */
export function textOf(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return String(expression.value)
    case 'column':
      return columnText(expression.name)
    case 'negative':
      return `-${wrapped(expression.operand, 2)}`
    case 'arithmetic': {
      const { operator, left, right } = expression
      const strength = strengthOf(expression)
      return `${wrapped(left, strength)} ${operator} ${wrapped(right, strength + 1)}`
    }
    case 'call': {
      const output = outputsOf(expression.indicator)[expression.output] ?? ''
      return output === '' ? callText(expression) : `${callText(expression)}.${output}`
    }
  }
}

/** The call without its output: what is computed at once. */
export function callText({ name, series, indicator, parameters }: Call): string {
  const isStandard = series?.kind === 'column' && series.name === indicator.series
  const inside = [...(series && !isStandard ? [textOf(series)] : []), ...parameters.map(String)]
  return inside.length === 0 ? name : `${name}(${inside.join(', ')})`
}

function columnText(name: string): string {
  if (MARKET_COLUMNS.includes(name)) return name
  return `column(${/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : JSON.stringify(name)})`
}

function strengthOf(expression: Expression): number {
  if (expression.kind === 'arithmetic') return '+-'.includes(expression.operator) ? 0 : 1
  return expression.kind === 'negative' || (expression.kind === 'number' && expression.value < 0) ? 2 : 3
}

function wrapped(expression: Expression, least: number): string {
  return strengthOf(expression) < least ? `(${textOf(expression)})` : textOf(expression)
}

/** Rows at the beginning of the data for which it has no value. */
export function warmUpOf(expression: Expression): number {
  switch (expression.kind) {
    case 'number':
    case 'column':
      return 0
    case 'negative':
      return warmUpOf(expression.operand)
    case 'arithmetic':
      return Math.max(warmUpOf(expression.left), warmUpOf(expression.right))
    case 'call':
      return (
        (expression.series ? warmUpOf(expression.series) : 0) +
        expression.indicator.warmUp(expression.parameters)
      )
  }
}

/** Names of indicators in it, and of the columns that it reads. */
export function namesIn(expression: Expression): { indicators: string[]; columns: string[] } {
  switch (expression.kind) {
    case 'number':
      return { indicators: [], columns: [] }
    case 'column':
      return { indicators: [], columns: [expression.name] }
    case 'negative':
      return namesIn(expression.operand)
    case 'arithmetic':
      return joined(namesIn(expression.left), namesIn(expression.right))
    case 'call': {
      const own = { indicators: [expression.name], columns: [...expression.indicator.columns] }
      return expression.series ? joined(own, namesIn(expression.series)) : own
    }
  }
}

function joined(...parts: { indicators: string[]; columns: string[] }[]): {
  indicators: string[]
  columns: string[]
} {
  return {
    indicators: [...new Set(parts.flatMap(({ indicators }) => indicators))],
    columns: [...new Set(parts.flatMap(({ columns }) => columns))],
  }
}
