// The files written from the schema are up to date, and the scenarios that are shipped load without a note.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from './helpers.ts'

const root = new URL('../../', import.meta.url)

describe('what is written from the schema', () => {
  it('is up to date', () => {
    const { stderr, status } = spawnSync(process.execPath, ['tools/docs.ts', '--check'], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })
})

describe('the scenarios that are shipped', () => {
  const files = readdirSync(new URL('configs/', root)).filter((file) => file.endsWith('.yaml'))
  it.each(files)('load without a note: %s', (file) => {
    expect(
      parse(readFileSync(new URL(`configs/${file}`, root), 'utf8'), {}, `configs/${file}`).notes,
    ).toEqual([])
  })
})

describe("the guide's example", () => {
  it('loads without a note', () => {
    const guide = readFileSync(new URL('docs/scenario.md', root), 'utf8')
    const [, example] = /```yaml\n(.*?)```/s.exec(guide) ?? []
    expect(parse(example ?? 'missing').notes).toEqual([])
  })
})
