// Draws the episodes of each trial as dots, and their mean.
import type { ReturnsChart } from '../../src/report/document.ts'
import { tickFormat } from '../../src/report/charts/plot-scale.ts'
import { formatNumber } from '../../src/report/tables/table.ts'
import { SERIES } from '../../src/report/series.ts'
import {
  AXIS,
  colorOfSeries,
  NAMED_ABOVE,
  screenColor,
  TOOLTIP,
  tooltip,
  type SizedOption,
} from './chart-place.ts'

export function returnsOption({ trials }: ReturnsChart): SizedOption {
  const means = trials.map(({ returns }) => returns.reduce((sum, value) => sum + value, 0) / returns.length)
  // side by side, so that those of one value can be distinguished
  const dots = trials.flatMap(({ returns }, trial) =>
    returns.map((value, i) => [trial + 0.5 * (((i * 0.618) % 1) - 0.5), value]),
  )
  const name = (trial: number) => trials[Math.round(trial)]?.name ?? ''
  return ({ isNarrow }) => ({
    grid: { left: 58, right: 14, top: 34, bottom: isNarrow ? 60 : 32 },
    xAxis: {
      ...AXIS,
      type: 'value',
      min: -0.6,
      max: trials.length - 0.4,
      interval: 1,
      splitLine: { show: false },
      axisLabel: {
        ...AXIS.axisLabel,
        customValues: trials.map((_, i) => i),
        rotate: isNarrow && trials.length > 4 ? 60 : 0,
        formatter: name,
      },
    },
    yAxis: {
      ...AXIS,
      type: 'value',
      scale: true,
      name: SERIES.episode_return.unit,
      ...NAMED_ABOVE,
      axisLabel: { ...AXIS.axisLabel, formatter: (value: number) => tickFormat(Math.abs(value))(value) },
    },
    tooltip: {
      ...TOOLTIP,
      trigger: 'item',
      formatter: ({ value: [trial, value] }: { value: [number, number] }) =>
        tooltip(name(trial), [
          ['episode', formatNumber(value)],
          ['mean', formatNumber(means[Math.round(trial)])],
        ]),
    },
    series: [
      {
        type: 'scatter',
        data: dots,
        symbolSize: 5,
        itemStyle: { color: colorOfSeries('episode_return'), opacity: 0.45 },
      },
      {
        type: 'scatter',
        data: means.map((mean, trial) => [trial, mean]),
        symbol: 'rect',
        symbolSize: [isNarrow ? 18 : 44, 3],
        itemStyle: { color: screenColor('market') },
      },
    ],
  })
}
