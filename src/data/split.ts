// Rows are split in the order of time: the first train, the next validate, the next test.
import { formatTime, parseTime } from '../math/time.ts'
import type { DataConfig } from '../scenario/schema.ts'
import { DdpgError } from '../base/errors.ts'

export type SplitName = 'train' | 'validation' | 'test'

/** Rows `from` up to, not including, `to`. */
export interface RowRange {
  from: number
  to: number
}

type SplitConfig = Pick<DataConfig, 'train_size' | 'validation_size' | 'test_size'> &
  Partial<Pick<DataConfig, 'train_end' | 'validation_end'>>

/** The part of a file's rows that train when the scenario does not say. */
const TRAIN_PART = 0.7

/**
 * Rows of the splits, which sizes, parts of all rows or last days tell; what is left open is filled as the scenario's
 * guide says: training takes 0.7 of the rows, validation half of what training leaves, test the rest.
 * @param name of the data, for the messages
 * @param times of the rows, which last days need
 * @throws DdpgError if a split would have fewer than 2 rows or the rows do not suffice
 */
export function split(
  length: number,
  config: SplitConfig,
  name: string,
  times?: Float64Array,
): Record<SplitName, RowRange> {
  const fail = (problem: string): never => {
    throw new DdpgError(`${name} has ${length} rows: ${problem}`)
  }
  if (length < 6) fail('the train, validation and test splits need 2 each, 6 in all')
  const rowsOf = (size: number) => (size < 1 ? Math.round(size * length) : size)
  const { train_end: trainEnd, validation_end: validationEnd } = config
  const rowsUntil = (key: string, end: string) => {
    const rows = countUntil(times!, end)
    const [first, last] = [times![0]!, times!.at(-1)!].map(formatTime)
    if (rows < 2 || rows > length - 2)
      fail(`data.${key} ${end} is not within them, they go from ${first} to ${last}`)
    return rows
  }

  const train = trainEnd ? rowsUntil('train_end', trainEnd) : rowsOf(config.train_size ?? TRAIN_PART)
  const remainder = length - train
  if (train < 2)
    fail(`data.train_size ${config.train_size} gives ${train} for training, which needs 2: raise it`)
  if (remainder < 4)
    fail(
      `${trainEnd ? `data.train_end ${trainEnd}` : `data.train_size ${config.train_size}`} leaves ${Math.max(remainder, 0)} for validation and test, which need 2 each: lower it to ${length - 4} or less`,
    )
  const validation = validationEnd
    ? rowsUntil('validation_end', validationEnd) - train
    : config.validation_size === null
      ? Math.floor(remainder / 2)
      : rowsOf(config.validation_size)
  if (validation < 2)
    fail(
      `data.${validationEnd ? `validation_end ${validationEnd}` : `validation_size ${config.validation_size}`} leaves ${Math.max(validation, 0)} for validation, which needs 2: raise it`,
    )
  const rest = remainder - validation
  if (rest < 2)
    fail(
      `data.validation_size ${config.validation_size} leaves ${Math.max(rest, 0)} of the ${remainder} after training for the test split, which needs 2: lower it to ${remainder - 2} or less`,
    )
  const test = testRows(config, rest, rowsOf)
  if (test > rest)
    fail(
      `data.test_size ${config.test_size} is more than the ${rest} after training and validation: lower it, or data.train_size or data.validation_size`,
    )
  if (test < 2)
    fail(`data.test_size ${config.test_size} gives ${test} for the test split, which needs 2: raise it`)
  return {
    train: { from: 0, to: train },
    validation: { from: train, to: train + validation },
    test: { from: train + validation, to: train + validation + test },
  }
}

/** All that remains when parts make up the whole, so that rounding leaves no row unused. */
function testRows(
  { train_size: train, validation_size: validation, test_size: test }: SplitConfig,
  rest: number,
  rowsOf: (size: number) => number,
): number {
  if (test === null) return rest
  const parts = [train, validation, test]
  const arePart = parts.every((part) => part !== null && part < 1)
  const whole = parts.reduce<number>((sum, part) => sum + (part ?? 0), 0)
  return arePart && Math.abs(whole - 1) < 1e-9 ? rest : rowsOf(test)
}

/** Rows up to the end of a day, or up to a time. */
function countUntil(times: Float64Array, end: string): number {
  const isDay = end.length === 10
  const time = parseTime(end) + (isDay ? 86_400_000 : 1)
  if (Number.isNaN(time)) throw new DdpgError(`data.train_end or data.validation_end ${end} is no date`)
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}
