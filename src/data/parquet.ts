// Parquet bytes become market data, and tables become parquet bytes.
import {
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type DecodedArray,
  type FileMetaData,
  type KeyValue,
  type SchemaElement,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { LoadedTable, RawColumn, ReadOptions } from './columns.ts'
import { toOhlcv } from './ohlcv.ts'
import type { Table } from './table.ts'
import { nanosecondsToMilliseconds } from '../math/time.ts'
import { DdpgError } from '../base/errors.ts'
import { oneLine, shown } from '../base/text.ts'
import { checkFooter, checkPages, hasEndlessInteger } from './parquet-claims.ts'

/** Marks the files that `tableToParquet` wrote. */
const GENERATOR = 'ddpg-wasm'

/** True when `tableToParquet` wrote these bytes. */
export function isOwnParquet(buffer: ArrayBuffer): boolean {
  try {
    const { key_value_metadata: entries } = readFooter(buffer)
    return entries?.some(({ key, value }) => key === 'generator' && value === GENERATOR) ?? false
  } catch {
    return false
  }
}

/** A column of a parquet file, without missing values. */
export type ParquetColumn = { name: string } & (
  | { type: 'INT32' | 'FLOAT' | 'DOUBLE'; data: DecodedArray }
  | { type: 'STRING'; data: string[] }
  | { type: 'BOOLEAN'; data: boolean[] }
  /** Milliseconds since 1970 in UTC, which are cut to whole ones. */
  | { type: 'TIMESTAMP'; data: Float64Array }
)

/** A parquet file, SNAPPY. Equal columns give equal bytes. */
export function columnsToParquet(columns: ParquetColumn[], kvMetadata: KeyValue[] = []): ArrayBuffer {
  const columnData = columns.map(({ name, type, data }) => {
    const common = { name, type, nullable: false }
    if (type === 'STRING' || type === 'BOOLEAN') return { ...common, data }
    const isTime = type === 'TIMESTAMP'
    const values = isTime ? BigInt64Array.from(data, (time) => BigInt(Math.floor(time))) : data
    return { ...common, data: values, encoding: 'PLAIN' as const }
  })
  return parquetWriteBuffer({ kvMetadata, codec: 'SNAPPY', rowGroupSize: 100_000, columnData })
}

/** A parquet file: every column DOUBLE, timestamp as TIMESTAMP. Equal tables give equal bytes. */
export function tableToParquet(table: Table): ArrayBuffer {
  const columns = Object.entries(table.columns).map(([name, data]) => {
    return { name, type: name === 'timestamp' ? 'TIMESTAMP' : 'DOUBLE', data } as const
  })
  return columnsToParquet(columns, [{ key: 'generator', value: GENERATOR }])
}

// Times as plain numbers instead of the library's Date, which drops what is finer than a millisecond.
const parsers = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (time: bigint) => Number(time) / 1000,
  timestampFromNanoseconds: nanosecondsToMilliseconds,
  dateFromDays: (days: number) => days * 86_400_000,
}

/**
 * Market data from the bytes of a parquet file of any writer and compression.
 * @param name of the file, for the messages
 * @throws DdpgError as `toOhlcv`, and for what is no parquet file
 */
export async function parquetToTable(
  buffer: ArrayBuffer,
  name: string,
  options: ReadOptions = {},
): Promise<LoadedTable> {
  return toOhlcv(await parquetToColumns(buffer, name), name, options, PARQUET)
}

const PARQUET = { kind: 'parquet', commasAreDecimal: false }

/** @throws DdpgError for what is no parquet file */
export async function parquetToColumns(buffer: ArrayBuffer, name: string): Promise<RawColumn[]> {
  return readColumns(buffer).catch((error: unknown) => {
    throw new DdpgError(`${oneLine(name)} cannot be read as parquet: ${faultOf(error)}`, { cause: error })
  })
}

/** The library's words, unless they are about values that are missing in its own program: those say nothing of the file. */
function faultOf(error: unknown): string {
  const { message } = error as Error
  if (error instanceof DdpgError) return message
  const isOfFile = message.startsWith('parquet ') && !/\b(undefined|null|NaN)\b/.test(message)
  return isOfFile ? shown(message, 200) : 'its content is damaged'
}

/** @throws DdpgError, or an error of the library or the engine for damaged bytes */
function readFooter(file: ArrayBuffer): FileMetaData {
  const length = file.byteLength < 12 ? 0 : new DataView(file).getUint32(file.byteLength - 8, true)
  const start = Math.max(0, file.byteLength - 8 - length)
  if (hasEndlessInteger(new Uint8Array(file, start))) throw new DdpgError('its footer is damaged')
  return parquetMetadata(file)
}

async function readColumns(file: ArrayBuffer): Promise<RawColumn[]> {
  const read = readFooter(file)
  // Decimals are taken raw: the library scales them with **, whose last bits differ between engines.
  const schema = read.schema.map(({ converted_type: converted, ...element }) =>
    converted === undefined || converted === 'DECIMAL' ? element : { ...element, converted_type: converted },
  )
  const flat = parquetSchema(read).children.filter(
    ({ children, element }) => children.length === 0 && element.repetition_type !== 'REPEATED',
  )
  checkFooter(read, file.byteLength, flat.length)
  const isOptional = ({ element }: (typeof flat)[number]) => element.repetition_type === 'OPTIONAL'
  checkPages(file, read, new Map(flat.map((one) => [one.element.name, isOptional(one)])))
  const length = Number(read.num_rows)
  const values = new Map(flat.map(({ element }) => [element.name, Array<unknown>(length)]))
  await parquetRead({
    file,
    metadata: { ...read, schema },
    columns: [...values.keys()],
    compressors,
    parsers,
    utf8: false,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const target = values.get(columnName)!
      for (let i = 0; i < columnData.length; i++) target[rowStart + i] = columnData[i]
    },
  })
  return flat.map(({ element }) => {
    const raw = values.get(element.name)!
    const decimal = element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL'
    return {
      name: element.name,
      values: decimal ? raw.map((value) => scaleDecimal(value, element)) : raw,
      isTime: isTime(element),
    }
  })
}

function isTime({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  const kinds = ['DATE', 'TIMESTAMP', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS']
  return type === 'INT96' || kinds.includes(logical?.type ?? '') || kinds.includes(converted ?? '')
}

/** The float64 nearest to a decimal, whose unscaled integer is a number, a bigint or big-endian bytes. */
function scaleDecimal(value: unknown, { scale = 0 }: SchemaElement): unknown {
  if (value === null || value === undefined) return value
  const unscaled = value instanceof Uint8Array ? signedInteger(value) : value
  return Number(`${unscaled}e${-scale}`)
}

function signedInteger(bytes: Uint8Array): bigint {
  const unsigned = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  return BigInt.asIntN(bytes.length * 8, unsigned)
}
