// The length of bars and the calendar are settled here once the data are read, where a scenario leaves them open.
import { formatSpacing, timeframeMilliseconds } from '../math/time.ts'
import type { Scenario } from '../scenario/schema.ts'
import { DdpgError } from '../base/errors.ts'
import type { LoadedTable } from './columns.ts'

type Facts = Pick<LoadedTable, 'timeframe' | 'calendar' | 'spacing'>

/**
 * Puts the timeframe and the calendar of the data into the scenario where it says `auto`.
 * @param name of the data, for the messages
 * @throws DdpgError where the scenario says another thing than the data, or where neither says it
 */
export function settle(scenario: Scenario, { timeframe, calendar, spacing }: Facts, name: string): void {
  const { data, evaluation } = scenario
  const every = `${name} has a row every ${timeframe ?? formatSpacing(spacing)}`
  if (data.timeframe === 'auto') {
    if (timeframe === undefined)
      throw new DdpgError(
        `${every}, which is no timeframe: say with data.timeframe what annualised metrics count with, such as 1h`,
      )
    data.timeframe = timeframe
  } else if (
    timeframe === undefined ? formatSpacing(spacing) !== data.timeframe : !isSame(data.timeframe, timeframe)
  ) {
    throw new DdpgError(
      `${every}, data.timeframe is ${data.timeframe}: correct it, or leave it out to take what the data show`,
    )
  }
  if (evaluation.calendar === 'auto') evaluation.calendar = calendar ?? 'crypto'
  else if (calendar !== undefined && (calendar === 'crypto') !== (evaluation.calendar === 'crypto'))
    throw new DdpgError(
      `${name} has ${calendar === 'crypto' ? 'bars on Saturdays (crypto)' : `no bars on Saturdays (${calendar})`}, evaluation.calendar is ${evaluation.calendar}: correct it, or leave it out to take what the data show`,
    )
}

function isSame(one: string, other: string): boolean {
  if (one === other) return true
  return (
    !one.endsWith('M') && !other.endsWith('M') && timeframeMilliseconds(one) === timeframeMilliseconds(other)
  )
}
