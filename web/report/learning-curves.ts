// Draws a quantity over environment steps: the middle of the trials, the range of most of them, and each.
import type { ChartValues, CurvePanel } from '../../src/report/document.ts'
import { tickFormat } from '../../src/report/charts/plot-scale.ts'
import { formatNumber } from '../../src/report/tables/table.ts'
import { lineOption } from '../../src/report/charts/chart-options.ts'
import { AXIS, colorOfSeries, NAMED_ABOVE, TOOLTIP, tooltip, type SizedOption } from './chart-place.ts'

export function learningCurvesOption({
  title,
  series: name,
  steps,
  middle,
  range,
  trials,
}: CurvePanel): SizedOption {
  const points = (values: ChartValues) => steps.map((step, i) => [step, values[i] ?? null])
  const color = colorOfSeries(name)
  const stroke = (values: ChartValues, width: number, opacity = 1) => ({
    ...lineOption(points(values), { color, width, opacity }),
    silent: true,
  })
  // the upper edge stands on the lower one
  const height = range && range.high.map((high, i) => (high === null ? null : high - range.low[i]!))
  const edge = (values: ChartValues) => ({ ...stroke(values, 0), stack: 'range', stackStrategy: 'all' })
  const series = [
    ...trials.map(({ values }) => stroke(values, 1, 0.25)),
    ...(range ? [edge(range.low), { ...edge(height!), areaStyle: { color, opacity: 0.22 } }] : []),
    { ...stroke(middle, 2), ...(steps.length === 1 && { symbol: 'circle' }) },
  ]
  return ({ isNarrow }) => ({
    grid: { left: 58, right: 14, top: 34, bottom: 44 },
    xAxis: {
      ...AXIS,
      type: 'value',
      min: 'dataMin',
      max: 'dataMax',
      splitLine: { show: false },
      splitNumber: isNarrow ? 3 : 5,
      name: 'environment steps',
      nameLocation: 'middle',
      nameGap: 28,
      axisLabel: { ...AXIS.axisLabel, showMinLabel: false, formatter: tickFormat(steps.at(-1) ?? 0) },
    },
    yAxis: {
      ...AXIS,
      type: 'value',
      scale: true,
      splitNumber: 4,
      name: title,
      ...NAMED_ABOVE,
      axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => tickFormat(Math.abs(value))(value) },
    },
    tooltip: {
      ...TOOLTIP,
      trigger: 'axis',
      formatter: ([first]: { value: [number, number] }[]) => {
        const i = steps.indexOf(first?.value[0] ?? NaN)
        const ends: [string, string][] = range
          ? [
              [range.labels[0], formatNumber(range.low[i])],
              [range.labels[1], formatNumber(range.high[i])],
            ]
          : []
        return tooltip(`step ${formatNumber(steps[i])}`, [[title, formatNumber(middle[i])], ...ends])
      },
    },
    series,
  })
}
