// These are the sizes that are measured: the rows of the promise in README.md and the shapes around them.
import type { LearnerOptions } from '../src/core/learner.ts'

export interface Shape {
  hidden: number[]
  batchSize: number
  obsDim: number
  actionDim: number
}

/** The rows that are compared with others. The first is that of the scenario sine_wave. */
export const ROWS: Shape[] = [
  { hidden: [32, 16], batchSize: 32, obsDim: 8, actionDim: 1 },
  { hidden: [64, 64], batchSize: 64, obsDim: 8, actionDim: 1 },
  { hidden: [64, 64], batchSize: 128, obsDim: 8, actionDim: 1 },
  { hidden: [128, 128], batchSize: 128, obsDim: 8, actionDim: 1 },
  { hidden: [256, 256], batchSize: 256, obsDim: 8, actionDim: 1 },
  { hidden: [400, 300], batchSize: 64, obsDim: 8, actionDim: 1 },
]

/** Widths that are no multiple of a vector or a panel, several actions, one hidden layer, three, many features. */
export const ODD_ROWS: Shape[] = [
  { hidden: [33, 17], batchSize: 31, obsDim: 7, actionDim: 1 },
  { hidden: [100, 50], batchSize: 100, obsDim: 8, actionDim: 1 },
  { hidden: [64, 64], batchSize: 64, obsDim: 8, actionDim: 4 },
  { hidden: [64, 64], batchSize: 64, obsDim: 50, actionDim: 1 },
  { hidden: [64], batchSize: 64, obsDim: 8, actionDim: 1 },
  { hidden: [64, 64, 64], batchSize: 64, obsDim: 8, actionDim: 1 },
]

export const WIDTHS = [16, 32, 64, 100, 128, 256, 300, 400]
export const BATCHES = [32, 64, 128, 256]

export function nameOf({ hidden, batchSize, obsDim, actionDim }: Shape): string {
  const unusual = [
    obsDim === 8 ? '' : `, ${obsDim} features`,
    actionDim === 1 ? '' : `, ${actionDim} actions`,
  ]
  return `${hidden.join('/')} × ${batchSize}${unusual.join('')}`
}

export function learnerOptions({ hidden, ...sizes }: Shape): LearnerOptions {
  return { ...sizes, actorHiddenDims: hidden, criticHiddenDims: hidden, capacity: 10_000, seed: 1 }
}

/** Weights of the larger network, the critic, without biases. */
export function weightCount({ hidden, obsDim, actionDim }: Shape): number {
  const dims = [obsDim + actionDim, ...hidden, 1]
  return dims.slice(1).reduce((total, units, i) => total + dims[i]! * units, 0)
}
