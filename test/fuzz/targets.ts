// The targets are the parsers of text or bytes that may come from anybody, each with sound inputs to begin from.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { readMetadata, readSafetensors, writeSafetensors } from '../../src/core/safetensors.ts'
import { sha256Bytes } from '../../src/core/sha256.ts'
import { csvToTable } from '../../src/data/csv.ts'
import { parquetToTable, tableToParquet } from '../../src/data/parquet.ts'
import { parseScenario } from '../../src/scenario/load.ts'
import { serverOf, type Answer } from '../../src/tracking/mlflow/http.ts'
import { createJournal, openJournal } from '../../src/tracking/mlflow/journal.ts'
import { restStore } from '../../src/tracking/mlflow/rest.ts'
import type { Operation } from '../../src/tracking/mlflow/types.ts'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import { readReceipt, receiptName, scenarioOf } from '../../src/trial/receipt.ts'
import { fromFragment, toFragment } from '../../web/share.ts'
import { run, table } from '../helpers/trial.ts'
import { editedBytes, editedJson, jsonOf } from './edits.ts'

export interface Target {
  name: string
  /** An input as bytes, which a file can keep. */
  inputs: fc.Arbitrary<Uint8Array>
  /** Reads it. @throws whatever it throws */
  read: (input: Uint8Array) => unknown
}

const root = new URL('../../', import.meta.url)
const encoder = new TextEncoder()
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const filesIn = (folder: string) =>
  readdirSync(new URL(folder, root)).map(
    (name) => new Uint8Array(readFileSync(new URL(`${folder}/${name}`, root))),
  )

const receipts = filesIn('test/golden/receipts_2026-11-28')

const scenario: Target = {
  name: 'scenario',
  inputs: editedBytes(
    filesIn('configs').filter((bytes) => bytes.length < 20_000),
    [
      '- ',
      '? ',
      'a: ',
      '[',
      '{',
      '&a ',
      '*a',
      '<<: *a\n',
      '!x ',
      '|\n',
      '"',
      '%\n',
      '---\n',
      '#',
      '\t',
      'env:\n',
      'data_generator: ',
    ],
  ),
  read: (input) => {
    // overrides follow the scenario, each on a line after a form feed
    const [text = '', ...overrides] = textOf(input).split('\f')
    return parseScenario(text, 'x.yaml', { overrides, randomSeed: () => 1 })
  },
}

const rows = Array.from({ length: 40 }, (_, i) => [2, 3, 1, 2.5, 100, 1.7e9 + 3600 * i])
const CSV = ['open,high,low,close,volume,timestamp', ...rows.map((row) => row.join(','))].join('\n')

const csv: Target = {
  name: 'csv',
  inputs: editedBytes(
    [encoder.encode(CSV), encoder.encode(CSV.replaceAll(',', ';').replaceAll('\n', '\r\n'))],
    [',', ';', '\t', '"', '"",', '"a"b,', '\n', '\r', '2024-01-01', 'open', 'close,', '1e5'],
  ),
  read: (input) => csvToTable(textOf(input), 'x.csv'),
}

const parquet: Target = {
  name: 'parquet',
  inputs: editedBytes(
    [new Uint8Array(tableToParquet(table))],
    ['PAR1', '\u0015\u0000', '\u00ff\u00ff\u00ff\u00ff\u000f', '\u0016', '\u0018', '\u001c'],
  ),
  read: (input) => parquetToTable(input.slice().buffer, 'x.parquet'),
}

/** With the checksum that its content has now, which a forger can compute too. */
function sealed(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 32
  if (end < 0) return bytes
  const copy = bytes.slice()
  copy.set(sha256Bytes(copy.subarray(0, end)), end)
  return copy
}

function forged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const { metadata, tensors } = readSafetensors(bytes)
  const parts = Object.fromEntries(
    Object.entries(metadata).map(([key, text]) => [key, key === 'format' ? text : JSON.parse(text)]),
  )
  return editedJson([parts]).map((edited) => {
    const texts = Object.entries((edited ?? {}) as object).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : jsonOf(value),
    ])
    return sealed(writeSafetensors({ tensors, metadata: Object.fromEntries(texts) }))
  })
}

function forgedHeader(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header: unknown = JSON.parse(textOf(bytes.subarray(8, 8 + length)))
  return editedJson([header]).map((edited) => {
    const json = encoder.encode(jsonOf(edited))
    const all = new Uint8Array(8 + json.length + bytes.length - 8 - length)
    new DataView(all.buffer).setBigUint64(0, BigInt(json.length), true)
    all.set(json, 8)
    all.set(bytes.subarray(8 + length), 8 + json.length)
    return sealed(all)
  })
}

/** The checkpoint of a small run, which takes a second. */
async function checkpoint(): Promise<Target> {
  const { result } = await run()
  return {
    name: 'checkpoint',
    inputs: fc.oneof(
      editedBytes([result.checkpoint, result.policy], ['F32', '[0,1]', '{']),
      editedBytes([result.checkpoint, result.policy], ['F32', '[0,1]', '{']).map(sealed),
      ...[result.checkpoint, result.policy].flatMap((bytes) => [forged(bytes), forgedHeader(bytes)]),
    ),
    read: (input) => [readMetadata(input), openCheckpoint(input)],
  }
}

const receipt: Target = {
  name: 'receipt',
  inputs: fc.oneof(
    editedBytes(receipts, ['[', '{', '"format"', '"__proto__": 1,']),
    editedJson(receipts.map((bytes) => JSON.parse(textOf(bytes)) as unknown)).map((value) =>
      encoder.encode(jsonOf(value)),
    ),
  ),
  read: (input) => {
    const read = readReceipt(textOf(input))
    return [receiptName(read), scenarioOf(read)]
  },
}

const OPERATIONS: Operation[] = [
  { kind: 'start', run: 'a'.repeat(32), experiment: 'e', name: 'n', user: 'u', time: 1, tags: { a: 'b' } },
  { kind: 'start', run: 'b'.repeat(32), parent: 'a'.repeat(32), name: 'n', user: 'u', time: 1, tags: {} },
  { kind: 'params', run: 'a'.repeat(32), params: { p: '1' } },
  { kind: 'tags', run: 'a'.repeat(32), tags: { t: '1' } },
  { kind: 'metrics', run: 'a'.repeat(32), points: [{ key: 'm', value: 1, timestamp: 2, step: 3 }] },
  {
    kind: 'dataset',
    run: 'a'.repeat(32),
    dataset: { name: 'd', digest: 'd', source_type: 'local', source: 's' },
    context: 'training',
  },
  { kind: 'artifact', run: 'a'.repeat(32), path: 'f/a.txt', content: encoder.encode('text') },
  { kind: 'end', run: 'a'.repeat(32), status: 'FINISHED', time: 9 },
]

/** The lines of a journal of a process that is gone, without their checksums. */
function journalLines(): unknown[] {
  const folder = join(mkdtempSync(join(tmpdir(), 'ddpg-fuzz-')), 'journal')
  const journal = createJournal(folder, 'http://127.0.0.1:1')
  for (const operation of OPERATIONS) journal.append(operation)
  journal.done()
  journal.close()
  const lines = readFileSync(join(folder, 'journal.jsonl'), 'utf8').trimEnd().split('\n')
  rmSync(join(folder, '..'), { recursive: true })
  return lines
    .map((line) => JSON.parse(line.slice(9)) as unknown)
    .map((line) => {
      const isOwner = typeof line === 'object' && line !== null && 'process' in line
      return isOwner ? { ...line, process: 'another-machine 1' } : line
    })
}

const sealedLines = (value: unknown) =>
  (Array.isArray(value) ? value : [value]).map((line) => {
    const text = jsonOf(line)
    return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
  })

const journalText = journalLines()
const journal: Target = {
  name: 'journal',
  inputs: fc.oneof(
    editedBytes([encoder.encode(sealedLines(journalText).join(''))]),
    editedJson([journalText]).map((lines) => encoder.encode(sealedLines(lines).join(''))),
  ),
  read: (input) => {
    const folder = mkdtempSync(join(tmpdir(), 'ddpg-fuzz-'))
    try {
      writeFileSync(join(folder, 'journal.jsonl'), input)
      writeFileSync(join(folder, '6'), 'text')
      const opened = openJournal(folder)
      try {
        for (let item = opened.next(); item; item = opened.next()) opened.done()
      } finally {
        opened.close()
      }
    } finally {
      if (existsSync(folder)) rmSync(folder, { recursive: true })
    }
  },
}

const runReply = {
  run: {
    info: {
      run_id: 'c'.repeat(32),
      experiment_id: '1',
      artifact_uri: 'mlflow-artifacts:/1/c/artifacts',
      status: 'RUNNING',
    },
    data: { metrics: [{ key: 'm', value: 1, timestamp: 9, step: 3 }], params: [], tags: [] },
    inputs: {
      dataset_inputs: [
        { dataset: { name: 'd', digest: 'd' }, tags: [{ key: 'mlflow.data.context', value: 'training' }] },
      ],
    },
  },
}
/** By the end of the path of a call: what MLflow answers. */
const REPLIES = {
  'experiments/get-by-name': { experiment: { experiment_id: '1', name: 'e', lifecycle_stage: 'active' } },
  'experiments/get': { experiment: { experiment_id: '1', name: 'e', lifecycle_stage: 'active' } },
  'experiments/create': { experiment_id: '1' },
  'runs/create': runReply,
  'runs/get': runReply,
  'runs/search': { runs: [runReply.run] },
  'runs/update': { run_info: runReply.run.info },
  'metrics/get-history': { metrics: [{ key: 'm', value: 1, timestamp: 9, step: 3 }] },
  other: {},
  status: 200,
  retryAfter: null,
}

/** A store that answers as the input says: a JSON of answers by call, or else a text that answers each. */
async function askServer(input: Uint8Array): Promise<void> {
  const text = textOf(input)
  let replies: Record<string, unknown> | undefined
  try {
    replies = JSON.parse(text) as Record<string, unknown>
  } catch {
    // it is the answer itself
  }
  const exchange = async ({ url }: { url: string }): Promise<Answer> => {
    const call = Object.keys(REPLIES).find((name) => new URL(url).pathname.endsWith(`/${name}`)) ?? 'other'
    const status = typeof replies?.['status'] === 'number' ? replies['status'] : 200
    const retryAfter = typeof replies?.['retryAfter'] === 'string' ? replies['retryAfter'] : null
    const body = replies ? jsonOf(replies[call]) : text
    return { status, isRedirection: status >= 300 && status < 400, retryAfter, text: body }
  }
  const store = restStore(serverOf('http://127.0.0.1:1', {}, { exchange }))
  for (const doubtful of [false, true]) {
    for (const operation of OPERATIONS) await store.apply(operation, doubtful)
  }
  store.describe(OPERATIONS[0]!.run)
  store.close()
}

const rest: Target = {
  name: 'rest',
  inputs: fc.oneof(
    editedJson([REPLIES]).map((value) => encoder.encode(jsonOf(value))),
    fc
      .tuple(editedJson([REPLIES]), fc.constantFrom(200, 204, 301, 400, 401, 404, 429, 500, 503))
      .map(([value, status]) => encoder.encode(jsonOf({ ...(value as object), status }))),
    editedBytes(
      [
        encoder.encode('<html><h1>502 Bad Gateway</h1></html>'),
        encoder.encode('{"error_code": "X", "message": "y"}'),
      ],
      ['<', '>', '{'],
    ),
  ),
  read: askServer,
}

const plainLink = await toFragment({
  name: 'sine_wave',
  yaml: undefined,
  seed: 7,
  overrides: ['training.tau=0.01'],
  receipt: 'a'.repeat(64),
})
const yamlLink = await toFragment({
  name: 'x',
  yaml: 'seed: 1\n',
  seed: null,
  overrides: [],
  receipt: undefined,
})

const link: Target = {
  name: 'link',
  inputs: editedBytes(
    [encoder.encode(plainLink), encoder.encode(yamlLink)],
    ['&set=', '&yaml=', '&seed=', '%', '%00', '=', '&', '+', 'yaml=7MEBAQAAAIAg1v6PVgAAAAA', '&train'],
  ),
  read: async (input) => {
    const shared = await fromFragment(textOf(input))
    if (shared?.yaml !== undefined)
      parseScenario(shared.yaml, 'x.yaml', {
        overrides: shared.overrides,
        seed: shared.seed,
        randomSeed: () => 1,
      })
  },
}

/** By name. */
export const TARGETS: Record<string, () => Target | Promise<Target>> = {
  scenario: () => scenario,
  csv: () => csv,
  parquet: () => parquet,
  checkpoint,
  receipt: () => receipt,
  journal: () => journal,
  rest: () => rest,
  link: () => link,
}
