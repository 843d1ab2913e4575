// This file computes SHA-256 as a plain function: the one that browsers have is asynchronous.
import { sha256 as hash } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** Text is hashed as UTF-8, numbers as the bytes that they have in memory, which is little-endian. */
export type Hashable = string | ArrayBufferView

/** Hashes the parts one after the other, to 32 bytes. */
export function sha256Bytes(...parts: Hashable[]): Uint8Array<ArrayBuffer> {
  const hasher = hash.create()
  for (const part of parts) hasher.update(bytesOf(part))
  return new Uint8Array(hasher.digest())
}

/** Hashes the parts one after the other, to 64 hexadecimal digits. */
export function sha256(...parts: Hashable[]): string {
  return bytesToHex(sha256Bytes(...parts))
}

function bytesOf(part: Hashable): Uint8Array {
  if (typeof part === 'string') return utf8ToBytes(part)
  return new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
}

/** Returns the numbers with one bit pattern for NaN, in which engines and processors differ. */
export function canonical(values: Float64Array): Float64Array {
  if (!values.some(Number.isNaN)) return values
  const result = values.slice()
  const bits = new BigUint64Array(result.buffer)
  for (let i = 0; i < result.length; i++) if (Number.isNaN(result[i])) bits[i] = 0x7ff8000000000000n
  return result
}
