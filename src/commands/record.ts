// Everything that is kept of a trial: metrics and artifacts in the tracker, checkpoints and plots in its folder.
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ControlTask } from '../control.ts'
import type { CoreModule } from '../core/module.ts'
import { metricsBySplit, type Significance } from '../evaluate.ts'
import type { Prepared } from '../market.ts'
import type { Run } from '../mlflow/run.ts'
import { removeFile, writeFile, type ScenarioFile } from '../node.ts'
import { compareEvaluations } from '../report/compare.ts'
import { markdownTable } from '../report/table.ts'
import { receiptName, receiptText } from '../receipt.ts'
import type { Scenario } from '../scenario/schema.ts'
import type { Evaluations, Task } from '../task.ts'
import type { TaskMetrics } from '../tasks.ts'
import type { Episode } from '../train.ts'
import type { TrialEvent, TrialResult } from '../trial.ts'
import { controlRecord } from './record-control.ts'
import { marketRecord } from './record-market.ts'
import type { TaskRecord } from './record-task.ts'
import type { Resumption } from './resume.ts'

/** What a trial is made of. */
export interface Experiment {
  scenario: Scenario
  source: ScenarioFile
  task: Task
  record: TaskRecord
  module: CoreModule
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
   * @param significance of the test split, where it trades
   */
  result(result: TrialResult<Evaluations>, significance?: Significance): string
}

/** What to record of trials on this task. */
export function taskRecord(scenario: Scenario, task: Prepared | ControlTask): TaskRecord {
  return 'markets' in task ? marketRecord(scenario, task) : controlRecord
}

export function recordTrial(run: Run, parts: Experiment): Recorder {
  const { scenario, record, folder, resumed } = parts
  const losses = { steps: [] as number[], criticLoss: [] as number[], actorLoss: [] as number[] }
  const validations = { steps: [] as number[], scores: [] as number[] }
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
      if (event.type === 'validation') {
        validations.steps.push(event.step)
        validations.scores.push(event.score)
      }
      if (event.type === 'episode') episodes.push(event)
      const metrics = metricsOf(event, record.validationMetric)
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
      recordEvaluation(run, scenario, result)
      if (significance) recordSignificance(run, significance, result.step)
      record.evaluation(run, result.evaluation)
      const totals = {
        ...record.totals(result.evaluation, episodes),
        ...totalsOf(episodes, losses.actorLoss),
      }
      run.logMetrics(totals, result.step)
      try {
        savePlots(result)
      } catch (error) {
        console.error(`warning: ${parts.name} has not all of its plots: ${(error as Error).message}`)
      }
      return result.evaluated === 'best' ? best! : final
    },
  }

  function savePlots(result: TrialResult<Evaluations>): void {
    const title = `${scenario.experiment_name}, ${parts.name}, seed ${scenario.seed}`
    for (const [name, svg] of Object.entries(record.plots(title, result, { losses, validations }))) {
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

/** Configuration and data, before the first step. */
function recordInputs(run: Run, { scenario, source, record }: Experiment): void {
  run.logParams(flatten(scenario))
  run.logArtifact(`config/${source.path.replace(/^.*[\\/]/, '')}`, source.text)
  run.logArtifact('config/effective.yaml', stringify(scenario))
  record.inputs(run)
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

/** @param validation what its score is called */
function metricsOf(event: TrialEvent, validation: string): Record<string, number> | undefined {
  switch (event.type) {
    case 'episode':
      return {
        'train/episode_reward': event.episodeReward,
        'train/episode_length': event.episodeLength,
        ...(event.wealth !== undefined && {
          'train/episode_position_changes': event.positionChanges,
          'train/episode_position_change_ratio': event.positionChanges / event.episodeLength,
          'train/episode_portfolio_valuation': event.wealth,
        }),
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
      return { [validation]: event.score }
    default:
      return undefined
  }
}

/** Of the losses, but not of those before a resumption. */
function timesOf({ type, step }: TrialEvent, seconds: number, begunAt: number): Record<string, number> {
  if (type !== 'losses' || step <= begunAt) return {}
  return { 'time/elapsed_seconds': seconds, 'time/steps_per_second': (step - begunAt) / seconds }
}

function recordEvaluation(
  run: Run,
  scenario: Scenario,
  { evaluation, step }: TrialResult<Evaluations>,
): void {
  const bySplit = metricsBySplit(evaluation)
  for (const [split, metrics] of Object.entries(bySplit)) {
    run.logMetrics(prefixed(`eval/${split}`, metrics), step)
    run.logArtifact(`evaluation_data/${split}/metrics.json`, JSON.stringify(metrics, null, 2))
  }
  const { header, rows } = compareEvaluations(bySplit as TaskMetrics)
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

/** What the episodes and updates of the whole trial come to; of none there is no mean. */
function totalsOf(episodes: Episode[], actorLosses: number[]): Record<string, number> {
  const mean = (values: number[]): number => values.reduce((total, value) => total + value, 0) / values.length
  return {
    'train/total_episodes': episodes.length,
    ...(actorLosses.length > 0 && { 'train/avg_actor_loss': mean(actorLosses) }),
    ...(episodes.length > 0 && {
      'train/episode_avg_reward': mean(episodes.map(({ episodeReward }) => episodeReward)),
    }),
  }
}
