// This is the table of all indicators: what can be called in an expression, what the guide lists and what is computed.
import { AVERAGES } from './averages.ts'
import { ELEMENTS } from './elements.ts'
import type { Indicator } from './indicator.ts'
import { ORIGINAL } from './original.ts'
import { OSCILLATORS } from './oscillators.ts'
import { RETURNS } from './returns.ts'
import { STOCKSTATS } from './stockstats.ts'
import { VOLATILITY } from './volatility.ts'
import { VOLUME } from './volume.ts'

/** By family, in the order of the guide. */
export const FAMILIES: Record<string, Record<string, Indicator>> = {
  Returns: RETURNS,
  'Averages and bands': AVERAGES,
  Oscillators: OSCILLATORS,
  Volatility: VOLATILITY,
  Volume: VOLUME,
  'Functions of a row': ELEMENTS,
  'FinRL’s, as stockstats computes them': STOCKSTATS,
  'The five of the Python original': ORIGINAL,
}

export const INDICATORS: ReadonlyMap<string, Indicator> = new Map(
  Object.values(FAMILIES).flatMap((family) => Object.entries(family)),
)

/** The names of the series that an indicator gives; a single series has the empty name. */
export function outputsOf({ outputs = [''] }: Indicator): readonly string[] {
  return outputs
}
