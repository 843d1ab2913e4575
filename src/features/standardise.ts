// This file scales features: feature = (raw − offset) / scale, with statistics of the training rows alone.
import { quantile } from '../math/statistics.ts'
import type { ScaleName } from './language/expression.ts'

/** Scale 0, of a feature that is constant in the training rows, gives 0. */
export interface Scaling {
  offset: number
  scale: number
}

/** The offset and scale that each way of scaling takes from the training rows. */
export const SCALINGS: Record<ScaleName, (training: Float64Array) => Scaling> = {
  standard: meanAndDeviation,
  robust(training) {
    const sorted = training.toSorted()
    return { offset: quantile(sorted, 0.5), scale: quantile(sorted, 0.75) - quantile(sorted, 0.25) }
  },
  range(training) {
    const [least, greatest] = ends(training)
    return { offset: least, scale: greatest - least }
  },
  original_range(training) {
    const [least, greatest] = ends(training)
    return { offset: least, scale: greatest - least + 1e-8 }
  },
  none: () => ({ offset: 0, scale: 1 }),
}

function ends(values: Float64Array): [least: number, greatest: number] {
  let [least, greatest] = [values[0]!, values[0]!]
  for (const x of values) {
    least = Math.min(least, x)
    greatest = Math.max(greatest, x)
  }
  return [least, greatest]
}

function meanAndDeviation(values: Float64Array): Scaling {
  // Summed as distances from the first value: constant rows then have exactly zero deviation.
  const first = values[0]!
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! - first
  const mean = first + sum / values.length
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) * (values[i]! - mean)
  return { offset: mean, scale: Math.sqrt(squares / (values.length - 1)) }
}
