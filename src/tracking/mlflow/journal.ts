// This file keeps operations on disk while they wait for a store: a folder with journal.jsonl, and a file for each
// artifact. A line is a text after its checksum, and is never changed. All that a killed process promised is there: a
// torn last line was never promised to anyone.
import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { makeFolder, readWhole } from '../../files/disk.ts'
import { isHere, isGone, thisProcess } from './process.ts'
import {
  isHeader,
  journalLineOf,
  type Header,
  type JournalLine,
  type OperationLine,
  type Owner,
} from './journal-lines.ts'
import { type Journal, type Operation } from './types.ts'
import { DdpgError, named, reasonOf } from '../../base/errors.ts'
import { shown } from '../../base/text.ts'

const FORMAT = 'ddpg-wasm mlflow journal 1'
const FILE = 'journal.jsonl'

/** The position of a line. */
interface Entry {
  number: number
  offset: number
  length: number
  doubtful: boolean
  /** The operation itself, kept for a few lines so that what is sent at once is not read again. */
  operation?: Operation
}

/** The number of waiting operations that are also in memory, files excepted. */
const IN_MEMORY = 8

/** A new journal for the store of that URI. @param folder is created */
export function createJournal(folder: string, uri: string): Journal {
  makeFolder(folder, OWN_FOLDER)
  const descriptor = openSync(join(folder, FILE), 'ax+', OWN_FILE)
  const write = lineWriter(descriptor)
  write({ format: FORMAT, uri, ...owner() })
  return journal(folder, uri, descriptor, write, [], 0)
}

/** The logs of a run belong to its owner alone, until a store has them. */
const OWN_FOLDER = 0o700
const OWN_FILE = 0o600

function owner(): Owner {
  return { process: thisProcess(), time: Date.now() }
}

/** True when its process still runs, and is another than this one. */
function isInUse({ process, time }: Owner): boolean {
  return isHere(process) && process !== thisProcess() && !isGone(process, time)
}

/** The journals in a folder that processes of this machine left behind, oldest first. */
export function leftJournals(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((place) => {
      const header = headerOf(join(place, FILE))
      return header && isHere(header.process) && isGone(header.process, header.time)
    })
    .toSorted()
}

function headerOf(file: string): Header | undefined {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined
  const descriptor = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(HEADER_BYTES)
    const [line = ''] = bytes.toString('utf8', 0, readSync(descriptor, bytes)).split('\n')
    const header = parse(line)
    return header && isHeader(header) ? header : undefined
  } catch (error) {
    if (error instanceof DdpgError) return undefined
    throw error
  } finally {
    closeSync(descriptor)
  }
}

const HEADER_BYTES = 10_000

/**
 * The URI that a journal was meant for: to be shown, not to be followed.
 * @throws DdpgError in a sentence when it is none
 */
export function targetOf(path: string): string {
  const file = join(folderOf(path), FILE)
  const header = headerOf(file)
  if (header?.format === FORMAT) return header.uri
  throw noJournal(file)
}

function noJournal(file: string): Error {
  return new DdpgError(`${file} is no journal: expected format "${FORMAT}"`)
}

function folderOf(path: string): string {
  return resolve(basename(path) === FILE ? dirname(path) : path)
}

/**
 * A journal that an ended process left. Runs that the process left open are KILLED at their last operation.
 * @param path its folder, or the file in it
 * @throws DdpgError in a sentence when it is none, damaged before its end, or its process still runs
 */
export function openJournal(path: string): Journal {
  const folder = folderOf(path)
  const { header, last, entries, operations, size } = scan(join(folder, FILE))
  if (isInUse(last))
    throw new DdpgError(`journal ${path} is in use by process ${last.process}: wait for its end, or end it`)
  const descriptor = openSync(join(folder, FILE), 'r+')
  // a torn last line
  ftruncateSync(descriptor, size)
  const write = lineWriter(descriptor)
  write(owner())
  const opened = journal(folder, header.uri, descriptor, write, entries, operations.length)
  for (const [run, time] of openRuns(operations)) opened.append({ kind: 'end', run, status: 'KILLED', time })
  return opened
}

function journal(
  folder: string,
  uri: string,
  descriptor: number,
  write: (line: JournalLine) => { offset: number; length: number },
  waiting: Entry[],
  operations: number,
): Journal {
  const skipped: Entry[] = []
  let current: { operation: Operation; doubtful: boolean } | undefined
  let syncing = false
  /** Against a loss of power, in its own time: a kill loses nothing without it. */
  function sync() {
    if (syncing) return
    syncing = true
    fdatasync(descriptor, () => (syncing = false))
  }
  return {
    place: folder,
    uri,
    append(operation) {
      const number = operations
      const isKept = waiting.length < IN_MEMORY && operation.kind !== 'artifact'
      const place = write(lineOf(folder, number, operation))
      waiting.push({ number, ...place, doubtful: false, ...(isKept && { operation }) })
      operations++
      sync()
    },
    next() {
      const [entry] = waiting
      if (!entry) return undefined
      current ??= {
        operation: entry.operation ?? read(folder, descriptor, entry),
        doubtful: entry.doubtful,
      }
      return current
    },
    done() {
      const { number } = waiting.shift()!
      write({ done: number })
      if (current?.operation.kind === 'artifact') rmSync(contentOf(folder, number), { force: true })
      current = undefined
    },
    skip() {
      skipped.push(waiting.shift()!)
      current = undefined
    },
    pending: () => waiting.length + skipped.length,
    close() {
      closeSync(descriptor)
      if (waiting.length + skipped.length > 0) return
      // its own files alone: the folder may be that of somebody who was given a journal
      const isContent = (name: string) => /^\d{1,9}$/.test(name) && Number(name) <= operations
      for (const name of [FILE, ...readdirSync(folder).filter(isContent)])
        rmSync(join(folder, name), { force: true })
      try {
        rmdirSync(folder)
        rmdirSync(dirname(folder))
      } catch {
        // other journals are in it, or what is no part of one
      }
    },
  }
}

/** The content of an artifact goes into a file of its own. */
function lineOf(folder: string, number: number, operation: Operation): JournalLine {
  if (operation.kind !== 'artifact') return operation
  const { content, ...rest } = operation
  writeFileSync(contentOf(folder, number), content, { mode: OWN_FILE })
  return { ...rest, file: String(number) }
}

function lineWriter(descriptor: number) {
  return (line: JournalLine) => {
    const text = Buffer.from(JSON.stringify(line))
    const bytes = Buffer.concat([Buffer.from(`${checksum(text)} `), text, LINE_END])
    const offset = fstatSync(descriptor).size
    try {
      for (let at = 0; at < bytes.length;)
        at += writeSync(descriptor, bytes, at, bytes.length - at, offset + at)
    } catch (error) {
      // no space: nothing half-written
      ftruncateSync(descriptor, offset)
      throw error
    }
    return { offset, length: bytes.length }
  }
}

function contentOf(folder: string, number: number): string {
  return join(folder, String(number))
}

function read(folder: string, descriptor: number, { number, offset, length }: Entry): Operation {
  const bytes = Buffer.alloc(length)
  readSync(descriptor, bytes, 0, length, offset)
  const line = parse(bytes.toString('utf8').trimEnd())
  if (!line || !('kind' in line)) throw new DdpgError(`journal ${folder} was changed by another program`)
  if (line.kind !== 'artifact') return line
  const { file: _, ...rest } = line
  const content = contentOf(folder, number)
  if (!lstatSync(content, { throwIfNoEntry: false })?.isFile())
    throw new DdpgError(`journal ${folder}: ${number} in it must be a file`)
  return { ...rest, content: readWhole(content) }
}

/** Undefined when the checksum is another. @throws DdpgError for a text that no version of this program writes */
function parse(line: string): JournalLine | undefined {
  const text = line.slice(9)
  if (line.slice(0, 9) !== `${checksum(text)} `) return undefined
  const found = journalLineOf(text)
  if (!found) throw new DdpgError('it is no line that this version writes: it was written by something else')
  return found
}

const LINE_END = Buffer.from('\n')

function checksum(text: string | Buffer): string {
  return crc32(text).toString(16).padStart(8, '0')
}

/** Reads a whole file: its header, what is not done, and where its sound part ends. */
function scan(file: string) {
  const bytes = readJournal(file)
  const operations: OperationLine[] = []
  const entries = new Map<number, Entry>()
  let header: Header | undefined
  let last: Owner | undefined
  let offset = 0
  for (let number = 1; offset < bytes.length; number++) {
    const end = bytes.indexOf(10, offset)
    const text = bytes.toString('utf8', offset, Math.max(offset, end))
    const line =
      end < 0 ? undefined : named(`journal ${shown(file, 4096)}, line ${number}`, () => parse(text))
    if (!line && end >= 0 && end + 1 < bytes.length)
      throw new DdpgError(
        `journal ${file}, line ${number}: it does not match its checksum, the file is damaged`,
      )
    if (!line) break
    const length = end + 1 - offset
    if ('process' in line) {
      last = line
      if (isHeader(line)) header ??= line
    } else if ('done' in line) {
      // A start is done again: it is how the store finds the run.
      if (operations[line.done]?.kind !== 'start') entries.delete(line.done)
    } else {
      entries.set(operations.length, { number: operations.length, offset, length, doubtful: true })
      operations.push(line)
    }
    offset += length
  }
  if (header?.format !== FORMAT) throw noJournal(file)
  return { header, last: last!, entries: [...entries.values()], operations, size: offset }
}

function readJournal(file: string): Buffer {
  if (!existsSync(file)) throw new DdpgError(`journal ${file} does not exist`)
  try {
    return readWhole(file)
  } catch (error) {
    throw new DdpgError(`journal ${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}

/** Runs that began here and have no end, with the time of what came last. */
function openRuns(operations: OperationLine[]): Map<string, number> {
  const open = new Map<string, number>()
  for (const operation of operations) {
    if (operation.kind === 'start') open.set(operation.run, operation.time)
    if (operation.kind === 'metrics' && open.has(operation.run))
      open.set(operation.run, operation.points.at(-1)!.timestamp)
    if (operation.kind === 'end') open.delete(operation.run)
  }
  return open
}
