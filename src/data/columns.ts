// These types lie between a file and a table: columns as they are read, how they were read, and what was understood.
import type { Calendar } from '../math/bars.ts'
import type { DataConfig } from '../scenario/schema.ts'
import type { Table } from './table.ts'

/** A column as its file holds it. */
export interface RawColumn {
  name: string
  values: ArrayLike<unknown>
  /** The values are times in milliseconds since 1970 already, not counts whose unit must be guessed. */
  isTime?: boolean
}

/** The keys of a scenario about its file. */
export type ReadOptions = Partial<
  Pick<DataConfig, 'columns' | 'time_format' | 'time_zone' | 'allow' | 'adjusted' | 'align'>
>

export interface LoadedTable {
  /** Columns in file order, names in lower case; the time column is called timestamp. */
  table: Table
  /** The usual (median) time from a row to the next, in milliseconds. */
  spacing: number
  /** The length of a bar, such as 1h; undefined where the spacing is none. */
  timeframe: string | undefined
  /** When the market is open; undefined where the times do not say. */
  calendar: Calendar | undefined
  /** Warnings of odd but usable data: gaps between bars, columns left out. */
  warnings: string[]
  /** A sentence that says what was understood, without the name of the file. */
  summary: string
}

/** The way in which a file was read, for its summary. */
export interface Reading {
  /** As `Binance klines`. */
  kind: string
  /** True when a comma before three digits stands before decimals. */
  commasAreDecimal: boolean
}

/** Columns of a file, and how it was read. */
export interface FileColumns {
  raw: RawColumn[]
  reading: Reading
}
