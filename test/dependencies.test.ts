// The check of what npm would install finds each package that it must refuse.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { problemsOf, type LockedPackage } from '../tools/dependencies.ts'

const sound: LockedPackage = { license: 'MIT', integrity: 'sha512-abc' }

it('finds nothing in the lockfile, which has packages', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
  expect(Object.keys(packages).length).toBeGreaterThan(100)
  expect(problemsOf(packages)).toEqual([])
})

it.each<[string, LockedPackage, string]>([
  ['a licence that is not listed', { ...sound, license: 'GPL-3.0' }, 'licence GPL-3.0 is not of the list'],
  ['no licence', { integrity: 'sha512-abc' }, 'licence unknown is not of the list'],
  ['one for development alone', { ...sound, license: 'MPL-2.0' }, 'licence MPL-2.0 is not of the list'],
  ['a weak hash', { ...sound, integrity: 'sha1-abc' }, 'the lockfile has no SHA-512 of it'],
  ['another source', { ...sound, resolved: 'git+ssh://x' }, 'comes from git+ssh://x, not from the registry'],
  ['a script', { ...sound, hasInstallScript: true }, 'runs a script when it is installed'],
])('refuses %s', (_, found, sentence) => {
  const packages = { '': {}, 'node_modules/a': sound, 'node_modules/a/node_modules/@b/c': found }
  expect(problemsOf(packages)).toEqual([`@b/c: ${sentence}`])
})
