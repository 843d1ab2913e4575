// This command lists the scenarios.
import { taskKind } from '../scenario/environments.ts'
import { listScenarios, readText } from '../files/index.ts'
import { formatTable } from '../report/tables/table.ts'
import { parseScenario } from '../scenario/load.ts'
import { DdpgError } from '../base/errors.ts'

/** Lists the scenarios that --scenario knows; one with problems is listed with the number of them. */
export function scenarios(): void {
  const rows = listScenarios().map((path) => {
    const name = path.replace(/^.*[\\/]|\.yaml$/g, '')
    try {
      const { scenario } = parseScenario(readText(path), path, { randomSeed: () => 0 })
      const { env, data_generator: generator, training } = scenario
      const data = taskKind(scenario) === 'episodic' ? 'none' : (generator?.pattern_type ?? 'own data')
      return [name, data, env.backend, String(training.max_steps), path]
    } catch (error) {
      if (!(error instanceof DdpgError)) throw error
      const { length } = error.message.split('\n')
      return [name, `${length} ${length === 1 ? 'problem' : 'problems'}`, '–', '–', path]
    }
  })
  for (const line of formatTable(['scenario', 'data', 'backend', 'max_steps', 'file'], rows))
    console.log(line)
}
