// These functions write the files of `ddpg evaluate`: every step as parquet, every trade as CSV.
import { extname, resolve } from 'node:path'
import Papa from 'papaparse'
import { taskKind } from '../scenario/environments.ts'
import { columnsToParquet, type ParquetColumn } from '../data/parquet.ts'
import type { SplitEvaluation } from '../evaluate/evaluate.ts'
import type { Splits } from '../task/trading.ts'
import { writeFile } from '../files/index.ts'
import { marketColumns } from '../task/columns.ts'
import type { Scenario } from '../scenario/schema.ts'
import { tradesOf } from '../evaluate/trades.ts'
import { DdpgError } from '../base/errors.ts'

export interface Targets {
  saveRollout?: string
  saveTrades?: string
}

/** Finds before the work what would keep a file from being written. @throws DdpgError in a sentence */
export function checkTargets({ saveRollout, saveTrades }: Targets, scenario: Scenario): void {
  const { name } = scenario.env
  if (saveTrades !== undefined && taskKind(scenario) === 'episodic')
    throw new DdpgError(`there are no trades to save: ${name} does not trade`)
  const wanted = [
    ['--save-rollout', saveRollout, '.parquet'],
    ['--save-trades', saveTrades, '.csv'],
  ] as const
  for (const [option, file, extension] of wanted) {
    if (file === undefined) continue
    if (extname(file).toLowerCase() !== extension)
      throw new DdpgError(
        `${option} writes ${extension.slice(1)}: the file must end in ${extension}, got ${file}`,
      )
    if (taskKind(scenario) === 'trading' && resolve(file) === resolve(scenario.data.data_path))
      throw new DdpgError(`${option} ${file} would replace the data that are evaluated: give another name`)
  }
}

export function saveRollout(file: string, columns: ParquetColumn[]): void {
  writeFile(file, new Uint8Array(columnsToParquet(columns)))
}

/** @param evaluations by name of the split */
export function saveMarket(
  { saveRollout: rollout, saveTrades: trades }: Targets,
  scenario: Scenario,
  evaluations: Record<string, SplitEvaluation>,
  splits: Splits,
): void {
  if (rollout !== undefined) saveRollout(rollout, marketColumns(evaluations, splits))
  if (trades !== undefined) writeFile(trades, tradeLines(scenario, evaluations, splits))
}

const COLUMNS = [
  'split',
  'step',
  'timestamp',
  'asset',
  'side',
  'from_weight',
  'to_weight',
  'quantity',
  'price',
  'notional',
  'fee',
  'spread',
  'slippage',
  'wealth_before',
]
/** Lines that are made at a time, since those of a long file do not fit into one string. */
const CHUNK = 10_000

function* tradeLines(
  { env }: Scenario,
  evaluations: Record<string, SplitEvaluation>,
  { table, splits, markets }: Splits,
): Generator<string, void> {
  yield `${COLUMNS.join(',')}\n`
  let rows: (string | number)[][] = []
  const lines = () => `${Papa.unparse(rows, { newline: '\n' })}\n`
  for (const [split, { agent }] of Object.entries(evaluations)) {
    const market = markets[split]!
    const times = table.columns.timestamp!.subarray(splits[split]!.from)
    for (const trade of tradesOf(agent, market, env)) {
      const { step, row, asset, from, to, quantity, price, notional, fee, wealth, ...costs } = trade
      const what = [market.priceNames[asset]!, quantity > 0 ? 'buy' : 'sell']
      const when = [split, step, new Date(times[row]!).toISOString()]
      rows.push([
        ...when,
        ...what,
        from,
        to,
        Math.abs(quantity),
        price,
        notional,
        fee,
        costs.spread,
        costs.slippage,
        wealth,
      ])
      if (rows.length < CHUNK) continue
      yield lines()
      rows = []
    }
  }
  if (rows.length > 0) yield lines()
}
