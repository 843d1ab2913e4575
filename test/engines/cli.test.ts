// The command line runs in Deno, with the permissions of deno.json, and in Bun.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/trial/checkpoint.ts'
import { ended, runCli, startCli, temporaryFolder, type CliResult } from '../helpers/cli.ts'
import { describeWith } from '../helpers/needs.ts'
import { describeWithPython, runPython } from '../helpers/python.ts'
import { withoutWarnings } from '../helpers/warnings.ts'
import { bun, deno, denoEnvironment } from './engines.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { tasks } = JSON.parse(readFileSync(join(root, 'deno.json'), 'utf8'))

type Command = [file: string, ...first: string[]]

/** The task of that command, which reads and writes the folder that it runs in; a test runs in another one. */
function inDeno([command = '']: string[]): Command {
  const task = tasks[command]?.command?.replace(/ \w+$/, '') ?? tasks.ddpg.command
  const elsewhere = task.replace(/--allow-read=(\S+)/, `--allow-read=$1,${root}`)
  return [deno, ...elsewhere.replace('src/cli.ts', `${root}src/cli.ts`).split(' ').slice(1)]
}

/** The words of the command line before the arguments of `ddpg`. */
const ENGINES: Record<string, (args: string[]) => Command> = {
  Deno: inDeno,
  Bun: () => [bun, `${root}src/cli.ts`],
}

const train = ['experiment', '--scenario', 'smoke', '--generate-data']
const twoAtATime = ['--trials', '2', '--workers', '2']
const folderOfTrial = 'logs/smoke/run_1/trial_0'

function receiptIn(folder: string, trial = folderOfTrial): string {
  return readFileSync(join(folder, trial, 'receipt.json'), 'utf8')
}

function inRun(folder: string, name: string): string {
  return readFileSync(join(folder, 'logs/smoke/run_1', name), 'utf8')
}

function statuses(folder: string): unknown[] {
  const database = new DatabaseSync(join(folder, 'mlflow.db'), { readOnly: true })
  const rows = database.prepare('SELECT status FROM runs').all()
  database.close()
  return rows.map(({ status }) => status)
}

/** The trials as MLflow's own client reads them, without what differs from run to run: names of runs, times, load. */
function seenByMlflow(folder: string): unknown {
  const { runs } = runPython('tracking/mlflow/read.py', `sqlite:///${folder}/mlflow.db`, 'smoke') as {
    runs: Seen[]
  }
  const sorted = runs.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return sorted.map(({ name, status, params, datasets, artifacts, history }) => {
    const lasting = Object.entries(history).filter(([key]) => !/^(time|system)\//.test(key))
    const points = lasting.map(([key, all]) => [key, all.map(([step, value]) => [step, value])])
    return { name, status, params, datasets, artifacts, history: Object.fromEntries(points) }
  })
}

interface Seen {
  name: string
  status: string
  params: object
  datasets: object[]
  artifacts: object
  history: Record<string, [step: number, value: number, time: number][]>
}

for (const name of Object.keys(ENGINES)) {
  describeWith(ENGINES[name]!([])[0], 'run test/engines/setup.sh', name, () => {
    const children: ChildProcess[] = []
    afterAll(() => children.forEach((child) => child.kill('SIGKILL')))
    const start = (cwd: string, ...args: string[]) => {
      const [file, ...first] = ENGINES[name]!(args)
      const env = { ...process.env, ...denoEnvironment }
      const child = spawn(file, [...first, ...args], { cwd, env, stdio: 'pipe' })
      children.push(child)
      return child
    }
    const run = (cwd: string, ...args: string[]): Promise<CliResult> => ended(start(cwd, ...args))

    describe('trains two trials', () => {
      let [here, node] = ['', '']
      beforeAll(async () => {
        ;[here, node] = [temporaryFolder(), temporaryFolder()]
        const all = [...train, ...twoAtATime, '-o', 'tracking.artifact_location=absolute']
        expect(await runCli(node, ...all)).toMatchObject({ code: 0 })
        const { code, stderr } = await run(here, ...all)
        expect({ code, stderr: withoutWarnings(stderr) }).toEqual({ code: 0, stderr: '' })
      })

      it('to the same receipts and reports as Node, and tracks the runs', () => {
        for (const trial of [folderOfTrial, 'logs/smoke/run_1/trial_1'])
          expect(receiptIn(here, trial)).toBe(receiptIn(node, trial))
        for (const name of ['report.html', 'report.md'])
          expect(inRun(here, name) === inRun(node, name), name).toBe(true)
        expect(statuses(here)).toEqual(['FINISHED', 'FINISHED', 'FINISHED'])
      })

      it('and each verifies and evaluates what the other made', async () => {
        const verdict = { code: 0, stdout: expect.stringMatching(/: identical\n$/) }
        for (const [from, to] of [
          [here, node],
          [node, here],
        ] as const)
          copyFileSync(join(from, folderOfTrial, 'receipt.json'), join(to, 'other.json'))
        expect(await run(here, 'verify', 'other.json')).toMatchObject(verdict)
        expect(await runCli(node, 'verify', 'other.json')).toMatchObject(verdict)
        const evaluate = ['evaluate', '--checkpoint', `${folderOfTrial}/checkpoint.safetensors`, '--json']
        expect(await run(here, ...evaluate)).toEqual(await runCli(node, ...evaluate))
      })

      describeWithPython('and MLflow', () => {
        it('reads the same of them with its own client', () => {
          expect(seenByMlflow(here)).toEqual(seenByMlflow(node))
        })
      })
    })

    it('serves the page', async () => {
      const child = start(temporaryFolder(), 'web', '--port', '0')
      const [told] = (await once(child.stdout, 'data')) as [Buffer]
      const response = await fetch(/http:\S+/.exec(String(told))![0])
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(await response.text()).toContain('<title>ddpg-wasm</title>')
    })

    it('stops at Ctrl-C, and Node goes on to where it would have come without', async () => {
      const [here, node] = [temporaryFolder(), temporaryFolder()]
      const child = start(here, ...train, '--max-steps', '5000000', '-o', 'training.checkpoint_interval=2000')
      const end = ended(child)
      while (!existsSync(join(here, folderOfTrial, 'checkpoint_step_2000.safetensors'))) await wait(20)
      child.kill('SIGINT')
      expect(await end).toMatchObject({ code: 130 })
      expect(statuses(here)).toEqual(['KILLED', 'KILLED'])

      const checkpoint = `${folderOfTrial}/checkpoint.safetensors`
      const steps = `${readCheckpoint(readFileSync(join(here, checkpoint))).step + 2000}`
      const resume = ['experiment', '--resume', checkpoint, '--max-steps', steps]
      expect(await runCli(here, ...resume)).toMatchObject({ code: 0 })
      expect(await runCli(node, ...train, '--max-steps', steps)).toMatchObject({ code: 0 })
      expect(receiptIn(here, 'logs/smoke/run_2/trial_0')).toBe(receiptIn(node))
    })
  })
}

it('without node:sqlite a run is not tracked, says so once, and is the same', async () => {
  const [without, node] = [temporaryFolder(), temporaryFolder()]
  const { code, stderr } = await ended(startCli(without, train, ['--no-experimental-sqlite']))
  expect(withoutWarnings(stderr)).toBe(
    'warning: runs are not tracked: this runtime has no node:sqlite, use Node 22.18 or newer to track them\n',
  )
  expect(code).toBe(0)
  expect(existsSync(join(without, 'mlflow.db'))).toBe(false)
  await runCli(node, ...train)
  expect(receiptIn(without)).toBe(receiptIn(node))
})
