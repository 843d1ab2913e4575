// This file makes trials as reports have them, from small trainings in this process.
import { episodicTask } from '../../src/task/episodic.ts'
import { compareWithBenchmarks, metricsBySplit } from '../../src/evaluate/evaluate.ts'
import { receiptName } from '../../src/trial/receipt.ts'
import { createTrialCollector } from '../../src/trial/collector.ts'
import { episodicChartData, tradingChartData } from '../../src/report/charts/chart-data.ts'
import { dataFacts } from '../../src/report/sections/setting.ts'
import { reportOf, type ReportParts } from '../../src/report/report.ts'
import type { Document } from '../../src/report/document.ts'
import {
  evaluatedTrials,
  type EpisodicTrial,
  type TradingTrial,
  type TrialSummary,
} from '../../src/report/trial-summary.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import { runTrial } from '../../src/trial/trial.ts'
import { core, module, run, smallScenario, type TestScenario, type Run } from '../helpers/trial.ts'
import { parse } from '../scenario/helpers.ts'

export interface Experiment<T extends TrialSummary = TrialSummary> {
  scenario: Scenario
  trials: T[]
  data: ReportParts['data']
}

/** Trials of smallScenario, from seed 3 on. */
export async function marketExperiment(
  count: number,
  given: TestScenario = {},
): Promise<Experiment<TradingTrial>> {
  const runs = await Promise.all(Array.from({ length: count }, (_, i) => run({ ...given, seed: 3 + i })))
  const trials = await Promise.all(runs.map(reported))
  return { scenario: smallScenario(given), trials, data: dataFacts(runs[0]!.prepared) }
}

async function reported(
  { config, prepared, events, result }: Run,
  i: number,
  { length }: Run[],
): Promise<TradingTrial> {
  const { event, ...collected } = createTrialCollector()
  for (const one of events) event(one)
  return {
    ...collected,
    step: result.step,
    name: `trial_${i}`,
    seed: config.seed,
    status: 'FINISHED',
    kind: 'trading',
    receipt: receiptName(result.receipt!),
    evaluated: result.evaluated,
    evaluation: metricsBySplit(result.evaluation),
    significance: compareWithBenchmarks(result.evaluation.test, config, core),
    chartData: await tradingChartData(config, prepared, result, module, length),
  }
}

/** A short training of the pendulum. */
export async function controlExperiment(): Promise<Experiment<EpisodicTrial>> {
  const { scenario } = parse(
    '{seed: 0, env: {name: Pendulum-v1}, evaluation: {n_episodes: 4}, network: {actor_hidden_dims: [8], critic_hidden_dims: [8]}, training: {max_steps: 600, init_rand_steps: 100, sample_size: 16, frames_per_batch: 10, optim_steps_per_batch: 2, eval_interval: 20, eval_steps: 200, log_interval: 10}}',
  )
  const task = episodicTask(scenario)
  const { event, ...collected } = createTrialCollector()
  const trial = runTrial(scenario, task, module)
  for (;;) {
    const { value, done } = await trial.next()
    if (!done) {
      event(value)
      continue
    }
    const evaluation = metricsBySplit(value.evaluation)
    const chartData = await episodicChartData(task, value, module, 1)
    const { step, evaluated } = value
    const own = {
      name: 'trial_0',
      seed: 0,
      status: 'FINISHED',
      kind: 'episodic' as const,
      step,
      evaluated,
      evaluation,
      chartData,
    }
    return { scenario, trials: [{ ...collected, ...own }], data: undefined }
  }
}

/** The document, with the random numbers of a new experiment. */
export function documentOf({ scenario, trials, data }: Experiment, wanted = trials.length): Document {
  core.random.evaluation.seed(1)
  return reportOf({
    scenario,
    trials,
    wanted,
    data,
    evaluated: evaluatedTrials(trials, core.random.evaluation),
    versions: { version: '1.2.3', core: module.sha256 },
    random: core.random.evaluation,
  })
}
