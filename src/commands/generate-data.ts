// This command writes the synthetic data of a scenario.
import { loadModule } from '../core/module.ts'
import { formatTime } from '../math/time.ts'
import { loadScenario, writeSyntheticData, type ScenarioOptions } from './shared/scenario.ts'

/** Writes the synthetic data of a scenario and says where. */
export async function generateData(options: ScenarioOptions): Promise<void> {
  const { scenario } = loadScenario(options)
  const { length, columns } = await writeSyntheticData(scenario, await loadModule())
  const range = `${formatTime(columns.timestamp![0]!)} to ${formatTime(columns.timestamp!.at(-1)!)}`
  console.log(`wrote ${scenario.data.data_path}: ${length} rows, ${range}`)
}
