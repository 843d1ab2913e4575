// An experiment is resumed from one of its checkpoint files.
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { mustHoldRun, openCheckpoint, type Checkpoint } from '../../trial/checkpoint.ts'
import type { CoreModule } from '../../core/module.ts'
import { listCheckpoints, readBytes, writeFile, type ScenarioFile } from '../../files.ts'
import { differingKeys } from '../../trial/receipt.ts'
import { askForPlaces, type PlaceOptions } from '../shared/places.ts'
import { parseScenario } from '../../scenario/load.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { resumable } from '../../trial/state.ts'
import type { Task } from '../../task/task.ts'
import { CHECKPOINT } from '../../tracking/trial.ts'
import { DdpgError, named } from '../../errors.ts'

/** A checkpoint of a run, without its tensors. */
export interface ResumePoint {
  path: string
  /** Environment steps taken. */
  step: number
  checkpoint: Checkpoint
}

/** Where `--resume last` looks. */
const LOGS = 'logs'

/**
 * What `--resume` names: the trial of that checkpoint resumes from it, the others of its experiment from the newest that
 * they have in the same run, and from their beginning where they have none. One that is complete has nothing left to do
 * but its evaluation, so the experiment is whole again.
 * @param file a checkpoint, or `last` for the newest whole one
 * @param options of the command line; overrides of keys without influence on results, and of training.max_steps
 * @returns the scenario that is in the file, with the seed of trial 0; by trial what it resumes from
 * @throws DdpgError in a sentence
 */
export function resumption(
  file: string,
  options: PlaceOptions,
): { scenario: Scenario; trackingUri: string; source: ScenarioFile; saved: (ResumePoint | undefined)[] } {
  const given = file === 'last' ? newest() : open(file)
  const { info } = given.checkpoint
  askForPlaces(given.path, info.scenario, options)
  const text = stringify(info.scenario)
  const { scenario, trackingUri } = parseScenario(text, given.path, {
    overrides: options.override ?? [],
    randomSeed: () => info.scenario.seed,
  })
  const changed = differingKeys(info.scenario, scenario).filter((key) => key !== 'training.max_steps')
  if (changed.length > 0)
    throw new DdpgError(`${changed.join(', ')} cannot change when a run is resumed: start a new run`)
  const { trial, trials } = info.experiment ?? { trial: 0, trials: 1 }
  const run = dirname(dirname(given.path))
  const saved = Array.from({ length: trials }, (_, i) =>
    i === trial ? given : newestIn(join(run, `trial_${i}`)),
  )
  if (saved.every((one) => one?.step === scenario.training.max_steps))
    throw new DdpgError(
      `checkpoint ${given.path} belongs to a complete run: --max-steps N above ${info.step} extends it`,
    )
  return {
    scenario: { ...scenario, seed: scenario.seed - trial },
    trackingUri,
    source: { path: `${scenario.experiment_name}.yaml`, text },
    saved,
  }
}

function open(path: string): ResumePoint {
  const bytes = readBytes(path, 'checkpoint')
  return named(`checkpoint ${path}`, () => {
    const checkpoint = openCheckpoint(bytes)
    mustHoldRun(checkpoint)
    return { path, step: checkpoint.info.step, checkpoint: { ...checkpoint, tensors: {} } }
  })
}

/** The newest of a folder that is whole; of each that is not, a warning. */
function newestIn(folder: string): ResumePoint | undefined {
  for (const path of listCheckpoints(folder)) {
    try {
      return open(path)
    } catch (error) {
      if (!(error instanceof DdpgError)) throw error
      console.error(`warning: ${error.message}; trying the previous one`)
    }
  }
  return undefined
}

function newest(): ResumePoint {
  const found = newestIn(LOGS)
  if (!found) throw new DdpgError(`there is no checkpoint under ${LOGS}/: give the file with --resume FILE`)
  console.error(`note: resuming ${found.path}`)
  return found
}

/** Finds what would keep trials from going on, before anything is written. @throws DdpgError in a sentence */
export function checkResumption(
  saved: readonly (ResumePoint | undefined)[],
  scenario: Scenario,
  task: Task,
  module: CoreModule,
): void {
  saved.forEach((one, i) => {
    const own = { ...scenario, seed: scenario.seed + i }
    if (one) named(`checkpoint ${one.path}`, () => resumable(one.checkpoint, own, task, module))
  })
}

/** So that a run that ends early, too, has all that there is to resume from. */
export function copyCheckpoints(saved: readonly (ResumePoint | undefined)[], folder: string): void {
  saved.forEach((one, i) => {
    const copy = join(folder, `trial_${i}`, CHECKPOINT)
    if (one) writeFile(copy, readBytes(one.path, 'checkpoint'), true)
  })
}
