// The collector gathers the events of a trial while it trains, once for its plots, its report, its tracking and the page.
import { createHealthWatch } from './health.ts'
import type { TrialEvent } from './trial.ts'

/** Columns over environment steps, row by row as they come: losses, scores of validations, ends of episodes. */
export interface TrainingCurves {
  losses: { steps: number[]; criticLoss: number[]; actorLoss: number[] }
  validations: { steps: number[]; scores: number[] }
  episodes: { steps: number[]; rewards: number[]; lengths: number[]; positionChanges: number[] }
}

export interface TrialCollector {
  /** Environment steps taken so far. */
  step: number
  curves: TrainingCurves
  /** Signs of ill health that have shown for long, each once. */
  findings: { step: number; text: string }[]
  event(event: TrialEvent): void
}

export function createTrialCollector(): TrialCollector {
  const curves: TrainingCurves = {
    losses: { steps: [], criticLoss: [], actorLoss: [] },
    validations: { steps: [], scores: [] },
    episodes: { steps: [], rewards: [], lengths: [], positionChanges: [] },
  }
  // its own, since a resumed trial tells of its health again, but not of what was found then
  const watch = createHealthWatch()
  const collector: TrialCollector = {
    step: 0,
    curves,
    findings: [],
    event(event) {
      collector.step = event.step
      addRow(curves, event)
      if (event.type === 'health')
        for (const text of watch(event.health)) collector.findings.push({ step: event.step, text })
    },
  }
  return collector
}

function addRow({ losses, validations, episodes }: TrainingCurves, event: TrialEvent): void {
  if (event.type === 'losses') {
    losses.steps.push(event.step)
    losses.criticLoss.push(event.criticLoss)
    losses.actorLoss.push(event.actorLoss)
  }
  if (event.type === 'validation') {
    validations.steps.push(event.step)
    validations.scores.push(event.score)
  }
  if (event.type === 'episode') {
    episodes.steps.push(event.step)
    episodes.rewards.push(event.episodeReward)
    episodes.lengths.push(event.episodeLength)
    episodes.positionChanges.push(event.positionChanges)
  }
}
