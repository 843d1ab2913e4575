// This file reads and writes the safetensors format (https://github.com/huggingface/safetensors): u64 length of a JSON
// header, the header with name → { dtype, shape, data_offsets } and string metadata, then the little-endian data.
import { z } from 'zod'
import { DdpgError } from '../base/errors.ts'
import { listOf } from '../base/list-of.ts'
import { shown } from '../base/text.ts'

const DTYPES = { F32: Float32Array, F64: Float64Array, U64: BigUint64Array, U8: Uint8Array } as const
type Dtype = keyof typeof DTYPES
type TensorData = Float32Array | Float64Array | BigUint64Array | Uint8Array

export interface Tensor {
  shape: number[]
  data: TensorData
}

export interface TensorFile {
  tensors: Record<string, Tensor>
  metadata: Record<string, string>
}

/** @returns the bytes of a file; the same input gives the same bytes */
export function writeSafetensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  // The widest elements first, so that every tensor stands at a multiple of its element size.
  const ordered = Object.entries(tensors).toSorted(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
  )
  for (const [name, { shape, data }] of ordered) {
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, (offset += data.byteLength)] }
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const start = 8 + Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(start + offset).fill(0x20, 8, start)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.set(json, 8)
  let at = start
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

const entrySchema = z.object({
  dtype: z.enum(Object.keys(DTYPES) as [Dtype]),
  shape: listOf(z.int().min(0), 8),
  data_offsets: listOf(z.int().min(0), 2),
})

/** @throws DdpgError when the bytes are not a whole safetensors file with dtypes F32, F64, U64 and U8 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const { header, start } = readHeader(bytes)
  const { __metadata__: metadata = {}, ...rest } = header
  const texts = z.record(z.string(), z.string()).safeParse(metadata)
  if (!texts.success) throw new DdpgError('its metadata must be texts')
  const entries = Object.entries(rest).map(([name, value]) => entryOf(name, value))
  const inOrder = entries.toSorted((one, other) => one.from - other.from || one.to - other.to)
  let end = 0
  for (const { name, from, to, needed } of inOrder) {
    if (to - from !== needed || start + to > bytes.length)
      throw new DdpgError(
        `tensor ${shown(name)} needs ${needed} bytes up to ${start + to}, the file has ${bytes.length}`,
      )
    // tensors that share bytes would take more memory than the file
    if (from !== end)
      throw new DdpgError(`tensor ${shown(name)} begins at byte ${from}, the one before it ends at ${end}`)
    end = to
  }
  if (start + end !== bytes.length)
    throw new DdpgError(`the tensors fill ${start + end} bytes, the file has ${bytes.length}`)
  const tensors = entries.map(({ name, dtype, shape, from, to }): [string, Tensor] => {
    // Not bytes.slice, which copies nothing when the bytes are a Buffer of Node's.
    const copy = new Uint8Array(bytes.subarray(start + from, start + to))
    return [name, { shape, data: new DTYPES[dtype](copy.buffer) }]
  })
  return { tensors: Object.fromEntries(tensors), metadata: texts.data }
}

function entryOf(name: string, value: unknown) {
  const { data } = entrySchema.safeParse(value)
  if (!data) throw new DdpgError(`tensor ${shown(name)} has no dtype F32, F64, U64 or U8, shape and offsets`)
  const {
    dtype,
    shape,
    data_offsets: [from = -1, to = -1],
  } = data
  const needed = shape.reduce((product, n) => product * n, 1) * DTYPES[dtype].BYTES_PER_ELEMENT
  return { name, dtype, shape, from, to, needed }
}

/** Reads the metadata of a file without its tensors. @throws DdpgError when it does not begin as a safetensors file */
export function readMetadata(bytes: Uint8Array): Record<string, unknown> {
  const { __metadata__: metadata } = readHeader(bytes).header
  return typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {}
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  const length =
    bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (length < 2 || length > bytes.length - 8)
    throw new DdpgError('not a safetensors file, or only the beginning of one')
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  } catch (error) {
    throw new DdpgError('not a safetensors file: its header is not JSON', { cause: error })
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new DdpgError('not a safetensors file: its header is not a JSON object')
  return { header: header as Record<string, unknown>, start: 8 + length }
}

/** The format's name for the numbers of an array. */
export function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return 'F32'
  if (data instanceof Float64Array) return 'F64'
  return data instanceof Uint8Array ? 'U8' : 'U64'
}
