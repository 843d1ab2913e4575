// Parquet files can be read and written by the libraries that people open them with.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { parquetToTable, tableToParquet } from '../../src/data/parquet.ts'
import { generate } from '../../src/data/synthetic.ts'
import { scenarioSchema } from '../../src/scenario/schema.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'

interface Seen {
  types: Record<string, string>
  columns: Record<string, number[]>
}
interface Written {
  files: { name: string; path: string; error: string | null }[]
  columns: Record<string, number[]>
}

const core = await createCore(await loadModule(), 5)
const names = ['open', 'high', 'low', 'close', 'volume', 'timestamp']
const types = (price: string, time: string) =>
  Object.fromEntries(names.map((name) => [name, name === 'timestamp' ? time : price]))

describeWithPython('parquet with the Python libraries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ddpg-parquet-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('pyarrow, polars and DuckDB read the same values and types from our file', () => {
    const generator = scenarioSchema.parse({
      data_generator: { pattern_type: 'mean_reversion', n_samples: 1500 },
    })
    const table = generate(generator.data_generator!, '1h', core)
    const path = join(folder, 'ours.parquet')
    writeFileSync(path, new Uint8Array(tableToParquet(table)))

    const seen = runPython('data/parquet_peer.py', 'read', path) as Record<string, Seen>
    const wanted = Object.fromEntries(names.map((name) => [name, Array.from(table.columns[name]!)]))
    for (const library of ['pyarrow', 'polars', 'duckdb'])
      expect(seen[library]!.columns, library).toEqual(wanted)
    expect(seen.pyarrow!.types).toEqual(types('double not null', 'timestamp[ms, tz=UTC] not null'))
    expect(seen.polars!.types).toEqual(types('Float64', "Datetime(time_unit='ms', time_zone=None)"))
    expect(seen.duckdb!.types).toEqual(types('DOUBLE', 'TIMESTAMP'))
    expect(seen.compression).toEqual(['SNAPPY'])
  })

  let written: Written
  beforeAll(() => {
    written = runPython('data/parquet_peer.py', 'write', folder) as Written
  })

  const load = (path: string) => parquetToTable(new Uint8Array(readFileSync(path)).buffer, 'x.parquet')

  test('files of pyarrow, pandas, polars and DuckDB are read to the bit', async () => {
    const good = written.files.filter((file) => file.error === null)
    expect(good.length).toBeGreaterThan(35)
    for (const { name, path } of good) {
      const { table, warnings } = await load(path)
      expect(warnings, name).toEqual([])
      expect(table.columns, name).toEqual(
        Object.fromEntries(
          Object.entries(written.columns).map(([key, values]) => [key, Float64Array.from(values)]),
        ),
      )
    }
  })

  test('files with missing values or no rows are refused with a sentence', async () => {
    const bad = written.files.filter((file) => file.error !== null)
    expect(bad.length).toBe(3)
    for (const { path, error } of bad) await expect(load(path)).rejects.toThrow(error!)
  })
})
