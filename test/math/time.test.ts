// Times are read and written in UTC by integer arithmetic, as Date has them.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epochMilliseconds, formatSpacing, parseTime, timeframeMilliseconds } from '../../src/math/time.ts'

describe('parseTime', () => {
  test.each([
    '2024-01-01',
    '2024-02-29T23:59:59Z',
    '2023-12-31 07:30:00+00:00',
    '2024-06-01T12:00:00.250Z',
    '1969-07-20T20:17:40-05:00',
    '2000-03-01T00:00:00+0530',
    '1900-03-01',
    '2100-02-28',
    '0004-02-29',
  ])('reads %s as Date does', (text) => {
    expect(parseTime(text)).toBe(Date.parse(text))
  })

  test('agrees with Date on every day of four centuries', () => {
    const day = 86_400_000
    for (let time = Date.UTC(1799, 11, 28); time < Date.UTC(2201, 0, 4); time += day) {
      const text = new Date(time).toISOString()
      if (parseTime(text) !== time) expect(parseTime(text), text).toBe(time)
    }
  })

  test('reads any time of the years 0 to 9999 in any zone as Date does', () => {
    const [min, max] = [new Date('0000-01-02T00:00:00Z'), new Date('9999-12-30T00:00:00Z')]
    const zone = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 })
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), zone, (date, minutes) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1)
        fc.pre(/^\d{4}-/.test(local))
        const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
        const digits = [hours, rest].map((part) => String(part).padStart(2, '0'))
        for (const separator of [':', ''])
          expect(parseTime(`${local}${minutes < 0 ? '-' : '+'}${digits.join(separator)}`)).toBe(
            date.getTime(),
          )
      }),
    )
  })

  test('keeps any microsecond', () => {
    fc.assert(
      fc.property(fc.nat(59), fc.nat(999_999), (second, micros) => {
        const text = `1970-01-01T00:00:${String(second).padStart(2, '0')}.${String(micros).padStart(6, '0')}`
        expect(parseTime(text)).toBe((second * 1_000_000 + micros) / 1000)
      }),
    )
  })

  test('agrees with Date on which days there are', () => {
    const two = (n: number) => String(n).padStart(2, '0')
    fc.assert(
      fc.property(fc.nat(9999), fc.nat(19), fc.nat(39), (year, month, day) => {
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
        const time = Date.parse(`${text}T00:00:00Z`)
        // Date takes the 31st of any month
        const isThere = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
        expect(parseTime(text)).toBe(isThere ? time : NaN)
      }),
    )
  })

  test('takes a time without a zone as UTC', () => {
    expect(parseTime('2024-01-01 07:00')).toBe(Date.UTC(2024, 0, 1, 7))
    expect(parseTime('2024-01-01 07:00:00 UTC')).toBe(Date.UTC(2024, 0, 1, 7))
  })

  test('keeps microseconds', () => {
    expect(parseTime('1970-01-01T00:00:01.000123')).toBe(1000.123)
  })

  test.each([
    '',
    'yesterday',
    '2023-02-29',
    '1900-02-29',
    '2100-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-01-01T24:00',
    '01/02/2024',
    '12',
  ])('refuses %j', (text) => {
    expect(parseTime(text)).toBeNaN()
  })
})

test('epochMilliseconds tells seconds, milliseconds, microseconds and nanoseconds apart', () => {
  const time = Date.UTC(2024, 0, 1, 0, 0, 1)
  expect(epochMilliseconds(time / 1000)).toBe(time)
  expect(epochMilliseconds(time)).toBe(time)
  expect(epochMilliseconds(BigInt(time) * 1000n + 7n)).toBe(time + 0.007)
  expect(epochMilliseconds(BigInt(time) * 1_000_000n + 7999n)).toBe(time + 0.007)
  expect(epochMilliseconds(12)).toBeNaN()
  expect(epochMilliseconds(1e11)).toBe(1e11)
})

test('epochMilliseconds gives the same of a time in any unit, from 1973 to 5138', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e8, max: 1e11 - 1 }), (seconds) => {
      const counts = [seconds, seconds * 1000, BigInt(seconds) * 1_000_000n, BigInt(seconds) * 1_000_000_000n]
      expect(counts.map(epochMilliseconds)).toEqual(counts.map(() => seconds * 1000))
    }),
  )
})

test('timeframeMilliseconds knows seconds to weeks and refuses the rest', () => {
  expect(['90s', '1m', '4h', '1d', '2w'].map(timeframeMilliseconds)).toEqual([
    9e4, 6e4, 144e5, 864e5, 12096e5,
  ])
  expect(() => timeframeMilliseconds('1y')).toThrow('timeframe "1y" must be a number and s, m, h, d or w')
})

test.each([
  [1000, '1s'],
  [90_000, '90s'],
  [60_000, '1m'],
  [1_800_000, '30m'],
  [14_400_000, '4h'],
  [86_400_000, '1d'],
  [432_000_000, '5d'],
  [1_209_600_000, '2w'],
  [1500, '1.5 s'],
  [3_600_001, '3600.001 s'],
  [250, '250 ms'],
  [0.10009765625, '0.1 ms'],
])('formatSpacing writes %d ms as %s', (milliseconds, text) => {
  expect(formatSpacing(milliseconds)).toBe(text)
})
