// From a checkpoint file to the experiment that goes on from it.
import { stringify } from 'yaml'
import { mustHoldRun, openCheckpoint, type Checkpoint } from '../checkpoint.ts'
import type { CoreModule } from '../core/module.ts'
import { listCheckpoints, named, readBytes, type ScenarioFile } from '../node.ts'
import { differingKeys } from '../receipt.ts'
import { parseScenario } from '../scenario/load.ts'
import type { Scenario } from '../scenario/schema.ts'
import { resumable } from '../session.ts'
import type { Task } from '../task.ts'

export interface Resumption {
  path: string
  bytes: Uint8Array
  /** Environment steps taken. */
  step: number
  /** Which trial of how many. */
  trial: number
  trials: number
}

/** Where `--resume last` looks. */
const LOGS = 'logs'

/**
 * What `--resume` names, with the scenario that is in the file.
 * @param file a checkpoint, or `last` for the newest whole one
 * @param overrides of keys without influence on results, and of training.max_steps
 * @throws Error in a sentence
 */
export function resumption(
  file: string,
  overrides: readonly string[],
): { scenario: Scenario; trackingUri: string; source: ScenarioFile; resume: Resumption } {
  const { path, bytes, checkpoint } = file === 'last' ? newest() : open(file)
  const { info } = checkpoint
  const text = stringify(info.scenario)
  const { scenario, trackingUri } = parseScenario(text, path, {
    overrides,
    randomSeed: () => info.scenario.seed,
  })
  const changed = differingKeys(info.scenario, scenario).filter((key) => key !== 'training.max_steps')
  if (changed.length > 0)
    throw new Error(`${changed.join(', ')} cannot change in a run that is resumed: start a new one`)
  const { trial, trials } = info.experiment ?? { trial: 0, trials: 1 }
  const isOver = info.step === scenario.training.max_steps && trial + 1 === trials
  if (isOver)
    throw new Error(
      `checkpoint ${path} is of a run that is complete: --max-steps N beyond ${info.step} extends it`,
    )
  return {
    scenario,
    trackingUri,
    source: { path: `${scenario.experiment_name}.yaml`, text },
    resume: { path, bytes, step: info.step, trial, trials },
  }
}

interface Opened {
  path: string
  bytes: Uint8Array
  checkpoint: Checkpoint
}

function open(path: string): Opened {
  const bytes = readBytes(path, 'checkpoint')
  return named(`checkpoint ${path}`, () => {
    const checkpoint = openCheckpoint(bytes)
    mustHoldRun(checkpoint)
    return { path, bytes, checkpoint }
  })
}

/** Finds what would keep a trial from going on, before anything is written. @throws Error in a sentence */
export function checkResumption(
  { path, bytes }: Resumption,
  scenario: Scenario,
  task: Task,
  module: CoreModule,
): void {
  named(`checkpoint ${path}`, () => resumable(openCheckpoint(bytes), scenario, task, module))
}

function newest(): Opened {
  for (const path of listCheckpoints(LOGS)) {
    try {
      const opened = open(path)
      console.error(`note: resuming ${path}`)
      return opened
    } catch (error) {
      console.error(`warning: ${(error as Error).message}; trying the one before it`)
    }
  }
  throw new Error(`there is no checkpoint under ${LOGS}/: give the file with --resume FILE`)
}
