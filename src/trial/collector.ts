// What a trial tells while it trains, as plots and the report want it.
import { createHealthWatch } from './health.ts'
import type { TrialEvent } from './trial.ts'

/** Losses and validation scores of a trial over its environment steps. */
export interface TrainingCurves {
  losses: { steps: number[]; criticLoss: number[]; actorLoss: number[] }
  validations: { steps: number[]; scores: number[] }
}

export interface Chronicle {
  /** Environment steps taken so far. */
  step: number
  course: TrainingCurves
  /** Signs of ill health that have shown for long, each once. */
  findings: { step: number; text: string }[]
  event(event: TrialEvent): void
}

export function createChronicle(): Chronicle {
  const losses = { steps: [] as number[], criticLoss: [] as number[], actorLoss: [] as number[] }
  const validations = { steps: [] as number[], scores: [] as number[] }
  // its own, since a resumed trial tells of its health again, but not of what was found then
  const watch = createHealthWatch()
  const chronicle: Chronicle = {
    step: 0,
    course: { losses, validations },
    findings: [],
    event(event) {
      const { step } = event
      chronicle.step = step
      if (event.type === 'losses') {
        losses.steps.push(step)
        losses.criticLoss.push(event.criticLoss)
        losses.actorLoss.push(event.actorLoss)
      }
      if (event.type === 'validation') {
        validations.steps.push(step)
        validations.scores.push(event.score)
      }
      if (event.type === 'health')
        for (const text of watch(event.health)) chronicle.findings.push({ step, text })
    },
  }
  return chronicle
}
