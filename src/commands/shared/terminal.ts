// What is written to the terminal: lines of ours, in which text of files and servers may stand.
import { printable } from '../../text.ts'

/** From here on nothing that is printed can steer the terminal, whoever wrote the text in it. */
export function guardConsole(): void {
  for (const method of ['log', 'error', 'warn'] as const) {
    const write = console[method]
    console[method] = (...parts: unknown[]) =>
      write(...parts.map((part) => (typeof part === 'string' ? printable(part) : part)))
  }
}
