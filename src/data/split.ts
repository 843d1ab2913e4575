// Rows are split in the order of time: the first train, the next validate, the next test.
import type { DataConfig } from '../scenario/schema.ts'
import { DdpgError } from '../errors.ts'

export type SplitName = 'train' | 'validation' | 'test'

/** Rows `from` up to, not including, `to`. */
export interface RowRange {
  from: number
  to: number
}

/**
 * Rows of the splits; what a null size leaves open is filled as the scenario's guide says: validation takes half
 * of what training leaves, test the rest. Rows after the test split are not used.
 * @param name of the data, for the messages
 * @throws DdpgError if a split would have fewer than 2 rows or the rows do not suffice
 */
export function split(
  length: number,
  config: Pick<DataConfig, 'train_size' | 'validation_size' | 'test_size'>,
  name: string,
): Record<SplitName, RowRange> {
  const fail = (problem: string) => {
    throw new DdpgError(`${name} has ${length} rows: ${problem}`)
  }
  if (length < 6) fail('the train, validation and test splits need 2 each, 6 in all')

  const { train_size: train } = config
  const remainder = length - train
  if (remainder < 4)
    fail(
      `data.train_size ${train} leaves ${Math.max(remainder, 0)} for validation and test, which need 2 each: lower it to ${length - 4} or less`,
    )
  const validation = config.validation_size ?? Math.floor(remainder / 2)
  const rest = remainder - validation
  if (rest < 2)
    fail(
      `data.validation_size ${validation} leaves ${Math.max(rest, 0)} of the ${remainder} after training for the test split, which needs 2: lower it to ${remainder - 2} or less`,
    )
  const test = config.test_size ?? rest
  if (test > rest)
    fail(
      `data.test_size ${test} is more than the ${rest} after training and validation: lower it, or data.train_size or data.validation_size`,
    )
  return {
    train: { from: 0, to: train },
    validation: { from: train, to: train + validation },
    test: { from: train + validation, to: train + validation + test },
  }
}
