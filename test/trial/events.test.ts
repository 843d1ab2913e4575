// Events of a run are rows of numbers, and come back as they were.
import { expect, it } from 'vitest'
import { concat, eventsOf, ROW, rowOf, type HistoryEvent } from '../../src/trial/events.ts'

const losses = {
  criticLoss: 0.1,
  actorLoss: -0.2,
  meanQ: 0.3,
  meanTargetQ: 0.4,
  criticGradNorm: 0.5,
  actorGradNorm: 0.6,
}
const episode = { episodeReward: 0.1 + 0.2, episodeLength: 9, positionChanges: 3 }
const events = [
  { type: 'losses', step: 100, updates: 7, ...losses, sigma: 0.7 },
  { type: 'episode', step: 101, ...episode, wealth: 10_001.5 },
  { type: 'episode', step: 102, ...episode, wealth: undefined },
  { type: 'validation', step: 103, score: -1e-300 },
  { type: 'validation', step: 104, score: -Infinity },
] satisfies HistoryEvent[]

it('events become rows of numbers and events again', () => {
  const rows = concat(events.map(rowOf))
  expect(rows.length).toBe(events.length * ROW)
  expect(eventsOf(rows)).toEqual(events)
  expect(eventsOf(new Float64Array(0))).toEqual([])
})

it('a row tells all that an event does', () => {
  const update = { type: 'update', step: 100, updates: 7, statistics: losses } as const
  expect(Array.from(rowOf(update))).toEqual([0, 100, 7, ...Object.values(losses), 0])
  expect(Array.from(rowOf(events[0]!))).toEqual([1, 100, 7, ...Object.values(losses), 0.7])
  expect(Array.from(rowOf(events[1]!))).toEqual([2, 101, 0.1 + 0.2, 9, 3, 10_001.5, 0, 0, 0, 0])
  expect(rowOf(events[2]!)[5]).toBeNaN()
  expect(Array.from(rowOf(events[3]!))).toEqual([3, 103, -1e-300, 0, 0, 0, 0, 0, 0, 0])
})

it('rows of another kind are refused', () => {
  expect(() => eventsOf(new Float64Array(ROW))).toThrow('its history holds rows of kind 0')
})
