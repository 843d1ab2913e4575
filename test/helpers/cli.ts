// This file runs the real command line as a child process, in a folder of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

/** The command line's own file. */
export const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

const root = mkdtempSync(join(tmpdir(), 'ddpg-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** An empty folder, gone after the last test of the file. */
export function temporaryFolder(): string {
  return mkdtempSync(join(root, 'test-'))
}

/**
 * Starts `ddpg` with these arguments.
 * @param node options of the interpreter itself
 * @param env what is added to the environment
 */
export function startCli(
  cwd: string,
  args: string[],
  node: string[] = [],
  env: Record<string, string> = {},
): ChildProcess {
  const child = spawn(process.execPath, [...node, cli, ...args], {
    cwd,
    stdio: 'pipe',
    env: { ...process.env, ...env },
  })
  children.push(child)
  return child
}

/** Waits for the end of what `startCli` started. */
export function ended(child: ChildProcess): Promise<CliResult> {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk))
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...text }))
  })
}

export function runCli(cwd: string, ...args: string[]): Promise<CliResult> {
  return ended(startCli(cwd, args))
}

export function overrides(...keys: string[]): string[] {
  return keys.flatMap((key) => ['-o', key])
}

/** Files of the logs under a folder, by what their path ends with. */
export function filesIn(folder: string, end: string): string[] {
  return globSync(`logs/**/${end}`, { cwd: folder }).toSorted()
}

/** The text of a trial's receipt. */
export function receiptOf(folder: string, trial: string): string {
  return readFileSync(join(folder, trial, 'receipt.json'), 'utf8')
}
