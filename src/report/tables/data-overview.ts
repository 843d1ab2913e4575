// Summarises a table of data before anything is made of it.
import { formatTime } from '../../math/time.ts'
import type { Table } from '../../data/table.ts'
import { deviation, mean } from '../../math/statistics.ts'
import { formatNumber, markdownTable } from './table.ts'

/** The first rows as CSV. */
export function dataHead(table: Table, rows: number): string {
  const names = Object.keys(table.columns)
  const lines = Array.from({ length: Math.min(rows, table.length) }, (_, i) =>
    names.map((name) => cell(name, table.columns[name]![i]!)).join(','),
  )
  return [names.join(','), ...lines, ''].join('\n')
}

/** Dates of the first and the last row, and a Markdown page with the statistics of every column. */
export function dataSummary(table: Table): { range: string; markdown: string } {
  const times = table.columns.timestamp!
  const range = `${formatTime(times[0]!)} to ${formatTime(times.at(-1)!)}`
  const rows = Object.entries(table.columns)
    .filter(([name]) => name !== 'timestamp')
    .map(([name, values]) => [name, ...describe(values).map(formatNumber)])
  const statistics = markdownTable(['column', 'mean', 'deviation', 'least', 'median', 'greatest'], rows)
  return { range, markdown: `${table.length} rows, ${range} (UTC)\n\n${statistics}\n` }
}

function describe(values: Float64Array): number[] {
  const sorted = values.toSorted()
  const middle = sorted[Math.floor(sorted.length / 2)]!
  return [mean(values), deviation(values), sorted[0]!, middle, sorted.at(-1)!]
}

function cell(name: string, value: number): string {
  return name === 'timestamp' ? formatTime(value) : String(value)
}
