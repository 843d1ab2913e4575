// A chart in a place of the report, in the colours of its style sheet, for screens and for paper.
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
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

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

export type Option = EChartsCoreOption

/** Below that width a place is narrow, as on a phone and on paper. */
const NARROW = 620

export interface Size {
  isNarrow: boolean
  isPaper: boolean
  /** In pixels. */
  height: number
}

/** What a chart looks like at a size; asked anew when that changes, but for the pixels of its width. */
export type Look = (size: Size) => Option

export interface Panel {
  show(look: Look): void
}

/** Within the parent; its class says how high it is. */
export function createPanel(parent: HTMLElement, className: string): Panel {
  const place = parent.appendChild(document.createElement('div'))
  place.className = `panel ${className}`
  const chart = init(place, null, { renderer: 'svg', locale: 'EN' })
  let look: Look | undefined
  let drawnAt = ''

  function fit(): void {
    const { clientWidth: width, clientHeight: height } = place
    if (!look || width === 0) return
    const size = { isNarrow: width < NARROW, isPaper: isPaper(), height }
    chart.resize({ width, height })
    if (JSON.stringify(size) === drawnAt) return
    drawnAt = JSON.stringify(size)
    chart.setOption({ ...COMMON, ...look(size) }, { notMerge: true })
  }

  new ResizeObserver(fit).observe(place)
  onPaper.push(() => {
    fit()
    chart.getZr().flush() // there is no next frame before paper
  })
  return {
    show(next) {
      look = next
      drawnAt = ''
      fit()
    },
  }
}

/** Of every panel: draws it at once. */
const onPaper: (() => void)[] = []

/** The style sheet makes the page as wide as paper then. */
const isPaper = (): boolean => document.documentElement.classList.contains('paper')

function turn(paper: boolean): void {
  document.documentElement.classList.toggle('paper', paper)
  for (const draw of onPaper) draw()
}
addEventListener('beforeprint', () => turn(true))
addEventListener('afterprint', () => turn(false))

/** That of the page, by name, since charts measure it. */
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

/** What most axes look like. */
export const AXIS = {
  axisLine: { onZero: false, lineStyle: { color: 'var(--edge)' } },
  axisTick: { show: false },
  axisLabel: { color: 'var(--quiet)', fontSize: 12, hideOverlap: true },
  nameTextStyle: { color: 'var(--quiet)' },
  splitLine: { lineStyle: { color: 'var(--line)' } },
}

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
