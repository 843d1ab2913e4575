// Pipes, devices, sockets and files that are gone are refused at once with a sentence, never waited for.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createJournal } from '../../src/tracking/mlflow/journal.ts'
import { ended, filesIn, runCli, startCli, temporaryFolder } from '../helpers/cli.ts'

const smoke = ['experiment', '-s', 'smoke']
const PIPE = 'is a pipe, not a file: write what comes out of it to a file, then give that'
const DEVICE = 'is a device, not a file: give a file'

function folderWithPipe(...names: string[]): string {
  const where = temporaryFolder()
  for (const name of names) {
    mkdirSync(join(where, name, '..'), { recursive: true })
    execFileSync('mkfifo', [join(where, name)])
  }
  return where
}

describe('a pipe or a device', () => {
  it.concurrent.each([
    ['data', 'p.csv', [...smoke, '-o', 'data.data_path=p.csv'], `data file p.csv ${PIPE}`],
    ['data', 'p.parquet', [...smoke, '-o', 'data.data_path=p.parquet'], `data file p.parquet ${PIPE}`],
    [
      'generated data',
      'p.parquet',
      [...smoke, '-g', '-o', 'data.data_path=p.parquet'],
      `data file p.parquet ${PIPE}`,
    ],
    ['a scenario', 'p.yaml', ['validate', '-c', 'p.yaml'], `file p.yaml ${PIPE}`],
    ['a scenario of configs', 'configs/p.yaml', ['validate', '-s', 'p'], `file configs/p.yaml ${PIPE}`],
    ['an endless scenario', '', ['validate', '-c', '/dev/zero'], `file /dev/zero ${DEVICE}`],
    ['a checkpoint', 'p', ['evaluate', '--checkpoint', 'p'], `checkpoint p ${PIPE}`],
    [
      'an endless checkpoint',
      '',
      ['evaluate', '--checkpoint', '/dev/random'],
      `checkpoint /dev/random ${DEVICE}`,
    ],
    ['a resumed checkpoint', 'p', ['experiment', '--resume', 'p'], `checkpoint p ${PIPE}`],
    ['a receipt', 'p', ['verify', 'p'], `file p ${PIPE}`],
    ['an endless receipt', '', ['verify', '/dev/zero'], `file /dev/zero ${DEVICE}`],
    [
      'a journal',
      'j/journal.jsonl',
      ['mlflow', 'sync', 'j', 'http://127.0.0.1:9'],
      `j/journal.jsonl cannot be read: it ${PIPE}`,
    ],
    ['a database', 'm.db', ['runs', '--tracking-uri', 'sqlite:///m.db'], `as an MLflow database: it ${PIPE}`],
  ] as [string, string, string[], string][])('as %s is refused (%s)', async (_, pipe, args, sentence) => {
    const where = folderWithPipe(...(pipe ? [pipe] : []))
    const { code, stdout, stderr } = await runCli(where, ...args)
    expect(stderr).toContain(sentence)
    expect(stderr).toMatch(/^error: .*\n$/m)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})

describe('a working folder that is deleted during a run', () => {
  it.concurrent('ends the run with a sentence, within bounds', async () => {
    const where = join(temporaryFolder(), 'gone')
    mkdirSync(where)
    const child = startCli(where, [
      ...smoke,
      '-g',
      '--max-steps',
      '20000',
      '-o',
      'training.checkpoint_interval=1000',
    ])
    const end = ended(child)
    while (filesIn(where, 'checkpoint_step_*.safetensors').length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    rmSync(where, { recursive: true, force: true })
    const { code, stderr } = await end
    expect(stderr).toMatch(
      /error: trial_0 \(seed 7\) failed: file \S+ cannot be written: a folder of its path was removed\n/,
    )
    expect(code).toBe(1)
  })
})

describe('a journal', () => {
  it('is read by its owner alone', () => {
    const spool = join(temporaryFolder(), 'spool')
    const journal = createJournal(join(spool, 'one'), 'http://127.0.0.1:9')
    const bytes = new Uint8Array(3)
    journal.append({ kind: 'artifact', run: '0'.repeat(32), path: 'a', content: bytes })
    const mode = (path: string) => (statSync(join(spool, path)).mode & 0o777).toString(8)
    expect(['.', 'one', 'one/journal.jsonl', 'one/0'].map(mode)).toEqual(['700', '700', '600', '600'])
    journal.close()
  })
})
