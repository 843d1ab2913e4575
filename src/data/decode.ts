// The bytes of a text file become UTF-8 without a byte order mark, whatever encoding they had.
import { DdpgError } from '../base/errors.ts'

const SAMPLE = 65_536
const MIB = 1024 * 1024
/** Bytes of another encoding than UTF-8, which become one string on the way. */
const LARGEST = 256 * MIB

/**
 * @returns the bytes themselves, or a part of them, when they are UTF-8 already
 * @throws DdpgError when the text of another encoding is too long for a string
 */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const encoding = encodingOf(bytes)
  if (encoding === 'utf-8') return bytes[0] === 0xef && bytes[1] === 0xbb ? bytes.subarray(3) : bytes
  if (bytes.length > LARGEST) {
    const size = `${Math.round(bytes.length / MIB)} MiB of ${encoding}`
    throw new DdpgError(
      `it has ${size}, of which at most ${LARGEST / MIB} MiB are read: save it as UTF-8 or parquet`,
    )
  }
  return new TextEncoder().encode(new TextDecoder(encoding).decode(bytes))
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const sample = bytes.subarray(0, SAMPLE)
  // Text of markets is mostly ASCII, which leaves every other byte of UTF-16 zero.
  const zeros = [0, 0]
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) zeros[i & 1]!++
  if (zeros[1]! > sample.length * 0.3) return 'utf-16le'
  if (zeros[0]! > sample.length * 0.3) return 'utf-16be'
  if (decodes(sample, 'utf-8')) return 'utf-8'
  const chinese = decodes(sample, 'gb18030')
  return chinese !== undefined && /\p{Script=Han}{2}/u.test(chinese) ? 'gb18030' : 'windows-1252'
}

/** The text, or undefined when the bytes are not in that encoding. A sample may end within a character. */
function decodes(sample: Uint8Array, encoding: string): string | undefined {
  if (sample.every((byte) => byte < 0x80)) return 'ascii'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(sample, { stream: true })
  } catch {
    return undefined
  }
}
