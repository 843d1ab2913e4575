// A recorder keeps the results of a trial: metrics and artifacts in the tracker, checkpoints and plots in its folder.
import { join } from 'node:path'
import type { AnyTask } from '../../task/create.ts'
import type { Significance } from '../../evaluate/evaluate.ts'
import type { Run } from '../../tracking/mlflow/run.ts'
import { removeFile, writeFile, type ScenarioFile } from '../../files/index.ts'
import { receiptText } from '../../trial/receipt.ts'
import type { TrainingCurves } from '../../trial/collector.ts'
import type { Scenario } from '../../scenario/schema.ts'
import type { Evaluations } from '../../task/task.ts'
import { BEST, CHECKPOINT, trackTrial } from '../../tracking/trial.ts'
import type { TrialEvent, TrialResult } from '../../trial/trial.ts'
import { tellFailure } from '../shared/failure.ts'
import { episodicRecord } from './record-episodic.ts'
import { marketRecord } from './record-market.ts'
import type { TaskRecord } from './record-task.ts'
import type { ResumePoint } from './resume.ts'

/** The parts of one trial. */
export interface TrialParts {
  /** The number of this trial, from 0, and how many there are. */
  trial: number
  trials: number
  name: string
  scenario: Scenario
  source: ScenarioFile
  record: TaskRecord
  /** The folder of the trial's files. */
  folder: string
  /** The checkpoint from which it resumes. */
  resumed: ResumePoint | undefined
}

export interface Recorder {
  /** @param seconds of training so far */
  event(event: TrialEvent, seconds: number): void
  /**
   * Writes the results of the trial; returns the path of the checkpoint that was evaluated.
   * @param significance of the test split, where it trades
   */
  result(result: TrialResult<Evaluations>, significance?: Significance): string
}

/** Returns the record for trials on this task. */
export function taskRecord(scenario: Scenario, task: AnyTask): TaskRecord {
  switch (task.kind) {
    case 'trading':
      return marketRecord(scenario, task)
    case 'episodic':
      return episodicRecord
  }
}

/** @param curves to which the collector of the trial keeps adding @param note is called with what is lost */
export function recordTrial(
  run: Run,
  parts: TrialParts,
  curves: TrainingCurves,
  note: (text: string) => void,
): Recorder {
  const { scenario, source, record, folder, resumed } = parts
  const checkpoints: string[] = []
  const tracking = trackTrial(run, scenario, record, curves, resumed?.step)
  run.logArtifact(`config/${source.path.replace(/^.*[\\/]/, '')}`, source.text)
  run.setTags({ 'ddpg.folder': folder, ...(resumed && { resumed_from: resumed.path }) })

  /** Logs at once, so that nothing is lost when the trial ends early. */
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
    return path
  }

  return {
    event(event, seconds) {
      if (event.type === 'checkpoint') saveCheckpoint(event.step, event.bytes)
      if (event.type === 'validation' && event.best) writeFile(join(folder, BEST), event.best)
      tracking.event(event, seconds)
    },
    result(result, significance) {
      const final = saveFinal(CHECKPOINT, result.checkpoint)
      const best = result.best && saveFinal(BEST, result.best.bytes)
      if (result.receipt) saveFinal('receipt.json', receiptText(result.receipt))
      tracking.result(result, significance)
      try {
        savePlots(result)
      } catch (error) {
        tellFailure(error, `${parts.name} could not write all of its plots: `, note)
      }
      return result.evaluated === 'best' ? best! : final
    },
  }

  function savePlots(result: TrialResult<Evaluations>): void {
    const title = `${scenario.experiment_name}, ${parts.name}, seed ${scenario.seed}`
    for (const [name, svg] of Object.entries(record.plots(title, result, curves))) {
      run.logArtifact(name, svg)
      if (scenario.logging.save_plots) writeFile(join(folder, name.replace(/^.*\//, '')), svg)
    }
  }
}
