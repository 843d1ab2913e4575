// Rows are split in order of time, and a size that does not fit is refused with the key to lower.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { split } from '../../src/data/split.ts'
import { DdpgError } from '../../src/base/errors.ts'

const sizes = (
  train_size: number,
  validation_size: number | null = null,
  test_size: number | null = null,
) => ({
  train_size,
  validation_size,
  test_size,
})

test('null sizes give validation half of the remainder and test the rest', () => {
  expect(split(501, sizes(400), 'x')).toEqual({
    train: { from: 0, to: 400 },
    validation: { from: 400, to: 450 },
    test: { from: 450, to: 501 },
  })
})

test('given sizes are taken in order, and rows after the test split are left', () => {
  expect(split(500, sizes(300, 20, 30), 'x')).toEqual({
    train: { from: 0, to: 300 },
    validation: { from: 300, to: 320 },
    test: { from: 320, to: 350 },
  })
})

test('the splits of the smallest data hold two rows each', () => {
  expect(split(6, sizes(2), 'x').test).toEqual({ from: 4, to: 6 })
})

const size = fc.integer({ min: 2, max: 60 })
const optional = fc.option(size)

test('any sizes that fit are taken in order, without overlap and within the rows; others are refused', () => {
  fc.assert(
    fc.property(fc.nat(100), size, optional, optional, (length, train, validation, rest) => {
      const left = length - train
      const middle = validation ?? Math.floor(left / 2)
      const last = rest ?? left - middle
      const fits = length >= 6 && left >= 4 && left - middle >= 2 && last <= left - middle
      const run = () => split(length, sizes(train, validation, rest), 'x')
      if (!fits) return void expect(run).toThrow(/^x has \d+ rows: /)
      expect(run()).toEqual({
        train: { from: 0, to: train },
        validation: { from: train, to: train + middle },
        test: { from: train + middle, to: train + middle + last },
      })
      expect(Math.min(train, middle, last)).toBeGreaterThanOrEqual(2)
      expect(train + middle + last).toBeLessThanOrEqual(length)
    }),
  )
})

test('a size that is lowered as the refusal says is not refused again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 100 }), size, optional, (length, train, validation) => {
      const refusalOf = (
        train: number,
        validation: number | null,
      ): [key: string, most: number] | undefined => {
        try {
          split(length, sizes(train, validation), 'x')
          return undefined
        } catch (error) {
          const [, key, most] = /data\.(\w+)_size .*: lower it to (\d+) or less$/.exec(String(error))!
          return [key!, Number(most)]
        }
      }
      const [key, most] = refusalOf(train, validation) ?? []
      fc.pre(key !== undefined && most! >= 2)
      const again = key === 'train' ? refusalOf(most!, validation) : refusalOf(train, most!)
      expect(again?.[0]).not.toBe(key)
    }),
  )
})

describe('too few rows are refused with the key to lower:', () => {
  test.each<[string, number, ReturnType<typeof sizes>, string]>([
    ['rows', 5, sizes(2), 'x has 5 rows: the train, validation and test splits need 2 each, 6 in all'],
    [
      'training',
      500,
      sizes(1000),
      'x has 500 rows: data.train_size 1000 leaves 0 for validation and test, which need 2 each: lower it to 496 or less',
    ],
    [
      'training, by one',
      500,
      sizes(497),
      'x has 500 rows: data.train_size 497 leaves 3 for validation and test, which need 2 each: lower it to 496 or less',
    ],
    [
      'validation',
      500,
      sizes(400, 99),
      'x has 500 rows: data.validation_size 99 leaves 1 of the 100 after training for the test split, which needs 2: lower it to 98 or less',
    ],
    [
      'test',
      500,
      sizes(400, 50, 51),
      'x has 500 rows: data.test_size 51 is more than the 50 after training and validation: lower it, or data.train_size or data.validation_size',
    ],
  ])('%s', (_, length, config, sentence) => {
    expect(() => split(length, config, 'x')).toThrow(new DdpgError(sentence))
  })
})
