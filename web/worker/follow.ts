// Drives a training in slices, so that the worker hears Pause and Stop, and posts its progress to the page.
import type { Rollout } from '../../src/evaluate/evaluate.ts'
import type { TrialCollector } from '../../src/trial/collector.ts'
import type { TrialEvent } from '../../src/trial/trial.ts'
import type { Progress, Reply, MarketView } from '../protocol.ts'
import { chartedCurves } from './view.ts'

/** Requests of the user to the training under way. */
export interface Control {
  stopped: boolean
  /** Pending while paused. */
  paused: Promise<void> | undefined
}

export interface FollowOptions {
  maxSteps: number
  control: Control
  collector: TrialCollector
  view: (rollout: Rollout, step: number) => MarketView
  post: (reply: Reply) => void
  /** @param seconds of training so far, without pauses */
  event?: ((event: TrialEvent, seconds: number) => void) | undefined
}

const SLICE_MILLISECONDS = 30
const PROGRESS_MILLISECONDS = 100
const CHARTS_MILLISECONDS = 300

/** Runs to the end. @returns undefined when stopped before `steps` itself came to an end */
export async function follow<Result>(
  steps: AsyncGenerator<TrialEvent, Result>,
  { maxSteps, control, collector, view, post, event }: FollowOptions,
  isStoppable: boolean,
): Promise<Result | undefined> {
  const pace = createPace(maxSteps, collector)
  let latest: MarketView | undefined
  let [sliceBegan, progressPosted, chartsPosted, seconds] = [performance.now(), 0, 0, 0]
  const postProgress = (now: number) => {
    post({ type: 'progress', ...pace.progress(now) })
    progressPosted = now
  }
  const postCharts = (now: number) => {
    post({ type: 'curves', ...chartedCurves(collector.curves) })
    if (latest) post({ type: 'view', view: latest })
    latest = undefined
    chartsPosted = now
  }
  for (;;) {
    const began = performance.now()
    const { value, done } = await steps.next()
    const now = performance.now()
    if (done) {
      postProgress(now)
      postCharts(now)
      return value
    }
    seconds += (now - began) / 1000
    collector.event(value)
    event?.(value, seconds)
    pace.event(value, now)
    if (value.type === 'validation' && value.rollout) latest = view(value.rollout, value.step)
    if (now - sliceBegan < SLICE_MILLISECONDS) continue
    if (now - progressPosted > PROGRESS_MILLISECONDS) postProgress(now)
    if (now - chartsPosted > CHARTS_MILLISECONDS || control.paused) postCharts(now)
    await turn()
    if (control.paused) {
      await control.paused
      pace.rested(performance.now() - now)
    }
    if (control.stopped && isStoppable) {
      await steps.return(undefined as never)
      return undefined
    }
    sliceBegan = performance.now()
  }
}

/** Counts from the first update on: the steps before it are far quicker. */
function createPace(maxSteps: number, { curves: { validations } }: TrialCollector) {
  let began: { step: number; updates: number; at: number } | undefined
  let [step, updates] = [0, 0]
  return {
    event(event: TrialEvent, now: number) {
      step = event.step
      if (event.type === 'update') {
        ;({ updates } = event)
        began ??= { step, updates: updates - 1, at: now }
      }
    },
    rested(milliseconds: number) {
      if (began) began.at += milliseconds
    },
    progress(now: number): Progress {
      const seconds = began ? (now - began.at) / 1000 : 0
      const stepsPerSecond = began && seconds > 0 ? (step - began.step) / seconds : 0
      return {
        step,
        updates,
        validation: validations.scores.at(-1),
        updatesPerSecond: began && seconds > 0 ? (updates - began.updates) / seconds : 0,
        secondsLeft: stepsPerSecond > 0 ? (maxSteps - step) / stepsPerSecond : undefined,
      }
    },
  }
}

const { port1, port2 } = new MessageChannel()
port1.start()

/** Lets the messages that have arrived have their turn; timers would wait 4 ms each. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    port1.addEventListener('message', () => resolve(), { once: true })
    port2.postMessage(null)
  })
}
