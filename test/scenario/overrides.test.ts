// An override changes its key and nothing else, whatever the file holds and the value is.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyOverride, readOverride, set, valueAt, without } from '../../src/scenario/overrides.ts'

const name = fc.stringMatching(/^[a-z_]{1,8}$/)
const path = fc.array(name, { minLength: 1, maxLength: 4 })
const value = fc.jsonValue()
const tree = fc.dictionary(
  name,
  fc.oneof(value, fc.dictionary(name, fc.oneof(value, fc.dictionary(name, value)))),
)

/** One text, in which no key of a file can look like two. */
const pathOf = (keys: string[]) => keys.join('\0')

/** All that stands at a path of keys, and what it is. */
function leavesOf(held: unknown, at: string[] = []): [path: string, value: unknown][] {
  if (typeof held !== 'object' || held === null || Array.isArray(held)) return [[pathOf(at), held]]
  return Object.entries(held).flatMap(([key, inner]) => leavesOf(inner, [...at, key]))
}

const isWithin = (path: string, outer: string) => path === outer || path.startsWith(`${outer}\0`)

describe('an override', () => {
  it('is read as what was written, at its key', () => {
    fc.assert(
      fc.property(path, value, (keys, given) => {
        const text = `${keys.join('.')}=${JSON.stringify(given)}`
        const [first, ...rest] = keys
        const expected = [first === 'environment' ? 'env' : first, ...rest]
        // JSON has no −0
        expect(readOverride(text)).toEqual({ path: expected, value: JSON.parse(JSON.stringify(given)), text })
      }),
    )
  })

  it('stands for the old name of the section env', () => {
    expect(readOverride('environment.trading_fees=0')).toMatchObject({ path: ['env', 'trading_fees'] })
  })

  it.each(['', '=1', 'training', 'training.=1', '.tau=1', 'a..b=1'])(
    '%j is refused with an example',
    (text) => {
      expect(readOverride(text)).toEqual({
        problem: `-o ${text}: must be key=value, such as training.actor_lr=3e-4`,
      })
    },
  )

  it('changes what stands at its key, and leaves the rest and the tree it was given', () => {
    fc.assert(
      fc.property(tree, path, value, (held, keys, given) => {
        const before = structuredClone(held)
        const changed = set(held, keys, given)
        expect(held).toEqual(before)
        expect(valueAt(changed, keys)).toEqual(given)
        // a section takes the place of a value that stands where its keys go
        const isNear = ([at]: [string, unknown]) => isWithin(at, pathOf(keys)) || isWithin(pathOf(keys), at)
        const far = (all: unknown) => leavesOf(all).filter((leaf) => !isNear(leaf))
        expect(far(changed)).toEqual(far(before))
      }),
    )
  })

  it('that is taken back leaves nothing at its key, and the rest', () => {
    fc.assert(
      fc.property(tree, path, (held, keys) => {
        const rest = without(held, keys)
        expect(valueAt(rest, keys)).toBeUndefined()
        expect(leavesOf(rest)).toEqual(leavesOf(held).filter(([at]) => !isWithin(at, pathOf(keys))))
      }),
    )
  })

  it.each([
    ['training.max_steps', 'training.max_training_steps'],
    ['training.max_training_steps', 'training.max_steps'],
  ])('of %s takes the place of %s', (key, other) => {
    const held = set({}, other.split('.'), 1)
    const changed = applyOverride(held, { path: key.split('.'), value: 2, text: '' })
    expect(leavesOf(changed)).toEqual([[pathOf(key.split('.')), 2]])
  })
})
