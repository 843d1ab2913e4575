// This program measures time and memory for the worst input of each kind, each in a process of its own:
// node test/fuzz/worst.ts
import { execFileSync } from 'node:child_process'
import { writeSafetensors } from '../../src/core/safetensors.ts'
import { csvToTable } from '../../src/data/csv.ts'
import { parquetToTable } from '../../src/data/parquet.ts'
import { columnsToParquet } from '../../src/data/parquet.ts'
import { parseScenario } from '../../src/scenario/load.ts'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import { readReceipt } from '../../src/trial/receipt.ts'

const scenario = (text: string) => () => parseScenario(text, 'x.yaml', { randomSeed: () => 1 })

function overlapping(): Uint8Array {
  const bytes = writeSafetensors({
    tensors: { a: { shape: [2_500_000], data: new Uint8Array(2_500_000) } },
    metadata: {},
  })
  const header = Array.from(
    { length: 1000 },
    (_, i) => `"t${i}":{"dtype":"U8","shape":[2500000],"data_offsets":[0,2500000]}`,
  )
  const json = new TextEncoder().encode(
    `{"__metadata__":{"format":"ddpg-wasm checkpoint 2"},${header.join(',')}}`,
  )
  const all = new Uint8Array(8 + json.length + 2_500_000)
  new DataView(all.buffer).setBigUint64(0, BigInt(json.length), true)
  all.set(json, 8)
  all.set(bytes.subarray(-2_500_000), 8 + json.length)
  return all
}

/** One value many times over: the most rows that a file of few bytes can hold. */
function constant(rows: number): ArrayBuffer {
  const data = new Float64Array(rows).fill(1)
  return columnsToParquet(
    ['open', 'high', 'low', 'close', 'volume', 'timestamp'].map((name) => ({
      name,
      type: 'DOUBLE' as const,
      data,
    })),
  )
}

const row = '2,3,1,2.5,100,1700000000\n'
/** Input by name, and what reads it. */
const CASES: Record<string, () => () => unknown> = {
  'scenario of 3,000 aliases': () =>
    scenario(`a: &a 1\n${Array.from({ length: 3000 }, (_, i) => `k${i}: *a\n`).join('')}`),
  'scenario of 256 KiB of commas': () => scenario(`[${','.repeat(262_000)}]`),
  'CSV of a million columns': () => () => csvToTable(`${'a,'.repeat(1e6)}a\n${'1,'.repeat(1e6)}1\n`, 'x.csv'),
  'CSV of 20 MB of quotes': () => () => csvToTable('"a"b,'.repeat(4e6), 'x.csv'),
  'CSV of 26 MB, a million rows of one time': () => () =>
    csvToTable(`open,high,low,close,volume,timestamp\n${row.repeat(1e6)}`, 'x.csv'),
  'parquet of a million equal rows': () => {
    const bytes = constant(1e6)
    return () => parquetToTable(bytes, 'x.parquet')
  },
  'checkpoint of 1,000 overlapping tensors': () => {
    const bytes = overlapping()
    return () => openCheckpoint(bytes)
  },
  'receipt of 64 MiB': () => {
    const text = `{"format":"ddpg-wasm receipt 1","chain":{"links":[${'"0",'.repeat(16e6)}"0"]}}`
    return () => readReceipt(text)
  },
  'receipt of 30 million brackets': () => () => readReceipt('['.repeat(30e6)),
}

const [name] = process.argv.slice(2)
if (name === undefined) {
  for (const one of Object.keys(CASES))
    console.log(execFileSync('node', [import.meta.filename, one], { encoding: 'utf8' }).trim())
} else {
  const read = CASES[name]!()
  const memory = process.resourceUsage().maxRSS
  const before = process.threadCpuUsage()
  let said = 'read'
  try {
    await read()
  } catch (error) {
    said = (error as Error).message.split('\n')[0]!.slice(0, 110)
  }
  const { user, system } = process.threadCpuUsage(before)
  const grown = Math.round((process.resourceUsage().maxRSS - memory) / 1024)
  console.log(`| ${name} | ${((user + system) / 1e6).toFixed(2)} s | ${grown} MiB | ${said} |`)
}
