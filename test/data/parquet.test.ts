// Parquet files are written and read as tables.
import { expect, test } from 'vitest'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { parquetToTable, tableToParquet } from '../../src/data/parquet.ts'
import { generate } from '../../src/data/synthetic.ts'
import { scenarioSchema } from '../../src/scenario/schema.ts'

const core = await createCore(await loadModule(), 5)
const generator = scenarioSchema.parse({
  data_generator: { pattern_type: 'upward_drift', n_samples: 2500 },
}).data_generator!
const table = generate(generator, '1m', core)

test('a table comes back from parquet bit for bit, columns in order', async () => {
  const read = await parquetToTable(tableToParquet(table), 'x.parquet')
  expect(read.warnings).toEqual([])
  expect(Object.keys(read.table.columns)).toEqual(Object.keys(table.columns))
  expect(read.table).toEqual(table)
})

test('equal tables give equal bytes', () => {
  const bytes = () => {
    core.random.data.seed(9)
    return new Uint8Array(tableToParquet(generate(generator, '1m', core)))
  }
  expect(bytes()).toEqual(bytes())
})

test('writing leaves the table as it was', () => {
  const copy = structuredClone(table)
  tableToParquet(table)
  expect(table).toEqual(copy)
})

test('a decimal is read as the float64 nearest to it, and a date as its midnight', async () => {
  const columns = { open: [10, 11], high: [12, 13], low: [9, 9], close: [10.07, 123456.29], volume: [1, 1] }
  const number = Object.keys(columns).map((name) => ({
    name,
    type: 'INT64' as const,
    converted_type: 'DECIMAL' as const,
    scale: 2,
    precision: 18,
  }))
  const buffer = parquetWriteBuffer({
    columnData: [
      ...Object.entries(columns).map(([name, data]) => ({ name, data })),
      { name: 'Date', data: [19723, 19724] },
    ],
    schema: [
      { name: 'root', num_children: 6 },
      ...number,
      { name: 'Date', type: 'INT32', converted_type: 'DATE' },
    ],
  })
  const read = await parquetToTable(buffer, 'x.parquet')
  expect([...read.table.columns.close!]).toEqual([10.07, 123456.29])
  expect([...read.table.columns.timestamp!]).toEqual([Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)])
})

test('nested columns are passed over', async () => {
  const buffer = parquetWriteBuffer({
    columnData: [
      ...Object.entries(table.columns).map(([name, data]) => ({ name, data, type: 'DOUBLE' as const })),
      { name: 'variant', data: Array.from(table.columns.open!, (x) => ({ x })), type: 'VARIANT' },
    ],
  })
  const read = await parquetToTable(buffer, 'x.parquet')
  expect(read.table).toEqual(table)
})

test.each([
  ['text', new TextEncoder().encode('open,high,low,close,volume\n1,2,3,4,5').buffer],
  ['nothing', new ArrayBuffer(0)],
  ['a file cut short', tableToParquet(table).slice(0, 5000)],
])('%s is refused as no parquet file', async (_, buffer) => {
  await expect(parquetToTable(buffer, 'x.parquet')).rejects.toThrow(/^x\.parquet cannot be read as parquet: /)
})
