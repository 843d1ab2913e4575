// This file computes expressions over all rows of a table, each part of them once.
import type { CoreMath } from '../core/core.ts'
import { column, type Table } from '../data/table.ts'
import { callText, type Call, type Expression, type Operator } from './language/expression.ts'

/** Values of all rows from row `from` on. */
export interface Series {
  from: number
  values: Float64Array
}

/**
 * Evaluates expressions over a table. A value comes from its row and earlier ones.
 * @param firstClose close of the first row of the data that the policy was trained on
 */
export function evaluator(
  table: Table,
  firstClose: number,
  math: CoreMath,
): (expression: Expression) => Series {
  const known = new Map<string, Series[]>()

  function evaluate(expression: Expression): Series {
    switch (expression.kind) {
      case 'number':
        return { from: 0, values: new Float64Array(table.length).fill(expression.value) }
      case 'column':
        return { from: 0, values: column(table, expression.name) }
      case 'negative': {
        const { from, values } = evaluate(expression.operand)
        return { from, values: values.map((value) => -value) }
      }
      case 'arithmetic':
        return calculated(expression)
      case 'call':
        return called(expression)[expression.output]!
    }
  }

  function calculated({ operator, left, right }: Expression & { kind: 'arithmetic' }): Series {
    const [one, other] = [evaluate(left), evaluate(right)]
    const from = Math.max(one.from, other.from)
    return { from, values: combined(operator, valuesFrom(one, from), valuesFrom(other, from)) }
  }

  function called(call: Call): Series[] {
    const text = callText(call)
    const found = known.get(text)
    if (found) return found
    const { indicator, parameters } = call
    const { from, values } = call.series ? evaluate(call.series) : { from: 0, values: new Float64Array() }
    const columns = indicator.columns.map((name) => column(table, name).subarray(from))
    const first = indicator.warmUp(parameters)
    const outputs = indicator
      .compute({ x: values, columns, parameters, math, firstClose })
      .map((output) => ({ from: from + first, values: output.subarray(first) }))
    known.set(text, outputs)
    return outputs
  }

  return evaluate
}

/** @param from a row at or after the first of the series */
export function valuesFrom(series: Series, from: number): Float64Array {
  return series.values.subarray(from - series.from)
}

/** [rows] of two series of as many. */
function combined(operator: Operator, left: Float64Array, right: Float64Array): Float64Array {
  const out = new Float64Array(left.length)
  for (let i = 0; i < out.length; i++) out[i] = calculate(operator, left[i]!, right[i]!)
  return out
}

function calculate(operator: Operator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
  }
}
