// This file makes bars for tests of features: a walk with gaps, flat stretches and bars without a trade.
import type { Random } from '../../src/core/core.ts'
import type { Table } from '../../src/data/table.ts'

/** @param price of the first row @param flat whether some of the rows stand still */
export function bars(random: Random, rows: number, { price = 100, flat = false } = {}): Table {
  const names = ['timestamp', 'open', 'high', 'low', 'close', 'volume', 'sentiment'] as const
  const columns = Object.fromEntries(names.map((name) => [name, new Float64Array(rows)])) as Record<
    (typeof names)[number],
    Float64Array
  >
  let close = price
  for (let i = 0; i < rows; i++) {
    const still = flat && i % 97 < 40
    const open = still ? close : close * (1 + 0.004 * random.normal())
    close = still ? open : open * (1 + 0.01 * random.normal())
    const reach = () => (still ? 0 : 0.006 * random.uniform())
    columns.timestamp[i] = 1_700_000_000_000 + i * 3_600_000
    columns.open[i] = open
    columns.close[i] = close
    columns.high[i] = Math.max(open, close) * (1 + reach())
    columns.low[i] = Math.min(open, close) * (1 - reach())
    columns.volume[i] = still ? 0 : Math.floor(1e6 * random.uniform())
    columns.sentiment[i] = random.normal()
  }
  return { length: rows, columns }
}
