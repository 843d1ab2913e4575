// This file compares arrays of numbers within a tolerance.
import { expect } from 'vitest'

/** |actual − expected| ≤ relative · largest |expected| + absolute, for every element; says which is worst. */
export function expectAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 0, absolute = 0, what = 'array' } = {},
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length)
  const scale = Math.max(0, ...Array.from(expected, Math.abs))
  let worst = 0
  let at = -1
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!)
    if (difference > worst || Number.isNaN(difference)) [worst, at] = [difference, i]
  }
  const room = relative * scale + absolute
  const message = `${what}: element ${at} is ${actual[at]}, expected ${expected[at]} ± ${room}`
  expect(worst <= room, message).toBe(true)
}
