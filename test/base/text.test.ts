// Text of strangers fits on one line of a message and cannot steer a terminal.
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { listed, oneLine, printable, quoted, shown } from '../../src/base/text.ts'

const ESCAPE = '\u001b]0;title\u0007'
const C1 = '\u009b2J'
const BIDI = '\u202egnp.exe'

describe('text of others', () => {
  it('stands on one line, with whatever steers a terminal or turns text around written out', () => {
    expect(oneLine(`a\nerror: b${ESCAPE}${C1}${BIDI}\u2028`)).toBe(
      String.raw`a\nerror: b\u001b]0;title\u0007\u009b2J\u202egnp.exe\u2028`,
    )
  })

  it('keeps letters of every language', () => {
    expect(oneLine('Größe 価格 кол-во 😀 e\u0301')).toBe('Größe 価格 кол-во 😀 e\u0301')
  })

  it('is cut to 80 characters, with a word on its length', () => {
    expect(shown('x'.repeat(80))).toBe('x'.repeat(80))
    expect(shown('x'.repeat(1e6))).toBe(`${'x'.repeat(80)}… (1000000 characters)`)
    expect(quoted('x'.repeat(81))).toBe(`"${'x'.repeat(80)}"… (81 characters)`)
    expect(quoted('a"\n')).toBe(String.raw`"a\"\n"`)
    expect(shown(`${'x'.repeat(79)}😀`)).toBe(`${'x'.repeat(79)}${String.raw`\ud83d`}… (81 characters)`)
  })

  it('is listed up to 20 times, with a count of the rest', () => {
    expect(listed(['a', 'b'])).toBe('a, b')
    expect(listed(Array.from({ length: 1e6 }, (_, i) => i))).toMatch(/^0, 1, .*, 19 and 999980 more$/)
  })

  it('leaves a JSON document what it is', () => {
    const value = { [ESCAPE]: `${C1}\n${BIDI}\u{E0001}` }
    const text = printable(JSON.stringify(value, null, 2))
    expect(JSON.parse(text)).toEqual(value)
    expect(text).not.toMatch(/[\u007f-\u009f\u202e\u{E0001}]/u)
  })
})

it('whatever is printed by a command cannot steer the terminal', () => {
  const source = `
    import { guardConsole } from '${new URL('../../src/commands/shared/terminal.ts', import.meta.url)}'
    guardConsole()
    console.log('out ${ESCAPE}'); console.error('error ${BIDI}'); console.warn('warn ${C1}')`
  const run = (stdio: 'pipe') =>
    execFileSync('node', ['--input-type=module', '-e', source], { stdio, encoding: 'utf8' })
  expect(run('pipe')).toBe(`${String.raw`out \u001b]0;title\u0007`}\n`)
})
