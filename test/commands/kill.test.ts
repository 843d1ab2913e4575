// A real run is killed again and again, without warning, and loses nothing that it promised to keep.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import { generator } from '../env/helpers.ts'
import { ended, filesIn, overrides, receiptOf, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'

const smoke = ['experiment', '-s', 'smoke', '-g']
const resumeLast = ['experiment', '--resume', 'last']
const trial = 'logs/smoke/run_1/trial_0'

describe('a run that was killed', () => {
  it('at 6 random moments ends with the receipt of one that was not', async () => {
    // so many steps that 6 kills find it alive, on any machine
    const long = [...smoke, '--max-steps', '80000', ...overrides('training.checkpoint_interval=1000')]
    const whole = temporaryFolder()
    const undisturbed = runCli(whole, ...long)
    const where = temporaryFolder()
    const random = generator(20)
    let kills = 0
    while (kills < 6) {
      const checkpoints = filesIn(where, 'checkpoint_step_*.safetensors')
      const child = startCli(where, checkpoints.length > 0 ? resumeLast : long)
      const end = ended(child)
      await randomMoment(where, random, child)
      child.kill('SIGKILL')
      const { code, stderr } = await end
      expect([code, child.signalCode], `not alive any more: ${stderr}`).toEqual([null, 'SIGKILL'])
      kills++
      // whatever the moment, files are whole, and one that was there is not lost
      const left = filesIn(where, 'checkpoint_step_*.safetensors')
      expect(left.length).toBeGreaterThanOrEqual(Math.min(1, checkpoints.length))
      for (const path of left.slice(-4)) openCheckpoint(readFileSync(join(where, path)))
    }
    const { code } = await runCli(where, ...resumeLast)
    expect(code).toBe(0)
    const [receipt, ...more] = filesIn(where, 'receipt.json')
    expect(more).toEqual([])
    expect((await undisturbed).code).toBe(0)
    expect(receiptOf(where, dirname(receipt!))).toBe(receiptOf(whole, trial))
    const steps = filesIn(where, 'checkpoint_step_*.safetensors').map((path) =>
      Number(/_(\d+)\./.exec(path)![1]),
    )
    console.log(
      `killed ${kills} times up to step ${Math.max(...steps)}, ${filesIn(where, '*.tmp').length} files begun and left`,
    )
  })
})

/** After so many new checkpoints and a little more, or while one is written, or soon after the start. */
async function randomMoment(
  where: string,
  random: () => number,
  child: ReturnType<typeof startCli>,
): Promise<void> {
  const kind = random()
  const later = (most: number) => new Promise((resolve) => setTimeout(resolve, most * random()))
  if (kind < 0.15) return void (await later(150))
  const known = new Set(filesIn(where, 'checkpoint_step_*'))
  const wanted = 1 + Math.floor(3 * random())
  const seen = new Set<string>()
  while (seen.size < wanted && child.exitCode === null) {
    for (const path of filesIn(where, 'checkpoint_step_*')) {
      if (known.has(path)) continue
      if (kind > 0.6 && path.endsWith('.tmp')) return
      seen.add(path.replace(/\.\d+\.tmp$/, ''))
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await later(10)
}
