// What a trial tells while it trains, as plots and the report want it.
import { createHealthWatch } from '../health.ts'
import type { TrialEvent } from '../trial.ts'
import type { ReportedTrial } from './reported-trial.ts'

export interface Chronicle extends Pick<ReportedTrial, 'step' | 'course' | 'findings'> {
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
