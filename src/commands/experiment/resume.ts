// An experiment is resumed from one of its checkpoint files, or finished where its training is done.
import { basename, dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { mustHoldRun, openCheckpoint, type Checkpoint } from '../../trial/checkpoint.ts'
import type { CoreModule } from '../../core/module.ts'
import { listCheckpoints, listNewest, readBytes, type ScenarioFile } from '../../files/index.ts'
import { differingKeys, differingPaths } from '../../trial/receipt.ts'
import { askForPlaces, type PlaceOptions } from '../shared/places.ts'
import { parseScenario } from '../../scenario/load.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { resumable } from '../../trial/state.ts'
import type { Task } from '../../task/task.ts'
import { CHECKPOINT } from '../../tracking/trial.ts'
import { DdpgError, named } from '../../base/errors.ts'
import { isInUse, MANIFEST, readManifest, type BegunRun } from './manifest.ts'

/** A checkpoint of a run, without its tensors. */
export interface ResumePoint {
  path: string
  /** Environment steps taken. */
  step: number
  checkpoint: Checkpoint
}

/** The run that is resumed: its scenario, with the seed of trial 0, and the checkpoint of each trial. */
export interface Resumption {
  scenario: Scenario
  trackingUri: string
  source: ScenarioFile
  saved: (ResumePoint | undefined)[]
  /** The run itself, where all of its training is done: what may be missing is written into its folder. */
  trained?: BegunRun
}

/** The folder in which `--resume last` looks. */
const LOGS = 'logs'

/**
 * Finds the run that `--resume` names. The trial of that checkpoint resumes from it. The other trials of its experiment
 * resume from the newest checkpoint that they have in the same run, or begin again where they have none. A trial that
 * is trained needs only its evaluation, so the experiment is whole again. The last run restarts if it has no checkpoint
 * yet.
 * @param file a checkpoint, or `last` for the newest whole one
 * @param options of the command line; overrides of keys without influence on results, and of training.max_steps
 * @throws DdpgError in a sentence
 */
export function resumption(file: string, options: PlaceOptions): Resumption {
  const unbegun = file === 'last' ? lastUnbegun() : undefined
  if (unbegun) return restarted(unbegun, options)
  const given = file === 'last' ? newest() : open(file)
  const { info } = given.checkpoint
  const { scenario, ...rest } = scenarioOf(info.scenario, given.path, options)
  const { trial, trials } = info.experiment ?? { trial: 0, trials: 1 }
  const run = dirname(dirname(given.path))
  const saved = Array.from({ length: trials }, (_, i) =>
    i === trial ? given : newestIn(join(run, `trial_${i}`)),
  )
  const own = { ...scenario, seed: scenario.seed - trial }
  const isTrained = saved.every((one) => one?.step === scenario.training.max_steps)
  const trained = isTrained ? begunRun(run, own) : undefined
  return { ...rest, scenario: own, saved, ...(trained && { trained }) }
}

/**
 * The scenario of a file with the options on top.
 * @throws DdpgError for a key that matters, or a place that is not confirmed
 */
function scenarioOf(
  saved: Scenario,
  path: string,
  options: PlaceOptions,
): Pick<Resumption, 'scenario' | 'trackingUri' | 'source'> {
  askForPlaces(path, saved, options)
  const text = stringify(saved)
  const { scenario, trackingUri } = parseScenario(text, path, {
    overrides: options.override ?? [],
    randomSeed: () => saved.seed,
  })
  const changed = differingKeys(saved, scenario).filter((key) => key !== 'training.max_steps')
  if (changed.length > 0)
    throw new DdpgError(`${changed.join(', ')} cannot change when a run is resumed: start a new run`)
  return { scenario, trackingUri, source: { path: `${scenario.experiment_name}.yaml`, text } }
}

/** The run of that folder, where it is of this very scenario. @throws DdpgError when a process works on it */
function begunRun(folder: string, scenario: Scenario): BegunRun | undefined {
  const manifest = readManifest(folder)
  if (!manifest || differingPaths(manifest.scenario, scenario).length > 0) return undefined
  if (isInUse({ folder, manifest }))
    throw new DdpgError(`run ${folder} is in use by process ${manifest.process}: wait for its end, or end it`)
  return { folder, manifest }
}

/** The last run of all, when it was killed before its first checkpoint. */
function lastUnbegun(): BegunRun | undefined {
  const [last] = listNewest(LOGS, /^(manifest\.json|checkpoint(_step_\d+)?\.safetensors)$/)
  if (!last || basename(last.path) !== MANIFEST) return undefined
  const folder = dirname(last.path)
  const manifest = readManifest(folder)
  const isUnbegun = manifest?.status === 'RUNNING' && listCheckpoints(folder).length === 0
  return isUnbegun && !isInUse({ folder, manifest }) ? { folder, manifest } : undefined
}

/** All trials of the run from their beginning. */
function restarted({ folder, manifest }: BegunRun, options: PlaceOptions): Resumption {
  console.error(`note: ${folder} ended before its first checkpoint, so it starts from the beginning`)
  const path = join(folder, MANIFEST)
  const { scenario } = parseScenario(JSON.stringify(manifest.scenario), path, { randomSeed: () => 0 })
  const saved = Array.from({ length: manifest.trials }, () => undefined)
  return { ...scenarioOf(scenario, path, options), saved }
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

/** Finds what would keep trials from resuming, before anything is written. @throws DdpgError in a sentence */
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

/** The checkpoints that are copied into a new run, so that it can be resumed even if it ends early. */
export function copiesOf(saved: readonly (ResumePoint | undefined)[]): Record<string, Uint8Array> {
  const copies = saved.map(
    (one, i) => one && [join(`trial_${i}`, CHECKPOINT), readBytes(one.path, 'checkpoint')],
  )
  return Object.fromEntries(copies.filter((copy) => copy !== undefined))
}
