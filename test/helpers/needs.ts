// Tests that need more than npm installs (Python, MLflow, a browser, another engine) say so here.
import { existsSync } from 'node:fs'
import { describe, it } from 'vitest'

/** Hides all of it from the tests, as on a machine that has none; `npm run test:bare` sets it. */
const isBare = process.env['TEST_BARE'] === '1'

/** The place of something that npm did not install; on a bare machine a place where nothing is. */
export function placeOf(path: string): string {
  return isBare ? `/bare${path}` : path
}

/**
 * Like describe; without what the tests need they are skipped loudly, and fail under CI.
 * @param place what must exist, or whether all is there
 * @param remedy what to do when it is not
 */
export function describeWith(place: string | boolean, remedy: string, name: string, tests: () => void): void {
  const isThere = typeof place === 'string' ? existsSync(place) : place
  if (isThere) return void describe(name, tests)
  const title = `${name}: not installed, ${remedy}`
  if (process.env['CI']) {
    it(title, () => {
      throw new Error(title)
    })
  } else {
    console.warn(`\n*** skipped: ${title} ***\n`)
    it.skip(title)
  }
}
