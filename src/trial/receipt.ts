// The receipt of a run holds what went in, what came out and the chain of hashes between them, in a form that has the same
// bytes for the same run everywhere. docs/receipts.md describes the format.
import { z } from 'zod'
import { LINK_UPDATES, QUANTITIES } from './chain.ts'
import { LATER_METRICS } from '../evaluate/evaluate.ts'
import { sha256 } from '../core/sha256.ts'
import { WEIGHT_NAMES, type WeightName } from '../core/tensors.ts'
import { parseScenario } from '../scenario/load.ts'
import { valueAt, without } from '../scenario/overrides.ts'
import { schemaAt } from '../scenario/describe.ts'
import { taskKind } from '../scenario/environments.ts'
import { meaninglessKeys } from '../scenario/resolve.ts'
import type { Scenario } from '../scenario/schema.ts'
import { weightKeys } from '../scenario/trading-keys.ts'
import { listOf } from '../base/list-of.ts'
import { LONGEST_RECEIPT } from './limits.ts'
import { quoted, shown } from '../base/text.ts'
import { DdpgError } from '../base/errors.ts'

const FORMAT = 'ddpg-wasm receipt 1'

const HASH = 'must be 64 hexadecimal digits'
const COUNT = 'must be an integer, at least 0'
const QUANTITY = `must be ${QUANTITIES.join(', ')}`
const LINKS = 'must be a list of links'

const hash = z.string(HASH).regex(/^[0-9a-f]{64}$/, HASH)
const count = z.int(COUNT).min(0, COUNT)
const splitMetrics = z.record(z.string(), z.number('must be a number or null').nullable(), 'must be metrics')

const link = z
  .string(LINKS)
  .regex(/^\d+ [0-9a-f]{64}( [0-9a-f]{8})+$/, 'must be a link')
  .refine((text) => text.split(' ').length === 2 + QUANTITIES.length, 'must be a link')

const receiptSchema = z.strictObject({
  format: z.literal(FORMAT),
  seed: count,
  config: z.record(z.string(), z.unknown(), 'must be a scenario'),
  core: hash,
  data: hash,
  steps: count,
  updates: count,
  weights: z.strictObject(
    Object.fromEntries(WEIGHT_NAMES.map((name) => [name, hash])) as Record<WeightName, typeof hash>,
    `must be the hashes of ${WEIGHT_NAMES.slice(0, -1).join(', ')} and ${WEIGHT_NAMES.at(-1)}`,
  ),
  metrics: hash,
  evaluation: z.record(z.string(), splitMetrics, 'must be the metrics of each split'),
  chain: z.strictObject(
    {
      every: z.literal(LINK_UPDATES, `must be ${LINK_UPDATES}`),
      quantities: z.tuple(
        QUANTITIES.map((name) => z.literal(name, QUANTITY)) as [z.ZodLiteral<string>],
        QUANTITY,
      ),
      links: listOf(link, Infinity, LINKS).refine((links) => links.length > 0, LINKS),
    },
    'must be every, quantities and links',
  ),
})

/**
 * `config` is the effective scenario without what cannot change a result; `core` and `data` are the SHA-256 of the
 * module and of the values of the data; `evaluation` the metrics of each split.
 */
export type Receipt = z.output<typeof receiptSchema>

/** Keys of a scenario that change no result; the seed has a place of its own. */
const WITHOUT_INFLUENCE = [
  'experiment_name',
  'seed',
  'device',
  'logging',
  'tracking',
  'data.data_path',
  'training.log_interval',
  'training.checkpoint_interval',
  'training.checkpoint_keep',
  'data_generator.description',
  'data_generator.expected_strategy',
  'data_generator.optimal_return_estimate',
]

/** Keys that are newer than some receipts, which do not have them: at their defaults they are left out. */
const LEFT_OUT_AT_DEFAULT = [
  ...[...Object.keys(weightKeys), 'reward_eta', 'reward_penalty'].map((key) => ['env', key]),
  ...['columns', 'time_format', 'time_zone', 'adjusted', 'align', 'allow', 'assets', 'train_end'].map(
    (key) => ['data', key],
  ),
  ['data', 'validation_end'],
]

export interface ReceiptParts {
  scenario: Scenario
  core: string
  data: string
  steps: number
  updates: number
  weights: Receipt['weights']
  metrics: string
  evaluation: Record<string, object>
  links: readonly string[]
}

export function createReceipt({ scenario, links, evaluation, ...parts }: ReceiptParts): Receipt {
  return {
    format: FORMAT,
    seed: scenario.seed,
    config: configOf(scenario),
    ...parts,
    evaluation: JSON.parse(JSON.stringify(evaluation, (name, value) => (isLater(name) ? undefined : value))),
    chain: { every: LINK_UPDATES, quantities: [...QUANTITIES] as never, links: [...links] },
  }
}

/** Metrics that are newer than receipts: they follow from what a receipt has, and are left out of it. */
function isLater(metric: string): boolean {
  return (LATER_METRICS as readonly string[]).includes(metric)
}

function configOf(scenario: Scenario): Record<string, unknown> {
  const { sigma, sigma_end: end } = scenario.training.noise
  // how long a change of nothing takes says nothing
  const constant =
    sigma === end ? ['training.noise.sigma_end', 'training.noise.anneal_steps'] : ([] as string[])
  const standard = LEFT_OUT_AT_DEFAULT.filter(
    (path) => JSON.stringify(valueAt(scenario, path)) === JSON.stringify(schemaAt(path, scenario)?.default),
  )
  const idle = [...WITHOUT_INFLUENCE, ...constant, ...meaninglessKeys(taskKind(scenario))]
  return [...idle.map((key) => key.split('.')), ...standard].reduce<Record<string, unknown>>(
    (rest, path) => (valueAt(rest, path) === undefined ? rest : without(rest, path)),
    { ...scenario },
  )
}

/** Keys of two scenarios that differ and can change a result, as `training.tau`. */
export function differingKeys(one: Scenario, other: Scenario): string[] {
  const [a, b] = [one, other].map((scenario) => ({ ...configOf(scenario), seed: scenario.seed }))
  return differingPaths(a, b)
}

/** Lists where two values differ, as dotted keys. */
export function differingPaths(one: unknown, other: unknown, at: string[] = []): string[] {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
  if (!isObject(one) || !isObject(other)) return one === other ? [] : [at.join('.')]
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  const [a, b] = [one, other] as Record<string, unknown>[]
  return keys.flatMap((key) => differingPaths(a![key], b![key], [...at, key]))
}

/** The bytes of the file: keys in order, so that `sha256sum` of the file gives the name of the receipt. */
export function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(sorted(receipt), null, 2)}\n`
}

/** 64 hexadecimal digits. */
export function receiptName(receipt: Receipt): string {
  return sha256(receiptText(receipt))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}

const DEEPEST = 64

/** True when JSON nests lists and objects deeper than that. */
function nestsBeyond(text: string, most: number): boolean {
  let [depth, inText] = [0, false]
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]
    if (inText && sign === '\\') i++
    else if (sign === '"') inText = !inText
    else if (!inText && (sign === '{' || sign === '[') && ++depth > most) return true
    else if (!inText && (sign === '}' || sign === ']')) depth--
  }
  return false
}

/** @throws DdpgError in a sentence when the text is not a receipt of this version */
export function readReceipt(text: string): Receipt {
  if (text.length > LONGEST_RECEIPT)
    throw new DdpgError(
      `not a receipt: it has ${text.length} characters, at most ${LONGEST_RECEIPT} are read`,
    )
  if (nestsBeyond(text, DEEPEST))
    throw new DdpgError(`not a receipt: it is nested too deeply, at most ${DEEPEST} levels are read`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new DdpgError('not a receipt, or only the beginning of one: it is not JSON', { cause: error })
  }
  const format = (value as { format?: unknown } | null)?.format
  if (format !== FORMAT)
    throw new DdpgError(
      `expected a receipt of format "${FORMAT}", found ${format === undefined ? 'none' : quoted(format)}`,
    )
  const { data, error } = receiptSchema.safeParse(value)
  if (data) return data
  const [issue] = error.issues
  const unknown = issue!.code === 'unrecognized_keys' && issue!.path.length === 0
  if (unknown) throw new DdpgError(`unknown key ${shown(issue!.keys[0]!)}`)
  throw new DdpgError(`${shown(issue!.path.join('.'))} ${issue!.message}`)
}

/** The scenario that a receipt tells. @throws DdpgError when its config is not one */
export function scenarioOf({ config, seed }: Receipt): Scenario {
  const text = JSON.stringify({ ...config, seed })
  // the data may be of a file, whose name receipts do not tell
  const overrides = ['data.data_path=data.parquet']
  return parseScenario(text, 'config', { overrides, randomSeed: () => 0 }).scenario
}
