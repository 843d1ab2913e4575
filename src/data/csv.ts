// CSV text becomes market data.
import Papa from 'papaparse'
import { listRows, toOhlcv, type LoadedTable } from './ohlcv.ts'
import { oneLine } from '../text.ts'
import { DdpgError } from '../errors.ts'

const MOST_COLUMNS = 10_000

/**
 * Market data from CSV text: a header, then a row for each bar; comma, semicolon, tab or bar as separator.
 * @param name of the file, for the messages
 * @throws DdpgError as `toOhlcv`, and for rows that do not have the header's number of fields
 */
export function csvToTable(text: string, name: string): LoadedTable {
  const file = oneLine(name)
  const { data, errors } = Papa.parse<string[]>(text, { skipEmptyLines: true })
  const header = data[0] ?? []
  const rows = data.slice(1)
  if (header.length > MOST_COLUMNS)
    throw new DdpgError(`${file}: the header has ${header.length} fields, at most ${MOST_COLUMNS} are read`)
  const quote = errors.find((error) => error.type === 'Quotes')
  if (quote) throw new DdpgError(`${file}: quotes do not match in row ${quote.row}: ${quote.message}`)
  const ragged = listRows(
    rows.length,
    (i) => rows[i]!.length !== header.length,
    (i) => `${rows[i]!.length}`,
  )
  if (ragged)
    throw new DdpgError(
      `${file}: the header has ${header.length} fields, another number of them in ${ragged}`,
    )
  return toOhlcv(
    header.map((column, c) => ({ name: column, values: rows.map((row) => row[c]) })),
    name,
  )
}
