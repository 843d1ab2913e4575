// This bench draws how the cost grows with the width of the networks, the batch and the replay buffer, beside its
// model.
import { writeFileSync } from 'node:fs'
import { LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { createLearner } from '../src/core/learner.ts'
import { digits, inTurns, printTable } from './measure.ts'
import { fillReplay } from './replay.ts'
import { learnerOptions, weightCount, type Shape } from './shapes.ts'

use([LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

const UNITS = [16, 32, 64, 128, 256, 512]
const BATCHES = [16, 32, 64, 128, 256, 512, 1024]
const CAPACITIES = [1e3, 1e4, 1e5, 1e6, 1e7]
const ROUNDS = 20

interface Point {
  /** The width, batch or capacity that varies. */
  x: number
  shape: Shape
  capacity: number
}
type Measured = Point & { milliseconds: number }

/** Measures, fits the model and writes bench/growth-*.svg. */
export async function benchGrowth(): Promise<void> {
  const overUnits = await measure(UNITS.map((H) => point(H, H, 64)))
  const overBatch = await measure(BATCHES.map((B) => point(B, 64, B)))
  const overCapacity = await measure(CAPACITIES.map((capacity) => point(capacity, 64, 64, capacity)))
  const { at, formula } = fit([...overUnits, ...overBatch])
  write('units', 'An update over the units of both hidden layers, batch 64', overUnits, at, formula)
  write('batch', 'An update over the batch, 64/64 units', overBatch, at, formula)
  const few = overCapacity[0]!.milliseconds
  const title = 'An update over the capacity of the replay buffer, 64/64 × 64'
  write('capacity', title, overCapacity, () => few, 'as with few transitions')
}

function point(x: number, H: number, batchSize: number, capacity = 10_000): Point {
  return { x, capacity, shape: { hidden: [H, H], batchSize, obsDim: 8, actionDim: 1 } }
}

/** Times in turns and keeps the quickest of many rounds: the load of a busy neighbour has nothing to do with growth. */
async function measure(points: Point[]): Promise<Measured[]> {
  const tasks: Record<string, () => void> = {}
  for (const { x, shape, capacity } of points) {
    const learner = await createLearner({ ...learnerOptions(shape), capacity })
    fillReplay(learner)
    tasks[x] = () => void learner.update()
  }
  const measured = inTurns(tasks, ROUNDS)
  return points.map((one) => ({ ...one, milliseconds: Math.min(...measured[one.x]!.rounds) }))
}

/**
 * The terms of the model: an update costs a sum of parts, per weight (Adam, soft update), per unit and row (bias, ReLU,
 * lists), per weight and row (products).
 */
function terms(shape: Shape): number[] {
  const weights = weightCount(shape)
  const units = shape.hidden.reduce((total, n) => total + n, 0)
  return [weights, units * shape.batchSize, weights * shape.batchSize]
}

/** Factors of the terms by least squares of relative errors: every equation is divided by its measured time. */
function fit(points: Measured[]): { at: (shape: Shape) => number; formula: string } {
  const rows = points.map(({ shape, milliseconds }) => terms(shape).map((term) => term / milliseconds))
  const n = rows[0]!.length
  const sum = (of: (row: number[]) => number): number => rows.reduce((total, row) => total + of(row), 0)
  const system = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => sum((row) => row[i]! * row[j]!)),
    sum((row) => row[i]!),
  ])
  // Gauss and Jordan; the matrix is positive definite, so no pivot is zero
  for (const [p, pivot] of system.entries()) {
    for (const [r, row] of system.entries()) {
      if (r === p) continue
      const factor = row[p]! / pivot[p]!
      pivot.forEach((value, j) => (row[j]! -= factor * value))
    }
  }
  const factors = system.map((row, i) => row[n]! / row[i]!)
  const parts = ['W', 'U B', 'W B'].map((term, i) => `${digits(1e6 * factors[i]!)} ${term}`)
  return {
    formula: `ns = ${parts.join(' + ')}`,
    at: (shape) => terms(shape).reduce((total, term, i) => total + term * factors[i]!, 0),
  }
}

function write(
  over: string,
  title: string,
  points: Measured[],
  model: (shape: Shape) => number,
  formula: string,
): void {
  const rows = points.map(({ x, shape, milliseconds }) => [
    String(x),
    digits(milliseconds),
    digits(model(shape)),
  ])
  printTable(title, [over, 'ms', `model: ${formula}`], rows)
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 480 })
  chart.setOption(picture(over, title, points, model, formula))
  writeFileSync(new URL(`growth-${over}.svg`, import.meta.url), chart.renderToSVGString())
  chart.dispose()
}

function picture(
  over: string,
  title: string,
  points: Measured[],
  model: (shape: Shape) => number,
  formula: string,
): EChartsCoreOption {
  const axis = { type: 'log', nameLocation: 'middle', min: 'dataMin', max: 'dataMax' }
  const measured = points.map(({ x, milliseconds }) => [x, milliseconds])
  const modelled = points.map(({ x, shape }) => [x, model(shape)])
  const lowest = Math.min(...[...measured, ...modelled].map(([, y]) => y!))
  return {
    animation: false,
    backgroundColor: '#FFFFFF',
    title: { text: title, left: 'center', top: 8, textStyle: { fontSize: 15 } },
    legend: { top: 36 },
    grid: { left: 72, right: 48, top: 72, bottom: 56 },
    xAxis: { ...axis, logBase: over === 'capacity' ? 10 : 2, name: over, nameGap: 32 },
    yAxis: {
      ...axis,
      name: 'ms per update',
      nameGap: 48,
      min: 10 ** Math.floor(Math.log10(lowest)),
      max: null,
    },
    series: [
      { name: 'measured', type: 'scatter', symbolSize: 9, color: '#0072B2', data: measured },
      { name: `model: ${formula}`, type: 'line', showSymbol: false, color: '#D55E00', data: modelled },
    ],
  }
}
