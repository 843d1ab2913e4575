// This command lists what is wrong with a scenario, and values with which learning seldom works.
import { guardrails } from '../scenario/guardrails.ts'
import type { Scenario } from '../scenario/schema.ts'
import { loadScenario, type ScenarioOptions } from './shared/scenario.ts'
import { DdpgError } from '../errors.ts'

/** Says what stands in the way of a scenario, without training it. */
export function validate(options: ScenarioOptions): void {
  const { scenario, source } = loadScenario(options)
  const warnings = warn(scenario)
  stopOnErrors(scenario)
  const number = warnings === 1 ? '1 warning' : `${warnings} warnings`
  console.log(`${source.path} is valid, ${warnings === 0 ? 'without warnings' : `with ${number}`}`)
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
