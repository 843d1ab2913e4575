// This schema says what a line of a journal may hold: journals are sent on, and anybody may have written them.
import { z } from 'zod'
import { listOf } from '../../base/list-of.ts'
import { STATUSES, type Operation } from './types.ts'

/** The process that has the journal since that time, in milliseconds since 1970. */
export interface Owner {
  process: string
  time: number
}

export interface Header extends Owner {
  format: string
  /** The URI of the store, without credentials. */
  uri: string
}

/** True when a line that names a process is the header. */
export function isHeader(line: JournalLine): line is Header {
  return 'uri' in line && 'format' in line
}

type Artifact = Extract<Operation, { kind: 'artifact' }>
/** Its content is in the file that has the number of the operation as its name, whatever the line says. */
type ArtifactLine = Omit<Artifact, 'content'> & { file: string }
export type OperationLine = Exclude<Operation, Artifact> | ArtifactLine

/** A line of the file: the header, who else opened it, an operation, or the number of one that is done. */
export type JournalLine = Header | Owner | { done: number } | OperationLine

const run = z.string()
const texts = z.record(z.string(), z.string())
const point = z.object({ key: z.string(), value: z.number(), timestamp: z.number(), step: z.number() })

const operation = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('start'),
    run,
    experiment: z.string().optional(),
    experimentId: z.string().optional(),
    name: z.string(),
    user: z.string(),
    time: z.number(),
    tags: texts,
    parent: z.string().optional(),
    resume: z.literal(true).optional(),
  }),
  z.object({ kind: z.literal('params'), run, params: texts }),
  z.object({ kind: z.literal('tags'), run, tags: texts }),
  z.object({ kind: z.literal('metrics'), run, points: listOf(point).refine((points) => points.length > 0) }),
  z.object({
    kind: z.literal('dataset'),
    run,
    context: z.string(),
    dataset: z.object({
      name: z.string(),
      digest: z.string(),
      source_type: z.string(),
      source: z.string(),
      schema: z.string().optional(),
      profile: z.string().optional(),
    }),
  }),
  z.object({ kind: z.literal('artifact'), run, path: z.string(), file: z.string() }),
  z.object({ kind: z.literal('end'), run, status: z.enum(STATUSES), time: z.number() }),
])

const owner = z.object({ process: z.string(), time: z.number() })
const header = owner.extend({ format: z.string(), uri: z.string() })
const line = z.union([operation, z.object({ done: z.int().min(0) }), header, owner])

/** The line that a JSON text is; undefined when it is none. */
export function journalLineOf(text: string): JournalLine | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data as JournalLine | undefined
  } catch {
    return undefined
  }
}
