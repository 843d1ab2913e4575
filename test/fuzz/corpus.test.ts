// Each parser reads again what the fuzzing found once, or refuses it in its own words, soon, in little memory.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { TARGETS } from './targets.ts'
import { faultOf } from './verdict.ts'

const kept = Object.keys(TARGETS).filter((name) => existsSync(new URL(`corpus/${name}/`, import.meta.url)))

it('there is a corpus', () => {
  expect(kept.length).toBeGreaterThan(3)
})

describe.each(kept)('%s', (name) => {
  const folder = new URL(`corpus/${name}/`, import.meta.url)
  const files = existsSync(folder) ? readdirSync(folder) : []

  it.each(files)('reads %s or says why not', async (file) => {
    const { read } = await TARGETS[name]!()
    expect(await faultOf(read, new Uint8Array(readFileSync(new URL(file, folder))))).toBeUndefined()
  })
})
