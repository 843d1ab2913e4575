// Builds the options of ECharts that plots and reports share: axes and lines in given colours.

/** Options in the form that ECharts takes; its own types allow any key too. */
export type Option = Record<string, unknown>

export interface AxisColors {
  line: string
  text: string
  name: string
  grid: string
}

/** An axis without its scale. */
export function axisOption({ line, text, name, grid }: AxisColors): Option & { axisLabel: Option } {
  return {
    axisLine: { show: true, onZero: false, lineStyle: { color: line } },
    axisTick: { show: false },
    axisLabel: { color: text, fontSize: 12, hideOverlap: true },
    nameTextStyle: { color: name, fontSize: 12 },
    splitLine: { lineStyle: { color: grid } },
  }
}

export interface LineStyle {
  color: string
  width: number
  dashed?: boolean | undefined
  opacity?: number
  /** Holds each value until the next. */
  step?: boolean | undefined
  /** Fills the area down to 0. */
  area?: boolean | undefined
}

/** @param data places as [x, y], a null y being a gap, or items of ECharts */
export function lineOption(
  data: readonly unknown[],
  { color, width, dashed, opacity, step, area }: LineStyle,
): Option {
  return {
    type: 'line',
    data,
    symbol: 'none',
    color,
    step: step ? 'end' : false,
    lineStyle: { color, width, type: dashed ? 'dashed' : 'solid', ...(opacity !== undefined && { opacity }) },
    ...(area && { areaStyle: { color, opacity: 0.18, origin: 0 } }),
    emphasis: { disabled: true },
  }
}
