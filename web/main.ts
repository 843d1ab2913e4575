// Runs the page: what the user does becomes requests to the worker, and what the worker replies is shown.
import { createCharts } from './charts.ts'
import { byId, element } from './dom.ts'
import { createEditor } from './editor.ts'
import { kindOf, takeFiles } from './files.ts'
import { createMessenger } from './messenger.ts'
import { createMlflow } from './mlflow.ts'
import type { Inputs, Reply, Request, MarketView } from './protocol.ts'
import { createResults } from './results.ts'
import { createRunPanel } from './run-panel.ts'
import { createScenarios } from './scenarios.ts'
import { fromFragment, toFragment, type SharedRun } from './share.ts'
import { DdpgError } from '../src/base/errors.ts'
import { sentenceOf } from './failure.ts'

const messenger = createMessenger({
  onReply,
  onLate,
  onBroken: () => panel.problem('the worker of this page has failed: reload the page'),
  isBusy: () => panel.isBusy(),
})
const { send } = messenger
const charts = createCharts()
const mlflow = createMlflow()
const panel = createRunPanel(send, train, resume, giveUp)
const results = createResults(() => send({ type: 'plots' }))
const editor = createEditor(() => {
  scenarios.edited(editor.text())
  changed()
})
const scenarios = createScenarios((yaml) => {
  editor.setText(yaml)
  changed()
})
const seedField = byId<HTMLInputElement>('seed')
const linkField = byId<HTMLInputElement>('link')

/** The seed that is in effect, once the scenario has been checked. */
let seed: number | undefined
/** The receipt that a link says the run will have. */
let expected: string | undefined
/** The receipt of the inputs as they are now. */
let receipt: string | undefined
let ownData: File | undefined
let checking: ReturnType<typeof setTimeout> | undefined

/** Ends a run that does not listen, and all that its worker held but the data. */
function giveUp(): void {
  messenger.restart()
  mlflow.kill()
  forgetRun()
  panel.stopped()
  changed()
}

/** Forgets all that the worker held, but for the data. */
function forgetRun(): void {
  if (ownData) send({ type: 'data', file: ownData })
  results.clear()
  byId('continue').hidden = true
}

/** Says that a file or link could not be read in time, and so was dropped together with its worker. */
function onLate(request: Request, seconds: number): void {
  const sentence = `took longer than ${seconds} seconds and was stopped`
  if (request.type === 'data') {
    ownData = undefined
    byId('data').hidden = true
  }
  forgetRun()
  const about = 'file' in request && request.file ? `${request.file.name}: reading it` : LATE[request.type]
  panel.problem(`${about} ${sentence}`)
  if (request.type === 'check')
    return showChecked({
      type: 'checked',
      problems: [{ line: 0, text: `to check this ${sentence}: change it, or choose another scenario` }],
      notes: [],
    })
  // with the data, the scenario is for others
  if (request.type === 'data') changed()
  if (request.type === 'override') scenarios.choose('sine_wave')
}

const LATE: Partial<Record<Request['type'], string>> = {
  check: 'to check the scenario',
  override: 'the link cannot be used: to read it',
  plots: 'to draw the plots',
}

function inputs(): Inputs {
  const text = seedField.value.trim()
  return { name: scenarios.name(), yaml: editor.text(), seed: text === '' ? null : Number(text) }
}

/** Something that decides the run is different now. */
function changed(): void {
  receipt = expected = undefined
  byId('link-field').hidden = true
  clearTimeout(checking)
  checking = setTimeout(check, 150)
}

function check(): void {
  const isSeed = /^\d*$/.test(seedField.value.trim()) && Number(seedField.value) <= Number.MAX_SAFE_INTEGER
  seedField.setAttribute('aria-invalid', String(!isSeed))
  if (isSeed) return send({ type: 'check', inputs: inputs() })
  showChecked({
    type: 'checked',
    problems: [{ line: 0, text: `the seed must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}` }],
    notes: [],
  })
}

function showChecked({ problems, notes, summary, preview }: Extract<Reply, { type: 'checked' }>): void {
  editor.show(problems, notes)
  seed = summary?.seed
  seedField.placeholder = summary ? String(summary.seed) : ''
  const steps = summary && `${summary.maxSteps.toLocaleString('en')} steps`
  const several = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  byId('about').textContent = steps
    ? [steps, summary.data || 'add your data to train'].join(' · ')
    : `The scenario has ${several}.`
  panel.setReady(summary !== undefined)
  if (preview && !panel.isBusy() && byId('results').hidden) show([preview])
}

function train(): void {
  begin((address) => send({ type: 'train', inputs: inputs(), mlflow: address }))
}

function resume(maxSteps: number): void {
  begin((address) => send({ type: 'continue', maxSteps, mlflow: address }))
}

/** Asks for a run, once it is known where it is logged to. */
function begin(ask: (address: string | undefined) => void): void {
  mlflow.clear()
  try {
    const address = mlflow.address()
    panel.starting()
    ask(address)
  } catch (error) {
    panel.problem(sentenceOf(error))
  }
}

/** Shows the first of the views, and buttons for the others. */
function show(views: readonly MarketView[], which = views[0]!): void {
  byId('view-title').textContent = `The market: ${which.title}`
  charts.view(which)
  const buttons = views.map((view) => {
    const button = element('button', { type: 'button', textContent: view.title })
    button.setAttribute('aria-pressed', String(view === which))
    button.addEventListener('click', () => {
      show(views, view)
      byId('splits').querySelectorAll('button')[views.indexOf(view)]!.focus()
    })
    return button
  })
  byId('splits').replaceChildren(...buttons)
  byId('splits').hidden = views.length < 2
}

async function takeFile(file: File): Promise<void> {
  try {
    const kind = kindOf(file)
    if (kind === 'scenario') {
      scenarios.own(file.name.replace(/\.ya?ml$/i, ''), await file.text())
      return
    }
    if (panel.isBusy()) throw new DdpgError('a run is under way: stop it first')
    if (kind === 'data') ownData = file
    if (kind === 'receipt') panel.starting()
    send({ type: kind === 'receipt' ? 'verify' : kind, file })
  } catch (error) {
    panel.problem(sentenceOf(error))
  }
}

function onReply(reply: Reply): void {
  try {
    take(reply)
  } catch (error) {
    panel.problem(sentenceOf(error))
  }
}

function take(reply: Reply): void {
  switch (reply.type) {
    case 'ready':
    case 'done':
      return
    case 'checked':
      return showChecked(reply)
    case 'overridden':
      return takeOverridden(reply.yaml)
    case 'data':
      byId('data').hidden = false
      byId('data-text').textContent = `${reply.name}: ${reply.text}`
      panel.say(`The run is on your data now.`)
      return keeping(expected, changed)
    case 'checkpoint':
      if (reply.yaml !== undefined) {
        scenarios.own(reply.title, reply.yaml)
        seedField.value = ''
      }
      return panel.offer(reply)
    case 'started':
      charts.empty()
      results.clear()
      byId('splits').hidden = true
      return panel.started(reply)
    case 'progress':
      return panel.progress(reply)
    case 'curves':
      return charts.curves(reply)
    case 'view':
      return show([reply.view])
    case 'finished':
      receipt = reply.receipt
      panel.finished(reply)
      show(reply.views, reply.views.at(-1))
      return results.show(reply, expected)
    case 'verdict':
      return panel.verdict(reply)
    case 'stopped':
      return panel.stopped()
    case 'plots':
      return results.plots(reply.files)
    case 'mlflow':
      return mlflow.show(reply)
    case 'problem':
      if (['train', 'continue', 'verify'].includes(reply.about)) panel.stopped()
      if (reply.about === 'override') changed()
      if (reply.about === 'continue') byId('continue').hidden = false
      if (reply.about === 'data') {
        byId('data').hidden = true
        ownData = undefined
        changed()
      }
      return panel.problem(reply.message)
  }
}

async function copyLink(): Promise<void> {
  const yaml = scenarios.isShipped() ? undefined : editor.text()
  const shared: SharedRun = {
    name: scenarios.name(),
    yaml,
    seed: seed ?? null,
    overrides: [],
    receipt,
  }
  try {
    linkField.value = new URL(await toFragment(shared), location.href).href
  } catch (error) {
    return panel.problem(sentenceOf(error))
  }
  byId('link-field').hidden = false
  linkField.select()
  // one's own data stay here
  const what = ownData
    ? `Whoever opens it must first add ${ownData.name}, which is not in it.`
    : 'Whoever opens it and presses Train trains the same agent.'
  try {
    await navigator.clipboard.writeText(linkField.value)
    panel.say(`The link is copied. ${what}`)
  } catch {
    panel.say(`The link is selected: copy it from the field. ${what}`)
  }
}

/** The scenario of a link with its overrides on it. */
function takeOverridden(yaml: string): void {
  keeping(expected, () => scenarios.own(scenarios.name(), yaml))
}

/** Makes a change that a link asks for, and keeps the receipt that the link expects. */
function keeping(receiptOfLink: string | undefined, change: () => void): void {
  change()
  expected = receiptOfLink
}

async function openLink(): Promise<void> {
  try {
    if (panel.isBusy()) throw new DdpgError('a run is under way: stop it, then open the link again')
    const shared = await fromFragment(location.hash)
    if (!shared) return void scenarios.choose('sine_wave')
    const { name, yaml, overrides } = shared
    seedField.value = shared.seed === null ? '' : String(shared.seed)
    if (yaml !== undefined) scenarios.own(name ?? 'own', yaml)
    else if (!scenarios.choose(name ?? 'sine_wave'))
      throw new DdpgError(`the link cannot be used: there is no scenario "${name!.slice(0, 50)}" here`)
    expected = shared.receipt
    panel.say('This scenario came with a link. Press Train to train it.')
    if (overrides.length > 0) {
      clearTimeout(checking)
      send({ type: 'override', inputs: inputs(), overrides })
    }
  } catch (error) {
    if (!panel.isBusy()) scenarios.choose('sine_wave')
    panel.problem(sentenceOf(error))
  }
}

byId<HTMLDetailsElement>('scenario-details').open = matchMedia('(min-width: 60rem)').matches
takeFiles(byId<HTMLInputElement>('file'), (file) => void takeFile(file))
seedField.addEventListener('input', changed)
byId('share').addEventListener('click', () => void copyLink())
byId('data-away').addEventListener('click', () => {
  byId('data').hidden = true
  ownData = undefined
  send({ type: 'data', file: undefined })
  changed()
})
addEventListener('beforeunload', (event) => {
  if (panel.isBusy()) event.preventDefault()
})
addEventListener('hashchange', () => void openLink())
void openLink()
