// The runs of an experiment in the tracker are opened, described and ended here.
import {
  factsOf,
  mlflowEnvironment,
  openTracker,
  trackingUri,
  type Run,
  type RunStatus,
} from '../../tracking/mlflow/index.ts'
import { noTracker } from '../../tracking/mlflow/run.ts'
import { messageOf } from '../../tracking/mlflow/types.ts'
import { trialKey } from './manifest.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { scenarioParams } from '../../tracking/trial.ts'

export interface Tracking {
  /** The run of the experiment, above those of its trials. */
  parent: Run
  /** A run below it, which is not tracked if the store refuses it by now. */
  startTrial(name: string): Promise<Run>
  /** One line that says where a person finds the runs. */
  describe(): string
  /** Ends what is open and waits for the store. */
  end(status: RunStatus): Promise<void>
}

export interface TrackingParts {
  scenario: Scenario
  /** The URI of the command line, and that of the scenario with its login. */
  uris: { given: string | undefined; scenario: string }
  /** The name of the experiment on the command line. */
  experiment: string | undefined
  /** SHA-256 of the core. */
  core: string
  description: string
  /** The key of the run. */
  key: string
  /** True when the run and its trials may be in the store already and are continued there. */
  again: boolean
  /** Tells what goes wrong, in a line. */
  note: (text: string) => void
}

/**
 * Begins the run of the experiment. When the process ends before `end`, its runs are KILLED if `isStopped`, else FAILED.
 * @throws DdpgError when the store refuses it
 */
export async function startTracking(parts: TrackingParts, isStopped: () => boolean): Promise<Tracking> {
  const { scenario, uris, core, description, key, again, note } = parts
  const environment = mlflowEnvironment()
  const { MLFLOW_RUN_ID: resume } = environment
  const uri = trackingUri(uris.given, environment, uris.scenario)
  const tracker = await openTracker(uri, {
    tags: { ...factsOf('.'), 'ddpg.core_sha256': core },
    warn: (sentence) => note(`warning: ${sentence}`),
    artifactLocation: scenario.tracking.artifact_location,
  })
  const whenCutShort = () => tracker.abandon(isStopped() ? 'KILLED' : 'FAILED')
  process.once('exit', whenCutShort)
  const end = async (status: RunStatus) => {
    await tracker.close(status)
    process.off('exit', whenCutShort)
  }
  const name = scenario.experiment_name
  const which = resume ? { resume } : { ...experimentOf(parts, environment), description, key, again }
  const parent = await tracker.startRun({ name, ...which }).catch(async (error: unknown) => {
    await end('FAILED')
    throw error
  })
  if (!resume) parent.logParams(scenarioParams(scenario))
  return {
    parent,
    startTrial: (trial) =>
      tracker.startRun({ name: trial, parent, key: trialKey(key, trial), again }).catch((error: unknown) => {
        note(`warning: ${trial} is not tracked: ${messageOf(error)}`)
        return noTracker().startRun({ name: trial })
      }),
    describe: () => tracker.describe(parent),
    end,
  }
}

/** `--name`, else what MLflow's variables say, else the scenario's. */
function experimentOf(
  { scenario, experiment: chosen }: TrackingParts,
  environment: Record<string, string | undefined>,
): { experiment: string } | { experimentId: string } {
  const { MLFLOW_EXPERIMENT_NAME: name, MLFLOW_EXPERIMENT_ID: experimentId } = environment
  if (chosen === undefined && !name && experimentId) return { experimentId }
  return { experiment: chosen ?? (name || scenario.experiment_name) }
}
