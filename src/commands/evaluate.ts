// This command evaluates a checkpoint on the splits of its scenario and at several trading costs.
import { readCheckpoint, type CheckpointInfo } from '../trial/checkpoint.ts'
import { episodicTask, type EpisodicMetrics } from '../task/episodic.ts'
import type { Core } from '../core/core.ts'
import { loadModule } from '../core/module.ts'
import { costSensitivity, type CostResult } from '../evaluate/costs.ts'
import { digestOf, type Table } from '../data/table.ts'
import {
  deterministic,
  evaluate,
  metricsBySplit,
  type Evaluation,
  type Policy,
} from '../evaluate/evaluate.ts'
import { tradingTask, SPLITS, wholeTable, type Splits } from '../task/trading.ts'
import { readBytes } from '../files/index.ts'
import { compareCosts, compareEpisodes, compareRollouts } from '../report/tables/metrics.ts'
import { taskKind } from '../scenario/environments.ts'
import { formatNumber } from '../report/tables/table.ts'
import { recordControl } from '../task/columns.ts'
import type { Scenario } from '../scenario/schema.ts'
import { tradingCost } from '../scenario/trading-keys.ts'
import { quoted } from '../base/text.ts'
import { loadPolicy } from '../trial/trial.ts'
import { checkTargets, saveMarket, saveRollout, type Targets } from './save-rollout.ts'
import { isOnOtherHost } from './shared/places.ts'
import { mustHaveData, readData } from './shared/scenario.ts'
import { printTable } from './shared/terminal.ts'
import { DdpgError, named, withSubject } from '../base/errors.ts'

export interface EvaluateOptions extends Targets {
  checkpoint: string
  split: string
  dataPath?: string
  json?: boolean
}

const REMEDY = 'go to the folder of the experiment, or give your file with --data-path'

/** The metrics of a policy, by split. */
type EvaluationOutput =
  | { kind: 'trading'; evaluation: Record<string, Evaluation>; costs: Record<string, CostResult[]> }
  | { kind: 'episodic'; evaluation: Record<'test', EpisodicMetrics> }

/** Evaluates a checkpoint file on the splits of its scenario, with the feature statistics it was trained with. */
export async function evaluateCheckpointFile(options: EvaluateOptions): Promise<void> {
  const { checkpoint, json } = options
  const bytes = readBytes(checkpoint, 'checkpoint')
  const info = named(`checkpoint ${checkpoint}`, () => readCheckpoint(bytes))
  const { scenario, step } = info
  if (options.dataPath !== undefined) {
    mustHaveData(scenario, 'read')
    scenario.data.data_path = options.dataPath
    scenario.data.assets = null
  } else if (isOnOtherHost(scenario.data.data_path)) {
    const path = quoted(scenario.data.data_path)
    throw new DdpgError(`checkpoint ${checkpoint}: its data are on another machine, ${path}: ${REMEDY}`)
  }
  checkTargets(options, scenario)
  const { learner, core } = await loadPolicy(bytes, await loadModule()).catch((error: unknown) => {
    throw withSubject(`checkpoint ${checkpoint}`, error)
  })
  const policy = deterministic(learner)
  const output = await evaluatePolicy(options, info, policy, core)
  if (json) {
    const { kind: _, ...numbers } = output
    console.log(JSON.stringify({ checkpoint, step, seed: scenario.seed, ...numbers }, null, 2))
    return
  }
  console.log(`${checkpoint}: ${scenario.experiment_name}, seed ${scenario.seed}, ${step} steps`)
  printOutput(output, scenario)
}

function evaluatePolicy(
  options: EvaluateOptions,
  info: CheckpointInfo,
  policy: Policy,
  core: Core,
): Promise<EvaluationOutput> | EvaluationOutput {
  switch (taskKind(info.scenario)) {
    case 'trading':
      return evaluateMarket(options, info, policy, core)
    case 'episodic':
      return evaluateEpisodes(options, info.scenario, policy, core)
  }
}

function printOutput(output: EvaluationOutput, { env }: Scenario): void {
  switch (output.kind) {
    case 'episodic':
      return printTable(compareEpisodes(output.evaluation))
    case 'trading': {
      printTable(compareRollouts(output.evaluation))
      const own = formatNumber(tradingCost(env) * 10_000)
      console.log('\ntotal return and Sharpe ratio by trading cost, in basis points of the value traded')
      console.log(`(fees, slippage and half the spread together; the scenario has ${own})`)
      printTable(compareCosts(output.costs))
    }
  }
}

async function evaluateMarket(
  options: EvaluateOptions,
  info: CheckpointInfo,
  policy: Policy,
  core: Core,
): Promise<EvaluationOutput> {
  const { scenario } = info
  const splits = splitsOf(options, info, await readData(scenario, REMEDY), core)
  // all of them, so that what is random in one does not depend on which are asked for
  const all = Object.entries(splits.markets).map(([split, market]) => {
    const rows = split === 'all' ? 'all rows' : `the ${split} rows`
    const subject = `${rows} of ${scenario.data.data_path}`
    return [split, named(subject, () => evaluate(scenario, market, policy, core))] as const
  })
  const wanted = Object.fromEntries(
    all.filter(([split]) => options.split === 'all' || split === options.split),
  )
  const costs = Object.entries(wanted).map(([split, { agent }]) => [
    split,
    costSensitivity(scenario, splits.markets[split]!, policy, core, agent),
  ])
  saveMarket(options, scenario, wanted, splits)
  return { kind: 'trading', evaluation: metricsBySplit(wanted), costs: Object.fromEntries(costs) }
}

/** The splits of the scenario; but of other data, which it was trained on no part of, all rows are one. */
function splitsOf(
  { split, dataPath }: EvaluateOptions,
  { scenario, statistics, data }: CheckpointInfo,
  table: Table,
  { math }: Core,
): Splits {
  const other = `note: ${scenario.data.data_path} holds other data than the policy was trained on`
  if (dataPath === undefined || split !== 'all') {
    const prepared = tradingTask(scenario, table, math, statistics)
    if (prepared.digest !== data) console.error(other)
    return prepared
  }
  if (digestOf(table) === data) return tradingTask(scenario, table, math, statistics)
  console.error(
    `${other}: all rows are evaluated as one, --split ${SPLITS.join('|')} takes those of the scenario`,
  )
  return wholeTable(scenario, table, math, statistics)
}

function evaluateEpisodes(
  options: EvaluateOptions,
  scenario: Scenario,
  policy: Policy,
  core: Core,
): EvaluationOutput {
  const { split, saveRollout: file } = options
  const { name } = scenario.env
  if (split !== 'all' && split !== 'test')
    throw new DdpgError(
      `there are no ${split} rows: ${name} is evaluated in episodes, which --split test or all play`,
    )
  const task = episodicTask(scenario)
  const recorder = recordControl(task.createEnv(core).obsNames)
  const evaluation = task.evaluate(policy, core, file === undefined ? undefined : recorder.onStep)
  if (file !== undefined) saveRollout(file, recorder.columns())
  return { kind: 'episodic', evaluation: metricsBySplit(evaluation) }
}
