// This command lists what is wrong with a scenario, and values with which learning seldom works.
import { guardrails } from '../scenario/guardrails.ts'
import type { Scenario } from '../scenario/schema.ts'
import { existsSync } from 'node:fs'
import { loadModule } from '../core/module.ts'
import { taskKind } from '../scenario/environments.ts'
import { loadScenario, readTask, type ScenarioOptions } from './shared/scenario.ts'
import { DdpgError } from '../base/errors.ts'

/** Says what stands in the way of a scenario and its data, without training. */
export async function validate(options: ScenarioOptions): Promise<void> {
  const { scenario, source } = loadScenario(options)
  const warnings = warn(scenario)
  stopOnErrors(scenario)
  if (hasData(scenario)) await readTask(scenario, await loadModule(), 'correct data.data_path')
  const number = warnings === 1 ? '1 warning' : `${warnings} warnings`
  console.log(`${source.path} is valid, ${warnings === 0 ? 'without warnings' : `with ${number}`}`)
}

/** True when the data of a scenario are files, or were generated already. */
function hasData(scenario: Scenario): boolean {
  if (taskKind(scenario) === 'episodic') return false
  return scenario.data_generator === null || existsSync(scenario.data.data_path)
}

/** @throws DdpgError with a line for each error */
export function stopOnErrors(scenario: Scenario): void {
  const errors = guardrails(scenario).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new DdpgError(errors.map(({ text }) => text).join('\n'))
}

/** Prints the warnings on stderr; returns how many there are. */
export function warn(scenario: Scenario): number {
  const warnings = guardrails(scenario).filter(({ severity }) => severity === 'warning')
  for (const { text } of warnings) console.error(`warning: ${text}`)
  return warnings.length
}
