// A receipt is verified by retraining its run and comparing every hash and metric that it has.
import { listed } from '../base/text.ts'
import { QUANTITIES } from './chain.ts'
import { createCore } from '../core/core.ts'
import type { CoreModule } from '../core/module.ts'
import { digestOf, type Table } from '../data/table.ts'
import { differingPaths, receiptText, scenarioOf, type Receipt } from './receipt.ts'
import type { Evaluations } from '../task/task.ts'
import { createTask } from '../task/create.ts'
import { runTrial, type TrialEvent } from './trial.ts'

export interface Verdict {
  identical: boolean
  /** Updates up to which it was compared. */
  updates: number
  /** The first interval of updates that differs, and in what; [0, 0] is before the first update. */
  difference?: { from: number; to: number; quantities: string[] }
  /** All of it for people. */
  sentence: string
}

export interface VerifyOptions {
  /** Compares up to the first link at that many updates or more; what comes after it is not trained or evaluated. */
  until?: number | undefined
  /** Asked after every event; true ends the comparison with the last link before. */
  shouldStop?: () => boolean
}

/**
 * Trains as the receipt says, on the data given, NO_DATA for classic control.
 * @throws DdpgError in a sentence when its config is not a scenario, or the data do not do for it
 */
export async function* verify(
  receipt: Receipt,
  table: Table,
  module: CoreModule,
  { until = Infinity, shouldStop = () => false }: VerifyOptions = {},
): AsyncGenerator<TrialEvent, Verdict> {
  const scenario = scenarioOf(receipt)
  const digest = digestOf(table)
  if (digest !== receipt.data) {
    const sentence = `the data differ: their SHA-256 is ${digest}, that of the receipt ${receipt.data}`
    return { identical: false, updates: 0, sentence }
  }
  const { math } = await createCore(module, scenario.seed)
  const trial = runTrial<Evaluations>(scenario, createTask(scenario, table, math), module)
  const { links } = receipt.chain
  for (let i = 0, compared = 0; ;) {
    const { value, done } = await trial.next()
    if (done) return verdictOf(value.receipt!, receipt, module)
    yield value
    if (shouldStop()) return identicalUntil(compared, receipt, module)
    if (value.type !== 'link') continue
    const difference = differenceOf(value.link, links[i], links[i - 1])
    if (difference) return differs(difference, receipt, module)
    compared = value.updates
    if (compared >= until && i < links.length - 1) return identicalUntil(compared, receipt, module)
    i++
  }
}

const LINKS = 'the number of links'

type Difference = NonNullable<Verdict['difference']>

/** @param before the link before, undefined for the first */
function differenceOf(
  found: string,
  expected: string | undefined,
  before: string | undefined,
): Difference | undefined {
  if (found === expected) return undefined
  const [updates, , ...ours] = found.split(' ')
  const interval = { from: Number(before?.split(' ')[0] ?? 0), to: Number(updates) }
  if (expected === undefined) return { ...interval, quantities: [LINKS] }
  const [, , ...theirs] = expected.split(' ')
  const quantities = QUANTITIES.filter((_, i) => ours[i] !== theirs[i])
  return { ...interval, quantities: quantities.length > 0 ? quantities : ['hash'] }
}

function differs(difference: Difference, receipt: Receipt, module: CoreModule): Verdict {
  const { from, to, quantities } = difference
  const where = to === 0 ? 'before the first update' : `between updates ${from} and ${to}`
  const sentence = `differs ${where}, in ${quantities.join(', ')}${otherCore(receipt, module)}`
  return { identical: false, updates: from, difference, sentence }
}

function identicalUntil(updates: number, receipt: Receipt, module: CoreModule): Verdict {
  const prefix = updates < receipt.updates ? ` up to update ${updates} of ${receipt.updates}` : ''
  return { identical: true, updates, sentence: `identical${prefix}${otherCore(receipt, module)}` }
}

/** The end of a run that is compared besides its links. */
const ENDS = ['steps', 'updates', 'weights', 'metrics', 'evaluation'] as const

function verdictOf(all: Receipt, receipt: Receipt, module: CoreModule): Verdict {
  const found = { ...all, evaluation: metricsIn(receipt.evaluation, all.evaluation) }
  const { updates } = found
  const links = found.chain.links.length < receipt.chain.links.length ? [LINKS] : []
  const wrong = [...links, ...ENDS.flatMap((key) => differingPaths(found[key], receipt[key], [key]))]
  if (wrong.length > 0) {
    const sentence = `differs at the end, in ${listed(wrong)}${otherCore(receipt, module)}`
    const difference = { from: updates, to: updates, quantities: wrong }
    return { identical: false, updates, difference, sentence }
  }
  const isSame = receiptText(found) === receiptText(receipt)
  const note = isSame || found.core !== receipt.core ? '' : ', though its config is written in other keys'
  const { sentence } = identicalUntil(updates, receipt, module)
  return { identical: true, updates, sentence: sentence + note }
}

/** Picks the metrics that the receipt has, which may be older than a metric. */
function metricsIn(wanted: Receipt['evaluation'], all: Receipt['evaluation']): Receipt['evaluation'] {
  const splits = Object.entries(all).filter(([split]) => wanted[split])
  return Object.fromEntries(
    splits.map(([split, metrics]) => [
      split,
      Object.fromEntries(Object.entries(metrics).filter(([name]) => name in wanted[split]!)),
    ]),
  )
}

function otherCore({ core }: Receipt, { sha256 }: CoreModule): string {
  if (core === sha256) return ''
  return ` (made with core module ${core.slice(0, 12)}, this is ${sha256.slice(0, 12)})`
}
