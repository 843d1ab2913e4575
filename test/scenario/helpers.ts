// This file loads scenarios from text and collects the problems that are found.
import { parseScenario, type ParseOptions, type ScenarioError } from '../../src/scenario/load.ts'

/** Reads a text as configs/x.yaml; the random seed is 5. */
export function parse(text: string, options: Partial<ParseOptions> = {}, file = 'configs/x.yaml') {
  return parseScenario(text, file, { randomSeed: () => 5, ...options })
}

/** The problems of a text that must not load. */
export function problemsOf(text: string, overrides: string[] = [], file?: string): string[] {
  try {
    parse(text, { overrides }, file)
  } catch (error) {
    const { name, message, problems } = error as ScenarioError
    if (name !== 'ScenarioError') throw error
    if (message !== problems.join('\n'))
      throw new Error('the message must hold the problems', { cause: error })
    return problems
  }
  return []
}
