// The events of a run become rows of numbers, to be hashed, kept in a checkpoint and yielded again when it is resumed.
import type { Health } from './health.ts'
import type { TrainEvent } from './train.ts'
import { DdpgError } from '../base/errors.ts'

export type HistoryEvent =
  | Extract<TrainEvent, { type: 'episode' | 'losses' | 'update' }>
  | { type: 'validation'; step: number; score: number }
  | { type: 'health'; step: number; health: Health }

const KINDS = ['update', 'losses', 'episode', 'validation', 'health'] as const

/** The fields of health, in the order of a row. */
const HEALTH = [
  'saturated_actions',
  'action_range',
  'q_to_limit',
  'actor_idle_units',
  'critic_idle_units',
] as const satisfies (keyof Health)[]

/** Numbers of a row: kind, step, and what the event tells; absent ones are 0, an absent wealth NaN. */
export const ROW = 10

/** @returns [ROW] */
export function rowOf(event: HistoryEvent): Float64Array {
  const row = new Float64Array(ROW)
  row.set([KINDS.indexOf(event.type), event.step, ...valuesOf(event)])
  return row
}

function valuesOf(event: HistoryEvent): number[] {
  switch (event.type) {
    case 'validation':
      return [event.score]
    case 'health':
      return HEALTH.map((name) => event.health[name])
    case 'episode':
      return [event.episodeReward, event.episodeLength, event.positionChanges, event.wealth ?? NaN]
    case 'update':
      return [event.updates, ...statisticsOf(event.statistics)]
    case 'losses':
      return [event.updates, ...statisticsOf(event), event.sigma]
  }
}

function statisticsOf(s: Extract<TrainEvent, { type: 'update' }>['statistics']): number[] {
  return [s.criticLoss, s.actorLoss, s.meanQ, s.meanTargetQ, s.criticGradNorm, s.actorGradNorm]
}

/** @param rows [n, ROW], none of them of updates, which are not yielded again */
export function eventsOf(rows: Float64Array): Exclude<HistoryEvent, { type: 'update' }>[] {
  return Array.from({ length: rows.length / ROW }, (_, i) => eventOf(rows.subarray(i * ROW, (i + 1) * ROW)))
}

function eventOf(row: Float64Array): Exclude<HistoryEvent, { type: 'update' }> {
  const [kind, step, a, b, c, d, e, f, g, h] = row as unknown as [number, number, ...number[]] & number[]
  const type = KINDS[kind]
  if (type === 'validation') return { type, step, score: a! }
  if (type === 'health') {
    const entries = HEALTH.map((name, i) => [name, row[2 + i]!])
    return { type, step, health: Object.fromEntries(entries) as Health }
  }
  if (type === 'episode') {
    const wealth = Number.isNaN(d) ? undefined : d
    return { type, step, episodeReward: a!, episodeLength: b!, positionChanges: c!, wealth }
  }
  if (type !== 'losses') throw new DdpgError(`its history holds rows of kind ${kind}`)
  const [criticLoss, actorLoss, meanQ] = [b!, c!, d!]
  const [meanTargetQ, criticGradNorm, actorGradNorm] = [e!, f!, g!]
  const statistics = { criticLoss, actorLoss, meanQ, meanTargetQ, criticGradNorm, actorGradNorm }
  return { type, step, updates: a!, ...statistics, sigma: h! }
}

/** The rows one after the other. */
export function concat(rows: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(rows.reduce((total, row) => total + row.length, 0))
  let at = 0
  for (const row of rows) {
    all.set(row, at)
    at += row.length
  }
  return all
}
