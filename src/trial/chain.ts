// A chain of hashes records a run: it has a link every LINK_UPDATES updates, a hash over the link before it, the
// state of the learner and of its environment, and all that happened since. Two runs with the same last link were the
// same all along; of two that differ, the first different link tells when it began, and in which quantity.
import { ROLES } from '../core/fields.ts'
import { isOfWeights, learnerTensors, WEIGHT_NAMES, type WeightName } from '../core/tensors.ts'
import type { Learner } from '../core/learner.ts'
import type { Tensor } from '../core/safetensors.ts'
import { canonical, sha256 } from '../core/sha256.ts'
import type { ResumableEnv } from '../env/env.ts'
import { concat, rowOf, type HistoryEvent } from './events.ts'

export const LINK_UPDATES = 500

/** The last first, as an update begins with the critic. */
const networks = ROLES.toReversed()

/** The quantities, in the order in which one brings about the next. */
export const QUANTITIES = [
  'environment',
  'random',
  'metrics',
  ...networks,
  'moments',
  ...networks.map((name) => `${name}_target` as const),
] as const

export interface ChainState {
  /** `<updates> <hash of the link> <first 8 digits of the hash of each quantity>` */
  links: string[]
  /** Hash of all that happened up to the last link. */
  metrics: string
}

export interface Chain extends Readonly<ChainState> {
  /** The events since the last link, as rows of history.ts. */
  pending(): Float64Array
  add(event: HistoryEvent): void
  /** Closes a link here and returns it. */
  link(): string
  /** True when anything happened since the last link. */
  isOpen(): boolean
}

/** @param saved a chain that is continued, with what was pending */
export function createChain(
  learner: Learner,
  env: ResumableEnv,
  saved: { state: ChainState; pending: Float64Array } | undefined,
): Chain {
  const links = [...(saved?.state.links ?? [])]
  let metrics = saved?.state.metrics ?? sha256()
  let rows: Float64Array[] = saved ? [saved.pending.slice()] : []

  function link(): string {
    metrics = sha256(metrics, canonical(concat(rows)))
    rows = []
    const hashes: Record<(typeof QUANTITIES)[number], string> = {
      ...learnerHashes(learner),
      environment: sha256(canonical(env.save()), learner.obs),
      metrics,
    }
    const before = links.at(-1)?.split(' ')[1] ?? ''
    const all = QUANTITIES.map((name) => hashes[name])
    const hash = sha256(before, `${learner.updates}`, ...all)
    links.push([learner.updates, hash, ...all.map((one) => one.slice(0, 8))].join(' '))
    return links.at(-1)!
  }

  return {
    links,
    get metrics() {
      return metrics
    },
    pending: () => concat(rows),
    add: (event) => rows.push(rowOf(event)),
    link,
    isOpen: () => rows.some((row) => row.length > 0),
  }
}

type LearnerHashes = Record<'random' | 'moments' | WeightName, string>

function learnerHashes(learner: Learner): LearnerHashes {
  const tensors = learnerTensors(learner)
  return {
    ...weightHashes(tensors),
    moments: hashOf(tensors, (name) => name.includes('_exp_avg')),
    random: hashOf(tensors, (name) => ['counters', 'noise', 'random'].includes(name)),
  }
}

/** SHA-256 of the weights of the networks of each role: their tensors as in a checkpoint, one after the other, in f32. */
export function weightHashes(tensors: Record<string, Tensor>): Record<WeightName, string> {
  const hashes = WEIGHT_NAMES.map((prefix) => [prefix, hashOf(tensors, (name) => isOfWeights(name, prefix))])
  return Object.fromEntries(hashes) as Record<WeightName, string>
}

function hashOf(tensors: Record<string, Tensor>, wanted: (name: string) => boolean): string {
  const chosen = Object.entries(tensors).filter(([name]) => wanted(name))
  return sha256(...chosen.map(([, { data }]) => data))
}
