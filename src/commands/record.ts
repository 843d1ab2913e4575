// Everything that is kept of a trial: metrics and artifacts in the tracker, checkpoints and plots in its folder.
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { CoreModule } from '../core/module.ts'
import { metricsBySplit, type Significance } from '../evaluate.ts'
import { SPLITS, type Prepared } from '../market.ts'
import type { Run } from '../mlflow/run.ts'
import { removeFile, writeFile, type ScenarioFile } from '../node.ts'
import { compareRollouts } from '../report/compare.ts'
import { dataHead, dataSummary } from '../report/data-overview.ts'
import { plotColumns } from '../report/plot.ts'
import { markdownTable } from '../report/table.ts'
import { trialPlots } from '../report/trial-plots.ts'
import { receiptName, receiptText } from '../receipt.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { Episode } from '../train.ts'
import type { TrialEvent, TrialResult } from '../trial.ts'
import type { Resumption } from './resume.ts'

/** What a trial is made of. */
export interface Experiment {
  scenario: Scenario
  source: ScenarioFile
  prepared: Prepared
  module: CoreModule
  overview: Overview
  /** Where its files go. */
  folder: string
  /** The checkpoint from which it goes on. */
  resumed: Resumption | undefined
  /** Which trial of how many. */
  experiment: { trial: number; trials: number }
  name: string
}

export interface Recorder {
  /** @param seconds of training so far */
  event(event: TrialEvent, seconds: number): void
  /**
   * Writes what the trial came to; returns the path of the checkpoint that was evaluated.
   * @param significance of the test split
   */
  result(result: TrialResult, significance: Significance): string
}

export function recordTrial(run: Run, parts: Experiment): Recorder {
  const { scenario, folder, resumed } = parts
  const losses = { steps: [] as number[], criticLoss: [] as number[], actorLoss: [] as number[] }
  const episodes: Episode[] = []
  const checkpoints: string[] = []
  const isDue = spacing(scenario.training.max_steps / POINTS)
  recordInputs(run, parts)
  if (resumed) run.setTags({ resumed_from: resumed.path, resumed_at_step: String(resumed.step) })

  /** At once, so that what ends the trial early does not take it along. */
  function saveCheckpoint(step: number, bytes: Uint8Array): void {
    const path = join(folder, `checkpoint_step_${step}.safetensors`)
    writeFile(path, bytes, true)
    checkpoints.push(path)
    const { checkpoint_keep: keep } = scenario.training
    for (const old of checkpoints.splice(0, checkpoints.length - (keep ?? Infinity))) removeFile(old)
  }

  function saveFinal(name: string, bytes: Uint8Array | string): string {
    const path = join(folder, name)
    writeFile(path, bytes, true)
    run.logArtifact(name.endsWith('.json') ? name : `checkpoints/${name}`, bytes)
    return path
  }

  return {
    event(event, seconds) {
      if (event.type === 'losses') {
        losses.steps.push(event.step)
        losses.criticLoss.push(event.criticLoss)
        losses.actorLoss.push(event.actorLoss)
      }
      if (event.type === 'checkpoint') saveCheckpoint(event.step, event.bytes)
      if (event.type === 'validation' && event.best) writeFile(join(folder, BEST), event.best)
      if (event.type === 'episode') episodes.push(event)
      const metrics = metricsOf(event)
      if (metrics && isDue(event))
        run.logMetrics({ ...metrics, ...timesOf(event, seconds, resumed?.step ?? 0) }, event.step)
    },
    result(result, significance) {
      const final = saveFinal('checkpoint.safetensors', result.checkpoint)
      const best = result.best && saveFinal(BEST, result.best.bytes)
      if (result.receipt) {
        saveFinal('receipt.json', receiptText(result.receipt))
        run.setTags({ receipt: receiptName(result.receipt) })
      }
      recordEvaluation(run, parts, result)
      recordSignificance(run, significance, result.step)
      run.logMetrics(totals(result, episodes, losses.actorLoss), result.step)
      try {
        savePlots(result)
      } catch (error) {
        console.error(`warning: ${parts.name} has not all of its plots: ${(error as Error).message}`)
      }
      return result.evaluated === 'best' ? best! : final
    },
  }

  function savePlots({ evaluation }: TrialResult): void {
    const title = `${scenario.experiment_name}, ${parts.name}, seed ${scenario.seed}`
    for (const [name, svg] of Object.entries(
      trialPlots(title, scenario, parts.prepared, evaluation, losses),
    )) {
      run.logArtifact(name, svg)
      if (scenario.logging.save_plots) writeFile(join(folder, name.replace(/^.*\//, '')), svg)
    }
  }
}

/** Of a metric in MLflow, about; its pages show 320 of a line. The plots have all. */
const POINTS = 2000

/** Whether an event is that many steps, or more, from the one of its type before it that was. */
function spacing(steps: number): (event: TrialEvent) => boolean {
  const last = new Map<string, number>()
  return ({ type, step }) => {
    const due = step - (last.get(type) ?? -Infinity) >= steps
    if (due) last.set(type, step)
    return due
  }
}

const BEST = 'checkpoint_best.safetensors'

/** What is recorded of the data, made once for all trials. */
export interface Overview {
  digest: string
  head: string
  summary: ReturnType<typeof dataSummary>
  plot: string
}

export function overviewOf({ table, digest }: Prepared, title: string): Overview {
  return {
    digest: digest.slice(0, 32),
    head: dataHead(table, 50),
    summary: dataSummary(table),
    plot: plotColumns({ title, table }),
  }
}

/** Configuration and data, before the first step. */
function recordInputs(run: Run, { scenario, source, prepared, overview }: Experiment): void {
  const { table, splits } = prepared
  const columns = Object.keys(table.columns)
  const { data_path: path } = scenario.data
  run.logParams({
    ...flatten(scenario),
    dataset_shape: `${table.length}x${columns.length}`,
    dataset_columns: JSON.stringify(columns),
    date_range: overview.summary.range,
    data_source: path,
  })
  for (const split of SPLITS) {
    const name = `${scenario.experiment_name} ${split}`
    const context = split === 'train' ? 'training' : split
    const rows = splits[split].to - splits[split].from
    run.logDataset({ name, digest: overview.digest, source: path, context, columns, rows })
  }
  run.logArtifact(`config/${source.path.replace(/^.*[\\/]/, '')}`, source.text)
  run.logArtifact('config/effective.yaml', stringify(scenario))
  run.logArtifact('data_overview/head.csv', overview.head)
  run.logArtifact('data_overview/summary.md', overview.summary.markdown)
  run.logArtifact('data_overview/plots/columns.svg', overview.plot)
}

/** A scenario as MLflow parameters: section_key, lists as JSON. */
function flatten(value: object, prefix = ''): Record<string, string> {
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    if (inner === undefined) return []
    const isSection = inner !== null && typeof inner === 'object' && !Array.isArray(inner)
    if (isSection) return Object.entries(flatten(inner, `${prefix}${key}_`))
    return [[prefix + key, typeof inner === 'string' ? inner : JSON.stringify(inner)] as const]
  })
  return Object.fromEntries(entries)
}

function metricsOf(event: TrialEvent): Record<string, number> | undefined {
  switch (event.type) {
    case 'episode':
      return {
        'train/episode_reward': event.episodeReward,
        'train/episode_length': event.episodeLength,
        'train/episode_position_changes': event.positionChanges,
        'train/episode_position_change_ratio': event.positionChanges / event.episodeLength,
        ...(event.wealth === undefined ? {} : { 'train/episode_portfolio_valuation': event.wealth }),
      }
    case 'losses':
      return {
        'train/critic_loss': event.criticLoss,
        'train/actor_loss': event.actorLoss,
        'train/q_mean': event.meanQ,
        'train/target_q_mean': event.meanTargetQ,
        'train/critic_grad_norm': event.criticGradNorm,
        'train/actor_grad_norm': event.actorGradNorm,
        'train/noise_sigma': event.sigma,
        'train/updates': event.updates,
      }
    case 'health':
      return prefixed('health', event.health)
    case 'validation':
      return { 'train/validation_sum_log_reward': event.sumLogReward }
    default:
      return undefined
  }
}

/** Of the losses, but not of those before a resumption. */
function timesOf({ type, step }: TrialEvent, seconds: number, begunAt: number): Record<string, number> {
  if (type !== 'losses' || step <= begunAt) return {}
  return { 'time/elapsed_seconds': seconds, 'time/steps_per_second': (step - begunAt) / seconds }
}

function recordEvaluation(run: Run, { scenario }: Experiment, { evaluation, step }: TrialResult): void {
  const folder = scenario.env.backend === 'tradingenv' ? 'portfolio_weights_data' : 'position_data'
  for (const split of SPLITS) {
    const { metrics, agent } = evaluation[split]
    run.logMetrics(prefixed(`eval/${split}`, metrics), step)
    run.logArtifact(`evaluation_data/${split}/metrics.json`, JSON.stringify(metrics, null, 2))
    const assets = agent.positions.length / agent.rewards.length
    const first = agent.positions.subarray(0, 100 * assets)
    run.logArtifact(`${folder}/${split}.json`, JSON.stringify([...first]))
  }
  const { header, rows } = compareRollouts(metricsBySplit(evaluation))
  const table = markdownTable(header, rows)
  run.logArtifact('evaluation_data/metrics.md', table)
  run.setTags({
    'mlflow.note.content': `${scenario.experiment_name}, seed ${scenario.seed}, ${step} steps\n\n${table}`,
  })
}

/** Tests of the agent's returns on the test split against those of each benchmark. */
function recordSignificance(run: Run, significance: Significance, step: number): void {
  for (const [name, { sharpe, sortino, ...tests }] of Object.entries(significance)) {
    const prefix = `stat/test/${name}`
    run.logMetrics(prefixed(prefix, tests), step)
    for (const [ratio, found] of Object.entries({ sharpe, sortino })) {
      if (!found) continue
      const { difference, p, significant } = found
      const numbers = { difference, p, significant: significant ? 1 : 0 }
      run.logMetrics(prefixed(`${prefix}/${ratio}`, numbers), step)
    }
  }
  run.logArtifact('evaluation_data/test/significance.json', JSON.stringify(significance, null, 2))
}

/** What is defined, as metrics `<prefix>/<key>`. */
function prefixed(prefix: string, values: object): Record<string, number> {
  const defined = Object.entries(values).filter(([, value]) => value !== null)
  return Object.fromEntries(defined.map(([key, value]) => [`${prefix}/${key}`, value]))
}

/** What the whole trial comes to. */
function totals(
  { evaluation }: TrialResult,
  episodes: Episode[],
  actorLosses: number[],
): Record<string, number> {
  const sum = (values: Iterable<number>): number =>
    Array.from(values).reduce((total, value) => total + value, 0)
  const mean = (values: number[]): number => sum(values) / values.length
  const changes = episodes.map(({ positionChanges }) => positionChanges)
  return {
    'train/final_reward': sum(evaluation.train.agent.rewards),
    'train/total_episodes': episodes.length,
    'train/total_position_changes': sum(changes),
    // of no episode, or of no update, there is no mean
    ...(actorLosses.length > 0 && { 'train/avg_actor_loss': mean(actorLosses) }),
    ...(episodes.length > 0 && {
      'train/episode_avg_reward': mean(episodes.map(({ episodeReward }) => episodeReward)),
      'train/episode_avg_position_change': mean(changes),
      'train/episode_avg_position_change_ratio':
        sum(changes) / sum(episodes.map(({ episodeLength }) => episodeLength)),
    }),
  }
}
