// The terminal is guarded here: lines of ours may hold text of files and servers.
import { formatTable } from '../../report/tables/table.ts'
import type { TextTable } from '../../report/tables/metrics.ts'
import { printable } from '../../base/text.ts'

/** From here on nothing that is printed can steer the terminal, whoever wrote the text in it. */
export function guardConsole(): void {
  for (const method of ['log', 'error', 'warn'] as const) {
    const write = console[method]
    console[method] = (...parts: unknown[]) =>
      write(...parts.map((part) => (typeof part === 'string' ? printable(part) : part)))
  }
}

export function printTable({ header, rows }: TextTable): void {
  for (const line of formatTable(header, rows)) console.log(line)
}
