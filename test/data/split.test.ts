import { describe, expect, test } from 'vitest'
import { split } from '../../src/data/split.ts'
import { DdpgError } from '../../src/errors.ts'

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

test('splits never overlap, follow each other and stay within the rows', () => {
  for (let length = 6; length < 40; length++)
    for (let train = 2; train <= length - 4; train++) {
      const { train: a, validation: b, test: c } = split(length, sizes(train), 'x')
      expect([a.from, a.to, b.to, c.to]).toEqual([0, b.from, c.from, length])
      expect(Math.min(a.to - a.from, b.to - b.from, c.to - c.from)).toBeGreaterThanOrEqual(2)
    }
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
