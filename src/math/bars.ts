// The steps of an environment are related here to the bars of its returns and to years.

export type Calendar = 'crypto' | 'forex' | 'us_equity'
/**
 * Days and hours of trading in a year: crypto never closes, foreign exchange trades 260 days of 24 hours, US equities
 * 252 days of 6.5 hours.
 */
const CALENDARS = {
  crypto: { days: 365, hours: 365 * 24 },
  forex: { days: 260, hours: 260 * 24 },
  us_equity: { days: 252, hours: 252 * 6.5 },
}

/** @param timeframe length of a bar: a number and s, m, h, d, w or M */
export function periodsPerYear(timeframe: string, calendar: Calendar): number {
  const { days, hours } = CALENDARS[calendar]
  const bars = { s: hours * 3600, m: hours * 60, h: hours, d: days, w: 52, M: 12 }[timeframe.at(-1)!]!
  return bars / parseInt(timeframe, 10)
}

/** The calendar of metrics: data whose times do not say when their market is open count as always open. */
export function calendarFor({ calendar }: { calendar: Calendar | 'auto' }): Calendar {
  return calendar === 'auto' ? 'crypto' : calendar
}

/** The length of a bar in metrics: data whose times do not say it count as hours, as generated rows do. */
export function timeframeFor({ timeframe }: { timeframe: string }): string {
  return timeframe === 'auto' ? '1h' : timeframe
}

const LEAST_BARS = 50

/**
 * The bars that returns are measured in: the longest of a day, an hour, 15 minutes, a minute and 5 seconds that is
 * longer than a step and of which there are 50, else the steps.
 * @returns steps in a bar, and bars in a year
 */
export function barsOf(
  steps: number,
  timeframe: string,
  calendar: Calendar,
): { size: number; periods: number } {
  const stepsPerYear = periodsPerYear(timeframe, calendar)
  for (const longer of ['1d', '1h', '15m', '1m', '5s']) {
    const periods = periodsPerYear(longer, calendar)
    const size = Math.ceil(stepsPerYear / periods - 0.5) // 6.5 hours of a trading day are 6 steps
    if (size > 1 && Math.ceil(steps / size) >= LEAST_BARS) return { size, periods }
  }
  return { size: 1, periods: stepsPerYear }
}

/**
 * Returns of bars of that many steps, of which the last may have fewer: 0 wherever wealth stays what it is, which
 * after ruin is nothing. @param wealth [steps + 1]
 */
export function returnsOf(wealth: Float64Array, size = 1): Float64Array {
  const steps = wealth.length - 1
  return Float64Array.from({ length: Math.ceil(steps / size) }, (_, bar) => {
    const from = wealth[bar * size]!
    const to = wealth[Math.min((bar + 1) * size, steps)]!
    return from === to ? 0 : to / from - 1
  })
}
