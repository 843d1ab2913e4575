import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
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

it('the table is what the first line ends with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ddpg-readme-'))
  const parameters = [`${root}src/cli.ts`, 'experiment', '--scenario', 'sine_wave', '--generate-data']
  const output = execFileSync(process.execPath, parameters, { cwd: folder, encoding: 'utf8' })
  const picture = readFileSync(join(folder, 'logs/sine_wave/run_1/trial_0/combined_evaluation.svg'), 'utf8')
  rmSync(folder, { recursive: true })
  const table = /```\n( +train.*?)\n```/s.exec(readme)![1]!
  expect(output).toContain(table)
  expect(picture).toBe(readFileSync(`${root}docs/sine_wave.svg`, 'utf8'))
})

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
