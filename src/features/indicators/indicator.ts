// This file says what an indicator is: the row of the table from which checks, docs and computing follow.
import type { CoreMath } from '../../core/core.ts'

export interface Parameter {
  name: string
  standard: number
  least: number
  most: number
  /** Any number in the range; by default an integer. */
  fraction?: true
}

/** Columns of the market that an indicator reads. */
export type MarketColumn = 'open' | 'high' | 'low' | 'close' | 'volume' | 'timestamp'

export interface Indicator {
  /** The series that it is of when none is written; 'needed' must be written, null is of the market's columns alone. */
  series: 'close' | 'volume' | 'needed' | null
  /** Columns that it reads besides its series. */
  columns: readonly MarketColumn[]
  parameters: readonly Parameter[]
  /** The names of its series when there are several. */
  outputs?: readonly string[]
  /** Rows after the first row of its inputs that have no value. */
  warmUp: (parameters: readonly number[]) => number
  /** Checks the parameters together. @returns the rest of a sentence that begins with the name */
  check?: (parameters: readonly number[]) => string | undefined
  /** In words and signs, for the guide: x is the series, p the first parameter; O, H, L, C, V are the bar. */
  formula: string
  /** Whose convention it follows. */
  source: string
  compute: (inputs: Inputs) => Float64Array[]
}

/** The inputs of an indicator: every array begins at the first row where all of them have a value. */
export interface Inputs {
  /** The series; empty when the indicator takes none. */
  x: Float64Array
  /** In the order of `columns`. */
  columns: readonly Float64Array[]
  parameters: readonly number[]
  math: CoreMath
  /** Close of the first row of the data that the policy was trained on. */
  firstClose: number
}

/** The window of an average or the like. */
export function period(standard: number, least = 1): Parameter {
  return { name: 'p', standard, least, most: LONGEST }
}

/** Rows that a window may have. */
const LONGEST = 100_000
