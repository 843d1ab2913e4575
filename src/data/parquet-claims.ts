// This file compares what a parquet file claims to hold with its size, before memory is asked for: a few bytes can claim
// gigabytes.
import type { ColumnMetaData, FileMetaData } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage } from 'hyparquet/src/datapage.js'
import { compressors } from 'hyparquet-compressors'
import { z } from 'zod'
import { DdpgError } from '../base/errors.ts'

/** Bytes that a file of any size may fill, and how many times its own size a larger one may. */
const FREE = 64 * 1024 * 1024
const TIMES = 100
const MOST_COLUMNS = 10_000
/** Bytes of the header of a page. */
const HEADER_BYTES = 16_384
/** An integer in the file has 10 bytes at most; one that never ends is read in the square of its length. */
const LONGEST_VARINT = 4096

const size = z.bigint().min(0n).max(1_099_511_627_776n)
const element = z.looseObject({ name: z.string(), num_children: z.int().min(0).optional() })
const columnChunk = z.looseObject({
  meta_data: z.looseObject({
    type: z.string(),
    codec: z.string(),
    path_in_schema: z.array(z.string()),
    num_values: size,
    total_compressed_size: size,
    data_page_offset: size,
    dictionary_page_offset: size.optional(),
  }),
})
const footer = z.looseObject({
  schema: z.array(element).min(1).max(MOST_COLUMNS),
  num_rows: size,
  row_groups: z.array(z.looseObject({ num_rows: size, columns: z.array(columnChunk) })),
})

/** @throws DdpgError in a sentence that follows the name of the file */
export function checkFooter(metadata: FileMetaData, bytes: number, columns: number): void {
  const { error } = footer.safeParse(metadata)
  if (error)
    throw new DdpgError(`its footer is damaged, at ${error.issues[0]!.path.join('.') || 'its beginning'}`)
  const rows = Number(metadata.num_rows)
  const grouped = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (grouped !== rows) throw new DdpgError(`it claims ${rows} rows, its row groups have ${grouped}`)
  mustFit(`its ${rows} rows of ${columns} columns`, rows * columns * 8, bytes)
}

function mustFit(what: string, needed: number, bytes: number): void {
  const most = FREE + TIMES * bytes
  if (needed <= most) return
  const [take, have, may] = [needed, bytes, most].map((count) => `${Math.ceil(count / 1024 / 1024)} MiB`)
  throw new DdpgError(
    `${what} would take ${take}, a file of ${have} may take ${may}: write it again without compression`,
  )
}

/** True when a run of bytes looks like an integer that does not end. */
export function hasEndlessInteger(bytes: Uint8Array): boolean {
  let run = 0
  for (const byte of bytes) {
    run = byte < 0x80 ? 0 : run + 1
    if (run > LONGEST_VARINT) return true
  }
  return false
}

/**
 * Checks the pages of the columns that are read. @param columns by name whether values may be missing
 * @throws DdpgError in a sentence that follows the name of the file
 */
export function checkPages(
  file: ArrayBuffer,
  { row_groups: groups }: FileMetaData,
  columns: ReadonlyMap<string, boolean>,
): void {
  let unpacked = 0
  for (const { num_rows: rows, columns: chunks } of groups) {
    for (const { meta_data: meta } of chunks) {
      const isOptional = meta?.path_in_schema.length === 1 ? columns.get(meta.path_in_schema[0]!) : undefined
      if (!meta || isOptional === undefined || rows === 0n) continue
      for (const page of pagesOf(file, meta)) {
        if (page.values > Number(rows))
          throw new DdpgError(`a page claims ${page.values} values of ${rows} rows`)
        unpacked += page.bytes
        mustFit('its pages', unpacked, file.byteLength)
        checkValues(page, meta, isOptional)
      }
    }
  }
}

interface Page {
  /** Compressed, with the levels of a page of version 2. */
  content: Uint8Array
  header: ReturnType<typeof parquetHeader>
  values: number
  /** Once unpacked. */
  bytes: number
}

function* pagesOf(file: ArrayBuffer, meta: ColumnMetaData): Generator<Page> {
  const { dictionary_page_offset: dictionary, data_page_offset: data } = meta
  const start = Number(dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data)
  const end = start + Number(meta.total_compressed_size)
  if (end > file.byteLength)
    throw new DdpgError(`a column ends at byte ${end}, the file has ${file.byteLength}`)
  for (let offset = start; offset < end - 1;) {
    const reader = { view: new DataView(file, offset, Math.min(HEADER_BYTES, end - offset)), offset: 0 }
    const header = parquetHeader(reader)
    offset += reader.offset
    const { compressed_page_size: packed, uncompressed_page_size: bytes } = header
    const { num_values: values } = header.data_page_header ??
      header.data_page_header_v2 ??
      header.dictionary_page_header ?? { num_values: 0 }
    if (
      ![packed, bytes, values].every((count) => Number.isInteger(count) && count >= 0) ||
      offset + packed > end
    )
      throw new DdpgError('a page is damaged or cut')
    yield { header, values, bytes, content: new Uint8Array(file, offset, packed) }
    offset += packed
  }
}

/** Encodings that write a value once for many must not write more of them than the page has. */
function checkValues({ content, header, values }: Page, meta: ColumnMetaData, isOptional: boolean): void {
  const { data_page_header: one, data_page_header_v2: two, uncompressed_page_size: bytes } = header
  const unpack = (part: Uint8Array, length: number) => decompressPage(part, length, meta.codec, compressors)
  if (one) {
    const page = unpack(content, bytes)
    const levels = isOptional ? 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true) : 0
    if (isOptional) checkRuns(page.subarray(4, levels), 1, values)
    checkEncoded(page.subarray(levels), one.encoding, values)
  }
  if (!two) return
  const { repetition_levels_byte_length: before, definition_levels_byte_length: length } = two
  const levels = before + length
  if (!(before >= 0 && length >= 0 && levels <= content.length))
    throw new DdpgError('a page is damaged or cut')
  checkRuns(content.subarray(before, levels), 1, values)
  const rest = content.subarray(levels)
  checkEncoded(two.is_compressed === false ? rest : unpack(rest, bytes - levels), two.encoding, values)
}

function checkEncoded(bytes: Uint8Array, encoding: string | undefined, values: number): void {
  if (encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY')
    checkRuns(bytes.subarray(1), bytes[0] ?? 0, values)
  if (encoding === 'RLE') checkRuns(bytes.subarray(4), 1, values)
  if (encoding?.startsWith('DELTA') && hasEndlessInteger(bytes))
    throw new DdpgError('a page is damaged or cut')
}

/** Runs of the hybrid of run lengths and packed bits. @param width bits of a value */
function checkRuns(bytes: Uint8Array, width: number, values: number): void {
  for (let [offset, seen] = [0, 0]; seen < values && offset < bytes.length;) {
    let [run, scale] = [0, 1]
    for (let byte = 0x80; byte >= 0x80 && scale < 1e12; scale *= 128) {
      byte = bytes[offset++] ?? 0
      run += (byte & 0x7f) * scale
    }
    const count = Math.floor(run / 2) * (run % 2 === 1 ? 8 : 1)
    // packed bits come in groups of eight, the last of which may be more than there is
    if (count > values + 8 * 63) throw new DdpgError(`a page has a run of ${count} values, of ${values}`)
    offset += run % 2 === 1 ? (count / 8) * width : (width + 7) >> 3
    seen += count
  }
}
