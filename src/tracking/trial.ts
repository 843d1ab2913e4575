// Logs a trial to a tracker, for the command line and for the page.
import { stringify } from 'yaml'
import { metricsBySplit, type Significance } from '../evaluate/evaluate.ts'
import type { Run } from './mlflow/run.ts'
import { receiptName, receiptText } from '../trial/receipt.ts'
import type { TextTable } from '../report/tables/metrics.ts'
import { markdownTable } from '../report/tables/table.ts'
import type { Scenario } from '../scenario/schema.ts'
import { mean } from '../math/statistics.ts'
import type { Evaluations } from '../task/task.ts'
import type { TrainingCurves } from '../trial/collector.ts'
import type { TrialEvent, TrialResult } from '../trial/trial.ts'

/** The part that differs between tasks; one for all trials on a task. */
export interface TaskTracking<E extends Evaluations = Evaluations> {
  /** The metric that the score of a validation is logged as. */
  validationMetric: string
  /** The data, before the first step. */
  inputs(run: Run): void
  /** The metrics of the evaluation side by side. */
  table(evaluation: E): TextTable
  /** Artifacts of the evaluation, besides its metrics. */
  evaluation(run: Run, evaluation: E): void
  /** Metrics of the whole trial, besides those of all trials. */
  totals(evaluation: E, curves: TrainingCurves): Record<string, number>
}

export interface TrialTracking {
  /** @param seconds of training so far */
  event(event: TrialEvent, seconds: number): void
  /** Logs the results of the trial; does not end the run. @param significance of the test split, where it trades */
  result(result: TrialResult<Evaluations>, significance?: Significance): void
}

/**
 * Logs configuration and data at once, and the rest event by event.
 * @param curves of the trial, to which their collector adds an event before it comes here
 * @param resumedAt environment steps taken before; undefined for a trial from its beginning
 */
export function trackTrial(
  run: Run,
  scenario: Scenario,
  task: TaskTracking,
  curves: TrainingCurves,
  resumedAt: number | undefined,
): TrialTracking {
  const isDue = spacing(scenario.training.max_steps / POINTS)
  run.logParams(scenarioParams(scenario))
  run.logArtifact('config/effective.yaml', stringify(scenario))
  task.inputs(run)
  if (resumedAt !== undefined) run.setTags({ resumed_at_step: String(resumedAt) })
  return {
    event(event, seconds) {
      const metrics = metricsOf(event, task.validationMetric)
      if (metrics && isDue(event))
        run.logMetrics({ ...metrics, ...timesOf(event, seconds, resumedAt ?? 0) }, event.step)
    },
    result(result, significance) {
      const { checkpoint, best, receipt, evaluation, step } = result
      run.logArtifact(`checkpoints/${CHECKPOINT}`, checkpoint)
      if (best) run.logArtifact(`checkpoints/${BEST}`, best.bytes)
      if (receipt) {
        run.logArtifact('receipt.json', receiptText(receipt))
        run.setTags({ receipt: receiptName(receipt) })
      }
      recordEvaluation(run, scenario, task, result)
      if (significance) recordSignificance(run, significance, step)
      task.evaluation(run, evaluation)
      run.logMetrics({ ...task.totals(evaluation, curves), ...totalsOf(curves) }, step)
    },
  }
}

export const CHECKPOINT = 'checkpoint.safetensors'
export const BEST = 'checkpoint_best.safetensors'

/** Points of a metric in MLflow, about; its pages show 320 of a line. The plots have all. */
const POINTS = 2000

/** Tells whether an event is at least that many steps from the last of its type that was due. */
function spacing(steps: number): (event: TrialEvent) => boolean {
  const last = new Map<string, number>()
  return ({ type, step }) => {
    const due = step - (last.get(type) ?? -Infinity) >= steps
    if (due) last.set(type, step)
    return due
  }
}

/** A scenario as MLflow parameters: section_key, lists as JSON. */
export function scenarioParams(scenario: Scenario): Record<string, string> {
  return flatten(scenario)
}

function flatten(value: object, prefix = ''): Record<string, string> {
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    if (inner === undefined) return []
    const isSection = inner !== null && typeof inner === 'object' && !Array.isArray(inner)
    if (isSection) return Object.entries(flatten(inner, `${prefix}${key}_`))
    return [[prefix + key, typeof inner === 'string' ? inner : JSON.stringify(inner)] as const]
  })
  return Object.fromEntries(entries)
}

/** @param validation the name of its score */
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

/** Times that go with losses, but not with those before a resumption, nor before a coarse clock has moved. */
function timesOf({ type, step }: TrialEvent, seconds: number, begunAt: number): Record<string, number> {
  if (type !== 'losses' || step <= begunAt || seconds === 0) return {}
  return { 'time/elapsed_seconds': seconds, 'time/steps_per_second': (step - begunAt) / seconds }
}

function recordEvaluation(
  run: Run,
  scenario: Scenario,
  task: TaskTracking,
  { evaluation, step }: TrialResult<Evaluations>,
): void {
  const bySplit = metricsBySplit(evaluation)
  for (const [split, metrics] of Object.entries(bySplit)) {
    run.logMetrics(prefixed(`eval/${split}`, metrics), step)
    run.logArtifact(`evaluation_data/${split}/metrics.json`, JSON.stringify(metrics, null, 2))
  }
  const { header, rows } = task.table(evaluation)
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

/** The values that are defined, as metrics `<prefix>/<key>`. */
function prefixed(prefix: string, values: object): Record<string, number> {
  const defined = Object.entries(values).filter(([, value]) => value !== null)
  return Object.fromEntries(defined.map(([key, value]) => [`${prefix}/${key}`, value]))
}

/** Totals and means over the episodes and updates of the whole trial; of none there is no mean. */
function totalsOf({ episodes: { rewards }, losses: { actorLoss } }: TrainingCurves): Record<string, number> {
  return {
    'train/total_episodes': rewards.length,
    ...(actorLoss.length > 0 && { 'train/avg_actor_loss': mean(actorLoss) }),
    ...(rewards.length > 0 && { 'train/episode_avg_reward': mean(rewards) }),
  }
}
