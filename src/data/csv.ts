// CSV text becomes market data.
import Papa from 'papaparse'
import { listRows, toOhlcv, type LoadedTable } from './ohlcv.ts'
import { oneLine } from '../text.ts'
import { DdpgError } from '../errors.ts'

const MOST_COLUMNS = 10_000
const LONGEST_LINE = 1_000_000

/** The number of the first line that is too long, counted from 1. */
function longLine(text: string): number | undefined {
  let [line, start] = [1, 0]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === LINE_FEED || code === CARRIAGE_RETURN) {
      start = i + 1
      if (code === LINE_FEED) line++
    } else if (i - start >= LONGEST_LINE) return line
  }
  return undefined
}

const [LINE_FEED, CARRIAGE_RETURN] = [10, 13]

/**
 * Market data from CSV text: a header, then a row for each bar; comma, semicolon, tab or bar as separator.
 * @param name of the file, for the messages
 * @throws DdpgError as `toOhlcv`, and for rows that do not have the header's number of fields
 */
export function csvToTable(text: string, name: string): LoadedTable {
  const file = oneLine(name)
  const long = longLine(text)
  if (long !== undefined)
    throw new DdpgError(`${file}: line ${long} has more than ${LONGEST_LINE} characters, which no bar has`)
  const { header, columns, lengths, quotes } = parseRows(text)
  if (header.length > MOST_COLUMNS)
    throw new DdpgError(`${file}: the header has ${header.length} fields, at most ${MOST_COLUMNS} are read`)
  if (quotes !== undefined)
    throw new DdpgError(`${file}: quotes do not match in row ${lengths.length}: ${quotes}`)
  const ragged = listRows(
    lengths.length,
    (i) => lengths[i] !== header.length,
    (i) => `${lengths[i]}`,
  )
  if (ragged)
    throw new DdpgError(
      `${file}: the header has ${header.length} fields, another number of them in ${ragged}`,
    )
  return toOhlcv(
    header.map((column, c) => ({ name: column, values: columns[c]! })),
    name,
  )
}

interface Rows {
  header: string[]
  /** Of each field of the header its values. */
  columns: (string | number | undefined)[][]
  /** Fields of each row. */
  lengths: number[]
  /** What is wrong with the quotes of the last row, where reading ended. */
  quotes: string | undefined
}

/** Row by row into columns, since rows of texts would take twenty times the memory of the file. */
function parseRows(text: string): Rows {
  const rows: Rows = { header: [], columns: [], lengths: [], quotes: undefined }
  let isFirst = true
  Papa.parse<string[]>(text, {
    skipEmptyLines: true,
    step: ({ data, errors }, parser) => {
      rows.quotes = errors.find((error) => error.type === 'Quotes')?.message
      if (isFirst) {
        rows.header = data
        rows.columns = data.map(() => [])
        isFirst = false
      } else {
        rows.lengths.push(data.length)
        rows.columns.forEach((column, c) => column.push(compact(data[c])))
      }
      if (rows.quotes !== undefined || rows.columns.length > MOST_COLUMNS) parser.abort()
    },
  })
  return rows
}

/** A number where it says all that the text does; long counts, as of nanoseconds, stay text. */
function compact(text: string | undefined): string | number | undefined {
  return text !== undefined && text.length < 16 && /^\d+(?:\.\d*)?$/.test(text) ? Number(text) : text
}
