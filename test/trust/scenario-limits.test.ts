// A scenario of a stranger is read soon or refused, however long, deep or full of aliases it is.
import { describe, expect, it } from 'vitest'
import { parseScenario, type ScenarioError } from '../../src/scenario/load.ts'
import { withoutLogins } from '../../src/scenario/login.ts'
import { LIMITS } from '../../src/scenario/source.ts'
import { secondsOf, thrownBy } from '../helpers/cost.ts'

const read = (text: string, overrides: string[] = []) =>
  parseScenario(text, 'x.yaml', { overrides, randomSeed: () => 1 })
const problemsOf = async (text: string) => ((await thrownBy(() => read(text))) as ScenarioError).problems
const rows = (count: number, row: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => row(i)).join('')

const { characters: N } = LIMITS

/** Texts as large as may be, each of one thing that readers of YAML find hard. */
const texts: Record<string, string> = {
  'open lists': '['.repeat(N),
  'lists in lists': `a: ${'['.repeat(N / 2 - 10)}${']'.repeat(N / 2 - 10)}`,
  'entries of entries': '- '.repeat(N / 2),
  'keys of keys': '? '.repeat(N / 2),
  'open mappings': '{a: '.repeat(N / 4),
  'levels of indentation': rows(700, (i) => `${' '.repeat(i)}a:\n`),
  'aliases of one anchor': `a: &a 1\n${rows(20_000, (i) => `k${i}: *a\n`)}`,
  'a few thousand aliases': `a: &a 1\n${rows(3000, (i) => `k${i}: *a\n`)}`,
  'anchors and aliases': rows(1500, (i) => `k${i}: &a${i} 1\nl${i}: *a${i}\n`),
  'broken lines': 'a: "\n'.repeat(N / 5),
  'a few thousand broken lines': '}\n'.repeat(9000),
  directives: '%\n'.repeat(N / 2),
  'unknown keys': rows(40_000, (i) => `k${i}:\n`),
  'a few thousand unknown keys': rows(4500, (i) => `learning${i}: 1\n`),
  'one key again and again': 'seed: 1\n'.repeat(4000),
  'wrong entries of a list': `env: {positions: [${'a,'.repeat(6000)}]}`,
  'a long key': `${'k'.repeat(N - 1)}:`,
  'commas alone': `[${','.repeat(N - 2)}]`,
  'wrong entries and unknown keys': `env: {positions: [${'a,'.repeat(3000)}]}\n${rows(1500, (i) => `k${i}: 1\n`)}`,
}

describe('a scenario as large as may be', () => {
  it.each(Object.keys(texts))('of %s is refused within two seconds, in a few lines', async (name) => {
    let problems: string[] = []
    const seconds = await secondsOf(async () => (problems = await problemsOf(texts[name]!)))
    expect(seconds).toBeLessThan(2)
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.length).toBeLessThanOrEqual(21)
    for (const problem of problems) expect(problem.length).toBeLessThan(500)
    expect(problems.join('\n')).not.toMatch(/call stack|string length|Cannot read|undefined/)
  })
})

describe('a scenario', () => {
  it('that is too large is refused before it is read', async () => {
    expect(await problemsOf('#'.repeat(N + 1))).toEqual([
      `x.yaml: is too large for a scenario: it has ${N + 1} characters, at most ${N} are read`,
    ])
    expect(await problemsOf('a: 1\n'.repeat(10_000))).toEqual([
      'x.yaml: is too large for a scenario: at most 20000 words and signs are read',
    ])
    expect(await problemsOf(`a: ${'['.repeat(65)}${']'.repeat(65)}`)).toEqual([
      'x.yaml: is nested too deeply for a scenario: at most 64 levels are read',
    ])
  })

  it('with many problems tells the first twenty and how many more there are', async () => {
    const problems = await problemsOf(rows(100, (i) => `key_${i}_zzzzzzzz: 1\n`))
    expect(problems).toHaveLength(21)
    expect(problems[0]).toBe('x.yaml:1: unknown key key_0_zzzzzzzz')
    expect(problems[19]).toBe('x.yaml:20: unknown key key_19_zzzzzzzz')
    expect(problems[20]).toBe('x.yaml: and 80 more problems')
  })

  it('shows 80 characters of a value, and none that steers a terminal', async () => {
    expect(await problemsOf(`data: {timeframe: "${'x'.repeat(500)}"}`)).toEqual([
      expect.stringContaining(`got "${'x'.repeat(80)}"… (500 characters)`),
    ])
    const forged = await problemsOf(String.raw`"a\nerror: receipt deadbeef\e]0;x\a‮": 1`)
    expect(forged).toEqual([
      String.raw`x.yaml:1: unknown key a\nerror: receipt deadbeef\u001b]0;x\u0007\u202e`,
    ])
  })

  it('takes overrides of the same size at most', async () => {
    const error = await thrownBy(() => read('seed: 1', ['a=1', `b=${'x'.repeat(N)}`]))
    expect(error.message).toBe(`the overrides have ${N + 5} characters, at most ${N} are read`)
    const deep = await thrownBy(() => read('seed: 1', [`seed=${'['.repeat(100)}`]))
    expect(deep.message).toMatch(/its value is nested too deeply/)
  })

  it('with names of prototypes has keys of that name and nothing else', async () => {
    expect(await problemsOf('__proto__: {seed: 1}\nconstructor: 2\ndata: {toString: 3}')).toEqual([
      'x.yaml:1: unknown key __proto__',
      'x.yaml:2: unknown key constructor',
      'x.yaml:3: unknown key data.toString',
    ])
  })
})

it('addresses are rid of logins in linear time', async () => {
  const text = `tracking_uri: ${'://'.repeat(100_000)}`
  expect(await secondsOf(() => withoutLogins(text))).toBeLessThan(1)
  expect(withoutLogins('tracking_uri: http://me:p@ss@host/')).toBe('tracking_uri: http://host/')
})
