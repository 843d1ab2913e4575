// This file avoids the traps of the file system: nothing waits for a pipe, reads a device without end or tries for ever.
import { mkdirSync, readFileSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { DdpgError } from '../base/errors.ts'

/**
 * Creates the folder and those above it. Not mkdir with `recursive`: where the working folder was deleted, Node tries
 * that again and again without end, and no signal is heard.
 * @param mode permissions of those that are created
 * @throws DdpgError with the code of the system
 */
export function makeFolder(path: string, mode = 0o777): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  const above = dirname(path)
  if (above !== path) makeFolder(above, mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // another process may have been first
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

/** The bytes of a file. @throws DdpgError with the code of the system, or one of NOT_FILES */
export function readWhole(path: string): Buffer<ArrayBuffer> {
  mustBeFile(path)
  return readFileSync(path)
}

/** Things that are no files and must not be opened, by the code of the error that says so. */
export const NOT_FILES: Record<string, string> = {
  PIPE: 'is a pipe, not a file: write what comes out of it to a file, then give that',
  DEVICE: 'is a device, not a file: give a file',
  SOCKET: 'is a socket, not a file: give a file',
}

/** @throws DdpgError with one of the codes of NOT_FILES when the path leads to something that is read without end */
export function mustBeFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  const code = found && codeOf(found)
  if (code) throw Object.assign(new DdpgError(`it ${NOT_FILES[code]}`), { code })
}

function codeOf(found: Stats): string | undefined {
  if (found.isFIFO()) return 'PIPE'
  if (found.isCharacterDevice() || found.isBlockDevice()) return 'DEVICE'
  return found.isSocket() ? 'SOCKET' : undefined
}

/** True when a process of this machine has that number; false too where the runtime may not say. */
export function isRunning(pid: number): boolean {
  return stateOf(pid) === 'running'
}

/** True when no process of this machine has that number; false too where the runtime may not say. */
export function isDead(pid: number): boolean {
  return stateOf(pid) === 'dead'
}

function stateOf(pid: number): 'running' | 'dead' | 'unknown' {
  try {
    process.kill(pid, 0)
    return 'running'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ESRCH' ? 'dead' : code === 'EPERM' ? 'running' : 'unknown'
  }
}
