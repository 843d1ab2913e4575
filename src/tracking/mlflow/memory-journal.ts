// This journal keeps operations in memory, where there is no disk.
import type { Journal, Operation } from './types.ts'

/** A journal where there is no disk. */
export function memoryJournal(): Journal {
  const waiting: { operation: Operation; doubtful: boolean }[] = []
  let skipped = 0
  return {
    place: 'memory',
    uri: '',
    append: (operation) => void waiting.push({ operation, doubtful: false }),
    next: () => waiting[0],
    done: () => void waiting.shift(),
    skip() {
      waiting.shift()
      skipped++
    },
    pending: () => waiting.length + skipped,
    close: () => undefined,
  }
}
