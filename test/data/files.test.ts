// Market data in the shapes that vendors and tools write are the same bars, or are refused for a reason in the data.
import { describe, expect, it } from 'vitest'
import { readMarket } from '../../src/data/read.ts'
import { DdpgError } from '../../src/base/errors.ts'
import { day, days, hours, SHAPES, type Bar } from './shapes.ts'

const bytesOf = (content: string | Uint8Array) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content)

function read(content: string | Uint8Array, options: object = {}, name = 'x.csv') {
  return readMarket([{ name, bytes: bytesOf(content) }], name, options)
}

const columns = ['open', 'high', 'low', 'close', 'volume'] as const

describe('files of market data', () => {
  it.each(SHAPES)('$name', async ({ name, content, bars, options, timeframe, bare }) => {
    const { table, timeframe: found, summary } = await read(content, options, name)
    expect([...table.columns.timestamp!]).toEqual(bars.map((bar) => bar.time))
    for (const column of bare ? columns.slice(0, 4) : columns)
      expect([...table.columns[column]!], column).toEqual(bars.map((bar) => bar[column]))
    expect('volume' in table.columns).toBe(bare !== true)
    const isHourly = bars.length > 0 && bars[1]!.time - bars[0]!.time === 3_600_000
    expect(found).toBe(timeframe ?? (isHourly ? '1h' : '1d'))
    expect(summary).toContain(`${bars.length} bars`)
  })

  it('are told in a sentence', async () => {
    const { content } = SHAPES.find(({ name }) => name === 'Binance klines.csv')!
    expect((await read(content)).summary).toBe(
      'Binance klines, 1h, UTC, 2024-01-01 00:00 … 2024-01-03 11:00, 60 bars',
    )
  })
})

const text = (bars: Bar[], row: (bar: Bar, i: number) => (string | number)[]) =>
  ['Date,Open,High,Low,Close,Volume', ...bars.map((bar, i) => row(bar, i).join(','))].join('\n') + '\n'
const plain = ({ open, high, low, close, volume }: Bar) => [open, high, low, close, volume]

describe('what is wrong with the data', () => {
  const refusals: [string, string, string][] = [
    [
      'a cut line',
      text(days, (bar) => [day(bar.time), ...plain(bar)]).slice(0, -12),
      'the file seems to be cut',
    ],
    [
      'a negative price',
      text(days, (bar, i) => [day(bar.time), ...(i === 9 ? [1, 2, -3, 1, 5] : plain(bar))]),
      'low is not positive in row 10 (-3)',
    ],
    ['a constant price', text(days, (bar) => [day(bar.time), 5, 5, 5, 5, 1]), 'close is 5 in every row'],
    [
      'days that may be months',
      text(days.slice(0, 4), (bar, i) => [`0${[1, 3, 4, 5][i]}/0${[2, 5, 1, 9][i]}/2024`, ...plain(bar)]),
      'say which with data.time_format',
    ],
    [
      'a close by another name',
      'Date,foo,bar\n2024-01-01,x,-1\n2024-01-02,y,-2\n',
      'has no column close: have Date, foo, bar; say which it is with data.columns: {close: ',
    ],
  ]
  it.each(refusals)('is refused: %s', async (_, content, sentence) => {
    const refusal = read(content)
    await expect(refusal).rejects.toThrow(sentence)
    await expect(refusal).rejects.toBeInstanceOf(DdpgError)
  })

  it('is asked for when clocks are put back, and read with the zone', async () => {
    const from = Date.UTC(2024, 10, 3, 3)
    const lines = hours.slice(0, 30).map((bar, i) => {
      const utc = from + i * 3_600_000
      const local = utc - (utc < Date.UTC(2024, 10, 3, 6) ? 4 : 5) * 3_600_000
      return [new Date(local).toISOString().slice(0, 19), ...plain(bar)].join(',')
    })
    const content = ['time,open,high,low,close,volume', ...lines].join('\n')
    await expect(read(content)).rejects.toThrow(
      'say which zone it is with data.time_zone, such as America/New_York',
    )
    const { table } = await read(content, { time_zone: 'America/New_York' })
    expect([...table.columns.timestamp!]).toEqual(lines.map((_, i) => from + i * 3_600_000))
  })

  it.each([
    ['close_outside', (bar: Bar) => ({ ...bar, close: bar.high + 0.1 })],
    ['outlier', (bar: Bar) => ({ ...bar, close: bar.close * 3, high: bar.close * 3 })],
  ])('is warned of by row, unless it is allowed: %s', async (kind, change) => {
    const content = text(days, (bar, i) => [day(bar.time), ...plain(i === 30 ? change(bar) : bar)])
    const warned = (await read(content)).warnings.filter((warning) =>
      warning.includes(`data.allow: [${kind}]`),
    )
    expect(warned).toEqual([expect.stringContaining('row 31')])
    const allowed = (await read(content, { allow: [kind] })).warnings
    expect(allowed.filter((warning) => warning.includes(`[${kind}]`))).toEqual([])
  })

  it('is a split, which adjusted prices do not have', async () => {
    const header = 'Date,Open,High,Low,Close,Adj Close,Volume'
    const lines = days.map(({ time, open, high, low, close, volume }, i) => {
      const factor = i < 30 ? 4 : 1
      return [day(time), open * factor, high * factor, low * factor, close * factor, close, volume].join(',')
    })
    const content = [header, ...lines].join('\n')
    expect((await read(content)).warnings).toEqual([
      expect.stringMatching(/split.*row 31.*data\.adjusted: true/),
    ])
    const { table, warnings } = await read(content, { adjusted: true })
    expect(warnings).toEqual([])
    expect([...table.columns.close!]).toEqual(days.map((bar) => bar.close))
    expect([...table.columns.open!]).toEqual(
      days.map(({ open, close }, i) => (i < 30 ? open * 4 * (close / (close * 4)) : open * (close / close))),
    )
  })

  it('is no gap where weekends explain it', async () => {
    const { warnings, calendar } = await read(text(days, (bar) => [day(bar.time), ...plain(bar)]))
    expect([warnings, calendar]).toEqual([[], 'us_equity'])
    const holed = days.filter((_, i) => i < 20 || i >= 26)
    expect((await read(text(holed, (bar) => [day(bar.time), ...plain(bar)]))).warnings).toEqual([
      expect.stringMatching(/gaps.*at row 21/),
    ])
  })
})

describe('several assets', () => {
  const long = ['date,tic,open,high,low,close,volume']
  for (const [i, bar] of days.entries()) {
    long.push([day(bar.time), 'AAPL', ...plain(bar)].join(','))
    if (i !== 5) long.push([day(bar.time), 'MSFT', ...plain(bar).map((value) => value * 2)].join(','))
  }
  const common = days.filter((_, i) => i !== 5)

  it('below each other are aligned on the times that all have', async () => {
    const { table, summary } = await read(long.join('\n'))
    expect(table.assets).toEqual(['AAPL', 'MSFT'])
    expect([...table.columns.timestamp!]).toEqual(common.map((bar) => bar.time))
    expect([...table.columns['MSFT/close']!]).toEqual(common.map((bar) => bar.close * 2))
    expect(summary).toContain('left out for times that not all have: 1 of AAPL')
  })

  it('are filled with the last bar where the scenario says so', async () => {
    const { table } = await read(long.join('\n'), { align: 'forward_fill' })
    expect(table.length).toBe(days.length)
    expect(table.columns['MSFT/close']![5]).toBe(days[4]!.close * 2)
    expect(table.columns['AAPL/close']![5]).toBe(days[5]!.close)
  })

  it('beside each other have only closes', async () => {
    const wide = ['Date,AAPL,MSFT', ...days.map((bar) => `${day(bar.time)},${bar.close},${bar.open}`)].join(
      '\n',
    )
    const { table } = await read(wide)
    expect(Object.keys(table.columns)).toEqual(['timestamp', 'AAPL/close', 'MSFT/close'])
    expect([...table.columns['MSFT/close']!]).toEqual(days.map((bar) => bar.open))
  })
})
