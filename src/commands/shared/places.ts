// These rules decide where a run writes and whom it talks to. The command line, the user's own scenario and the
// environment decide; places that a file from elsewhere names are shown, and the user is asked for them.
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { mlflowEnvironment } from '../../tracking/mlflow/index.ts'
import { readOverride } from '../../scenario/overrides.ts'
import type { Scenario } from '../../scenario/schema.ts'
import { DdpgError, UsageError } from '../../base/errors.ts'
import { quoted, shown } from '../../base/text.ts'

/** The options of the command line that name places. */
export interface PlaceOptions {
  override?: readonly string[]
  trackingUri?: string
  /** True when data are written. */
  generateData?: boolean
}

/** True when an override sets the key, by itself or with its section. */
function isOverridden(key: string, overrides: readonly string[] = []): boolean {
  return overrides.some((text) => {
    const read = readOverride(text)
    return 'path' in read && `${key}.`.startsWith(`${read.path.join('.')}.`)
  })
}

/** True when the run uses the scenario's own tracking_uri. */
function tracksAsWritten({ override, trackingUri }: PlaceOptions): boolean {
  const isGiven = trackingUri || mlflowEnvironment()['MLFLOW_TRACKING_URI']
  return !isGiven && !isOverridden('tracking.tracking_uri', override)
}

/**
 * Looks at where a scenario of one's own writes: below the working folder, or where an absolute path says.
 * @returns sentences for the user on what is written elsewhere
 * @throws DdpgError in a sentence for a relative path that leads out of the working folder
 */
export function placesOfScenario(file: string, scenario: Scenario, options: PlaceOptions): string[] {
  const { data, logging, tracking, data_generator: generator } = scenario
  const writesData = generator && options.generateData !== false
  const tracks = tracksAsWritten(options)
  const written: [key: string, path: string | undefined][] = [
    ['logging.log_dir', logging.log_dir],
    ['data.data_path', writesData ? data.data_path : undefined],
    ['tracking.tracking_uri', tracks ? pathOf(tracking.tracking_uri) : undefined],
  ]
  const places = written.filter(([key]) => !isOverridden(key, options.override))
  return places.flatMap(([key, path]) => {
    if (path === undefined || isBelow('.', path)) return []
    if (isAbsolute(path)) return [`${key} is outside of this folder: it is written to at ${shown(path)}`]
    throw new UsageError(
      `${file}: ${key} ${quoted(path)} leads out of this folder: write it as an absolute path, or give it with -o`,
    )
  })
}

/** The path in a tracking URI, undefined where it has none. */
function pathOf(uri: string): string | undefined {
  if (uri === 'none') return undefined
  const [, path] =
    /^sqlite:\/\/\/([^?]+)/.exec(uri) ??
    /^file:\/\/(?:localhost)?(\/.*)/.exec(uri) ??
    /^(?:file:)?(?![a-z][a-z0-9+.-]+:)(.+)/i.exec(uri) ??
    []
  return path
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/**
 * Asks for the places that a checkpoint names and that are not those of every run: the folder of its own file or
 * logs/NAME, mlflow.db or none, and data/raw/synthetic/.
 * @param scenario that of the checkpoint
 * @throws DdpgError in a sentence that says which options to give
 */
export function askForPlaces(file: string, scenario: Scenario, options: PlaceOptions): void {
  const { data, logging, tracking, experiment_name: name } = scenario
  const isGiven = (key: string) => isOverridden(key, options.override)
  const asked: [option: string, found: string][] = []
  const isUsual =
    logging.log_dir === `logs/${name}` || resolve(logging.log_dir) === resolve(dirname(file), '../..')
  if (!isUsual && !isGiven('logging.log_dir')) asked.push(['-o logging.log_dir=FOLDER', logging.log_dir])
  if (tracksAsWritten(options) && !['none', 'sqlite:///mlflow.db'].includes(tracking.tracking_uri))
    asked.push(['--tracking-uri URI', tracking.tracking_uri])
  const isWritten = options.generateData && !/^data\/raw\/synthetic\/[^/\\]+$/.test(data.data_path)
  if ((isWritten || isOnOtherHost(data.data_path)) && !isGiven('data.data_path'))
    asked.push(['-o data.data_path=FILE', data.data_path])
  if (asked.length === 0) return
  const wanted = asked.map(([option, found]) => `${option} (there it is ${quoted(found)})`).join(', ')
  throw new DdpgError(
    `checkpoint ${file} names places that a run writes to or talks to, which only you can choose: give ${wanted}`,
  )
}

/** True when Windows would ask another machine for the file, and log in there. */
export function isOnOtherHost(path: string): boolean {
  return /^[\\/]{2}/.test(path)
}
