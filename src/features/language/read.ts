// This file reads features as a scenario writes them: `rsi(14)`, `close / sma(50) - 1`, `mood = column(sentiment) | range`.
//
//   feature = [name "="] sum ["|" scale]
//   sum     = product (("+" | "-") product)*
//   product = factor (("*" | "/") factor)*
//   factor  = "-" factor | number | "(" sum ")" | "column" "(" name ")" | call ["." output]
//   call    = indicator ["(" [sum ","] number ("," number)* ")"]
//
// Whatever it accepts can be computed: names, parameters and outputs are checked here against the table of indicators.
import { nearest, quoted, shown } from '../../base/text.ts'
import { DdpgError } from '../../base/errors.ts'
import { INDICATORS, outputsOf } from '../indicators/index.ts'
import type { Indicator, Parameter } from '../indicators/indicator.ts'
import {
  MARKET_COLUMNS,
  SCALES,
  textOf,
  type Call,
  type Expression,
  type Feature,
  type Operator,
  type ScaleName,
} from './expression.ts'

const LONGEST = 500
const DEEPEST = 32

/**
 * The features of an entry: several when it is an indicator of several outputs.
 * @throws DdpgError that says where and what is wrong, and what was expected
 */
export function readFeatures(entry: string): Feature[] {
  const { name, expression, scale, window } = new Reader(entry).feature()
  const several = expression.kind === 'call' && expression.output < 0 ? outputsOf(expression.indicator) : ['']
  return several.map((output, i) => {
    const one = expression.kind === 'call' && output !== '' ? { ...expression, output: i } : expression
    const scaled = window === undefined ? one : rolling(one, window)
    const called = name === undefined ? textOf(one) : output === '' ? name : `${name}.${output}`
    return { name: called, text: textOf(scaled), expression: scaled, scale }
  })
}

function rolling(series: Expression, window: number): Call {
  const indicator = INDICATORS.get('zscore')!
  return { kind: 'call', name: 'zscore', indicator, series, parameters: [window], output: 0 }
}

interface Token {
  kind: 'number' | 'word' | 'text' | 'sign' | 'end'
  text: string
  /** Characters before it. */
  at: number
}

const TOKEN =
  /\s*(?:(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<text>"[^"]*"|'[^']*')|(?<sign>[-+*/(),.|=]))/uy

class Reader {
  private readonly tokens: Token[]
  private next = 0

  constructor(text: string) {
    this.tokens = tokensOf(text)
  }

  feature(): { name?: string; expression: Expression; scale: ScaleName; window?: number } {
    const named = this.tokens[1]?.text === '=' && this.tokens[0]?.kind === 'word'
    const name = named ? this.take().text : undefined
    if (named) this.take()
    const expression = this.sum(0, true)
    const scaled = this.accept('|') ? this.scale() : { scale: 'standard' as const }
    this.mustEnd()
    return { ...(name === undefined ? {} : { name }), expression, ...scaled }
  }

  private scale(): { scale: ScaleName; window?: number } {
    const token = this.take()
    const known = SCALES.find((scale) => scale === token.text)
    if (known) return { scale: known }
    if (token.text !== 'rolling') {
      const near = nearest(token.text, [...SCALES, 'rolling'], (name) => name)
      const hint = near === undefined ? '' : `, did you mean ${near}?`
      throw fault(token, `expected a scale, ${SCALES.join(', ')} or rolling(rows), got ${seen(token)}${hint}`)
    }
    const numbers = this.accept('(') ? this.numbers() : []
    const [window] = this.checked(token, INDICATORS.get('zscore')!.parameters, numbers)
    return { scale: 'none', window: window! }
  }

  /** @param isWhole an indicator may stay without the choice of an output: it is the whole feature */
  private sum(depth: number, isWhole = false): Expression {
    return this.chain(['+', '-'], () => this.product(depth, isWhole))
  }

  private product(depth: number, isWhole: boolean): Expression {
    return this.chain(['*', '/'], () => this.factor(depth, isWhole))
  }

  private chain(operators: Operator[], operand: () => Expression): Expression {
    const first = this.next
    let left = operand()
    for (;;) {
      const operator = operators.find((sign) => this.accept(sign))
      if (operator === undefined) return left
      chosen(left, this.tokens[first]!)
      const at = this.peek()
      const right = operand()
      chosen(right, at)
      left = { kind: 'arithmetic', operator, left, right }
    }
  }

  private factor(depth: number, isWhole: boolean): Expression {
    const token = this.take()
    if (depth >= DEEPEST) throw fault(token, `nested more than ${DEEPEST} deep`)
    if (token.text === '-' && token.kind === 'sign') {
      const at = this.peek()
      const operand = this.factor(depth + 1, false)
      chosen(operand, at)
      return operand.kind === 'number' ? { ...operand, value: -operand.value } : { kind: 'negative', operand }
    }
    if (token.kind === 'number') return { kind: 'number', value: numberOf(token) }
    if (token.text === '(' && token.kind === 'sign') {
      const inner = this.sum(depth + 1, isWhole)
      this.must(')', '+, -, *, / or )')
      return inner
    }
    if (token.kind === 'word') return this.named(token, depth)
    throw fault(token, `expected a number, a column, an indicator or (, got ${seen(token)}`)
  }

  private named(token: Token, depth: number): Expression {
    if (token.text === 'column') return this.column(token)
    if (MARKET_COLUMNS.includes(token.text) && this.peek().text !== '(')
      return { kind: 'column', name: token.text }
    const indicator = INDICATORS.get(token.text)
    if (indicator === undefined) throw unknown(token)
    const call = this.call(token, indicator, depth)
    const outputs = outputsOf(indicator)
    if (!this.accept('.')) return { ...call, output: outputs.length > 1 ? -1 : 0 }
    const choice = this.take()
    const output = outputs.indexOf(choice.text)
    if (output >= 0 && choice.text !== '') return { ...call, output }
    if (outputs.length === 1) throw fault(choice, `${token.text} gives one series: drop .${choice.text}`)
    throw fault(choice, `${token.text} gives ${list(outputs)}, got ${seen(choice)}`)
  }

  private column(token: Token): Expression {
    this.must('(', '(, as in column(sentiment)')
    const name = this.take()
    if (name.kind !== 'word' && name.kind !== 'text')
      throw fault(name, `expected the name of a column, got ${seen(name)}`)
    this.must(')', ') after the name, which is quoted if it is no word, as in column("fear & greed")')
    const text = name.kind === 'text' ? name.text.slice(1, -1) : name.text
    if (text.trim() === '') throw fault(token, 'the name of the column is empty')
    return { kind: 'column', name: text.trim().toLowerCase() }
  }

  private call(token: Token, indicator: Indicator, depth: number): Call {
    let series: Expression | undefined
    let numbers: Token[] = []
    if (this.accept('(')) {
      if (!this.atNumber() && this.peek().text !== ')') {
        const at = this.peek()
        if (indicator.series === null)
          throw fault(
            at,
            `${token.text} is computed from ${indicator.columns.join(', ')}: it takes only numbers`,
          )
        series = this.sum(depth + 1)
        chosen(series, at)
        if (this.accept(',')) numbers = this.numbers()
        else this.must(')', '+, -, *, /, "," or )')
      } else numbers = this.numbers()
    }
    if (series === undefined && indicator.series === 'needed')
      throw fault(token, `${token.text} needs a series, as in ${token.text}(volume)`)
    if (series === undefined && indicator.series !== null) series = { kind: 'column', name: indicator.series }
    const parameters = this.checked(token, indicator.parameters, numbers)
    const wrong = indicator.check?.(parameters)
    if (wrong !== undefined) throw fault(token, `${token.text} ${wrong}`)
    return { kind: 'call', name: token.text, indicator, series, parameters, output: 0 }
  }

  private atNumber(): boolean {
    const [first, second, third] = this.tokens.slice(this.next)
    const isSigned = first?.text === '-'
    const [number, after] = isSigned ? [second, third] : [first, second]
    return number?.kind === 'number' && (after?.text === ',' || after?.text === ')' || after?.kind === 'end')
  }

  /** The numbers up to the closing parenthesis, with what sign they have. */
  private numbers(): Token[] {
    const numbers: Token[] = []
    if (this.accept(')')) return numbers
    for (;;) {
      const sign = this.accept('-') ? '-' : ''
      const number = this.take()
      if (number.kind !== 'number') throw fault(number, `expected a number, got ${seen(number)}`)
      numbers.push({ ...number, text: sign + number.text })
      if (this.accept(')')) return numbers
      this.must(',', '"," or )')
    }
  }

  private checked(token: Token, parameters: readonly Parameter[], numbers: Token[]): number[] {
    const extra = numbers[parameters.length]
    if (extra !== undefined) {
      const takes =
        parameters.length === 0 ? 'no numbers' : `at most ${list(parameters.map(({ name }) => name))}`
      throw fault(extra, `${token.text} takes ${takes}`)
    }
    return parameters.map((parameter, i) => {
      const { name, standard, least, most, fraction } = parameter
      const number = numbers[i]
      const value = number === undefined ? standard : numberOf(number)
      if (value >= least && value <= most && (fraction || Number.isInteger(value))) return value
      const kind = fraction ? 'a number' : 'an integer'
      throw fault(
        number!,
        `${name} of ${token.text} must be ${kind} in [${least}, ${most}], got ${number!.text}`,
      )
    })
  }

  private peek(): Token {
    return this.tokens[this.next]!
  }

  private take(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.next++
    return token
  }

  private accept(sign: string): boolean {
    const token = this.peek()
    if (token.kind !== 'sign' || token.text !== sign) return false
    this.next++
    return true
  }

  private must(sign: string, expected: string): void {
    if (!this.accept(sign)) throw fault(this.peek(), `expected ${expected}, got ${seen(this.peek())}`)
  }

  private mustEnd(): void {
    const token = this.peek()
    if (token.kind !== 'end') throw fault(token, `expected +, -, *, /, | or the end, got ${seen(token)}`)
  }
}

function tokensOf(text: string): Token[] {
  if (text.length > LONGEST) throw new DdpgError(`has ${text.length} characters, at most ${LONGEST} are read`)
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  let at = 0
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    const begin = at + /^\s*/.exec(text.slice(at))![0].length
    if (!match) throw fault({ at: begin }, `${quoted(text.slice(begin, begin + 1))} has no meaning here`)
    const { number, word, text: quote, sign } = match.groups!
    const kind = number ? 'number' : word ? 'word' : quote ? 'text' : 'sign'
    tokens.push({ kind, text: (number ?? word ?? quote ?? sign)!, at: begin })
    at = TOKEN.lastIndex
  }
  tokens.push({ kind: 'end', text: '', at: text.trimEnd().length })
  return tokens
}

function numberOf(token: Token): number {
  const value = Number(token.text)
  if (Number.isFinite(value)) return value
  throw fault(token, `${token.text} is not a finite number`)
}

/** An indicator of several outputs within an expression must choose one. */
function chosen(expression: Expression, token: Token): void {
  if (expression.kind !== 'call' || expression.output >= 0) return
  const outputs = outputsOf(expression.indicator)
  const choice = outputs.map((output) => `.${output}`)
  throw fault(token, `${expression.name} gives ${list(outputs)}: choose one with ${orList(choice)} after it`)
}

function unknown(token: Token): DdpgError {
  const names = [...INDICATORS.keys(), ...MARKET_COLUMNS, 'column']
  const near = nearest(token.text.toLowerCase(), names, (name) => name)
  const column = `column(${shown(token.text)})`
  const hint =
    near === undefined
      ? `: a column of the data is written ${column}`
      : `, did you mean ${near}? A column of the data is written ${column}`
  return fault(token, `there is no ${quoted(token.text)}${hint}`)
}

function fault({ at }: Pick<Token, 'at'>, sentence: string): DdpgError {
  return new DdpgError(`at character ${at + 1}: ${sentence}`)
}

function seen(token: Token): string {
  return token.kind === 'end' ? 'the end' : quoted(token.text)
}

function list(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), names.at(-1)!].filter((part) => part !== '').join(' and ')
}

function orList(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), names.at(-1)!].filter((part) => part !== '').join(' or ')
}
