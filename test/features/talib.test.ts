// Indicators are those of TA-Lib, stockstats and pandas, to 1e-10, beginning in the same row.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import type { Table } from '../../src/data/table.ts'
import { rawFeatures } from '../../src/features/index.ts'
import { listFeatures } from '../../src/features/language/presets.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'
import { bars } from './bars.ts'

const core = await createCore(await loadModule(), 11)
const { random, math } = core
type Columns = Record<string, (number | null)[]>

const STOCKSTATS: Record<string, string> = {
  macd: 'stockstats_macd(12, 26)',
  boll_ub: 'stockstats_boll_ub(20)',
  boll_lb: 'stockstats_boll_lb(20)',
  rsi_30: 'stockstats_rsi(30)',
  cci_30: 'stockstats_cci(30)',
  dx_30: 'stockstats_dx(30)',
  close_30_sma: 'stockstats_sma(30)',
  close_60_sma: 'stockstats_sma(60)',
}

/** Greatest error by name, relative to values above 1. */
function errorsOf(table: Table, wanted: Columns): Record<string, number> {
  const ours = Object.keys(wanted).map((name) => {
    const [library, of = ''] = name.split(/(?<=^stockstats) /)
    return of === '' ? library! : `${of} = ${STOCKSTATS[of]}`
  })
  const { features, series } = rawFeatures(table, listFeatures(ours), math)
  return Object.fromEntries(
    Object.values(wanted).map((values, f) => {
      const { from, values: found } = series[f]!
      const name = features[f]!.name
      // stockstats fills rows that have no value yet
      const first = name in STOCKSTATS ? from : values.findIndex((value) => value !== null)
      expect(from, `first row of ${name}`).toBe(first)
      const errors = found.map((value, i) => {
        const other = values[from + i]!
        return Math.abs(value - other) / Math.max(1, Math.abs(other))
      })
      return [name, errors.reduce((a, b) => Math.max(a, b))]
    }),
  )
}

/** @param flat whether there are windows in which nothing moves */
function peer(table: Table, flat: boolean): Columns {
  const folder = mkdtempSync(join(tmpdir(), 'ddpg-talib-'))
  try {
    const names = ['open', 'high', 'low', 'close', 'volume']
    const rows = Array.from({ length: table.length }, (_, i) =>
      names.map((name) => table.columns[name]![i]!).join(','),
    )
    writeFileSync(join(folder, 'bars.csv'), [names.join(','), ...rows, ''].join('\n'))
    return runPython(
      'features/talib_peer.py',
      join(folder, 'bars.csv'),
      ...(flat ? ['--anew'] : []),
    ) as Columns
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describeWithPython('indicators are those of TA-Lib and stockstats', () => {
  it.each([
    ['a walk', { price: 100, flat: false }],
    ['a walk of large prices', { price: 60_000, flat: false }],
    ['a walk with flat stretches', { price: 100, flat: true }],
  ])('of %s', (_, options) => {
    const table = bars(random.data, 1500, options)
    const errors = errorsOf(table, peer(table, options.flat))
    expect(Object.keys(errors).length).toBeGreaterThan(45)
    expect(Object.entries(errors).filter(([, error]) => !(error < 1e-10))).toEqual([])
  })
})
