// Everything that is kept of a trial: metrics and artifacts in the tracker, checkpoints and plots in its folder.
import { join } from 'node:path'
import { stringify } from 'yaml'
import { SPLITS, type Prepared } from '../market.ts'
import { digestOf, writeFile, type ScenarioFile } from '../node.ts'
import { compareRollouts } from '../report/compare.ts'
import { dataHead, dataSummary } from '../report/data-overview.ts'
import {
  plotColumns,
  plotCombined,
  plotCumulativeReward,
  plotPositions,
  plotTrainingLosses,
} from '../report/plot.ts'
import type { SplitCurves } from '../report/plot.ts'
import { markdownTable } from '../report/table.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { Run } from '../track/tracker.ts'
import type { TrialEvent, TrialResult } from '../trial.ts'

/** What a trial is made of. */
export interface Experiment {
  scenario: Scenario
  source: ScenarioFile
  prepared: Prepared
  module: WebAssembly.Module
  /** Where its files go. */
  folder: string
  name: string
}

export interface Recorder {
  /** @param seconds of training so far */
  event(event: TrialEvent, seconds: number): void
  /** Writes what the trial came to; returns the path of its checkpoint. */
  result(result: TrialResult): string
}

export function recordTrial(run: Run, parts: Experiment): Recorder {
  const { scenario, folder } = parts
  const losses = { steps: [] as number[], criticLoss: [] as number[], actorLoss: [] as number[] }
  recordInputs(run, parts)

  function saveCheckpoint(name: string, bytes: Uint8Array): string {
    const path = join(folder, name)
    writeFile(path, bytes)
    run.logArtifact(`checkpoints/${name}`, bytes)
    return path
  }

  return {
    event(event, seconds) {
      if (event.type === 'losses') {
        losses.steps.push(event.step)
        losses.criticLoss.push(event.criticLoss)
        losses.actorLoss.push(event.actorLoss)
      }
      if (event.type === 'checkpoint')
        saveCheckpoint(`checkpoint_step_${event.step}.safetensors`, event.bytes)
      const metrics = metricsOf(event, seconds)
      if (metrics) run.logMetrics(metrics, event.step)
    },
    result(result) {
      const path = saveCheckpoint('checkpoint.safetensors', result.checkpoint)
      if (result.best) saveCheckpoint('checkpoint_best.safetensors', result.best.bytes)
      recordEvaluation(run, result)
      for (const [name, svg] of Object.entries(plots(parts, result, losses))) {
        run.logArtifact(name, svg)
        if (scenario.logging.save_plots) writeFile(join(folder, name.replace(/^.*\//, '')), svg)
      }
      return path
    },
  }
}

/** Configuration and data, before the first step. */
function recordInputs(run: Run, { scenario, source, prepared }: Experiment): void {
  const { table, splits } = prepared
  const dates = dataSummary(table)
  run.logParams({
    ...flatten(scenario),
    dataset_shape: `${table.length}x${Object.keys(table.columns).length}`,
    dataset_columns: JSON.stringify(Object.keys(table.columns)),
    date_range: dates.range,
    data_source: scenario.data.data_path,
  })
  const digest = digestOf(table).slice(0, 32)
  for (const name of SPLITS) {
    const context = name === 'train' ? 'training' : name
    const rows = splits[name].to - splits[name].from
    run.logDataset({
      name: `${scenario.experiment_name} ${name}`,
      digest,
      source: scenario.data.data_path,
      context,
      columns: Object.keys(table.columns),
      rows,
    })
  }
  run.logArtifact(`config/${source.path.replace(/^.*[\\/]/, '')}`, source.text)
  run.logArtifact('config/effective.yaml', stringify(scenario))
  run.logArtifact('data_overview/head.csv', dataHead(table, 50))
  run.logArtifact('data_overview/summary.md', dates.markdown)
  run.logArtifact('data_overview/plots/columns.svg', plotColumns({ title: scenario.data.data_path, table }))
}

/** A scenario as MLflow parameters: section_key, lists as JSON. */
export function flatten(value: object, prefix = ''): Record<string, string> {
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    if (inner === undefined) return []
    const isSection = inner !== null && typeof inner === 'object' && !Array.isArray(inner)
    if (isSection) return Object.entries(flatten(inner, `${prefix}${key}_`))
    return [[prefix + key, typeof inner === 'string' ? inner : JSON.stringify(inner)] as const]
  })
  return Object.fromEntries(entries)
}

function metricsOf(event: TrialEvent, seconds: number): Record<string, number> | undefined {
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
      }
    case 'validation':
      return { 'eval/validation/sum_log_reward': event.sumLogReward }
    case 'round':
      return {
        'train/updates': event.updates,
        'time/elapsed_seconds': seconds,
        'time/steps_per_second': event.step / seconds,
      }
    default:
      return undefined
  }
}

function recordEvaluation(run: Run, { evaluation, step }: TrialResult): void {
  for (const split of SPLITS) {
    const { metrics, agent } = evaluation[split]
    const defined = Object.entries(metrics).filter(([, value]) => value !== null) as [string, number][]
    run.logMetrics(Object.fromEntries(defined.map(([key, value]) => [`eval/${split}/${key}`, value])), step)
    run.logArtifact(`evaluation_data/${split}/metrics.json`, JSON.stringify(metrics, null, 2))
    run.logArtifact(
      `portfolio_weights_data/${split}.json`,
      JSON.stringify([...agent.positions.subarray(0, 100)]),
    )
  }
  run.logMetrics(
    { final_reward: evaluation.train.agent.rewards.reduce((total, reward) => total + reward, 0) },
    step,
  )
  const metrics = Object.fromEntries(SPLITS.map((split) => [split, evaluation[split].metrics]))
  const { header, rows } = compareRollouts(metrics as Parameters<typeof compareRollouts>[0])
  run.logArtifact('evaluation_data/metrics.md', markdownTable(header, rows))
}

/** By artifact path. */
function plots(
  { scenario, name, prepared }: Experiment,
  { evaluation }: TrialResult,
  losses: LossCurves,
): Record<string, string> {
  const title = `${scenario.experiment_name}, ${name}, seed ${scenario.seed}`
  const splits = SPLITS.map((split) => splitCurves(scenario, prepared, evaluation, split))
  const files: Record<string, string> = {}
  for (const { name: split, curves, holdings, timestamps } of splits) {
    files[`evaluation_plots/rewards_${split}.svg`] = plotCumulativeReward({
      title: `${title}: ${split}`,
      curves,
    })
    files[`evaluation_plots/positions_${split}.svg`] = plotPositions({
      title: `${title}: ${split}`,
      holdings,
      timestamps,
    })
  }
  files['evaluation_plots/combined_evaluation.svg'] = plotCombined({ title, splits, losses })
  files['training_plots/training_losses.svg'] = plotTrainingLosses({ title, ...losses })
  return files
}

type LossCurves = { steps: number[]; criticLoss: number[]; actorLoss: number[] }

function splitCurves(
  scenario: Scenario,
  { markets, splits, table }: Prepared,
  evaluation: TrialResult['evaluation'],
  split: (typeof SPLITS)[number],
): SplitCurves {
  const { curves, agent } = evaluation[split]
  const { prices } = markets[split]
  const names = scenario.env.price_columns ?? ['close']
  const steps = agent.rewards.length
  const from = splits[split].from + agent.firstRow
  return {
    name: split,
    curves,
    holdings: prices.map((price, asset) => ({
      name: names[asset]!,
      price: price.subarray(agent.firstRow),
      position: agent.positions.filter((_, i) => i % prices.length === asset),
    })),
    timestamps: table.columns.timestamp!.subarray(from, from + steps + 1),
  }
}
