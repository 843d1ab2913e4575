// The plots are sound SVG files for whatever values they are given.
import { describe, expect, it } from 'vitest'
import {
  plotColumns,
  plotCombined,
  plotCumulativeReward,
  plotPositions,
  plotTrainingLosses,
} from '../../../src/report/charts/plot.ts'
import { PAPER } from '../../../src/report/series.ts'
import { group, roundTicks, thin, tickFormat } from '../../../src/report/charts/plot-scale.ts'

const HOUR = 3_600_000
const START = Date.UTC(2024, 0, 1)

/** `length` numbers from a formula of the row. */
function series(length: number, at: (i: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => at(i))
}

const price = (length: number) => series(length, (i) => 60_000 + 8000 * Math.sin(i / 16) + ((i * 7919) % 400))
const position = (length: number) => series(length, (i) => Math.cos(i / 16))
const hours = (length: number) => series(length, (i) => START + i * HOUR)

function curves(length: number) {
  return (['agent', 'random', 'buy_and_hold', 'max_profit'] as const).map((name, k) => ({
    name,
    values: series(length, (i) => i * 0.001 * (4 - k) + 0.01 * Math.sin(i)),
  }))
}

function split(name: string, length: number) {
  const holdings = [{ name: 'close', price: price(length), position: position(length) }]
  return { name, curves: curves(length), holdings, timestamps: hours(length) }
}

function losses(length: number) {
  return {
    steps: series(length, (i) => 1000 + i),
    criticLoss: series(length, (i) => 1 / (1 + i / 100) + ((i * 31) % 7) / 50),
    actorLoss: series(length, (i) => -i / length + ((i * 17) % 5) / 50),
  }
}

function table(length: number) {
  const close = price(length)
  const columns = {
    timestamp: hours(length),
    open: close.map((value) => value - 50),
    high: close.map((value) => value + 100),
    low: close.map((value) => value - 100),
    close,
    volume: series(length, (i) => 1e6 + (i % 10) * 1e5),
  }
  return { length, columns }
}

/** One picture of each kind, from series of this length. */
function every(length: number): Record<string, string> {
  const test = split('test', length)
  const { holdings, timestamps } = test
  const updates = losses(length)
  const splits = ['train', 'validation', 'test'].map((name) => ({ ...test, name }))
  return {
    reward: plotCumulativeReward({ title: 'a title', curves: test.curves }),
    positions: plotPositions({ title: 'a title', holdings, timestamps }),
    losses: plotTrainingLosses({ title: 'a title', ...updates }),
    combined: plotCombined({ title: 'a title', splits, losses: updates }),
    columns: plotColumns({ title: 'a title', table: table(length) }),
  }
}

/** The text of the document's elements; fails the test when tags, attributes or entities are not well formed. */
function textsOf(svg: string): string[] {
  const open: string[] = []
  const texts: string[] = []
  for (const [, tag, text] of svg.matchAll(/<([^<>]*)>([^<]*)/g)) {
    const [, close, name, attributes, empty] =
      /^(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)$/.exec(tag!) ?? []
    expect(name, `tag <${tag}>`).toBeDefined()
    expect(`${attributes}${text}`.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&>]/)
    if (close) expect(open.pop()).toBe(name)
    else if (!empty) open.push(name!)
    if (name === 'text' && !close) texts.push(text!)
  }
  expect(svg.replace(/<[^<>]*>[^<]*/g, '')).toBe('')
  expect(open).toEqual([])
  return texts
}

/** Well formed, inert, and free of numbers that are none. */
function expectSound(svg: string): void {
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|href|<style|\sid=/)
  textsOf(svg)
}

describe('the pictures', () => {
  const pictures = every(500)

  it('are well-formed, inert SVG on a white ground', () => {
    for (const svg of Object.values(pictures)) {
      expectSound(svg)
      expect(svg).toMatch(/<rect [^>]*fill="#FFFFFF"/)
      expect(svg).toContain('font-family:sans-serif')
      expect(textsOf(svg)).toContain('a title')
    }
  })

  it('are the same strings whatever was drawn before', () => {
    plotTrainingLosses({ title: 'another', ...losses(3) })
    expect(every(500)).toEqual(pictures)
  })

  it('name curves, axes and units', () => {
    const names = ['agent', 'random', 'buy &amp; hold', 'max profit']
    expect(textsOf(pictures.reward!)).toEqual(
      expect.arrayContaining([...names, 'step', 'cumulative log reward']),
    )
    expect(textsOf(pictures.positions!)).toEqual(
      expect.arrayContaining(['price', 'weight of wealth', 'time (UTC)', 'Jan 3', '60,000', '-1', '1']),
    )
    expect(textsOf(pictures.losses!)).toEqual(
      expect.arrayContaining(['critic loss', 'actor loss', 'environment steps', '1,200']),
    )
    expect(textsOf(pictures.combined!)).toEqual(
      expect.arrayContaining([
        ...names,
        'train',
        'validation',
        'test',
        'price',
        'critic loss',
        'environment steps',
      ]),
    )
    expect(textsOf(pictures.columns!)).toEqual(
      expect.arrayContaining(['open', 'high', 'low', 'close', 'volume', 'price']),
    )
    expect(textsOf(pictures.columns!)).not.toContain('timestamp')
  })

  it('give agent and benchmarks their colours', () => {
    for (const color of [PAPER.agent, PAPER.quiet, PAPER.market, PAPER.good])
      expect(pictures.reward).toMatch(new RegExp(`<path d="M84[^"]*" fill="none"[^>]*stroke="${color}"`))
  })

  it('stay within 300 KB for a million rows', () => {
    for (const svg of Object.values(every(1_000_000))) {
      expect(svg.length).toBeLessThan(300_000)
      expectSound(svg)
    }
  })

  it('hold for no rows, one row and a few', () => {
    for (const length of [0, 1, 2, 5]) for (const svg of Object.values(every(length))) expectSound(svg)
    expect(textsOf(every(0).reward!)).toContain('no data')
    expect(textsOf(every(1).reward!)).not.toContain('no data')
    expectSound(plotCombined({ title: '', splits: [], losses: losses(0) }))
    expectSound(plotColumns({ title: '', table: { length: 0, columns: {} } }))
  })

  it.each([
    ['constant', [3, 3, 3]],
    ['zero', [0, 0, 0]],
    ['missing', [NaN, NaN, NaN]],
    ['partly missing', [1, NaN, 2, NaN, 3]],
    ['not finite', [Infinity, 1, -Infinity, 2]],
    ['very large', [1e300, -1e299, 1.7e308, -1.7e308, 1e20]],
    ['very small', [5e-324, 1e-12, -1e-12]],
  ])('hold for %s values', (_, values) => {
    const holdings = [{ name: 'x', price: values, position: values }]
    expectSound(plotCumulativeReward({ title: 't', curves: [{ name: 'agent', values }] }))
    expectSound(plotPositions({ title: 't', holdings }))
    expectSound(plotPositions({ title: 't', holdings: [...holdings, { ...holdings[0]!, name: 'y' }] }))
    expectSound(
      plotTrainingLosses({
        title: 't',
        steps: values.map((_, i) => i),
        criticLoss: values,
        actorLoss: values,
      }),
    )
    const of = Float64Array.from(values)
    expectSound(
      plotColumns({
        title: 't',
        table: { length: of.length, columns: { open: of, high: of, low: of, close: of } },
      }),
    )
  })

  it('show a value between gaps as a dot', () => {
    const dots = (values: number[]) =>
      plotCumulativeReward({ title: 't', curves: [{ name: 'agent', values }] }).match(
        new RegExp(`<path [^>]*A[^>]*fill="${PAPER.agent}"`, 'g'),
      )
    // The legend's swatch has round corners as well.
    expect(dots([1, NaN, 2, NaN])).toHaveLength(2 + 1)
    expect(dots([1, 2, 3, 4])).toHaveLength(1)
  })

  it('draw several assets in relative prices, with a legend', () => {
    const holdings = ['BTC', 'ETH'].map((name, i) => ({
      name,
      price: price(50).map((value) => value * (i + 1)),
      position: position(50),
    }))
    const texts = textsOf(plotPositions({ title: 't', holdings }))
    expect(texts).toEqual(expect.arrayContaining(['BTC', 'ETH', 'price / first price', 'step']))
  })

  it('show titles as text, and cut long ones', () => {
    const title = '<script>alert("1")</script> & class="x"'
    const texts = textsOf(plotCumulativeReward({ title, curves: curves(5) }))
    expect(texts).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; class=&quot;x&quot;')
    const long = textsOf(plotCumulativeReward({ title: 'wide '.repeat(100), curves: curves(5) }))
    expect(long.find((text) => text.startsWith('wide'))).toMatch(/^.{60,100}…$/)
  })

  it('refuse fewer timestamps than rows', () => {
    const { holdings } = split('test', 10)
    expect(() => plotPositions({ title: 't', holdings, timestamps: hours(9) })).toThrow(
      new Error('plot: expected a place on the "time (UTC)" axis for each of 10 rows, found 9'),
    )
  })
})

describe('the scales', () => {
  it('thin a line without losing its spikes or its order', () => {
    const values = new Float64Array(100_000)
    values[77_777] = 9
    values[77_778] = -9
    const points = thin(values, undefined, 100)
    expect(points.length).toBeLessThanOrEqual(200)
    expect(points).toContainEqual([77_777, 9])
    expect(points).toContainEqual([77_778, -9])
    const places = points.map(([x]) => x)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })

  it('keep a long gap in a thinned line', () => {
    const values = series(1000, (i) => (i >= 300 && i < 600 ? NaN : i))
    const gaps = thin(values, undefined, 10).filter(([, y]) => y === null)
    expect(gaps).toEqual([300, 400, 500].map((x) => [x, null]))
  })

  it('join rows into candles of first open, last close and the extremes', () => {
    const candles = {
      open: [1, 2, 3, 4, 5],
      high: [6, 9, 7, 8, 6],
      low: [0, -1, 0, -3, 2],
      close: [2, 3, 4, 5, 6],
    }
    expect(group(candles, undefined, 3)).toEqual([
      [0, 1, 3, -1, 9],
      [2, 3, 5, -3, 8],
      [4, 5, 6, 2, 6],
    ])
  })

  it('place ticks at round numbers within the span', () => {
    expect(roundTicks(0, 499, 5)).toEqual([0, 100, 200, 300, 400])
    expect(roundTicks(1000, 19_999, 4)).toEqual([5000, 10_000, 15_000])
    expect(roundTicks(-1, 1, 4)).toEqual([-1, -0.5, 0, 0.5, 1])
    expect(roundTicks(1e16, 1e16 + 2, 5).length).toBeLessThan(20)
  })

  it('label ticks with thousands, a unit, or an exponent', () => {
    expect([0, 1500, -60_000, 0.25].map(tickFormat(60_000))).toEqual(['0', '1,500', '-60,000', '0.25'])
    expect([0, 500_000, 1.25e6].map(tickFormat(2e6))).toEqual(['0', '0.5M', '1.25M'])
    expect(tickFormat(3e9)(2.5e9)).toBe('2.5B')
    expect([0, 1.2e20].map(tickFormat(2e20))).toEqual(['0', '1.2e20'])
    expect(tickFormat(2e-7)(1e-7)).toBe('1e-7')
    expect(tickFormat(1)(0.1 + 0.2)).toBe('0.3')
  })
})
