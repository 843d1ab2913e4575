// Files that are packed as .gz or .zip are unpacked here, as long as what is in them has a likely size.
import { Gunzip, unzipSync } from 'fflate'
import { DdpgError } from '../base/errors.ts'
import { listed, oneLine } from '../base/text.ts'

/** A file as it was read: its name says what it holds. */
export interface DataFile {
  name: string
  bytes: Uint8Array<ArrayBuffer>
}

/** Bytes that a file of any size may unpack to, and how many times its own size a larger one may. */
const FREE = 256 * 1024 * 1024
const TIMES = 100
const MOST_FILES = 10_000

/** The files in a packed file, in the order of their names; another file as it is. @throws DdpgError in a sentence */
export function unpacked(file: DataFile): DataFile[] {
  const { name, bytes } = file
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4
  if (isGzip) return [{ name: name.replace(/\.gz$/i, ''), bytes: gunzip(file) }]
  return isZip ? unzip(file) : [file]
}

function mustFit({ name, bytes }: DataFile, size: number): void {
  const most = FREE + TIMES * bytes.length
  if (size <= most) return
  throw new DdpgError(
    `${oneLine(name)} unpacks to more than ${Math.ceil(most / 1024 / 1024)} MiB: unpack it first`,
  )
}

function damaged({ name }: DataFile, cause: unknown): DdpgError {
  if (cause instanceof DdpgError) return cause
  return new DdpgError(`${oneLine(name)} cannot be unpacked: it is damaged or cut`, { cause })
}

function gunzip(file: DataFile): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  let size = 0
  let ended = false
  const stream = new Gunzip((part, last) => {
    size += part.length
    mustFit(file, size)
    parts.push(part)
    ended ||= last
  })
  try {
    // in pieces, so that the size is seen before all of it is there
    const piece = 65_536
    for (let at = 0; at < file.bytes.length; at += piece)
      stream.push(file.bytes.subarray(at, at + piece), at + piece >= file.bytes.length)
  } catch (error) {
    throw damaged(file, error)
  }
  if (!ended) throw damaged(file, undefined)
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function unzip(file: DataFile): DataFile[] {
  let size = 0
  let count = 0
  try {
    const found = unzipSync(file.bytes, {
      filter({ name, originalSize }) {
        if (!isWanted(name)) return false
        size += originalSize
        mustFit(file, size)
        if (++count > MOST_FILES)
          throw new DdpgError(`${oneLine(file.name)} holds more than ${MOST_FILES} files`)
        return true
      },
    })
    const files = Object.entries(found).map(([name, bytes]) => ({ name, bytes: Uint8Array.from(bytes) }))
    if (files.length === 0) throw new DdpgError(`${oneLine(file.name)} holds no file of data`)
    const inner = files.toSorted((one, other) => (one.name < other.name ? -1 : 1))
    const packed = inner.filter(({ bytes }) => bytes[0] === 0x50 && bytes[1] === 0x4b)
    if (packed.length > 0)
      throw new DdpgError(
        `${oneLine(file.name)} holds packed files (${listed(packed.map(({ name }) => name))}): unpack it first`,
      )
    return inner
  } catch (error) {
    throw damaged(file, error)
  }
}

/** Neither a folder nor what systems add to an archive. */
function isWanted(name: string): boolean {
  return (
    !name.endsWith('/') &&
    !/(^|\/)(\.|__MACOSX\/)/.test(name) &&
    !/\.(md|pdf|html?|sha256|CHECKSUM)$/i.test(name)
  )
}
