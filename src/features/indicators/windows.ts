// This file computes numbers of moving windows, each in a time that does not depend on the window's length. Rows are cut into blocks
// of p from the first on; a window is the end of one block and the beginning of the next, so that its number is that of
// two parts, each accumulated in one direction. Nothing is ever subtracted again: errors are those of one window, and the
// order of all operations follows from the row alone.

/** [rows] sums of the last p values; the first p − 1 rows are not set. */
export function windowSums(x: Float64Array, p: number): Float64Array {
  return windows(x, p, 'sum')
}

/** [rows] greatest of the last p values; the first p − 1 rows are not set. */
export function windowMost(x: Float64Array, p: number): Float64Array {
  return windows(x, p, 'most')
}

/** [rows] least of the last p values; the first p − 1 rows are not set. */
export function windowLeast(x: Float64Array, p: number): Float64Array {
  return windows(x, p, 'least')
}

type Joining = 'sum' | 'most' | 'least'

/** A branch that engines inline, as they do not a function that is one of three. */
function join(how: Joining, a: number, b: number): number {
  if (how === 'sum') return a + b
  return how === 'most' ? Math.max(a, b) : Math.min(a, b)
}

function windows(x: Float64Array, p: number, how: Joining): Float64Array {
  const rows = x.length
  if (p === 1) return x.slice()
  const out = new Float64Array(rows)
  // ends[k] of the block before: of its values from k on
  const ends = new Float64Array(p)
  for (let block = 0; block < rows; block += p) {
    const length = Math.min(p, rows - block)
    let begun = x[block]!
    if (block > 0) out[block] = join(how, ends[1]!, begun)
    for (let k = 1; k < length; k++) {
      const i = block + k
      begun = join(how, begun, x[i]!)
      if (k === p - 1) out[i] = begun
      else if (block > 0) out[i] = join(how, ends[k + 1]!, begun)
    }
    if (length < p) break
    ends[p - 1] = x[block + p - 1]!
    for (let k = p - 2; k > 0; k--) ends[k] = join(how, x[block + k]!, ends[k + 1]!)
  }
  return out
}

export interface Moments {
  means: Float64Array
  /** Sums of the squared distances from the mean: exactly 0 where all values are the same. */
  squares: Float64Array
}

/**
 * [rows] of the last p values, p at least 2, by Welford's recurrence within a block and Chan's formula for two parts; the
 * first p − 1 rows are not set.
 */
export function windowMoments(x: Float64Array, p: number): Moments {
  const rows = x.length
  const means = new Float64Array(rows)
  const squares = new Float64Array(rows)
  const endMeans = new Float64Array(p)
  const endSquares = new Float64Array(p)
  for (let block = 0; block < rows; block += p) {
    const length = Math.min(p, rows - block)
    let mean = 0
    let square = 0
    for (let k = 0; k < length; k++) {
      const i = block + k
      const distance = x[i]! - mean
      mean = k === 0 ? x[i]! : mean + distance / (k + 1)
      square = k === 0 ? 0 : square + distance * (x[i]! - mean)
      if (k === p - 1) {
        means[i] = mean
        squares[i] = square
      } else if (block > 0) {
        const apart = mean - endMeans[k + 1]!
        const share = (k + 1) / p
        means[i] = endMeans[k + 1]! + apart * share
        squares[i] = endSquares[k + 1]! + square + apart * apart * share * (p - 1 - k)
      }
    }
    if (length < p) break
    mean = x[block + p - 1]!
    square = 0
    endMeans[p - 1] = mean
    endSquares[p - 1] = 0
    for (let k = p - 2; k > 0; k--) {
      const distance = x[block + k]! - mean
      mean += distance / (p - k)
      square += distance * (x[block + k]! - mean)
      endMeans[k] = mean
      endSquares[k] = square
    }
  }
  return { means, squares }
}

/** [rows] standard deviations of the last p values. @param divisor p, or p − 1 for the sample's */
export function windowDeviations(x: Float64Array, p: number, divisor: number): Float64Array {
  const { squares } = windowMoments(x, p)
  for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i]! / divisor)
  return squares
}

/**
 * [rows] exponential average: the mean of the first p values after `skipped`, and then
 * yₜ = yₜ₋₁ + (xₜ − yₜ₋₁)·weight. Rows before the seed are not set.
 * @param weight 2/(p + 1), or 1/p for Wilder's
 */
export function exponential(x: Float64Array, p: number, weight: number, skipped = 0): Float64Array {
  const out = new Float64Array(x.length)
  const first = skipped + p - 1
  if (first >= x.length) return out
  let sum = 0
  for (let i = skipped; i <= first; i++) sum += x[i]!
  let y = sum / p
  out[first] = y
  for (let i = first + 1; i < x.length; i++) {
    y += (x[i]! - y) * weight
    out[i] = y
  }
  return out
}

/** [rows] Wilder's average of p values. */
export function wilder(x: Float64Array, p: number, skipped = 0): Float64Array {
  return exponential(x, p, 1 / p, skipped)
}
