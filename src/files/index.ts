// The commands read and write files through here: what is read is checked, what is written appears whole or not at all.
import {
  closeSync,
  existsSync,
  fsyncSync,
  globSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nearest } from '../base/text.ts'
import type { LoadedTable, ReadOptions } from '../data/columns.ts'
import { isOwnParquet } from '../data/parquet.ts'
import { readMarket } from '../data/read.ts'
import { isDead, makeFolder, NOT_FILES, readWhole } from './disk.ts'
import { DdpgError, reasonOf, UsageError } from '../base/errors.ts'
import { DATA_FILE, DATA_KINDS } from '../scenario/kinds.ts'

/** Scenario folders: the user's own first, then the shipped one. */
const scenarioFolders = ['configs', fileURLToPath(new URL('../../configs', import.meta.url))]

export interface ScenarioFile {
  path: string
  text: string
}

/** The file of a scenario by name. @throws UsageError that lists the names there are */
export function findScenario(name: string): ScenarioFile {
  const bare = name.replace(/\.ya?ml$/, '')
  const files = listScenarios()
  const path = files.find((file) => basename(file, '.yaml') === bare)
  if (path) return { path, text: readText(path) }
  if (existsSync(name)) throw new UsageError(`scenario ${name} is a file: give it with --config ${name}`)
  const names = files.map((file) => basename(file, '.yaml'))
  const near = nearest(bare, names, (known) => known)
  const guess = near === undefined ? '' : `, did you mean ${near}?`
  throw new UsageError(`scenario ${name} not found${guess} (there are ${names.join(', ')})`)
}

/** Paths of all scenario files; a user's file hides the shipped one of the same name. */
export function listScenarios(): string[] {
  const files = scenarioFolders.flatMap((folder) =>
    existsSync(folder)
      ? told(`folder ${folder}`, () => readdirSync(folder)).map((file) => join(folder, file))
      : [],
  )
  const yaml = files.filter((file) => extname(file) === '.yaml')
  return [...new Map(yaml.toReversed().map((file) => [basename(file), file])).values()].toSorted()
}

export function readText(path: string): string {
  return readBytes(path, 'file').toString('utf8')
}

/** @throws DdpgError in one sentence when the file cannot be read */
export function readBytes(path: string, what: string): Buffer<ArrayBuffer> {
  return told(`${what} ${path}`, () => readWhole(path))
}

const REASONS: Record<string, string> = {
  ...NOT_FILES,
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read or written: its permissions forbid it',
  EPERM: 'may not be read or written: its permissions forbid it',
  EROFS: 'cannot be written: the file system is read-only',
  ENOTDIR: 'cannot exist: a part of its path is a file, not a folder',
  EEXIST: 'cannot exist: a part of its path is a file, not a folder',
  ENOSPC: 'cannot be written: no space is left',
  EFBIG: 'cannot be written: it would be larger than allowed',
}

/** Reasons why a file cannot be written, nor the folders above it. */
const WRITE_REASONS = { ...REASONS, ENOENT: 'cannot be written: a folder of its path was removed' }

/** Does the work on files. @throws DdpgError in one sentence about `subject` when that fails */
function told<T>(subject: string, work: () => T, reasons = REASONS): T {
  try {
    return work()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (error instanceof DdpgError && !Object.hasOwn(NOT_FILES, code)) throw error
    throw new DdpgError(`${subject} ${reasons[code] ?? `cannot be used: ${reasonOf(error)}`}`, {
      cause: error,
    })
  }
}

/** The bytes alone: a Buffer may stand within a larger piece of memory. */
function bufferOf(bytes: Buffer<ArrayBuffer>): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

/** True when the file holds synthetic data that this program wrote. */
export function isGenerated(path: string): boolean {
  return isOwnParquet(bufferOf(readBytes(path, 'data file')))
}

/** Bytes of a data file: where in it a cell begins is counted in 32 bits. */
const LARGEST = 4_294_967_294

/** Market data from a file, a folder or the files that a pattern names, which are parts of one thing. */
export async function readTable(path: string, options: ReadOptions = {}): Promise<LoadedTable> {
  const files = partsOf(path).map((name) => {
    const { size } = told(`data file ${name}`, () => statSync(name))
    if (size > LARGEST) throw new DdpgError(`data file ${name} is larger than 4 GiB: split it into parts`)
    return { name, bytes: readBytes(name, 'data file') }
  })
  return readMarket(files, path, options)
}

/** True when the path is a pattern of names, such as data/*.csv. */
export function isPattern(path: string): boolean {
  return path.includes('*')
}

function partsOf(path: string): string[] {
  if (isPattern(path)) {
    const found = told(`files ${path}`, () => globSync(path)).toSorted()
    if (found.length === 0) throw new DdpgError(`no file has a name like ${path}`)
    return found
  }
  const isFolder = told(`data file ${path}`, () => statSync(path)).isDirectory()
  if (!isFolder) {
    if (!DATA_FILE.test(path)) throw new DdpgError(`${path} must be a ${DATA_KINDS}, or a folder of them`)
    return [path]
  }
  const names = told(`folder ${path}`, () => readdirSync(path)).filter((name) => DATA_FILE.test(name))
  if (names.length === 0) throw new DdpgError(`folder ${path} holds no file of data: a ${DATA_KINDS} is read`)
  return names.toSorted().map((name) => join(path, name))
}

/**
 * Writes to a temporary name beside the file, then renames: readers never see half a file.
 * @param content in pieces where it is too long for one string
 * @param durable whether it must be there after a loss of power too
 */
export function writeFile(
  path: string,
  content: string | Uint8Array | Generator<string>,
  durable = false,
): void {
  const temporary = `${path}.${process.pid}.tmp`
  told(
    `file ${path}`,
    () => {
      makeFolder(dirname(path))
      try {
        const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
        let flag = 'w'
        for (const piece of pieces) {
          writeFileSync(temporary, piece, { flag, flush: durable })
          flag = 'a'
        }
        renameSync(temporary, path)
        if (durable) syncFolder(dirname(path))
      } finally {
        rmSync(temporary, { force: true })
      }
    },
    WRITE_REASONS,
  )
}

/** Makes the names in a folder last. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function removeFile(path: string): void {
  told(`file ${path}`, () => rmSync(path, { force: true }))
}

/** Paths of the files of a folder and of those below it, relative to it; of none where there is none. */
export function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = told(`folder ${folder}`, () =>
    readdirSync(folder, { recursive: true, withFileTypes: true }),
  )
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
}

/** Files below a folder whose name is such, with when they were written, the newest first. */
export function listNewest(folder: string, name: RegExp): { path: string; time: number }[] {
  return filesIn(folder)
    .filter((path) => name.test(basename(path)) && !/\.tmp[\\/]/.test(path))
    .map((path) => join(folder, path))
    .map((path) => ({ path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 })) // another run may remove it
    .toSorted((one, other) => other.time - one.time)
}

/** Checkpoints under a folder from which a run can be resumed, the newest first. */
export function listCheckpoints(folder: string): string[] {
  return listNewest(folder, /^checkpoint(_step_\d+)?\.safetensors$/).map(({ path }) => path)
}

/** Removes what processes that were killed had begun to write. To be called before this one writes. */
export function removeLeftovers(folder: string): void {
  if (!existsSync(folder)) return
  told(`folder ${folder}`, () => {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const pid = Number(/\.(\d+)\.tmp$/.exec(name)?.[1])
      // in a container the next process has the number of the last
      if (pid > 0 && (pid === process.pid || isDead(pid)))
        rmSync(join(folder, name), { recursive: true, force: true })
    }
  })
}

/**
 * `<folder>/run_<n>` with the first n that is not taken: an earlier run's files stay. It appears with all of these files
 * or not at all.
 * @param files by their paths in it
 */
export function newRunFolder(folder: string, files: Record<string, string | Uint8Array>): string {
  const begun = join(folder, `run.${process.pid}.tmp`)
  return told(
    `folder ${folder}`,
    () => {
      rmSync(begun, { recursive: true, force: true })
      try {
        makeFolder(begun)
        for (const [name, content] of Object.entries(files)) writeFile(join(begun, name), content, true)
        const numbers = readdirSync(folder).map((name) => Number(/^run_(\d+)$/.exec(name)?.[1] ?? 0))
        for (let n = Math.max(0, ...numbers) + 1; ; n++) {
          const path = join(folder, `run_${n}`)
          if (!claimed(path, begun)) continue
          syncFolder(folder)
          return path
        }
      } finally {
        rmSync(begun, { recursive: true, force: true })
      }
    },
    WRITE_REASONS,
  )
}

/** Gives the folder its name; false when another run was first. */
function claimed(path: string, begun: string): boolean {
  try {
    renameSync(begun, path)
    return true
  } catch (error) {
    if (existsSync(path)) return false
    throw error
  }
}
