// This bench counts the runs that end on one side of the market for ever, with each switch that is to prevent it.
//   node bench/stuck.ts [data seeds] [seeds]
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { createCore } from '../src/core/core.ts'
import { loadModule } from '../src/core/module.ts'
import { generate } from '../src/data/synthetic.ts'
import type { Table } from '../src/data/table.ts'
import { parseScenario } from '../src/scenario/load.ts'
import type { Scenario } from '../src/scenario/schema.ts'
import { tradingTask } from '../src/task/trading.ts'
import { runTrial } from '../src/trial/trial.ts'
import { quantile } from '../src/math/statistics.ts'
import { printTable } from './measure.ts'

const module = await loadModule()
const [dataSeeds = 8, seeds = 2] = process.argv.slice(2).map(Number)

const VARIANTS: Record<string, string[]> = {
  'as shipped': [],
  'action_penalty: 0.001': ['training.action_penalty=0.001'],
  'action_penalty: 0.01': ['training.action_penalty=0.01'],
  inverting_gradients: ['training.inverting_gradients=true'],
  TD3: ['training.algorithm=TD3'],
}

type Generator = (scenario: Scenario, seed: number) => Promise<Table>

const synthetic: Generator = async ({ data, data_generator: generator }, seed) =>
  generate({ ...generator!, seed }, data.timeframe, await createCore(module, seed))

/** Log returns of which each remembers 15 % of the one before, with a standard deviation of 1 %. */
const autoregressive: Generator = async (_, seed) => {
  const { math, random } = await createCore(module, seed)
  const length = 500
  const close = new Float64Array(length)
  let [price, change] = [50_000, 0]
  for (let i = 0; i < length; i++) {
    change = 0.15 * change + 0.01 * random.data.normal()
    price *= math.exp(change)
    close[i] = price
  }
  const timestamp = close.map((_, i) => i * 3_600_000)
  const volume = new Float64Array(length).fill(1)
  return { length, columns: { open: close, high: close, low: close, close, volume, timestamp } }
}

/** The markets; sine_wave has the same closes whatever its seed, so more seeds take the place of data seeds. */
const MARKETS: { name: string; scenario: string; make: Generator; pairs: [data: number, seed: number][] }[] =
  [
    { name: 'mean_reversion', scenario: 'mean_reversion', make: synthetic, pairs: pairs(dataSeeds, seeds) },
    {
      name: 'AR(1), φ = 0.15',
      scenario: 'mean_reversion',
      make: autoregressive,
      pairs: pairs(dataSeeds, seeds),
    },
    { name: 'sine_wave', scenario: 'sine_wave', make: synthetic, pairs: pairs(1, dataSeeds) },
  ]

function pairs(data: number, runs: number): [number, number][] {
  return Array.from({ length: data * runs }, (_, i) => [1000 + Math.floor(i / runs), 2000 + i])
}

interface Outcome {
  isOneSided: boolean
  /** Σ log reward on the training rows, as a share of what a trader who knows the next bar would have. */
  share: number
}

async function outcomeOf(scenario: Scenario, table: Table): Promise<Outcome> {
  const { math } = await createCore(module, scenario.seed)
  const trial = runTrial(scenario, tradingTask(scenario, table, math), module)
  for (;;) {
    const { done, value } = await trial.next()
    if (!done) continue
    const { agent, metrics } = value.evaluation.train
    const isOneSided =
      agent.positions.every((position) => position > 0) || agent.positions.every((position) => position < 0)
    return { isOneSided, share: math.log(agent.wealth.at(-1)! / agent.wealth[0]!) / metrics.max_profit }
  }
}

const rows: string[][] = []
for (const { name, scenario: file, make, pairs: all } of MARKETS) {
  const text = readFileSync(new URL(`../configs/${file}.yaml`, import.meta.url), 'utf8')
  for (const [variant, overrides] of Object.entries(VARIANTS)) {
    const { scenario } = parseScenario(text, file, { overrides, randomSeed: () => 0 })
    const outcomes: Outcome[] = []
    for (const [data, seed] of all)
      outcomes.push(await outcomeOf({ ...scenario, seed }, await make(scenario, data)))
    const shares = outcomes.map(({ share }) => share).toSorted((a, b) => a - b)
    const cells = [0.5, 0.1].map((q) => quantile(shares, q).toFixed(3))
    rows.push([
      name,
      variant,
      `${outcomes.filter((one) => one.isOneSided).length} of ${all.length}`,
      ...cells,
    ])
    console.error(rows.at(-1)!.join('  '))
  }
}
printTable(
  `Runs that end on one side, final policy on its training rows; load ${loadavg()[0]!.toFixed(1)}`,
  ['market', 'switch', 'one-sided', 'share of max_profit, median', '10 % quantile'],
  rows,
)
