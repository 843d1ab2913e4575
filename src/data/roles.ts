// Columns get their roles, such as close or time, by the names that vendors and tools give them.
import { DdpgError } from '../base/errors.ts'
import { listed, nearest, quoted } from '../base/text.ts'

export const ROLES = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'adj_close',
  'time',
  'date',
  'clock',
  'symbol',
] as const
export type Role = (typeof ROLES)[number]

/** Names in lower case without signs and spaces, preferred first. */
const SYNONYMS: Record<Exclude<Role, 'date' | 'clock'>, string[]> = {
  open: [
    'open',
    'o',
    'openprice',
    'priceopen',
    'pxopen',
    'openingprice',
    'first',
    'opn',
    'mido',
    'midopen',
    'bido',
    'bidopen',
    'openbid',
    'opening',
    '开盘',
    '开盘价',
    '今开',
    '始値',
    '시가',
    'eröffnung',
    'erster',
    'ouverture',
    'apertura',
    'openmid',
  ],
  high: [
    'high',
    'h',
    'highprice',
    'pricehigh',
    'pxhigh',
    'max',
    'hi',
    'midh',
    'midhigh',
    'bidh',
    'bidhigh',
    'highbid',
    'dayhigh',
    '最高',
    '最高价',
    '高値',
    '고가',
    'hoch',
    'tageshoch',
    'plushaut',
    'massimo',
    'haut',
    'maximum',
    'highest',
    'highmid',
  ],
  low: [
    'low',
    'l',
    'lowprice',
    'pricelow',
    'pxlow',
    'min',
    'lo',
    'midl',
    'midlow',
    'bidl',
    'bidlow',
    'lowbid',
    'daylow',
    '最低',
    '最低价',
    '安値',
    '저가',
    'tief',
    'tagestief',
    'plusbas',
    'minimo',
    'bas',
    'minimum',
    'lowest',
    'lowmid',
  ],
  close: [
    'close',
    'c',
    'closeprice',
    'priceclose',
    'pxlast',
    'pxclose',
    'last',
    'closelast',
    'closingprice',
    'lastprice',
    'midc',
    'midclose',
    'bidc',
    'bidclose',
    'closebid',
    'settle',
    'settlement',
    'settlementprice',
    'price',
    'closing',
    '收盘',
    '收盘价',
    '終値',
    '종가',
    'schluss',
    'schlusskurs',
    'letzter',
    'fermeture',
    'clôture',
    'cloture',
    'dernier',
    'chiusura',
    'ultimo',
    'closemid',
    'value',
    'prccd',
    'prc',
    'nav',
  ],
  volume: [
    'volume',
    'vol',
    'v',
    'pxvolume',
    'totalvolume',
    'tradevolume',
    'volumebase',
    'basevolume',
    'volumebtc',
    'volumeeth',
    'qty',
    'quantity',
    'amount',
    'ticks',
    'tickvolume',
    'tickvol',
    'realvolume',
    '成交量',
    '出来高',
    '거래량',
    'stück',
    'volumen',
    'shares',
    'shvol',
    'vol1',
    'totaltradequantity',
    'totaltradedquantity',
    'tottrdqty',
    'noofshares',
  ],
  adj_close: [
    'adjclose',
    'adjustedclose',
    'closeadj',
    'closeadjusted',
    'adjcloseprice',
    'adjusted',
    'adjprice',
    'aclose',
  ],
  time: [
    'timestamp',
    'datetime',
    'date',
    'time',
    'dateclose',
    'opentime',
    'index',
    'dateandtime',
    'timeutc',
    'dateutc',
    'datetimeutc',
    'gmttime',
    'utctime',
    'utc',
    'localtime',
    'unix',
    'unixtime',
    'unixtimestamp',
    'epoch',
    'ts',
    't',
    'mts',
    'dt',
    'start',
    'starttime',
    'startsat',
    'period',
    'periodstart',
    'timeperiodstart',
    'openedat',
    'day',
    'tradedate',
    'tradingdate',
    'tradingday',
    'datadate',
    'caldt',
    'begin',
    'begins',
    'beginsat',
    'bucket',
    'dtyyyymmdd',
    'yyyymmdd',
    'asof',
    'month',
    'week',
    '日期',
    '时间',
    '交易日期',
    '日付',
    '날짜',
    'datum',
    'zeit',
    'fecha',
    'data',
    'dato',
    'tarih',
    'observationdate',
    'closetime',
    'endtime',
    'end',
  ],
  symbol: [
    'symbol',
    'tic',
    'ticker',
    'asset',
    'instrument',
    'pair',
    'tscode',
    'secid',
    'securitycode',
    'stockcode',
    'isin',
    'sym',
    'coin',
    'permno',
    'code',
    'name',
    'series',
    '股票代码',
    '代码',
    '证券代码',
    '銘柄',
  ],
}
/** pandas writes a nameless index as __index_level_0__ to parquet, and with an empty name or as level_0 to CSV. */
const NAMELESS = ['indexlevel0', '', 'unnamed0']
const DATE_NAMES = new Set([
  'date',
  'tradedate',
  'day',
  'datum',
  '日期',
  '交易日期',
  'dtyyyymmdd',
  'yyyymmdd',
  'tradingday',
  'localdate',
  'dategmt',
])
const CLOCK_NAMES = new Set([
  'time',
  'timeofday',
  'hour',
  'clock',
  'tradetime',
  'zeit',
  '时间',
  'timegmt',
  'localtime',
  'hhmm',
  'hhmmss',
  'minute',
])

/** `1. open`, `<CLOSE>`, `Adj Close**` and `Open (USD)` without what vendors put around the word. */
export function bareName(name: string): string {
  const inner = withoutBrackets(name)
    .trimStart()
    .replace(/^\d{1,3}[a-z]?\.\s/i, '')
  return inner.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function withoutBrackets(name: string): string {
  const from = name.indexOf('(')
  const to = name.indexOf(')', from)
  return from < 0 || to < 0 ? name : name.slice(0, from) + name.slice(to + 1)
}

export type Roles = Map<Role, string>

export interface Mapping {
  /** By role the name of its column. */
  roles: Roles
  /** By asset, for columns of several: `AAPL` to the roles of `AAPL close`. */
  assets: Map<string, Roles>
}

/**
 * @param names of all columns
 * @param given by role the name of a column, as the scenario says
 * @param isPrices whether a column may hold prices, to tell a table of closes
 * @throws DdpgError in a sentence that follows the name of the file
 */
export function assignRoles(
  names: readonly string[],
  given: Readonly<Record<string, string>>,
  isPrices: (name: string) => boolean,
): Mapping {
  const roles: Roles = new Map(
    Object.entries(given).map(([role, name]) => [role as Role, existing(names, name, role)]),
  )
  const taken = new Set(roles.values())
  const free = names.filter((name) => !taken.has(name))
  const find = (wanted: readonly string[]) => {
    for (const word of wanted) {
      const found = free.find((name) => bareName(name) === word)
      if (found !== undefined) return found
    }
    return undefined
  }
  // today's spelling comes before other names of the same thing
  const exact = (role: string) => free.find((name) => name.trim().toLowerCase() === role)
  for (const role of ['open', 'high', 'low', 'close', 'adj_close', 'volume', 'symbol'] as const) {
    if (roles.has(role)) continue
    const found = exact(role) ?? find(SYNONYMS[role])
    if (found !== undefined) roles.set(role, found)
  }
  if (!roles.has('volume')) {
    const found = free.find((name) => /^volume\b/i.test(name.trim()))
    if (found !== undefined) roles.set('volume', found)
  }
  if (!roles.has('time')) {
    const found = find(SYNONYMS.time) ?? find(NAMELESS)
    if (found !== undefined) roles.set('time', found)
  }
  const date = free.find((name) => DATE_NAMES.has(bareName(name)))
  const clock = free.find((name) => name !== date && CLOCK_NAMES.has(bareName(name)))
  if (!Object.hasOwn(given, 'time') && date !== undefined && clock !== undefined)
    roles.set('date', date).set('clock', clock)
  const assets = roles.has('close') ? new Map<string, Roles>() : assetsOf(free, roles, isPrices)
  return { roles, assets }
}

function existing(names: readonly string[], name: string, role: string): string {
  const found =
    names.find((one) => one === name) ?? names.find((one) => one.trim().toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  const near = nearest(name, [...names], (one) => one)
  throw new DdpgError(
    `data.columns.${role} is ${quoted(name)}, which is no column${near === undefined ? '' : `, did you mean ${quoted(near)}?`}: have ${listed(names)}`,
  )
}

/** `AAPL.Close`, `Close AAPL` or `BTC_close`; else, where nothing says open or close, each column of prices is an asset. */
function assetsOf(
  names: readonly string[],
  roles: Roles,
  isPrices: (name: string) => boolean,
): Map<string, Roles> {
  const assets = new Map<string, Roles>()
  for (const name of names) {
    const split = splitName(name)
    if (!split) continue
    const own = assets.get(split.asset) ?? new Map<Role, string>()
    if (!own.has(split.role)) own.set(split.role, name)
    assets.set(split.asset, own)
  }
  const complete = new Map([...assets].filter(([, own]) => own.has('close')))
  if (complete.size > 0) return complete
  if (roles.has('open') || roles.has('high') || roles.has('low')) return complete
  const closes = names.filter(
    (name) => name !== roles.get('time') && !SYNONYMS.time.includes(bareName(name)) && isPrices(name),
  )
  return new Map(closes.map((name) => [name.trim(), new Map([['close', name]])]))
}

function splitName(name: string): { asset: string; role: Role } | undefined {
  const parts = name
    .trim()
    .split(/[._/|: ]+/)
    .filter((part) => part !== '')
  if (parts.length < 2) return undefined
  for (const role of ['adj_close', 'open', 'high', 'low', 'close', 'volume'] as const) {
    const words = SYNONYMS[role].filter((word) => word.length > 1 && word !== 'price' && word !== 'value')
    for (const count of [2, 1]) {
      if (parts.length <= count) continue
      const [tail, head] = [parts.slice(-count), parts.slice(0, count)].map((some) =>
        bareName(some!.join('')),
      )
      if (words.includes(tail!)) return { role, asset: parts.slice(0, -count).join('_') }
      if (words.includes(head!)) return { role, asset: parts.slice(count).join('_') }
    }
  }
  return undefined
}

/** The text for a scenario with which a file without a close is understood. */
export function suggestion(
  names: readonly string[],
  missing: 'close' | 'time',
  isPrices: (name: string) => boolean,
): string {
  const candidates = missing === 'close' ? names.filter(isPrices) : names
  const words = SYNONYMS[missing]
  const near = candidates
    .map((name) => ({ name, word: nearest(bareName(name), words, (word) => word) }))
    .find(({ word }) => word !== undefined)
  const found = near?.name ?? candidates.at(missing === 'close' ? -1 : 0) ?? names[0] ?? 'NAME'
  // A name that is cut would not be found.
  const best = quoted(found) === JSON.stringify(found) ? found : 'NAME'
  return `say which it is with data.columns: {${missing}: ${JSON.stringify(best)}}`
}
