// Several assets become one table: aligned on time, each with columns such as BTC/close.
import { DdpgError } from '../base/errors.ts'
import { formatTime } from '../math/time.ts'
import { listed, quoted, shown } from '../base/text.ts'
import type { LoadedTable } from './columns.ts'

/** Times that not all assets have are left out, or filled with an asset's last bar before them. */
export type Alignment = 'inner' | 'forward_fill'

const MOST_ASSETS = 1000

/**
 * One table of several. @param loaded by asset
 * @param name of the data, for the messages
 * @throws DdpgError when fewer than two times remain or the bars have different lengths
 */
export function alignAssets(
  loaded: ReadonlyMap<string, LoadedTable>,
  name: string,
  alignment: Alignment = 'inner',
): LoadedTable {
  const assets = [...loaded.keys()]
  if (assets.length > MOST_ASSETS)
    throw new DdpgError(`${name} has ${assets.length} assets, at most ${MOST_ASSETS} are read`)
  checkTimeframes(loaded, name)
  const tables = [...loaded.values()].map(({ table }) => table)
  const stamps = tables.map(({ columns }) => columns.timestamp!)
  const start = Math.max(...stamps.map((times) => times[0]!))
  const { times, rows } = alignment === 'inner' ? commonTimes(stamps) : filledTimes(stamps, start)
  if (times.length < 2)
    throw new DdpgError(
      `${name}: its assets ${listed(assets)} have ${times.length} times in common, at least 2 are needed: give files of the same time, or data.align: forward_fill`,
    )
  const columns: [string, Float64Array][] = [['timestamp', times]]
  tables.forEach((table, a) => {
    for (const [column, values] of Object.entries(table.columns)) {
      if (column === 'timestamp') continue
      columns.push([`${assets[a]}/${column}`, Float64Array.from(rows[a]!, (row) => values[row]!)])
    }
  })
  const [first] = [...loaded.values()]
  const { spacing, timeframe } = first!
  const calendar = agreed([...loaded.values()].map((one) => one.calendar))
  const span = `${formatTime(times[0]!)} … ${formatTime(times.at(-1)!)}`
  const frame = timeframe === undefined ? [] : [timeframe]
  return {
    table: { length: times.length, columns: Object.fromEntries(columns), assets },
    spacing,
    timeframe,
    calendar,
    warnings: [...new Set([...loaded.values()].flatMap(({ warnings }) => warnings))],
    summary: [
      [
        `${assets.length} assets (${listed(assets)})`,
        ...frame,
        'UTC',
        span,
        `${times.length.toLocaleString('en')} common bars`,
      ].join(', '),
      ...leftOut(assets, stamps, times, alignment),
    ].join('; '),
  }
}

function agreed<T>(values: (T | undefined)[]): T | undefined {
  const known = [...new Set(values.filter((value) => value !== undefined))]
  return known.length === 1 ? known[0] : undefined
}

function checkTimeframes(loaded: ReadonlyMap<string, LoadedTable>, name: string): void {
  const [[first, one] = ['', undefined]] = loaded
  for (const [asset, { timeframe }] of loaded)
    if (one && timeframe !== one.timeframe)
      throw new DdpgError(
        `${name}: ${quoted(first)} has bars of ${one.timeframe ?? 'no usual length'}, ${quoted(asset)} of ${timeframe ?? 'no usual length'}: give bars of one length`,
      )
}

interface Aligned {
  times: Float64Array
  /** By asset the row of each time. */
  rows: Uint32Array[]
}

function commonTimes(stamps: Float64Array[]): Aligned {
  const at = stamps.map(() => 0)
  const times: number[] = []
  const rows: number[][] = stamps.map(() => [])
  for (;;) {
    if (stamps.some((own, a) => at[a]! >= own.length)) break
    const latest = Math.max(...stamps.map((own, a) => own[at[a]!]!))
    let isCommon = true
    stamps.forEach((own, a) => {
      while (at[a]! < own.length && own[at[a]!]! < latest) at[a]!++
      isCommon &&= own[at[a]!] === latest
    })
    if (!isCommon) continue
    times.push(latest)
    rows.forEach((list, a) => list.push(at[a]!++))
  }
  return { times: Float64Array.from(times), rows: rows.map((list) => Uint32Array.from(list)) }
}

/** All times from that at which the last of the assets begins. */
function filledTimes(stamps: Float64Array[], start: number): Aligned {
  const all = new Float64Array(stamps.reduce((sum, own) => sum + own.length, 0))
  let offset = 0
  for (const own of stamps) {
    all.set(own, offset)
    offset += own.length
  }
  const sorted = all.toSorted()
  const times = sorted.filter((time, i) => time >= start && (i === 0 || time !== sorted[i - 1]))
  const rows = stamps.map((own) => {
    let row = 0
    return Uint32Array.from(times, (time) => {
      while (row + 1 < own.length && own[row + 1]! <= time) row++
      return row
    })
  })
  return { times, rows }
}

function leftOut(
  assets: string[],
  stamps: Float64Array[],
  times: Float64Array,
  alignment: Alignment,
): string[] {
  const counts = stamps.map((own) => own.length - times.length)
  if (alignment === 'forward_fill') return ['missing bars are filled with the last one before them']
  const some = assets.flatMap((asset, a) => (counts[a]! > 0 ? [`${counts[a]} of ${shown(asset)}`] : []))
  return some.length === 0 ? [] : [`left out for times that not all have: ${listed(some)}`]
}
