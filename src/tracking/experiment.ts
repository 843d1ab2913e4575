// Logs to a tracker what the trials of an experiment say together.
import type { Run } from './mlflow/run.ts'
import type { Statistics } from '../task/across-trials.ts'

/** @param run of the experiment @param step environment steps of a trial */
export function trackStatistics(run: Run, statistics: Statistics, step: number): void {
  run.logMetrics(Object.fromEntries(numbersIn(statistics, 'trials')), step)
  run.logArtifact('statistics.json', JSON.stringify(statistics, null, 2))
}

const ENDS = ['low', 'high']

/** Lists numbers with their paths; the ends of an interval by name. */
function* numbersIn(value: unknown, path: string): Generator<[string, number]> {
  if (typeof value === 'number') yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value))
    yield* numbersIn(inner, `${path}/${Array.isArray(value) ? ENDS[Number(key)] : key}`)
}
