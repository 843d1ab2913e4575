// CSV text becomes columns: whatever separates its cells, stands above its rows and names its columns.
import { DdpgError, withSubject } from '../base/errors.ts'
import { oneLine, quoted } from '../base/text.ts'
import {
  cellText,
  columnTexts,
  cutCells,
  delimiterOf,
  plainNumbers,
  rowTexts,
  widthOf,
  type Cells,
} from './cells.ts'
import { toUtf8 } from './decode.ts'
import { readHeader, ROW_NUMBER, type Header } from './header.ts'
import type { FileColumns, LoadedTable, RawColumn, ReadOptions } from './columns.ts'
import { toOhlcv } from './ohlcv.ts'
import { listRows } from './rows.ts'

const MOST_COLUMNS = 10_000
const COMMA = 44
const LF = 10

/**
 * Market data from CSV text: comma, semicolon, tab or bar as separator.
 * @param name of the file, for the messages
 * @throws DdpgError as `toOhlcv`, and for rows that do not have the header's number of fields
 */
export function csvToTable(text: string | Uint8Array, name: string, options: ReadOptions = {}): LoadedTable {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const { raw, reading } = csvToColumns(bytes, name)
  return toOhlcv(raw, name, options, reading)
}

/** @throws DdpgError with the name of the file */
export function csvToColumns(file: Uint8Array, name: string): FileColumns {
  try {
    const bytes = toUtf8(file)
    const delimiter = delimiterOf(bytes)
    const whole = cutCells(bytes, delimiter)
    const top = Array.from({ length: Math.min(whole.rows, 200) }, (_, row) => rowTexts(whole, row))
    if (top.length === 0) return { raw: [], reading: { kind: '', commasAreDecimal: false } }
    const header = readHeader(top)
    if (header.names.length > MOST_COLUMNS)
      throw new DdpgError(`the header has ${header.names.length} fields, at most ${MOST_COLUMNS} are read`)
    const cells = { ...whole, rows: rowsWithoutFooter(whole, header) }
    const names = namesFor(cells, header)
    checkWidths(cells, names, header, endsWithinLine(bytes))
    return {
      raw: names.flatMap((column, c) =>
        column === ROW_NUMBER ? [] : [lazyColumn(cells, c, header.rows, column)],
      ),
      reading: { kind: header.kind, commasAreDecimal: delimiter !== COMMA },
    }
  } catch (error) {
    throw withSubject(oneLine(name), error)
  }
}

function endsWithinLine(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.at(-1) !== LF
}

/** Words below the data, such as where they were downloaded. */
function rowsWithoutFooter(cells: Cells, { names, rows: from }: Header): number {
  let { rows } = cells
  while (rows > from && rows > cells.rows - 5) {
    const filled = rowTexts(cells, rows - 1).filter((cell) => cell !== '')
    const isBlank = filled.length === 0
    const isWords =
      names.length > 2 && filled.length === 1 && (filled[0]!.match(/\p{L}{2,40}/gu)?.length ?? 0) > 1
    if (!isBlank && !isWords) break
    rows--
  }
  return rows
}

/** A header may lack the separator that ends every row, or the name of the row numbers that begin it. */
function namesFor(cells: Cells, { names, rows: from }: Header): string[] {
  if (cells.rows <= from) return names
  const width = widthOf(cells, from)
  const last = width - 1
  if (width === names.length + 1) return cellText(cells, from, last) === '' ? [...names, ''] : ['', ...names]
  return width === names.length - 1 && names.at(-1) === '' ? names.slice(0, -1) : names
}

function checkWidths(cells: Cells, names: string[], { rows: from }: Header, isCut: boolean): void {
  const isRagged = (row: number) => {
    const width = widthOf(cells, row)
    if (width === names.length) return false
    return !(width === names.length + 1 && cellText(cells, row, width - 1) === '')
  }
  const ragged = listRows(
    cells.rows - from,
    (i) => isRagged(from + i),
    (i) => `${widthOf(cells, from + i)}`,
  )
  if (!ragged) return
  const cut =
    isCut && isRagged(cells.rows - 1)
      ? `: the file seems to be cut, its last line is ${quoted(rowTexts(cells, cells.rows - 1).join(','))}`
      : ''
  throw new DdpgError(`the header has ${names.length} fields, another number of them in ${ragged}${cut}`)
}

/** A column that is read when it is asked for. */
function lazyColumn(cells: Cells, column: number, from: number, name: string): RawColumn {
  let values: ArrayLike<unknown> | undefined
  return {
    name,
    get values() {
      values ??= plainNumbers(cells, column, from) ?? columnTexts(cells, column, from)
      return values
    },
  }
}
