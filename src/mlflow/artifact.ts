import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { newId } from './types.ts'

/**
 * Writes an artifact below the folder of its run. A reader never sees half a file: it gets its name when it is
 * complete.
 */
export function writeArtifact(folder: string, path: string, content: Uint8Array): void {
  const target = join(folder, 'artifacts', path)
  const partial = join(folder, `${newId()}.part`)
  mkdirSync(dirname(target), { recursive: true })
  try {
    writeFileSync(partial, content)
    renameSync(partial, target)
  } finally {
    rmSync(partial, { force: true })
  }
}
