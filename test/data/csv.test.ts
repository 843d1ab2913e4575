// CSV files are read as tables, or refused by row.
import { expect, test } from 'vitest'
import { csvToTable } from '../../src/data/csv.ts'
import { DdpgError } from '../../src/base/errors.ts'

const header = 'date,open,high,low,close,volume'
const rows = ['2024-01-01,1,3,0.5,2,10', '2024-01-02,2,4,1.5,3.25,0', '2024-01-03,3,5,2.5,4e0,7']
const wanted = {
  timestamp: [1704067200000, 1704153600000, 1704240000000],
  open: [1, 2, 3],
  high: [3, 4, 5],
  low: [0.5, 1.5, 2.5],
  close: [2, 3.25, 4],
  volume: [10, 0, 7],
}

function columnsOf(text: string) {
  const { table, warnings } = csvToTable(text, 'btc.csv')
  expect(warnings).toEqual([])
  return Object.fromEntries(Object.entries(table.columns).map(([name, values]) => [name, [...values]]))
}
const text = [header, ...rows].join('\n')
const withTimes = (times: string[]) =>
  [header, ...rows.map((row, i) => row.replace(/^[^,]*/, times[i]!))].join('\n')

test.each([
  ['plain', text],
  ['with a final line break', `${text}\n`],
  ['with CRLF and empty lines', `${text.replaceAll('\n', '\r\n')}\r\n\r\n`],
  ['with a byte order mark', `\uFEFF${text}`],
  ['with upper-case names', text.replace(header, header.toUpperCase())],
  ['with spaces', text.replaceAll(',', ' , ')],
  ['with quotes', text.replaceAll(/[^,\n]+/g, '"$&"')],
  ['with semicolons', text.replaceAll(',', ';')],
  ['with tabs', text.replaceAll(',', '\t')],
  ['with the nameless index of pandas', text.replace('date', '')],
  ['with times of day', withTimes(['2024-01-01 00:00:00', '2024-01-02T00:00:00Z', '2024-01-03T02:00+02:00'])],
  ['with seconds', withTimes(['1704067200', '1704153600.0', '1704240000'])],
  ['with milliseconds', withTimes(['1704067200000', '1704153600000', '1704240000000'])],
  ['with microseconds', withTimes(['1704067200000000', '1704153600000000', '1704240000000000'])],
  ['with nanoseconds', withTimes(['1704067200000000000', '1704153600000000000', '1704240000000000000'])],
])('a CSV file %s is read', (_, variant) => {
  expect(columnsOf(variant)).toEqual(wanted)
})

test('columns may stand in any order', () => {
  const reversed = text.replaceAll(/^.*$/gm, (line) => line.split(',').toReversed().join(','))
  expect(columnsOf(reversed)).toEqual(wanted)
})

test('rows with another number of fields than the header are named', () => {
  expect(() => csvToTable(`${text}\n2024-01-04,1,2,3`, 'btc.csv')).toThrow(
    new DdpgError(
      'btc.csv: the header has 6 fields, another number of them in row 4 (4): the file seems to be cut, its last line is "2024-01-04,1,2,3"',
    ),
  )
})

test('a decimal comma is read', () => {
  expect(columnsOf(text.replaceAll(',', ';').replaceAll('.', ','))).toEqual(wanted)
})

test('an unclosed quote is named with its row', () => {
  expect(() => csvToTable(text.replace('2024-01-02', '"2024-01-02'), 'btc.csv')).toThrow(
    'btc.csv: quotes do not match in row 2',
  )
})

test.each(['', '\n', header])('a file without rows is refused: %j', (empty) => {
  expect(() => csvToTable(empty, 'btc.csv')).toThrow('btc.csv: has no rows')
})
