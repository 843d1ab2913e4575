// Reads the inputs of a run: the scenario of the editor, and generated data or a file of one's own.
import { parseDocument } from 'yaml'
import { createCore } from '../../src/core/core.ts'
import type { CoreModule } from '../../src/core/module.ts'
import type { LoadedTable } from '../../src/data/columns.ts'
import { settle } from '../../src/data/settle.ts'
import { generate } from '../../src/data/synthetic.ts'
import type { Table } from '../../src/data/table.ts'
import { formatTime } from '../../src/math/time.ts'
import { columnNotes } from '../../src/features/index.ts'
import { observedFeatures } from '../../src/scenario/features.ts'
import { parseScenario, type ScenarioError } from '../../src/scenario/load.ts'
import { readOverride } from '../../src/scenario/overrides.ts'
import { taskKind } from '../../src/scenario/environments.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import type { Inputs, Problem } from '../protocol.ts'
import { DdpgError } from '../../src/base/errors.ts'

export interface OwnData extends LoadedTable {
  name: string
}

// A scenario without a seed gets this one, so that what was checked is what is trained.
const [drawn] = crypto.getRandomValues(new Uint32Array(1))
const randomSeed = () => 1 + (drawn! % 100_000)

/** @throws ScenarioError, or Error in a sentence when the page cannot show such a scenario */
export function readInputs({ name, yaml, seed }: Inputs, own: OwnData | undefined) {
  const overrides = own ? overridesOf(own, yaml) : []
  const { scenario, notes } = parseScenario(yaml, `${name}.yaml`, { overrides, seed, randomSeed })
  mustTrade(scenario)
  if (own) settle(scenario, own, own.name)
  return {
    scenario,
    notes: [
      ...notes,
      ...(own ? [...own.warnings, ...columnNotes(observedFeatures(scenario), own.table, own.name)] : []),
    ],
  }
}

/** A scenario that generates data says nothing of the bars of another file. */
function overridesOf({ name, timeframe, calendar }: OwnData, yaml: string): string[] {
  const isGenerated = /^data_generator:/m.test(yaml)
  return [
    `data.data_path=${JSON.stringify(name)}`,
    ...(isGenerated && timeframe ? [`data.timeframe=${timeframe}`] : []),
    ...(isGenerated && calendar ? [`evaluation.calendar=${calendar}`] : []),
  ]
}

function mustTrade({ env }: Scenario): void {
  if (taskKind({ env }) !== 'trading')
    throw new DdpgError(
      `this page shows markets and ${env.name} is none: the command line trains and verifies it`,
    )
}

/** The sentences of a ScenarioError, each with its line. */
export function problemsOf(error: ScenarioError, { name }: Inputs): Problem[] {
  return error.problems.map((sentence) => {
    const file = `${name}.yaml:`
    if (!sentence.startsWith(file)) return { line: 0, text: sentence }
    const [, line = '0', text] = /^(?:(\d+): )?(.*)$/s.exec(sentence.slice(file.length))!
    return { line: Number(line), text: text!.trim() }
  })
}

/** The YAML with overrides laid on top, its comments kept. @throws DdpgError that lists the overrides that are none */
export function withOverrides(yaml: string, overrides: readonly string[]): string {
  const document = parseDocument(yaml)
  const problems: string[] = []
  for (const text of overrides) {
    const read = readOverride(text)
    if ('problem' in read) problems.push(read.problem.replace(/^-o /, ''))
    else document.setIn(read.path, document.createNode(read.value))
  }
  if (problems.length > 0) throw new DdpgError(`the link cannot be used: ${problems.join('; ')}`)
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

/** @throws DdpgError in sentences */
export async function readOwnData(file: File): Promise<OwnData> {
  const { name } = file
  const { readMarket } = await import('../../src/data/read.ts')
  return { ...(await readMarket([{ name, bytes: new Uint8Array(await file.arrayBuffer()) }], name)), name }
}

export function describe({ length, columns }: Table): string {
  const [first, last] = [columns.timestamp![0]!, columns.timestamp!.at(-1)!].map(formatTime)
  return `${length.toLocaleString('en')} rows, ${first} to ${last}`
}

/** Returns how many rows a generator makes. */
export function rowsOf(generator: NonNullable<Scenario['data_generator']>): number {
  if (generator.pattern_type !== 'sine_wave') return generator.n_samples
  return generator.n_periods * generator.samples_per_period
}

let last: { key: string; table: Table } | undefined

/** The table of one's own, or a generated one. @throws DdpgError in a sentence when there is neither */
export async function tableOf(
  scenario: Scenario,
  own: OwnData | undefined,
  module: CoreModule,
): Promise<Table> {
  mustTrade(scenario)
  const { data, data_generator: generator } = scenario
  if (own) return own.table
  if (!generator)
    throw new DdpgError(
      'the scenario has no data_generator, so its data are a file of yours: add a parquet or CSV file',
    )
  const key = JSON.stringify([generator, data.timeframe])
  if (last?.key === key) return last.table
  const table = generate(generator, data.timeframe, await createCore(module, generator.seed!))
  last = { key, table }
  return table
}
