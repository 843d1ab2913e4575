// Bars that can hardly be right are found here: they are usable, so these are warnings that a scenario can allow.
import { listRows } from './rows.ts'

export const ALLOWANCES = ['outlier', 'split', 'close_outside', 'constant_price', 'gap'] as const
export type Allowance = (typeof ALLOWANCES)[number]

export interface Doubt {
  kind: Allowance
  text: string
}

/** Robust deviations of a move that is not believed. */
const MOST_DEVIATIONS = 20
/** Rows that it takes to know what is usual. */
const LEAST_ROWS = 30
/** Old shares for a new one, and new ones for an old one. */
const SPLITS = [3 / 2, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100]

/** @param columns prices by name, in the order of time @param numberOf row of the file */
export function doubtsOf(
  columns: Record<string, Float64Array | undefined>,
  length: number,
  numberOf: (row: number) => number,
): Doubt[] {
  const { open, high, low, close } = columns
  const doubts: Doubt[] = []
  const add = (kind: Allowance, what: string, rows: string | undefined) => {
    if (rows !== undefined) doubts.push({ kind, text: `${what} in ${rows}` })
  }
  if (high && low && close) {
    const outside = (price: Float64Array, row: number) =>
      price[row]! > high[row]! * (1 + 1e-9) || price[row]! < low[row]! * (1 - 1e-9)
    const fails = (row: number) => outside(close, row) || (open !== undefined && outside(open, row))
    add(
      'close_outside',
      'open or close lies outside of low to high',
      listRows(length, fails, undefined, numberOf),
    )
  }
  if (!close || length < LEAST_ROWS) return doubts
  const moves = close.map((price, row) => (row === 0 ? 0 : price / close[row - 1]! - 1)).subarray(1)
  const deviation = robustDeviation(moves)
  if (deviation === 0) return doubts
  const isLarge = (move: number) => Math.abs(move) > MOST_DEVIATIONS * deviation
  const comesBack = (row: number) => {
    const move = moves[row - 1]
    if (move === undefined || row + 1 >= length || !isLarge(move)) return false
    return Math.abs(close[row + 1]! / close[row - 1]! - 1) < 0.25 * Math.abs(move)
  }
  const isSpike = (row: number) => {
    const [body, foot] = [
      Math.max(close[row]!, open?.[row] ?? 0),
      Math.min(close[row]!, open?.[row] ?? Infinity),
    ]
    return (
      (high !== undefined && isLarge(high[row]! / body - 1)) ||
      (low !== undefined && isLarge(low[row]! / foot - 1))
    )
  }
  const isOutlier = (row: number) => comesBack(row) || isSpike(row)
  const outliers = close.reduce((count, _, row) => count + (isOutlier(row) ? 1 : 0), 0)
  // what happens often is the way of that price
  if (outliers <= Math.max(5, length / 100))
    add(
      'outlier',
      `a price moves more than ${MOST_DEVIATIONS} robust deviations and comes back`,
      listRows(length, isOutlier, undefined, numberOf),
    )
  const isSplit = (row: number) => {
    const move = moves[row - 1]
    if (move === undefined || !isLarge(move) || comesBack(row) || comesBack(row - 1)) return false
    const ratio = Math.max(1 + move, 1 / (1 + move))
    return SPLITS.some((split) => Math.abs(ratio / split - 1) < 0.04)
  }
  const detail = (row: number) => `${close[row - 1]} to ${close[row]}`
  add('split', 'close jumps as a split of shares makes it', listRows(length, isSplit, detail, numberOf))
  return doubts
}

/** 1.4826 times the median distance from the median: the deviation of a normal distribution. */
function robustDeviation(values: Float64Array): number {
  const median = values.toSorted()[values.length >> 1]!
  return 1.4826 * values.map((value) => Math.abs(value - median)).toSorted()[values.length >> 1]!
}
