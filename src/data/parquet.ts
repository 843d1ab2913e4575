import { parquetMetadata, parquetRead, parquetSchema, type SchemaElement } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { toOhlcv, type Loaded, type RawColumn } from './ohlcv.ts'
import type { Table } from './table.ts'
import { nanosecondsToMilliseconds } from './time.ts'

/** Marks the files that `tableToParquet` wrote. */
const GENERATOR = 'ddpg-wasm'

/** Whether `tableToParquet` wrote these bytes. */
export function isOwnParquet(buffer: ArrayBuffer): boolean {
  try {
    const { key_value_metadata: entries } = parquetMetadata(buffer)
    return entries?.some(({ key, value }) => key === 'generator' && value === GENERATOR) ?? false
  } catch {
    return false
  }
}

/**
 * A parquet file: every column DOUBLE, timestamp as TIMESTAMP in UTC (cut to milliseconds), SNAPPY. Equal tables
 * give equal bytes.
 */
export function tableToParquet(table: Table): ArrayBuffer {
  return parquetWriteBuffer({
    kvMetadata: [{ key: 'generator', value: GENERATOR }],
    codec: 'SNAPPY',
    rowGroupSize: 100_000,
    columnData: Object.entries(table.columns).map(([name, values]) =>
      name === 'timestamp'
        ? {
            name,
            data: BigInt64Array.from(values, (time) => BigInt(Math.floor(time))),
            type: 'TIMESTAMP',
            nullable: false,
            encoding: 'PLAIN',
          }
        : { name, data: values, type: 'DOUBLE', nullable: false, encoding: 'PLAIN' },
    ),
  })
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
 * @throws RangeError as `toOhlcv`, and for what is no parquet file
 */
export async function parquetToTable(buffer: ArrayBuffer, name: string): Promise<Loaded> {
  return toOhlcv(
    await readColumns(buffer).catch((error: Error) => {
      throw new RangeError(`${name} cannot be read as parquet: ${error.message}`, { cause: error })
    }),
    name,
  )
}

async function readColumns(file: ArrayBuffer): Promise<RawColumn[]> {
  const read = parquetMetadata(file)
  // Decimals are taken raw: the library scales them with **, whose last bits differ between engines.
  const schema = read.schema.map(({ converted_type: converted, ...element }) =>
    converted === undefined || converted === 'DECIMAL' ? element : { ...element, converted_type: converted },
  )
  const flat = parquetSchema(read).children.filter((child) => child.children.length === 0)
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
