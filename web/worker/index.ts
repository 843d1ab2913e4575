// Answers the requests of the page, with the same host code and the same core as the command line, without files.
import './no-eval.ts'
import { stringify } from 'yaml'
import { loadModule } from '../../src/core/module.ts'
import { ScenarioError } from '../../src/scenario/load.ts'
import type { Inputs, Reply, Request } from '../protocol.ts'
import { sentenceOf } from '../failure.ts'
import type { Control } from './follow.ts'
import {
  describe,
  problemsOf,
  readInputs,
  readOwnData,
  rowsOf,
  tableOf,
  withOverrides,
  type OwnData,
} from './inputs.ts'
import {
  plotsOf,
  readSaved,
  savedIn,
  train,
  verifyReceipt,
  type Context,
  type TrialRun,
  type SavedTrial,
} from './run.ts'
import { viewOfTable } from './view.ts'

const post = (reply: Reply): void => self.postMessage(reply)
const loading = loadModule()

let own: OwnData | undefined
let saved: SavedTrial | undefined
let ran: TrialRun | undefined
let control: Control = { stopped: false, paused: undefined }
let wake = (): void => undefined
let checks = 0

// Above this nothing is made only to be looked at.
const MOST_PREVIEWED = 200_000

async function check(inputs: Inputs): Promise<void> {
  const mine = ++checks
  const reply = await checked(inputs)
  // a later one may be done before
  if (mine === checks) post(reply)
}

async function checked(inputs: Inputs): Promise<Reply> {
  try {
    const { scenario, notes } = readInputs(inputs, own)
    const { seed, data_generator: generator, training } = scenario
    const rows = own?.table.length ?? (generator ? rowsOf(generator) : 0)
    const data = own ? `rows of ${own.name}` : generator ? 'generated rows' : ''
    const summary = {
      seed,
      maxSteps: training.max_steps,
      data: data && `${rows.toLocaleString('en')} ${data}`,
    }
    const isSmall = rows > 0 && rows <= MOST_PREVIEWED
    const preview = isSmall ? viewOfTable(await tableOf(scenario, own, await loading)) : undefined
    return { type: 'checked', problems: [], notes, summary, preview }
  } catch (error) {
    const isScenario = error instanceof ScenarioError
    const problems = isScenario ? problemsOf(error, inputs) : [{ line: 0, text: sentenceOf(error) }]
    return { type: 'checked', problems, notes: [] }
  }
}

async function takeData(file: File | undefined): Promise<void> {
  own = undefined
  if (!file) return
  own = await readOwnData(file)
  post({ type: 'data', name: own.name, text: describe(own.table), notes: own.warnings })
}

function offer(taken: SavedTrial, yaml?: string): void {
  saved = taken
  const { scenario, step } = taken.info
  const { seed, training, experiment_name: title } = scenario
  post({
    type: 'checkpoint',
    title,
    seed,
    step,
    maxSteps: training.max_steps,
    ...(yaml === undefined ? {} : { yaml }),
  })
}

async function takeCheckpoint(file: File): Promise<void> {
  const taken = await readSaved(file)
  offer(taken, stringify(taken.info.scenario))
}

/** A stopped run leaves its checkpoint to resume from. */
async function run(start: (module: Awaited<typeof loading>) => Promise<TrialRun>): Promise<void> {
  ran = undefined
  ran = await start(await loading)
  const { complete, checkpoint } = ran.result
  if (!complete) offer(savedIn(checkpoint))
}

function begin(mlflow?: string): Omit<Context, 'module'> {
  control = { stopped: false, paused: undefined }
  return { own, control, post, mlflow }
}

async function handle(request: Request): Promise<void> {
  switch (request.type) {
    case 'check':
      return check(request.inputs)
    case 'override':
      return post({ type: 'overridden', yaml: withOverrides(request.inputs.yaml, request.overrides) })
    case 'data':
      return takeData(request.file)
    case 'checkpoint':
      return takeCheckpoint(request.file)
    case 'train': {
      const { scenario } = readInputs(request.inputs, own)
      return run((module) => train(scenario, { ...begin(request.mlflow), module }))
    }
    case 'continue': {
      const { scenario } = saved!.info
      const longer = { ...scenario, training: { ...scenario.training, max_steps: request.maxSteps } }
      return run((module) => train(longer, { ...begin(request.mlflow), module }, saved))
    }
    case 'verify':
      return verifyReceipt(request.file, { ...begin(), module: await loading })
    case 'pause':
      control.paused ??= new Promise((resolve) => (wake = resolve))
      return
    case 'resume':
    case 'stop':
      control.stopped ||= request.type === 'stop'
      control.paused = undefined
      return wake()
    case 'plots':
      if (ran) post({ type: 'plots', files: await plotsOf(ran) })
  }
}

self.addEventListener('message', async ({ data: request }: MessageEvent<Request>) => {
  try {
    await handle(request)
  } catch (error) {
    post({ type: 'problem', about: request.type, message: sentenceOf(error) })
  } finally {
    post({ type: 'done', about: request.type })
  }
})

post({ type: 'ready' })
