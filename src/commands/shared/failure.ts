// A failure is printed in words and sets the exit code of the process.
import { inspect } from 'node:util'
import { CommanderError } from 'commander'
import { DdpgError, UsageError } from '../../base/errors.ts'

/** The exit codes of the process, other than 0. */
export const EXIT = { failed: 1, usage: 2, bug: 70, SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** Sets the exit code; of several the greatest stays. */
export function exitWith(code: number): void {
  process.exitCode = Math.max(Number(process.exitCode ?? 0), code)
}

let showsStacks = false

/** From now on errors in our own words show their stacks too. */
export function showStacks(): void {
  showsStacks = true
}

/**
 * Tells what went wrong and sets the exit code.
 * @param subject goes before the sentence
 * @param note prints lines on stderr
 */
export function tellFailure(
  error: unknown,
  subject = '',
  note: (text: string) => void = (text) => console.error(text),
): void {
  if (error instanceof CommanderError) return exitWith(error.exitCode === 0 ? 0 : EXIT.usage)
  const message = error instanceof Error ? error.message : String(error)
  // several problems are a line each; an indented line goes with the one above it
  const lines = [`${subject}${message}`.replace(/^(?! )/gm, 'error: ')]
  const isBug = !(error instanceof DdpgError)
  if (isBug || showsStacks) lines.push(inspect(error))
  if (isBug)
    lines.push(
      "this is a bug of ddpg-wasm: report it with this text to the project's issue tracker (package.json)",
    )
  note(lines.join('\n'))
  exitWith(isBug ? EXIT.bug : error instanceof UsageError ? EXIT.usage : EXIT.failed)
}
