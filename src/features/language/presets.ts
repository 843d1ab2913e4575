// Presets are lists of features that have a name of their own.
import { DdpgError } from '../../base/errors.ts'
import { shown } from '../../base/text.ts'
import type { Feature } from './expression.ts'
import { readFeatures } from './read.ts'

/** The entries that each of these names in `features` stands for. */
export const PRESETS: Readonly<Record<string, { meaning: string; entries: readonly string[] }>> = {
  original: {
    meaning: 'the five of the Python original, which are observed where a scenario says nothing else',
    entries: [
      'feature_return',
      'feature_high',
      'feature_low',
      'feature_volume',
      'feature_trend | original_range',
    ],
  },
  finrl: {
    meaning: 'the eight of FinRL, as stockstats computes them',
    entries: [
      'macd = stockstats_macd(12, 26)',
      'boll_ub = stockstats_boll_ub(20)',
      'boll_lb = stockstats_boll_lb(20)',
      'rsi_30 = stockstats_rsi(30)',
      'cci_30 = stockstats_cci(30)',
      'dx_30 = stockstats_dx(30)',
      'close_30_sma = stockstats_sma(30)',
      'close_60_sma = stockstats_sma(60)',
    ],
  },
}

/** Features of one entry, a preset or an expression. @throws DdpgError as readFeatures does */
function featuresOf(entry: string): Feature[] {
  const name = entry.trim()
  const preset = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined
  return preset ? preset.entries.flatMap(readFeatures) : readFeatures(entry)
}

/** Features that an observation may have. */
const MOST = 1024

/**
 * Features of a list of entries, in their order.
 * @throws DdpgError for the first entry that is wrong, for a name that comes twice and for more than 1024 features
 */
export function listFeatures(entries: readonly string[]): Feature[] {
  const features = entries.flatMap(featuresOf)
  if (features.length > MOST)
    throw new DdpgError(`has ${features.length} features, at most ${MOST} are observed`)
  const names = new Set<string>()
  for (const { name } of features) {
    if (names.has(name))
      throw new DdpgError(`has ${shown(name)} twice: drop one, or name it, as in other = ${shown(name)}`)
    names.add(name)
  }
  return features
}
