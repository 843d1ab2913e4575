// The commands read and write files through here: what is read is checked, what is written appears whole or not at all.
import { constants } from 'node:buffer'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nearest } from './text.ts'
import { csvToTable } from './data/csv.ts'
import type { LoadedTable } from './data/ohlcv.ts'
import { isOwnParquet, parquetToTable } from './data/parquet.ts'
import { makeFolder, NOT_FILES, readWhole } from './disk.ts'
import { DdpgError, reasonOf, UsageError } from './errors.ts'

/** Scenario folders: the user's own first, then the shipped one. */
const scenarioFolders = ['configs', fileURLToPath(new URL('../configs', import.meta.url))]

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

/** Of what is written, with the folders above it. */
const WRITE_REASONS = { ...REASONS, ENOENT: 'cannot be written: a folder of its path was removed' }

/** Does the work on files. @throws DdpgError in one sentence about `subject` when that fails */
function told<T>(subject: string, work: () => T, reasons = REASONS): T {
  try {
    return work()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new DdpgError(`${subject} ${reasons[code] ?? `cannot be used: ${reasonOf(error)}`}`, {
      cause: error,
    })
  }
}

/** The bytes alone: a Buffer may stand within a larger piece of memory. */
function bufferOf(bytes: Buffer<ArrayBuffer>): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

/** Whether the file holds synthetic data that this program wrote. */
export function isGenerated(path: string): boolean {
  return isOwnParquet(bufferOf(readBytes(path, 'data file')))
}

/** Market data from a parquet or CSV file. */
export async function readTable(path: string): Promise<LoadedTable> {
  const kind = extname(path).toLowerCase()
  if (kind !== '.parquet' && kind !== '.csv') throw new DdpgError(`${path} must be a .parquet or .csv file`)
  if (kind === '.csv') refuseTooLong(path)
  const bytes = readBytes(path, 'data file')
  if (kind === '.csv') return csvToTable(bytes.toString('utf8'), path)
  return parquetToTable(bufferOf(bytes), path)
}

function refuseTooLong(path: string): void {
  const { size } = told(`data file ${path}`, () => statSync(path))
  if (size <= constants.MAX_STRING_LENGTH) return
  const [have, most] = [size, constants.MAX_STRING_LENGTH].map((bytes) => Math.ceil(bytes / 1024 / 1024))
  throw new DdpgError(`data file ${path} has ${have} MiB, CSV may have ${most} MiB: convert it to parquet`)
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

/** Checkpoints under a folder from which a run can be resumed, the newest first. */
export function listCheckpoints(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = told(`folder ${folder}`, () => readdirSync(folder, { recursive: true, encoding: 'utf8' }))
  const files = names.filter((name) => /(^|[\\/])checkpoint(_step_\d+)?\.safetensors$/.test(name))
  return files
    .map((name) => join(folder, name))
    .map((path) => ({ path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 })) // another run may remove it
    .toSorted((one, other) => other.time - one.time)
    .map(({ path }) => path)
}

/** `<folder>/run_<n>` with the first n that is not taken, created: an earlier run's files stay. */
export function newRunFolder(folder: string): string {
  const names = told(`folder ${folder}`, () => {
    makeFolder(folder)
    return readdirSync(folder)
  })
  const numbers = names.map((name) => Number(/^run_(\d+)$/.exec(name)?.[1] ?? 0))
  for (let n = Math.max(0, ...numbers) + 1; ; n++) {
    const path = join(folder, `run_${n}`)
    if (told(`folder ${path}`, () => claimed(path))) return path
  }
}

/** Creates the folder; false when another run was first. */
function claimed(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
