// A table holds named columns of float64, all of one length.
import { canonical, sha256 } from '../core/sha256.ts'
import { listed, quoted } from '../base/text.ts'
import { DdpgError } from '../base/errors.ts'

/**
 * Columns of equal length, in file order. Prices and volume as float64; `timestamp` is milliseconds since 1970
 * in UTC, ascending.
 */
export interface Table {
  length: number
  columns: Record<string, Float64Array>
  /** The names of several assets, whose columns are called `NAME/close` and so on; a single asset has plain names. */
  assets?: string[]
}

/** The data of what needs none. */
export const NO_DATA: Table = { length: 0, columns: {} }

/** The column, or a DdpgError that names what there is. */
export function column(table: Table, name: string): Float64Array {
  const found = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined
  if (!found)
    throw new DdpgError(`column ${quoted(name)} not found, have ${listed(Object.keys(table.columns))}`)
  return found
}

/**
 * SHA-256 over the columns, whatever their order, in hex: by ascending name, each name with a line feed, then its f64.
 */
export function digestOf({ columns }: Table): string {
  const sorted = Object.entries(columns).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sha256(...sorted.flatMap(([name, values]) => [`${name}\n`, canonical(values)]))
}
