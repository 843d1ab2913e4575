// A checkpoint is a safetensors file whose last tensor is the SHA-256 of everything before it.
import { readMetadata, readSafetensors, writeSafetensors, type Tensor } from '../core/safetensors.ts'
import { sha256Bytes } from '../core/sha256.ts'
import { z } from 'zod'
import { STATISTICS } from '../core/fields.ts'
import type { ChainState } from './chain.ts'
import type { FeatureStatistics } from '../features/index.ts'
import type { TrainState } from './train.ts'
import { parseScenario } from '../scenario/load.ts'
import type { Scenario } from '../scenario/schema.ts'
import { listOf } from '../base/list-of.ts'
import { MOST_TRIALS } from './limits.ts'
import { quoted, shown } from '../base/text.ts'
import { DdpgError } from '../base/errors.ts'

const FORMAT = 'ddpg-wasm checkpoint 2'
const CHECKSUM = 'sha256'
const CHECKSUM_BYTES = 32

const WRONG = 'is missing, or is not what a run writes: its file was made or changed by something else'

const count = z.int().min(0)
const hash = z.string().regex(/^[0-9a-f]{64}$/)

const runSchema = z.strictObject({
  train: z.strictObject({
    step: count,
    episode: z
      .strictObject({
        episodeReward: z.number(),
        episodeLength: count,
        positionChanges: count,
        counted: z.number().nullable(),
      })
      .optional(),
    losses: z.strictObject({
      sums: z.record(z.enum(STATISTICS), z.number()).nullable(),
      updates: count,
    }),
  }),
  chain: z.strictObject({
    links: listOf(z.string().regex(/^\d+ [0-9a-f]{64}( [0-9a-f]{8})+$/)),
    metrics: hash,
  }),
  best: z.strictObject({ step: count, score: z.number() }).optional(),
})

/** The content of a checkpoint besides its scenario. */
const contentSchema = z.strictObject({
  statistics: z.strictObject({
    noFeatures: z.boolean(),
    firstClose: z.number(),
    scales: listOf(
      z.strictObject({
        name: z.string(),
        expression: z.string().optional(),
        offset: z.number(),
        scale: z.number(),
      }),
      4096,
    ),
  }),
  step: count,
  obsDim: count.min(1).max(4096),
  actionDim: count.min(1).max(64),
  core: hash,
  data: hash,
  experiment: z
    .strictObject({ trial: count, trials: count.max(MOST_TRIALS) })
    .refine(({ trial, trials }) => trial < trials)
    .optional(),
  run: runSchema.optional(),
})

export interface CheckpointInfo {
  scenario: Scenario
  statistics: FeatureStatistics
  /** Environment steps taken. */
  step: number
  obsDim: number
  actionDim: number
  /** SHA-256 of the core module and of the values of the data. */
  core: string
  data: string
  /** Which trial of how many this is, where several were asked for. */
  experiment?: { trial: number; trials: number } | undefined
}

/** The state of the run, besides its tensors. */
export interface RunState {
  train: TrainState
  chain: ChainState
  best: { step: number; score: number } | undefined
}

export interface Checkpoint {
  info: CheckpointInfo
  tensors: Record<string, Tensor>
  /** undefined in a checkpoint of the policy alone */
  run: RunState | undefined
}

/** @returns the bytes of a file; the same checkpoint gives the same bytes */
export function writeCheckpoint({ info, tensors, run }: Checkpoint): Uint8Array<ArrayBuffer> {
  const texts = Object.entries({ ...info, run })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, JSON.stringify(value)])
  const checksum = { shape: [CHECKSUM_BYTES], data: new Uint8Array(CHECKSUM_BYTES) }
  const bytes = writeSafetensors({
    tensors: { ...tensors, [CHECKSUM]: checksum },
    metadata: { format: FORMAT, ...Object.fromEntries(texts) },
  })
  const end = bytes.length - CHECKSUM_BYTES
  bytes.set(sha256Bytes(bytes.subarray(0, end)), end)
  return bytes
}

/** Reads the description that a checkpoint holds of itself. @throws DdpgError as openCheckpoint does */
export function readCheckpoint(bytes: Uint8Array): CheckpointInfo {
  return openCheckpoint(bytes).info
}

/** @throws DdpgError in a sentence when it is not a checkpoint of this version, or was changed or cut since */
export function openCheckpoint(bytes: Uint8Array): Checkpoint {
  const { format } = readMetadata(bytes)
  if (format !== FORMAT)
    throw new DdpgError(
      `expected a file of format "${FORMAT}", found ${format === undefined ? 'none' : quoted(format)}`,
    )
  const end = bytes.length - CHECKSUM_BYTES
  if (String(sha256Bytes(bytes.subarray(0, end))) !== String(new Uint8Array(bytes.subarray(end))))
    throw new DdpgError('damaged or cut: its content does not match its checksum')
  const { tensors, metadata } = readSafetensors(bytes)
  delete tensors[CHECKSUM]
  mustBeFinite(tensors)
  const { scenario: text = '', format: _, ...texts } = metadata
  const { scenario } = parseScenario(text, 'its scenario', { randomSeed: () => 0 })
  const { data, error } = contentSchema.safeParse(parsed(texts))
  if (error) throw new DdpgError(`its ${shown(error.issues[0]!.path.join('.'))} ${WRONG}`)
  const { run, ...info } = data
  if (run && run.train.step !== info.step) throw new DdpgError(`its run.train.step ${WRONG}`)
  return { info: { scenario, ...info }, tensors, run: run as RunState | undefined }
}

/** @throws DdpgError when it is of the policy alone */
export function mustHoldRun({ run }: Checkpoint): RunState {
  if (run) return run
  throw new DdpgError(
    'it holds a policy and no run: resume from checkpoint.safetensors or checkpoint_step_….safetensors',
  )
}

function parsed(texts: Record<string, string>): object {
  const values = Object.entries(texts).map(([key, text]): [string, unknown] => {
    try {
      return [key, JSON.parse(text)]
    } catch (error) {
      throw new DdpgError(`its ${shown(key)} ${WRONG}`, { cause: error })
    }
  })
  return Object.fromEntries(values)
}

/** Checks the tensors that the learner works with; its history may hold other numbers. */
function mustBeFinite(tensors: Record<string, Tensor>): void {
  for (const [name, { data }] of Object.entries(tensors)) {
    if (data instanceof Float32Array && !data.every(Number.isFinite))
      throw new DdpgError(`tensor ${name} holds numbers that are not finite`)
  }
}
