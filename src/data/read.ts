// The bytes of files of any kind that is known become market data, in Node and in a page alike.
import { DdpgError } from '../base/errors.ts'
import { listed, oneLine } from '../base/text.ts'
import { candlesToColumns } from './candles.ts'
import type { FileColumns, LoadedTable, RawColumn, ReadOptions } from './columns.ts'
import { csvToColumns } from './csv.ts'
import { toOhlcv } from './ohlcv.ts'
import { unpacked, type DataFile } from './unpack.ts'

/**
 * Market data of a file, or of files that are parts of one thing, such as the months of a year.
 * @param name of all, for the messages
 * @throws DdpgError as `toOhlcv`, and for what is no file of data
 */
export async function readMarket(
  files: DataFile[],
  name: string,
  options: ReadOptions = {},
): Promise<LoadedTable> {
  const parts: (FileColumns & { name: string })[] = []
  for (const file of files.flatMap(unpacked)) parts.push({ ...(await columnsOf(file)), name: file.name })
  if (parts.length === 0) throw new DdpgError(`${oneLine(name)} holds no file of data`)
  const { raw, reading } = parts.length === 1 ? parts[0]! : joined(parts, name)
  return toOhlcv(raw, name, options, reading)
}

async function columnsOf({ name, bytes }: DataFile): Promise<FileColumns> {
  const isParquet = bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && bytes[3] === 0x31
  if (isParquet || /\.(parquet|pq)$/i.test(name)) {
    const { parquetToColumns } = await import('./parquet.ts')
    const { buffer, byteOffset, byteLength } = bytes
    const whole =
      byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)
    return { raw: await parquetToColumns(whole, name), reading: { kind: 'parquet', commasAreDecimal: false } }
  }
  if (/\.(json|jsonl|ndjson)$/i.test(name) || /^\uFEFF?\s*[[{]/.test(startOf(bytes)))
    return candlesToColumns(bytes, name)
  return csvToColumns(bytes, name)
}

function startOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 200))
}

/** Rows of files with the same columns, one file after the other by the first of their times. */
function joined(parts: (FileColumns & { name: string })[], name: string): FileColumns {
  const [first] = parts
  const names = first!.raw.map((column) => column.name)
  for (const part of parts) {
    const own = part.raw.map((column) => column.name)
    if (own.length === names.length && names.every((column) => own.includes(column))) continue
    throw new DdpgError(
      `${oneLine(name)}: its files do not have the same columns: ${oneLine(first!.name)} has ${listed(names)}, ${oneLine(part.name)} has ${listed(own)}`,
    )
  }
  const filled = parts.filter(({ raw }) => (raw[0]?.values.length ?? 0) > 0)
  const raw = names.map((column): RawColumn => {
    const found = filled.map((part) => part.raw.find((one) => one.name === column)!)
    const values: unknown[] = []
    for (const one of found) for (let i = 0; i < one.values.length; i++) values.push(one.values[i])
    const isNumbers = found.every((one) => one.values instanceof Float64Array)
    return {
      name: column,
      values: isNumbers ? Float64Array.from(values as number[]) : values,
      isTime: found.every((one) => one.isTime === true),
    }
  })
  const { kind } = first!.reading
  return {
    raw,
    reading: { ...first!.reading, kind: `${kind === '' ? '' : `${kind} `}of ${filled.length} files` },
  }
}
