// What the fuzzing found once is read again: by each parser in its own words, soon, in little memory.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { targets } from './targets.ts'
import { faultOf } from './verdict.ts'

describe.each(targets)('$name', ({ name, read }) => {
  const folder = new URL(`corpus/${name}/`, import.meta.url)
  const files = existsSync(folder) ? readdirSync(folder) : []

  it.each(files)('reads %s or says why not', async (file) => {
    expect(await faultOf(read, new Uint8Array(readFileSync(new URL(file, folder))))).toBeUndefined()
  })

  it('has a finding of its kind in the corpus', () => {
    expect(files.length).toBeGreaterThan(0)
  })
})
