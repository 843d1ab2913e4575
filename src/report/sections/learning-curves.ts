// Reports how training went: every trial, and the middle of them.
import type { Random } from '../../core/core.ts'
import { bootstrap, interquartileMean, percentileInterval, quantile } from '../../math/statistics.ts'
import { chartValues, type Block, type CurvePanel } from '../document.ts'
import type { SeriesName } from '../series.ts'
import type { TrialSummary } from '../trial-summary.ts'
import { CI_LABELS } from '../tables/across-trials.ts'
import { formatNumber } from '../tables/table.ts'

/** Points of a line, at most. */
const POINTS = 200
/** Draws for an interval: more would not show in a line. */
const REPETITIONS = 1000

interface TrialCurve {
  name: string
  steps: readonly number[]
  values: readonly number[]
}

/** @param validation names its scores @param random the stream that the intervals draw from */
export function learningCurvesBlock(
  trials: readonly TrialSummary[],
  validation: string,
  random: Random,
): Block {
  const curves = (of: (trial: TrialSummary) => Omit<TrialCurve, 'name'>): TrialCurve[] =>
    trials.map((trial) => ({ name: `seed ${trial.seed}`, ...of(trial) }))
  const several = trials.length > 1
  const iqm = (values: Float64Array) => {
    const draws = bootstrap([values], ([resampled]) => interquartileMean(resampled!), random, REPETITIONS)
    return [interquartileMean(values), ...percentileInterval(draws)] as const
  }
  const quartiles = (values: Float64Array) => {
    const sorted = values.toSorted()
    return [quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75)] as const
  }
  const panels = [
    panelOf(
      validation,
      'agent',
      curves(({ curves: { validations } }) => ({ steps: validations.steps, values: validations.scores })),
      { summary: iqm, labels: CI_LABELS },
    ),
    panelOf(
      'Critic loss',
      'critic_loss',
      curves(({ curves: { losses } }) => ({ steps: losses.steps, values: losses.criticLoss })),
      { summary: quartiles, labels: ['lower quartile', 'upper quartile'] },
    ),
    panelOf(
      'Actor loss, −mean Q(s, μ(s))',
      'actor_loss',
      curves(({ curves: { losses } }) => ({ steps: losses.steps, values: losses.actorLoss })),
      { summary: quartiles, labels: ['lower quartile', 'upper quartile'] },
    ),
  ]
  const ranges =
    'Lines over all trials: the interquartile mean of validations with its 95 % bootstrap interval, the median of losses with its quartiles. Single trials are faint.'
  return {
    kind: 'chart',
    chart: { kind: 'learning-curves', panels },
    title: 'Learning curves',
    caption: `Over environment steps. ${several ? ranges : ''}`.trim(),
    numbers: numbersOf(panels[0]!),
  }
}

/** Middle, low and high of the values of all trials at a step. */
type Summary = (values: Float64Array) => readonly [middle: number, low: number, high: number]

interface Band {
  summary: Summary
  labels: [low: string, high: string]
}

function panelOf(
  title: string,
  series: SeriesName,
  curves: TrialCurve[],
  { summary, labels }: Band,
): CurvePanel {
  const all = [...new Set(curves.flatMap(({ steps }) => steps))].toSorted((a, b) => a - b)
  const stride = Math.ceil(all.length / POINTS)
  const steps = all.filter((_, i) => (all.length - 1 - i) % stride === 0)
  const lines = curves.map(({ name, steps: own, values }) => {
    const at = new Map(own.map((step, i) => [step, values[i]!]))
    return { name, values: steps.map((step) => at.get(step) ?? NaN) }
  })
  const summaries = steps.map((_, i) => {
    const present = lines.map(({ values }) => values[i]!).filter(Number.isFinite)
    if (present.length === 0) return [NaN, NaN, NaN] as const
    return present.length === 1 ? ([present[0]!, NaN, NaN] as const) : summary(Float64Array.from(present))
  })
  const [middle, low, high] = [0, 1, 2].map((which) => chartValues(summaries.map((one) => one[which]!)))
  return {
    title,
    series,
    steps,
    middle: middle!,
    ...(curves.length > 1 && { range: { labels, low: low!, high: high! } }),
    trials: curves.length > 1 ? lines.map(({ name, values }) => ({ name, values: chartValues(values) })) : [],
  }
}

const ROWS = 10

/** About ten steps of a panel as a table, the last one among them. */
function numbersOf({
  title,
  steps,
  middle,
  range,
}: CurvePanel): NonNullable<Extract<Block, { kind: 'chart' }>['numbers']> {
  const stride = Math.ceil(steps.length / ROWS)
  const rows = steps.map((_, i) => i).filter((i) => (steps.length - 1 - i) % stride === 0)
  const columns = [middle, ...(range ? [range.low, range.high] : [])]
  return {
    header: ['step', title, ...(range ? range.labels : [])],
    rows: rows.map((i) => [String(steps[i]), ...columns.map((values) => formatNumber(values[i]))]),
  }
}
