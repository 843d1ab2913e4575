// The edge: files, as the commands need them. What it reads is checked; what it writes appears whole or not at all.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { csvToTable } from './data/csv.ts'
import type { Loaded } from './data/ohlcv.ts'
import { parquetToTable } from './data/parquet.ts'
import type { Table } from './data/table.ts'

/** Scenario folders: the user's own first, then the shipped one. */
export const scenarioFolders = ['configs', fileURLToPath(new URL('../configs', import.meta.url))]

export interface ScenarioFile {
  path: string
  text: string
}

/** The file of a scenario by name. @throws Error that lists the names there are */
export function findScenario(name: string): ScenarioFile {
  const bare = name.replace(/\.ya?ml$/, '')
  const path = scenarioFolders.map((folder) => join(folder, `${bare}.yaml`)).find((file) => existsSync(file))
  if (path) return { path, text: readFileSync(path, 'utf8') }
  const names = listScenarios().map((file) => basename(file, '.yaml'))
  throw new Error(
    `scenario ${name} not found, have ${names.join(', ')}; a file of your own goes with --config`,
  )
}

/** Paths of all scenario files; a user's file hides the shipped one of the same name. */
export function listScenarios(): string[] {
  const files = scenarioFolders.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [],
  )
  const yaml = files.filter((file) => extname(file) === '.yaml')
  return [...new Map(yaml.toReversed().map((file) => [basename(file), file])).values()].toSorted()
}

export function readText(path: string): string {
  return readBytes(path, 'file').toString('utf8')
}

/** @throws Error in one sentence when the file cannot be read */
export function readBytes(path: string, what: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      { ENOENT: 'does not exist', EISDIR: 'is a folder', EACCES: 'may not be read' }[code ?? ''] ?? message
    throw new Error(`${what} ${path} ${why}`, { cause: error })
  }
}

/** Market data from a parquet or CSV file. */
export async function readTable(path: string): Promise<Loaded> {
  const kind = extname(path).toLowerCase()
  if (kind !== '.parquet' && kind !== '.csv') throw new Error(`${path} must be a .parquet or .csv file`)
  const bytes = readBytes(path, 'data file')
  if (kind === '.csv') return csvToTable(bytes.toString('utf8'), path)
  return parquetToTable(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), path)
}

/** Writes to a temporary name beside the file, then renames: readers never see half a file. */
export function writeFile(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, path)
}

/** `<folder>/run_<n>` with the first n that is not taken, created: an earlier run's files stay. */
export function newRunFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const numbers = readdirSync(folder).map((name) => Number(/^run_(\d+)$/.exec(name)?.[1] ?? 0))
  for (let n = Math.max(0, ...numbers) + 1; ; n++) {
    const path = join(folder, `run_${n}`)
    try {
      mkdirSync(path)
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** SHA-256 over the names and values of all columns, in hex. */
export function digestOf(table: Table): string {
  const hash = createHash('sha256')
  for (const [name, values] of Object.entries(table.columns)) {
    hash.update(`${name}\n`).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}
