// Times what an agent observes: 2,000,000 bars × 10 features, each alone and all of them with their scaling.
//   node bench/features.ts [rows]
import { createCore } from '../src/core/core.ts'
import { loadModule } from '../src/core/module.ts'
import { fitFeatures, rawFeatures, scaleFeatures } from '../src/features/index.ts'
import { listFeatures } from '../src/features/language/presets.ts'
import { bars } from '../test/features/bars.ts'

const TEN = [
  'log_return',
  'close / sma(50) - 1',
  'rsi(14)',
  'macd(12, 26, 9).histogram',
  'percent_b(20, 2)',
  'natr(14)',
  'adx(14)',
  'volatility(20)',
  'relative_volume(20)',
  'zscore(volume, 500)',
]
const OTHERS = [
  'cci(20)',
  'wma(20)',
  'stoch.k',
  'obv',
  'mfi',
  'garman_klass',
  'highest(1000)',
  'sma(1000)',
  'finrl',
]

const rows = Number(process.argv[2] ?? 2_000_000)
const { random, math } = await createCore(await loadModule(), 1)
const table = bars(random.data, rows)

function milliseconds(work: () => unknown): number {
  const times = [0, 1, 2].map(() => {
    const begun = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

console.log(`${rows} rows, ms of CPU, the least of three`)
for (const feature of [...TEN, ...OTHERS]) {
  const features = listFeatures([feature])
  console.log(feature.padEnd(28), milliseconds(() => rawFeatures(table, features, math)).toFixed(0))
}
const ten = listFeatures(TEN)
const all = () => {
  const raw = rawFeatures(table, ten, math)
  return scaleFeatures(raw, fitFeatures(raw, Math.floor(rows * 0.7), false))
}
console.log('all ten, fitted and scaled'.padEnd(28), milliseconds(all).toFixed(0))
console.log('peak memory, MiB'.padEnd(28), (process.resourceUsage().maxRSS / 1024).toFixed(0))
