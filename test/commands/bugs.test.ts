// An error that nobody foresaw shows its stack and ends with 70; one in our own words does neither, but for --debug.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ended, startCli, temporaryFolder, type CliResult } from '../helpers/cli.ts'

const errors = new URL('../../src/base/errors.ts', import.meta.url)
const BUG =
  "this is a bug of ddpg-wasm: report it with this text to the project's issue tracker (package.json)\n"

/** Runs `ddpg` in a process, and with workers, where the code went before. */
function runAfter(code: string, args: string[], folder = temporaryFolder()): Promise<CliResult> {
  writeFileSync(join(folder, 'before.mjs'), code)
  const node = ['--disable-warning=ExperimentalWarning', '--import', './before.mjs']
  return ended(startCli(folder, args, node, { NODE_OPTIONS: '' }))
}

const trials = ['experiment', '-s', 'smoke', '-g', '-t', '2', '-w', '2', '-o', 'tracking.tracking_uri=none']

describe('a bug', () => {
  it.concurrent('shows its stack, says where to report it, and ends with 70', async () => {
    const { code, stdout, stderr } = await runAfter('delete Array.prototype.toSorted', ['scenarios'])
    expect(stderr).toMatch(/^error: .*toSorted is not a function\nTypeError: .*\n +at listScenarios \(/)
    expect(stderr.endsWith(BUG)).toBe(true)
    expect([code, stdout]).toEqual([70, ''])
  })

  it.concurrent('is told as one where nobody waits for the work', async () => {
    const code = 'setImmediate(() => undefined.length)'
    const { stderr, ...rest } = await runAfter(code, ['web', '--port', '0'])
    expect(stderr).toMatch(/^error: Cannot read properties of undefined .*\nTypeError: /)
    expect(stderr.endsWith(BUG)).toBe(true)
    expect(rest.code).toBe(70)
  })

  it.concurrent('in a worker thread fails the trial with the stack of that thread', async () => {
    const code = `import { isMainThread } from 'node:worker_threads'
      if (!isMainThread) performance.now = undefined`
    const { code: exitCode, stderr } = await runAfter(code, trials)
    for (const trial of ['trial_0 (seed 7)', 'trial_1 (seed 8)'])
      expect(stderr).toContain(`error: ${trial} failed: performance.now is not a function\nTypeError: `)
    expect(stderr).toMatch(/\n +at train \(.*trial-worker\.ts/)
    expect(stderr).toContain(BUG)
    expect(exitCode).toBe(70)
  })
})

describe('an error in our own words', () => {
  const unknown = ['experiment', '-s', 'none']

  it.concurrent('shows its stack with --debug, which goes before and after the command', async () => {
    for (const args of [
      ['--debug', ...unknown],
      [...unknown, '--debug'],
    ]) {
      const { code, stderr } = await runAfter('', args)
      expect(stderr).toMatch(
        /^error: scenario none not found .*\nUsageError: scenario none not found .*\n +at /,
      )
      expect(stderr).not.toContain(BUG)
      expect(code).toBe(2)
    }
  })

  const failing = `import { isMainThread } from 'node:worker_threads'
    import { DdpgError } from ${JSON.stringify(errors.href)}
    if (!isMainThread) performance.now = () => { throw new DdpgError('it is too hot here') }`

  it.concurrent('of a worker thread stays a sentence', async () => {
    const { code, stderr } = await runAfter(failing, trials)
    const lines = stderr.split('\n').filter((line) => !/^(note|warning):/.test(line))
    expect(lines.toSorted()).toEqual([
      '',
      'error: trial_0 (seed 7) failed: it is too hot here',
      'error: trial_1 (seed 8) failed: it is too hot here',
    ])
    expect(code).toBe(1)
  })

  it.concurrent('of a worker thread shows the stack of that thread with --debug', async () => {
    const { code, stderr } = await runAfter(failing, [...trials, '--debug'])
    expect(stderr).toMatch(
      /failed: it is too hot here\n.*Error: it is too hot here\n(.*\n)* +at train \(.*trial-worker/,
    )
    expect(stderr).not.toContain(BUG)
    expect(code).toBe(1)
  })
})

describe('what cannot be written beside the results', () => {
  /** Lets no file of that name be written. */
  const noSpaceFor = (name: string) => `import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const { writeFileSync } = fs
    fs.writeFileSync = (path, ...rest) => {
      if (String(path).includes(${JSON.stringify(name)}))
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      writeFileSync(path, ...rest)
    }
    syncBuiltinESMExports()`
  const trial = ['experiment', '-s', 'smoke', '-g', '--json', '-o', 'tracking.tracking_uri=none']

  it.concurrent.each([
    ['report.md', 'the report could not be written: file logs/smoke/run_1/report.md'],
    [
      'training_losses.svg',
      'trial_0 could not write all of its plots: file logs/smoke/run_1/trial_0/training_losses.svg',
    ],
  ])('makes the run say so and end with 1, and nothing else is lost: %s', async (name, sentence) => {
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await runAfter(noSpaceFor(name), trial, folder)
    const lines = stderr.split('\n').filter((line) => line.startsWith('error:'))
    expect(lines).toEqual([`error: ${sentence} cannot be written: no space is left`])
    expect(code).toBe(1)
    const [done] = JSON.parse(stdout).trials
    expect(done).toMatchObject({ status: 'FINISHED', receipt: expect.stringMatching(/^[0-9a-f]{64}$/) })
    for (const file of ['checkpoint.safetensors', 'receipt.json'])
      expect(existsSync(join(folder, 'logs/smoke/run_1/trial_0', file)), file).toBe(true)
    if (name !== 'report.md')
      expect(readFileSync(join(folder, 'logs/smoke/run_1/report.md'), 'utf8')).toContain('smoke')
  })
})
