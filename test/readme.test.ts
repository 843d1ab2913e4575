// The examples, tables and lists of README are those of the program.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

it('the example of the library runs as it stands, and learns', () => {
  const program = /```js\n(.*?)\n```/s.exec(readme)![1]!
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  })
  const rewards = [...output.matchAll(/^step \d+: (.*)$/gm)].map((match) => Number(match[1]))
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  expect(rewards).toHaveLength(50)
  expect(mean(rewards.slice(-10))).toBeGreaterThan(mean(rewards.slice(0, 10)) / 3)
  expect(Number(/push at position 1: (.*)/.exec(output)![1])).toBeLessThan(-0.5)
})

it('the table, the receipt and the picture are those of the first line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ddpg-readme-'))
  const parameters = [`${root}src/cli.ts`, 'experiment', '--scenario', 'sine_wave', '--generate-data']
  const output = execFileSync(process.execPath, parameters, { cwd: folder, encoding: 'utf8' })
  const picture = readFileSync(join(folder, 'logs/sine_wave/run_1/trial_0/combined_evaluation.svg'), 'utf8')
  const receipt = readFileSync(join(folder, 'logs/sine_wave/run_1/trial_0/receipt.json'), 'utf8')
  const other = join(folder, 'other.json')
  writeFileSync(other, receipt.replace('"buffer_size": 10000', '"buffer_size": 9000'))
  const verify = spawnSync(process.execPath, [`${root}src/cli.ts`, 'verify', other], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  const table = /```\n( +train.*?)\n```/s.exec(readme)![1]!
  expect(output).toContain(table)
  const [told] = /^receipt [0-9a-f]{16}…$/m.exec(output)!
  const guide = readFileSync(`${root}docs/receipts.md`, 'utf8')
  expect(guide).toContain(`\n    ${/^receipt .*$/m.exec(verify.stdout)![0]}\n`)
  expectShortened(JSON.parse(/```json\n(.*?)```/s.exec(guide)![1]!), JSON.parse(receipt))
  for (const page of [readme, guide]) {
    expect(page).toContain(`\n    ${told}\n`)
    expect(page).toContain(`\n    ${told.replace('…', '')}: identical\n`)
  }
  expect(picture).toBe(readFileSync(`${root}docs/sine_wave.svg`, 'utf8'))
})

/** Every value that is shown is that of the whole, but that hashes may be cut to eight digits. */
function expectShortened(shown: unknown, whole: unknown): void {
  if (typeof shown === 'string') {
    expect(shown.replace(/([0-9a-f]{8})…/, '$1')).toBe(
      shown.includes('…') ? String(whole).replace(/([0-9a-f]{8})[0-9a-f]{56}/, '$1') : whole,
    )
  } else if (typeof shown === 'object' && shown !== null)
    for (const [key, inner] of Object.entries(shown))
      expectShortened(inner, (whole as Record<string, unknown>)[key])
  else expect(shown).toBe(whole)
}

it('the options of experiment are those of the command line', () => {
  const help = execFileSync(process.execPath, [`${root}src/cli.ts`, 'experiment', '--help'], {
    encoding: 'utf8',
  })
  const options = [...help.matchAll(/--[a-z-]+/g)]
    .map(([option]) => option)
    .filter((option) => option !== '--help' && option !== '--version')
  for (const option of new Set(options)) {
    const written = option === '--override' ? '-o KEY=VALUE' : option
    expect(readme, option).toContain(written)
  }
})

it('has a section for each way to run it', () => {
  const headings = [...readme.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
  for (const way of ['Use', 'Receipts', 'Deno and Bun', 'In a web page', 'As a library'])
    expect(headings).toContain(way)
})

it('lists what the tasks of Deno may do, and no more', () => {
  const { tasks } = JSON.parse(readFileSync(`${root}deno.json`, 'utf8'))
  const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
  const rows = readme.split('\n').filter((line) => line.startsWith('| `deno task '))
  const listed = rows.flatMap((row) => {
    const [names, ...cells] = row.split('|').slice(1, -1)
    return quoted(names!).map((name) => [name.replace('deno task ', ''), ...cells.map(quoted)])
  })
  const allowed = Object.entries<{ command?: string }>(tasks).map(([name, { command }]) => {
    const rights = ['read', 'write', 'env', 'net'].map((right) => {
      const found = new RegExp(`--allow-${right}=(\\S+)`).exec(command ?? tasks.ddpg.command)
      return found?.[1]!.split(',').filter((value) => value !== '.') ?? []
    })
    return [name, ...rights]
  })
  expect(listed).toEqual(allowed)
})
