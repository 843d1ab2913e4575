// Holds a chart in a place of the report, in the colours of its style sheet, for screens and for paper.
import { CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import {
  AxisPointerComponent,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { axisOption, type Option } from '../../src/report/charts/chart-options.ts'
import { SERIES, type ColorName, type SeriesName } from '../../src/report/series.ts'

use([
  LineChart,
  ScatterChart,
  CustomChart,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  AxisPointerComponent,
  MarkLineComponent,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  SVGRenderer,
])

/** Below that width a place is narrow, as on a phone and on paper. */
const NARROW = 620

export interface Size {
  isNarrow: boolean
  isPaper: boolean
  /** The height in pixels. */
  height: number
}

/** The options of a chart for a size; asked again when that changes, but for the pixels of its width. */
export type SizedOption = (size: Size) => Option

export interface ChartPlace {
  show(option: SizedOption): void
}

/** Within the parent; its class says how high it is. */
export function createChartPlace(parent: HTMLElement, className: string): ChartPlace {
  const place = parent.appendChild(document.createElement('div'))
  place.className = `panel ${className}`
  const chart = init(place, null, { renderer: 'svg', locale: 'EN' })
  let option: SizedOption | undefined
  let shownSize = ''

  function fit(): void {
    const { clientWidth: width, clientHeight: height } = place
    if (!option || width === 0) return
    const size = { isNarrow: width < NARROW, isPaper: isPaper(), height }
    chart.resize({ width, height })
    if (JSON.stringify(size) === shownSize) return
    shownSize = JSON.stringify(size)
    chart.setOption({ ...COMMON, ...option(size) }, { notMerge: true })
  }

  new ResizeObserver(fit).observe(place)
  onPaper.push(() => {
    fit()
    chart.getZr().flush() // there is no next frame before paper
  })
  return {
    show(next) {
      option = next
      shownSize = ''
      fit()
    },
  }
}

/** One per chart: draws it at once. */
const onPaper: (() => void)[] = []

/** The style sheet makes the page as wide as paper then. */
const isPaper = (): boolean => document.documentElement.classList.contains('paper')

function turn(paper: boolean): void {
  document.documentElement.classList.toggle('paper', paper)
  for (const draw of onPaper) draw()
}
addEventListener('beforeprint', () => turn(true))
addEventListener('afterprint', () => turn(false))

/** The font of the page, by name, since charts measure it. */
const FONT = getComputedStyle(document.body).fontFamily

const COMMON: Option = {
  animation: false,
  useUTC: true,
  textStyle: { fontFamily: FONT, color: 'var(--quiet)' },
}

export const TOOLTIP = {
  backgroundColor: 'var(--card)',
  borderColor: 'var(--edge)',
  textStyle: { color: 'var(--text)', fontSize: 13 },
  confine: true,
  transitionDuration: 0,
}

/** The look of most axes. */
export const AXIS = axisOption({
  line: 'var(--edge)',
  text: 'var(--quiet)',
  name: 'var(--quiet)',
  grid: 'var(--line)',
})

export const screenColor = (color: ColorName): string => `var(--${color})`

export const colorOfSeries = (name: SeriesName): string => screenColor(SERIES[name].color)

/** A vertical axis whose name stands above its labels. */
export const NAMED_ABOVE = {
  nameLocation: 'end',
  nameGap: 12,
  nameTextStyle: { color: 'var(--text)', align: 'left', padding: [0, 0, 0, -50] },
}

/** Lines of a tooltip; text stays text. */
export function tooltip(head: string, lines: [label: string, value: string, color?: string][]): HTMLElement {
  const box = document.createElement('div')
  box.append(element('b', head))
  for (const [label, value, color] of lines) {
    const line = element('div', '')
    line.className = 'tip'
    const dot = element('i', '')
    if (color) dot.style.background = color
    line.append(dot, element('span', label), element('b', value))
    box.append(line)
  }
  return box
}

export function element(name: string, text: string): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
