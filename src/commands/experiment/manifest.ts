// The manifest of a run lies in its folder from the beginning. It says what was asked for, so that a run that was killed
// can be begun again or finished, and the end is written into it last of all: a run is whole when its manifest says so.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256 } from '../../core/sha256.ts'
import { isRunning } from '../../files/disk.ts'
import { filesIn, readText, writeFile } from '../../files/index.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { newId } from '../../tracking/mlflow/types.ts'

export const MANIFEST = 'manifest.json'

const schema = z.strictObject({
  format: z.literal('ddpg-wasm run 1'),
  /** The key of the run in the tracker; the key of a trial follows from it. */
  key: z.string().regex(/^[0-9a-f]{32}$/),
  /** The process that works on it, by its number. */
  process: z.int().min(1),
  trials: z.int().min(1),
  status: z.enum(['RUNNING', 'FINISHED', 'FAILED', 'KILLED']),
  /** Its seed is that of trial 0. */
  scenario: z.record(z.string(), z.unknown()),
  /** All files of the complete run, relative to the folder. */
  files: z.array(z.string()),
})

export type Manifest = z.output<typeof schema>

/** A run that was begun, and its folder. */
export interface BegunRun {
  folder: string
  manifest: Manifest
}

export function newManifest(scenario: Scenario, trials: number): Manifest {
  const own = { key: newId(), process: process.pid, trials, status: 'RUNNING', files: [] } as const
  return { format: 'ddpg-wasm run 1', ...own, files: [], scenario: { ...scenario } }
}

/** Undefined where there is none, or one of another version. */
export function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, MANIFEST)
  if (!existsSync(path)) return undefined
  try {
    return schema.parse(JSON.parse(readText(path)))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** Lists the files of the folder, with the status at last: what comes before a kill of this is done again. */
export function endManifest({ folder, manifest }: BegunRun, status: Manifest['status']): void {
  const files = filesIn(folder).filter((name) => name !== MANIFEST && !name.endsWith('.tmp'))
  writeFile(join(folder, MANIFEST), manifestText({ ...manifest, status, files: files.toSorted() }), true)
}

/** True when nothing is left to do. */
export function isWhole({ folder, manifest }: BegunRun): boolean {
  return manifest.status === 'FINISHED' && manifest.files.every((name) => existsSync(join(folder, name)))
}

/** True while another process still works on the run. */
export function isInUse({ manifest }: BegunRun): boolean {
  return manifest.status === 'RUNNING' && manifest.process !== process.pid && isRunning(manifest.process)
}

/** The key of a trial in the tracker: the same whenever the run is finished. */
export function trialKey(key: string, name: string): string {
  return sha256(`${key}/${name}`).slice(0, 32)
}
