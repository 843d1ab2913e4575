// Reports what was run: all that it takes to run it again.
import { stringify } from 'yaml'
import { formatTime } from '../../math/time.ts'
import { SPLITS, type TradingTask } from '../../task/trading.ts'
import type { Scenario } from '../../scenario/schema.ts'
import type { TextTable } from '../tables/metrics.ts'
import type { Block } from '../document.ts'
import { formatCount } from '../tables/format.ts'
import type { TrialSummary } from '../trial-summary.ts'

export interface Versions {
  /** The version of this package. */
  version: string
  /** SHA-256 of the core. */
  core: string
}

/** Rows and times of the splits, and the SHA-256 of the values. */
export interface DataFacts {
  digest: string
  splits: { name: string; rows: number; from: string; to: string }[]
}

export function dataFacts({ table, splits, digest }: TradingTask): DataFacts {
  const times = table.columns.timestamp!
  return {
    digest,
    splits: SPLITS.map((name) => {
      const { from, to } = splits[name]
      return { name, rows: to - from, from: formatTime(times[from]!), to: formatTime(times[to - 1]!) }
    }),
  }
}

/** The switches of the update with the values that leave them off. */
const OFF = {
  twin_critics: false,
  policy_delay: 1,
  target_noise: 0,
  n_step: 1,
  action_penalty: 0,
  inverting_gradients: false,
  optimizer: 'adam',
} as const

/** The algorithm and the switches that are on, such as `DDPG, n_step 3, inverting_gradients`. */
function algorithmOf(training: Scenario['training']): string {
  const on = (Object.keys(OFF) as (keyof typeof OFF)[]).filter((key) => training[key] !== OFF[key])
  const words = on.map((key) => (training[key] === true ? key : `${key} ${training[key]}`))
  return [training.algorithm, ...words].join(', ')
}

export function factBlocks(
  scenario: Scenario,
  trials: readonly TrialSummary[],
  versions: Versions,
  data: DataFacts | undefined,
): Block[] {
  const { env, network, training } = scenario
  const complete = trials.find(({ receipt }) => receipt)
  // those that were not generated are not in a receipt
  const own = data && !scenario.data_generator ? ' --data-path FILE' : ''
  const dims = (widths: number[]) => widths.join(' × ')
  const rows = [
    ['environment', data ? `${env.name} (${env.backend})` : env.name],
    ...(data ? [['data', scenario.data.data_path]] : []),
    ...(data ? [['SHA-256 of the data', data.digest]] : []),
    ['actor, critic', `${dims(network.actor_hidden_dims)} units, ${dims(network.critic_hidden_dims)} units`],
    ['algorithm', algorithmOf(training)],
    ['steps of a trial', formatCount(training.max_steps)],
    ['policy evaluated', scenario.evaluation.policy === 'best' ? 'best in validation' : 'final'],
    ['ddpg-wasm', versions.version],
    ['SHA-256 of its core', versions.core],
  ]
  return [
    { kind: 'table', title: 'Setting', table: { header: ['', ''], rows }, words: true },
    ...(data ? [{ kind: 'table', title: 'Rows', table: splitTable(data), words: true } as const] : []),
    {
      kind: 'table',
      title: 'Trials and their receipts',
      table: trialTable(trials),
      words: true,
      caption:
        'A receipt is the SHA-256 of the receipt.json of its trial: the same scenario, seed and data give the same one on every machine.',
    },
    ...(complete
      ? [
          {
            kind: 'code',
            title: 'To verify a trial, from the folder of this report',
            text: `npx ddpg verify ${complete.name}/receipt.json${own}`,
          } as const,
        ]
      : []),
    { kind: 'code', title: 'Scenario, with all defaults', text: stringify(scenario), folded: true },
  ]
}

function splitTable({ splits }: DataFacts): TextTable {
  return {
    header: ['', 'rows', 'from (UTC)', 'to'],
    rows: splits.map(({ name, rows, from, to }) => [name, formatCount(rows), from, to]),
  }
}

function trialTable(trials: readonly TrialSummary[]): TextTable {
  return {
    header: ['', 'status', 'steps', 'receipt'],
    rows: trials.map(({ seed, status, step, receipt }) => [
      `seed ${seed}`,
      status.toLowerCase(),
      formatCount(step),
      receipt ?? '–',
    ]),
  }
}
