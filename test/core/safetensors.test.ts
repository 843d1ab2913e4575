// Tensors in the safetensors format are the same after any way through a file, in Python too.
import * as fc from 'fast-check'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, describe, it } from 'vitest'
import { readSafetensors, writeSafetensors, type TensorFile } from '../../src/core/safetensors.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'

const FILE: TensorFile = {
  tensors: {
    weight: { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-39, 0.1, Infinity, -0) },
    counters: { shape: [2], data: Float64Array.of(0.1, Number.MAX_VALUE) },
    random: { shape: [1, 2], data: BigUint64Array.of(0n, 0xffffffffffffffffn) },
    scalar: { shape: [], data: Float32Array.of(7) },
    bytes: { shape: [3], data: Uint8Array.of(0, 127, 255) },
    empty: { shape: [0, 4], data: new Float32Array(0) },
  },
  metadata: { format: 'a test', text: 'ünïcode "quoted"\n' },
}

/** A file with this header before these many bytes of data. */
function fileOf(header: unknown, length = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

function headerOf(bytes: Uint8Array): { start: number; header: Record<string, { data_offsets: number[] }> } {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  return { start: 8 + length, header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) }
}

const anyData = fc.oneof(
  fc.float32Array({ maxLength: 12 }),
  fc.float64Array({ maxLength: 12 }),
  fc.bigUint64Array({ maxLength: 12 }),
  fc.uint8Array({ maxLength: 12 }),
)
const anyName = fc.string({ minLength: 1 }).filter((name) => !/^__(proto|metadata)__$/.test(name))
const anyTensor = anyData.chain((data) =>
  fc
    .constantFrom<number[]>([data.length], [1, data.length], [data.length, 1])
    .map((shape) => ({ shape, data })),
)
const anyFile: fc.Arbitrary<TensorFile> = fc.record({
  tensors: fc.dictionary(anyName, anyTensor, { maxKeys: 5, noNullPrototype: true }),
  metadata: fc.dictionary(anyName, fc.string(), { maxKeys: 3, noNullPrototype: true }),
})

/** All of a file, with the numbers as bytes: NaN and −0 have several faces. */
function bytesOf({ tensors, metadata }: TensorFile): object {
  const plain = Object.entries(tensors).map(([name, { shape, data }]) => {
    const bytes = Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    return [name, { shape, kind: data.constructor.name, bytes }]
  })
  return { metadata, tensors: Object.fromEntries(plain) }
}

describe('a safetensors file', () => {
  it('gives back what was written', () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(FILE))
    expect(metadata).toEqual(FILE.metadata)
    expect(Object.keys(tensors).toSorted()).toEqual(Object.keys(FILE.tensors).toSorted())
    for (const [name, { shape, data }] of Object.entries(FILE.tensors)) {
      expect(tensors[name]!.shape).toEqual(shape)
      // toEqual would take -0 for 0 and a Float64Array's bytes for numbers
      expect(tensors[name]!.data.constructor).toBe(data.constructor)
      expect(new Uint8Array(tensors[name]!.data.buffer)).toEqual(new Uint8Array(data.buffer))
    }
  })

  it('has the same bytes for the same tensors', () => {
    expect(writeSafetensors(FILE)).toEqual(writeSafetensors(structuredClone(FILE)))
  })

  it('begins every tensor at a multiple of its element size', () => {
    const { header, start } = headerOf(writeSafetensors(FILE))
    expect(start % 8).toBe(0)
    for (const [name, { data }] of Object.entries(FILE.tensors))
      expect((start + header[name]!.data_offsets[0]!) % data.BYTES_PER_ELEMENT).toBe(0)
  })

  it('gives back any tensors and texts, each at a multiple of its element size', () => {
    fc.assert(
      fc.property(anyFile, (file) => {
        const bytes = writeSafetensors(file)
        const { header, start } = headerOf(bytes)
        for (const [name, { data }] of Object.entries(file.tensors))
          expect((start + header[name]!.data_offsets[0]!) % data.BYTES_PER_ELEMENT).toBe(0)
        expect(bytesOf(readSafetensors(bytes))).toEqual(bytesOf(file))
      }),
    )
  })

  it('is read from the middle of a larger buffer', () => {
    const bytes = writeSafetensors(FILE)
    const within = new Uint8Array(bytes.length + 13)
    within.set(bytes, 5)
    expect(readSafetensors(within.subarray(5, 5 + bytes.length))).toEqual(readSafetensors(bytes))
  })

  it('is read from a Buffer of Node’s, and copied', () => {
    const buffer = Buffer.from(writeSafetensors(FILE))
    const { tensors } = readSafetensors(buffer)
    buffer.fill(0)
    expect(tensors).toEqual(readSafetensors(writeSafetensors(FILE)).tensors)
  })

  it('is written from views into a larger buffer', () => {
    const numbers = Float32Array.of(9, 1, 2, 9)
    const bytes = writeSafetensors({
      tensors: { x: { shape: [2], data: numbers.subarray(1, 3) } },
      metadata: {},
    })
    expect(Array.from(readSafetensors(bytes).tensors['x']!.data as Float32Array)).toEqual([1, 2])
  })
})

describe('reading refuses', () => {
  const bytes = writeSafetensors(FILE)
  const { start } = headerOf(bytes)

  it('every beginning of a file', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSafetensors(bytes.subarray(0, length)), `${length} bytes`).toThrow(
        length < start
          ? /^not a safetensors file, or only the beginning of one$/
          : new RegExp(`^tensor \\w+ needs \\d+ bytes up to \\d+, the file has ${length}$`),
      )
    }
  })

  it('in its own words whatever bytes of a file were changed or cut off, or reads it', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) })
    fc.assert(
      fc.property(anyFile, fc.array(change, { maxLength: 3 }), fc.nat(2000), (file, changes, length) => {
        const damaged = writeSafetensors(file).slice(0, length)
        for (const { at, byte } of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte
        try {
          readSafetensors(damaged)
        } catch (error) {
          expect((error as Error).message).toMatch(/^(not a safetensors file|tensor|the tensors fill)/)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('a file with more than its tensors', () => {
    expect(() => readSafetensors(new Uint8Array([...bytes, 0]))).toThrow(
      `the tensors fill ${bytes.length} bytes, the file has ${bytes.length + 1}`,
    )
  })

  it('a file of another kind', () => {
    const text = new TextEncoder().encode('open,high,low,close\n1,2,3,4\n')
    for (const other of [text, new Uint8Array(100), new Uint8Array(0)])
      expect(() => readSafetensors(other)).toThrow('not a safetensors file')
  })

  it('a header that is not a JSON object', () => {
    expect(() => readSafetensors(fileOf('{"a": '))).toThrow('not a safetensors file: its header is not JSON')
    for (const header of ['null', '12', '[]', '"text"'])
      expect(() => readSafetensors(fileOf(header)), header).toThrow('its header is not a JSON object')
  })

  it('a tensor of another kind of number, or without one', () => {
    const told = 'tensor x has no dtype F32, F64, U64 or U8, shape and offsets'
    for (const entry of [
      { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
      { dtype: 'constructor', shape: [2], data_offsets: [0, 4] },
      { dtype: 'F32', data_offsets: [0, 4] },
      { dtype: 'F32', shape: [1] },
      {},
      null,
    ]) {
      expect(() => readSafetensors(fileOf({ x: entry }, 4)), JSON.stringify(entry)).toThrow(told)
    }
  })

  it('a tensor whose shape and bytes disagree', () => {
    const entry = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 12] }
    expect(() => readSafetensors(fileOf({ x: entry }, 12))).toThrow('tensor x needs 16 bytes')
  })
})

describeWithPython('safetensors in Python', () => {
  const folder = mkdtempSync(join(tmpdir(), 'safetensors-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('reads what we write, and we read what it writes', () => {
    const [ours, theirs] = [join(folder, 'ours.safetensors'), join(folder, 'theirs.safetensors')]
    const tensors = {
      ...FILE.tensors,
      weight: { shape: [3, 2], data: Float32Array.of(1, 2.5, -3, 0.1, 5, 6) },
    }
    writeFileSync(ours, writeSafetensors({ ...FILE, tensors }))
    const seen = runPython('core/safetensors_peer.py', ours, theirs)
    expect(seen).toEqual({
      metadata: FILE.metadata,
      dtypes: {
        weight: 'float32',
        counters: 'float64',
        random: 'uint64',
        scalar: 'float32',
        bytes: 'uint8',
        empty: 'float32',
      },
      weight: [
        [1, 2.5],
        [-3, Math.fround(0.1)],
        [5, 6],
      ],
      counters: [0.1, Number.MAX_VALUE],
      random: [['0', '18446744073709551615']],
    })
    // what Python wrote are the same tensors and metadata again
    expect(readSafetensors(readFileSync(theirs))).toEqual(
      readSafetensors(writeSafetensors({ ...FILE, tensors })),
    )
  })
})
