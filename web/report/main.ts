// Draws the charts of a report from the data within it. Without this script the report still has its text and tables.
import type { Chart, MapChart, MarketChart } from '../../src/report/document.ts'
import { shadesOf } from './map.ts'
import { createChartPlace, element } from './chart-place.ts'
import { learningCurvesOption } from './learning-curves.ts'
import { marketOption } from './market.ts'
import { returnsOption } from './returns.ts'
import './report.css'

const { shown, charts } = JSON.parse(document.querySelector('#charts')!.textContent!) as {
  shown: number
  charts: Chart[]
}

/** Each redraws for the trial that is chosen; every chooser shows which it is. */
const followers: ((trial: number) => void)[] = []

function choose(trial: number): void {
  for (const follow of followers) follow(trial)
}

/** Lets its reader choose a trial, where there are several. */
function addChooser(place: HTMLElement, trials: { name: string }[]): void {
  if (trials.length < 2) return
  const select = document.createElement('select')
  for (const { name } of trials) select.append(element('option', name))
  select.addEventListener('change', () => choose(select.selectedIndex))
  followers.push((trial) => (select.selectedIndex = trial))
  const label = element('label', 'Trial ')
  label.append(select)
  place.before(label)
}

function draw(place: HTMLElement, chart: Chart): void {
  switch (chart.kind) {
    case 'market':
      return drawMarket(place, chart)
    case 'learning-curves':
      place.classList.add('row')
      for (const panel of chart.panels) createChartPlace(place, 'curves').show(learningCurvesOption(panel))
      return
    case 'returns':
      return createChartPlace(place, 'returns').show(returnsOption(chart))
    case 'map':
      return drawMap(place, chart)
  }
}

function drawMarket(place: HTMLElement, chart: MarketChart): void {
  addChooser(place, chart.trials)
  const panel = createChartPlace(place, 'market')
  followers.push((trial) => panel.show(marketOption(chart, trial)))
}

function drawMap(place: HTMLElement, { trials }: MapChart): void {
  addChooser(place, trials)
  place.classList.add('row')
  const cells = shadesOf(trials[shown]!).map(({ title }) => {
    const cell = place.appendChild(document.createElement('div'))
    cell.append(element('h4', title))
    const panel = createChartPlace(cell, 'map')
    const legend = cell.appendChild(document.createElement('p'))
    legend.className = 'scale'
    return { panel, legend }
  })
  followers.push((trial) =>
    shadesOf(trials[trial]!).forEach(({ low, high, gradient, option }, i) => {
      const { panel, legend } = cells[i]!
      const bar = element('i', '')
      bar.style.background = gradient
      legend.replaceChildren(low, bar, high)
      legend.hidden = trials[trial]!.axes.length < 2
      panel.show(option)
    }),
  )
}

for (const place of document.querySelectorAll<HTMLElement>('[data-chart]'))
  draw(place, charts[Number(place.dataset['chart'])]!)
choose(shown)
// for those who wait for it
document.documentElement.dataset['drawn'] = ''
