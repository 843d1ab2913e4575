// Logs a run of the page to an MLflow on this machine. Loaded only when the user asks for it.
import { createCore } from '../../src/core/core.ts'
import { sentenceOf } from '../failure.ts'
import type { CoreModule } from '../../src/core/module.ts'
import { compareWithBenchmarks } from '../../src/evaluate/evaluate.ts'
import type { TradingTask } from '../../src/task/trading.ts'
import { openTracker, type RunStatus } from '../../src/tracking/mlflow/browser.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import type { TrainingCurves } from '../../src/trial/collector.ts'
import { marketTracking } from '../../src/tracking/market.ts'
import { trackTrial, type TrialTracking } from '../../src/tracking/trial.ts'
import type { TrialResult } from '../../src/trial/trial.ts'
import type { Reply } from '../protocol.ts'

/** Nothing here throws or rejects: what MLflow does not take is reported, and the run continues. */
export interface PageTracking extends Pick<TrialTracking, 'event'> {
  finished(result: TrialResult): Promise<void>
  failed(error: Error): Promise<void>
}

export interface Parts {
  scenario: Scenario
  prepared: TradingTask
  module: CoreModule
  /** The curves of the run; their collector adds an event before it is logged. */
  curves: TrainingCurves
  /** Environment steps taken before; undefined for a run from its beginning. */
  resumedAt: number | undefined
}

/** @throws DdpgError in a sentence when MLflow refuses the run */
export async function startLogging(
  uri: string,
  parts: Parts,
  post: (reply: Reply) => void,
): Promise<PageTracking> {
  const { scenario, prepared, module, curves, resumedAt } = parts
  const title = `${scenario.experiment_name} seed ${scenario.seed}`
  let warnings = 0
  const warn = (text: string) => {
    warnings++
    post({ type: 'mlflow', text, isProblem: true })
  }
  const tags = {
    'ddpg.runtime': navigator.userAgent,
    'ddpg.core_sha256': module.sha256,
    'mlflow.source.name': location.origin,
  }
  const tracker = await openTracker(uri, { tags, warn })
  try {
    const run = await tracker.startRun({ experiment: scenario.experiment_name, name: title })
    const tracking = trackTrial(run, scenario, marketTracking(scenario, prepared), curves, resumedAt)
    const tell = (text: string, isOpen: boolean) => {
      const address = /https?:\S+\/runs\/\S+/.exec(tracker.describe(run))?.[0]
      if (address) post({ type: 'mlflow', text, isProblem: false, run: { address, isOpen } })
    }
    const end = async (status: RunStatus) => {
      run.end(status)
      await tracker.close()
      tell(`${title} is in MLflow${warnings > 0 ? ', but not all of it' : `, ${status}`}: `, false)
    }
    tell(`${title} is logged to MLflow: `, true)
    return {
      event: tracking.event,
      async finished(result) {
        // earlier warnings may have been made good
        warnings = 0
        try {
          const tests = await createCore(module, scenario.seed)
          tracking.result(result, compareWithBenchmarks(result.evaluation.test, scenario, tests))
        } catch (error) {
          warn(`MLflow has not all of ${title}: ${sentenceOf(error)}`)
        }
        return end(result.complete ? 'FINISHED' : 'KILLED')
      },
      failed({ message }) {
        warnings = 0
        run.setTags({ error: message })
        return end('FAILED')
      },
    }
  } catch (error) {
    void tracker.close()
    throw error
  }
}
