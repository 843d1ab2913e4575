// This file writes artifacts into a folder, each whole or not at all, and lists them.
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '../../files/disk.ts'
import { newId, Refusal } from './types.ts'

/**
 * Writes an artifact below the folder of its run. A reader never sees half a file: it gets its name when it is
 * complete.
 */
export function writeArtifact(folder: string, path: string, content: Uint8Array): void {
  const target = join(folder, 'artifacts', path)
  const partial = join(folder, `${newId()}.part`)
  try {
    makeFolder(dirname(target))
    writeFileSync(partial, content)
    renameSync(partial, target)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!NAME_TAKEN.includes(code)) throw error
    throw new Refusal(`artifact ${path}: a part of its path is a file, or it is a folder`, { cause: error })
  } finally {
    rmSync(partial, { force: true })
  }
}

/**
 * Paths of all files below a folder, of which there may be none; links are not followed. Deno lets a glob do this only
 * with more rights.
 */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  // one folder at a time: a recursive reading goes through links
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : []
  })
}

/** Codes of the system for a file where a folder should be, or the other way round. */
export const NAME_TAKEN = ['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY']
