// The same bars in the shapes that vendors and tools write them in.
import { gzipSync, strToU8, zipSync } from 'fflate'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export interface Bar {
  time: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** Bars of a price that wanders, with two decimals. @param times milliseconds since 1970 */
function bars(times: number[]): Bar[] {
  let [seed, close] = [7, 100]
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const round = (price: number) => Math.round(price * 100) / 100
  return times.map((time) => {
    const open = close
    close = round(open + random() - 0.5)
    const high = round(Math.max(open, close) + random() / 2)
    const low = round(Math.min(open, close) - random() / 2)
    return { time, open, high, low, close, volume: 1000 + Math.floor(random() * 9000) }
  })
}

const start = Date.UTC(2024, 0, 1)
const hourTimes = Array.from({ length: 60 }, (_, i) => start + i * HOUR)
const dayTimes = Array.from({ length: 84 }, (_, i) => start + i * DAY)
  .filter((time) => ![0, 6].includes(new Date(time).getUTCDay()))
  .slice(0, 60)
const monthTimes = Array.from({ length: 60 }, (_, i) => Date.UTC(2019, i, 1))

export const hours = bars(hourTimes)
export const days = bars(dayTimes)
export const months = bars(monthTimes)

export const iso = (time: number) => new Date(time).toISOString()
export const day = (time: number) => iso(time).slice(0, 10)
const clock = (time: number) => iso(time).slice(11, 19)
const [year, month, date] = [0, 5, 8].map((at, i) => (time: number) => iso(time).slice(at, at + (i ? 2 : 4)))
const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const grouped = (value: number) => value.toLocaleString('en-US', { minimumFractionDigits: 2 })
const comma = (value: number) => String(value).replace('.', ',')

type Row = (bar: Bar, i: number) => (string | number)[]

const prices = ({ open, high, low, close, volume }: Bar) => [open, high, low, close, volume]

function table(all: Bar[], header: string, row: Row, separator = ',', end = '\n'): string {
  const lines = all.map((bar, i) => row(bar, i).join(separator))
  return [...(header === '' ? [] : [header]), ...lines].join(end) + end
}

export interface Shape {
  name: string
  content: string | Uint8Array
  bars: Bar[]
  options?: object
  timeframe?: string
  /** Has no volume. */
  bare?: boolean
}

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 + text.length * 2))
  view.setUint16(0, 0xfeff, littleEndian)
  for (let i = 0; i < text.length; i++) view.setUint16(2 + i * 2, text.charCodeAt(i), littleEndian)
  return new Uint8Array(view.buffer)
}

const daily = table(days, 'Date,Open,High,Low,Close,Volume', (bar) => [day(bar.time), ...prices(bar)])
const newest = (all: Bar[]) => all.toReversed()
const candles = (unit: number) => hours.map((bar) => [bar.time * unit, ...prices(bar)])

export const SHAPES: Shape[] = [
  {
    name: 'Alpha Vantage, newest first.csv',
    bars: days,
    content: table(
      newest(days),
      'timestamp,open,high,low,close,volume',
      (bar) => [day(bar.time), ...prices(bar)],
      ',',
      '\r\n',
    ),
  },
  {
    name: 'Alpha Vantage.json',
    bars: days,
    content: JSON.stringify({
      'Meta Data': { '1. Information': 'Daily' },
      'Time Series (Daily)': Object.fromEntries(
        newest(days).map((bar) => [
          day(bar.time),
          {
            '1. open': String(bar.open),
            '2. high': String(bar.high),
            '3. low': String(bar.low),
            '4. close': String(bar.close),
            '5. volume': String(bar.volume),
          },
        ]),
      ),
    }),
  },
  {
    name: 'Binance klines.csv',
    bars: hours,
    content: table(hours, '', (bar) => [bar.time, ...prices(bar), bar.time + HOUR - 1, 1, 2, 3, 4, 0]),
  },
  {
    name: 'Binance klines, ms then us.csv',
    bars: hours,
    content: table(hours, '', (bar, i) => {
      const unit = i < 30 ? 1 : 1000
      return [bar.time * unit, ...prices(bar), (bar.time + HOUR) * unit - 1, 1, 2, 3, 4, 0]
    }),
  },
  {
    name: 'Bitfinex.csv',
    bars: hours,
    content: table(hours, '', ({ time, open, high, low, close, volume }) => [
      time,
      open,
      close,
      high,
      low,
      volume,
    ]),
  },
  {
    name: 'Coinbase.json',
    bars: hours,
    content: JSON.stringify(
      newest(hours).map(({ time, open, high, low, close, volume }) => [
        time / 1000,
        low,
        high,
        open,
        close,
        volume,
      ]),
    ),
  },
  {
    name: 'Kraken OHLCVT.csv',
    bars: hours,
    content: table(hours, '', (bar, i) => [bar.time / 1000, ...prices(bar), i + 1]),
  },
  {
    name: 'Kraken.json',
    bars: hours,
    content: JSON.stringify({
      error: [],
      result: {
        XXBTZUSD: hours.map(({ time, open, high, low, close, volume }, i) => [
          time / 1000,
          String(open),
          String(high),
          String(low),
          String(close),
          String((open + close) / 2),
          String(volume),
          i + 1,
        ]),
        last: 5,
      },
    }),
  },
  { name: 'ccxt.json', bars: hours, content: JSON.stringify(candles(1)) },
  {
    name: 'ccxt DataFrame.csv',
    bars: hours,
    content: table(hours, ',0,1,2,3,4,5', (bar, i) => [i, bar.time, ...prices(bar)]),
  },
  {
    name: 'Polygon.json',
    bars: hours,
    content: JSON.stringify({
      ticker: 'X',
      resultsCount: 60,
      results: hours.map(({ time, open, high, low, close, volume }) => ({
        v: volume,
        vw: 1,
        o: open,
        c: close,
        h: high,
        l: low,
        t: time,
        n: 3,
      })),
    }),
  },
  {
    name: 'Oanda.json',
    bars: hours,
    content: JSON.stringify({
      instrument: 'EUR_USD',
      candles: hours.map(({ time, open, high, low, close, volume }) => ({
        complete: true,
        volume,
        time: iso(time),
        mid: { o: String(open), h: String(high), l: String(low), c: String(close) },
      })),
    }),
  },
  {
    name: 'TradingView UDF.json',
    bars: hours,
    content: JSON.stringify({
      s: 'ok',
      t: hours.map((bar) => bar.time / 1000),
      o: hours.map((bar) => bar.open),
      h: hours.map((bar) => bar.high),
      l: hours.map((bar) => bar.low),
      c: hours.map((bar) => bar.close),
      v: hours.map((bar) => bar.volume),
    }),
  },
  {
    name: 'Yahoo chart.json',
    bars: days,
    content: JSON.stringify({
      chart: {
        result: [
          {
            meta: { symbol: 'X' },
            timestamp: days.map((bar) => bar.time / 1000),
            indicators: {
              quote: [
                {
                  open: days.map((bar) => bar.open),
                  high: days.map((bar) => bar.high),
                  low: days.map((bar) => bar.low),
                  close: days.map((bar) => bar.close),
                  volume: days.map((bar) => bar.volume),
                },
              ],
            },
          },
        ],
        error: null,
      },
    }),
  },
  {
    name: 'pandas split.json',
    bars: days,
    content: JSON.stringify({
      columns: ['open', 'high', 'low', 'close', 'volume'],
      index: days.map((bar) => bar.time),
      data: days.map(prices),
    }),
  },
  {
    name: 'lines.jsonl',
    bars: hours,
    content: hours.map((bar) => JSON.stringify({ ...bar, time: iso(bar.time) })).join('\n'),
  },
  {
    name: 'CryptoDataDownload.csv',
    bars: hours,
    content: `https://www.CryptoDataDownload.com\n${table(newest(hours), 'Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT', (bar) => [bar.time, iso(bar.time).slice(0, 19).replace('T', ' '), 'BTCUSDT', ...prices(bar), 5])}`,
  },
  {
    name: 'MetaTrader 4.csv',
    bars: hours,
    content: table(hours, '', (bar) => [
      day(bar.time).replaceAll('-', '.'),
      clock(bar.time).slice(0, 5),
      ...prices(bar),
    ]),
  },
  {
    name: 'MetaTrader 5.csv',
    bars: hours,
    content: table(
      hours,
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>',
      (bar) => [day(bar.time).replaceAll('-', '.'), clock(bar.time), ...prices(bar), 0, 12],
      '\t',
      '\r\n',
    ),
  },
  {
    name: 'Stooq.txt',
    bars: hours,
    content: table(
      hours,
      '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>',
      (bar) => [
        'X.US',
        60,
        day(bar.time).replaceAll('-', ''),
        clock(bar.time).replaceAll(':', ''),
        ...prices(bar),
        0,
      ],
    ),
  },
  {
    name: 'HistData.csv',
    bars: hours,
    content: table(
      hours,
      '',
      (bar) => [
        `${day(bar.time).replaceAll('-', '')} ${clock(bar.time).replaceAll(':', '')}`,
        ...prices(bar),
      ],
      ';',
    ),
  },
  {
    name: 'Dukascopy.csv',
    bars: hours,
    content: table(hours, 'Gmt time,Open,High,Low,Close,Volume', (bar) => [
      `${date!(bar.time)}.${month!(bar.time)}.${year!(bar.time)} ${clock(bar.time)}.000`,
      ...prices(bar),
    ]),
  },
  {
    name: 'Investing.csv',
    bars: days,
    content: table(
      newest(days),
      '"Date","Price","Open","High","Low","Vol.","Change %"',
      ({ time, open, high, low, close, volume }) =>
        [
          `${month!(time)}/${date!(time)}/${year!(time)}`,
          close,
          open,
          high,
          low,
          `${volume / 1000}K`,
          '0.5%',
        ].map((cell) => `"${cell}"`),
    ),
  },
  {
    name: 'Nasdaq.csv',
    bars: days,
    content: table(
      newest(days),
      'Date,Close/Last,Volume,Open,High,Low',
      ({ time, open, high, low, close, volume }) => [
        `${month!(time)}/${date!(time)}/${year!(time)}`,
        `$${close}`,
        volume,
        `$${open}`,
        `$${high}`,
        `$${low}`,
      ],
    ),
  },
  {
    name: 'Barchart.csv',
    bars: days,
    content: `${table(newest(days), 'Time,Open,High,Low,Last,Volume', (bar) => [day(bar.time), ...prices(bar)])}"Downloaded from Barchart.com as of 04-12-2024"\n`,
  },
  {
    name: 'Yahoo page.csv',
    bars: days,
    content: table(
      newest(days),
      'Date,Open,High,Low,Close*,Adj Close**,Volume',
      ({ time, open, high, low, close, volume }) => [
        `"${names[Number(month!(time)) - 1]} ${date!(time)}, ${year!(time)}"`,
        ...[open, high, low, close, close].map((price) => `"${grouped(price)}"`),
        `"${volume.toLocaleString('en-US')}"`,
      ],
    ),
  },
  {
    name: 'yfinance, three header rows.csv',
    bars: days,
    content: `Price,Close,High,Low,Open,Volume\nTicker,${Array(5).fill('MSFT').join(',')}\nDate,,,,,\n${table(days, '', ({ time, open, high, low, close, volume }) => [day(time), close, high, low, open, volume])}`,
  },
  {
    name: 'yfinance, time zone.csv',
    bars: days.map((bar) => ({ ...bar, time: bar.time + 5 * HOUR })),
    content: table(days, 'Date,Open,High,Low,Close,Volume,Dividends,Stock Splits', (bar) => [
      `${day(bar.time)} 00:00:00-05:00`,
      ...prices(bar),
      0,
      0,
    ]),
  },
  {
    name: 'quantmod.csv',
    bars: days,
    content: table(days, '"","AAPL.Open","AAPL.High","AAPL.Low","AAPL.Close","AAPL.Volume"', (bar) => [
      `"${day(bar.time)}"`,
      ...prices(bar),
    ]),
  },
  {
    name: 'German Excel.csv',
    bars: days,
    content: `\uFEFF${table(days, 'Datum;Eröffnung;Hoch;Tief;Schluss;Volumen', ({ time, open, high, low, close, volume }) => [`${date!(time)}.${month!(time)}.${year!(time)}`, ...[open, high, low, close].map(comma), volume], ';', '\r\n')}`,
  },
  { name: 'sep line.csv', bars: days, content: `sep=;\r\n${daily.replaceAll(',', ';')}` },
  {
    name: 'tabs and decimal commas.txt',
    bars: days,
    content: daily.replaceAll(',', '\t').replaceAll('.', ','),
  },
  { name: 'UTF-16.csv', bars: days, content: utf16(daily.replaceAll(',', '\t'), true) },
  { name: 'UTF-16 big endian.csv', bars: days, content: utf16(daily, false) },
  {
    name: 'Chinese headers.csv',
    bars: days,
    content: table(days, '日期,开盘,最高,最低,收盘,成交量', (bar) => [day(bar.time), ...prices(bar)]),
  },
  {
    name: 'Tushare.csv',
    bars: days,
    content: table(newest(days), 'ts_code,trade_date,open,high,low,close,vol', (bar) => [
      '000001.SZ',
      day(bar.time).replaceAll('-', ''),
      ...prices(bar),
    ]),
  },
  {
    name: 'Bloomberg.csv',
    bars: days,
    content: table(days, 'Dates,PX_OPEN,PX_HIGH,PX_LOW,PX_LAST,PX_VOLUME', (bar) => [
      day(bar.time),
      ...prices(bar),
    ]),
    options: { columns: { time: 'Dates' } },
  },
  {
    name: 'own names.csv',
    bars: days,
    content: table(days, 'when,a,b,c,d,e', (bar) => [day(bar.time), ...prices(bar)]),
    options: { columns: { time: 'when', open: 'a', high: 'b', low: 'c', close: 'd', volume: 'e' } },
  },
  { name: 'comments.csv', bars: days, content: `# made by a script\n# on a Monday\n${daily}` },
  { name: 'trailing commas.csv', bars: days, content: daily.replaceAll('\n', ',\n') },
  {
    name: 'AM and PM.csv',
    bars: hours,
    content: table(hours, 'time,open,high,low,close,volume', (bar) => {
      const hour = new Date(bar.time).getUTCHours()
      return [
        `${Number(month!(bar.time))}/${Number(date!(bar.time))}/${year!(bar.time)} ${hour % 12 || 12}:00:00 ${hour < 12 ? 'AM' : 'PM'}`,
        ...prices(bar),
      ]
    }),
    options: { time_format: 'M/D/YYYY h:mm:ss A' },
  },
  {
    name: 'EST.csv',
    bars: hours.map((bar) => ({ ...bar, time: bar.time + 5 * HOUR })),
    content: table(hours, 'time,open,high,low,close,volume', (bar) => [
      `${iso(bar.time).slice(0, 19).replace('T', ' ')} EST`,
      ...prices(bar),
    ]),
  },
  {
    name: 'local time.csv',
    bars: hours.map((bar) => ({ ...bar, time: bar.time + 5 * HOUR })),
    content: table(hours, 'time,open,high,low,close,volume', (bar) => [
      iso(bar.time).slice(0, 19),
      ...prices(bar),
    ]),
    options: { time_zone: 'America/New_York' },
  },
  {
    name: 'days of Excel.csv',
    bars: days,
    content: table(days, 'Date,Open,High,Low,Close,Volume', (bar) => [
      bar.time / DAY + 25_569,
      ...prices(bar),
    ]),
  },
  {
    name: 'months.csv',
    bars: months,
    content: table(months, 'Date,Open,High,Low,Close,Volume', (bar) => [day(bar.time), ...prices(bar)]),
    timeframe: '1M',
  },
  {
    name: 'no volume.csv',
    bars: days,
    bare: true,
    content: table(days, 'Date,Open,High,Low,Close', (bar) => [day(bar.time), ...prices(bar).slice(0, 4)]),
  },
  {
    name: 'volume blank.csv',
    bars: days,
    bare: true,
    content: table(days, 'Date,Open,High,Low,Close,Volume', (bar) => [
      day(bar.time),
      ...prices(bar).slice(0, 4),
      '',
    ]),
  },
  {
    name: 'volume -1.csv',
    bars: hours,
    bare: true,
    content: table(hours, 'date,open,high,low,close,volume,average,barCount', (bar) => [
      iso(bar.time),
      ...prices(bar).slice(0, 4),
      -1,
      -1,
      -1,
    ]),
  },
  {
    name: 'a row of nulls.csv',
    bars: days.toSpliced(20, 1),
    content: table(days, 'Date,Open,High,Low,Close,Adj Close,Volume', (bar, i) => [
      day(bar.time),
      ...(i === 20
        ? Array<string>(6).fill('null')
        : [bar.open, bar.high, bar.low, bar.close, bar.close, bar.volume]),
    ]),
  },
  { name: 'packed.csv.gz', bars: days, content: gzipSync(strToU8(daily)) },
  {
    name: 'Binance month.zip',
    bars: hours,
    content: zipSync({
      'BTCUSDT-1h-2024-01.csv': strToU8(
        table(hours, '', (bar) => [bar.time, ...prices(bar), bar.time + HOUR - 1, 1, 2, 3, 4, 0]),
      ),
    }),
  },
  {
    name: 'parts.zip',
    bars: days,
    content: zipSync({
      'a.csv': strToU8(daily.split('\n').slice(0, 31).join('\n')),
      'b.csv': strToU8([daily.split('\n')[0], ...daily.split('\n').slice(31)].join('\n')),
    }),
  },
]
