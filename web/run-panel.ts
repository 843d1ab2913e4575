// Handles the buttons, words and figures of a run.
import { formatNumber } from '../src/report/tables/table.ts'
import { byId } from './dom.ts'
import type { Finished, Progress, Reply, Request } from './protocol.ts'

type Offer = Extract<Reply, { type: 'checkpoint' }>

export interface RunPanel {
  /** Enables what needs a scenario that can be trained. */
  setReady(ready: boolean): void
  /** A run was asked for; it starts, or there is a problem and it has stopped. */
  starting(): void
  started(run: Extract<Reply, { type: 'started' }>): void
  progress(progress: Progress): void
  finished(finished: Finished): void
  verdict(verdict: { identical: boolean; sentence: string }): void
  stopped(): void
  /** Offers to resume from a checkpoint. */
  offer(checkpoint: Offer): void
  isBusy(): boolean
  say(text: string): void
  problem(text: string): void
}

type State = 'idle' | 'running' | 'paused'

/**
 * @param onContinue called with the step to train until
 * @param onGiveUp called when a run that was asked to stop is to end at once, with nothing left of it
 */
export function createRunPanel(
  send: (request: Request) => void,
  onTrain: () => void,
  onContinue: (maxSteps: number) => void,
  onGiveUp: () => void,
): RunPanel {
  const [train, pause, stop] = [button('train'), button('pause'), button('stop')]
  const [status, verdict] = [byId('status'), byId('verdict')]
  const progress = byId<HTMLProgressElement>('progress')
  const resumeForm = byId<HTMLFormElement>('continue')
  const until = byId<HTMLInputElement>('continue-until')
  let state: State = 'idle'
  let stopping = false
  let running = ''
  let least = 0

  function enter(next: State): void {
    const focused = [train, pause, stop].includes(document.activeElement as HTMLButtonElement)
    state = next
    train.hidden = next !== 'idle'
    pause.hidden = stop.hidden = next === 'idle'
    if (next === 'idle') {
      stopping = false
      stop.textContent = 'Stop'
      byId('left').textContent = '–'
      document.title = TITLE
    }
    pause.textContent = next === 'paused' ? 'Resume' : 'Pause'
    byId<HTMLInputElement>('file').disabled = button('data-away').disabled = next !== 'idle'
    // so that the keyboard is not lost with the button that it was on
    if (focused) (next === 'idle' ? train : pause).focus()
  }

  function say(text: string, isProblem = false): void {
    status.textContent = text
    status.classList.toggle('problem', isProblem)
  }

  train.addEventListener('click', onTrain)
  pause.addEventListener('click', () => {
    send({ type: state === 'paused' ? 'resume' : 'pause' })
    enter(state === 'paused' ? 'running' : 'paused')
    say(state === 'paused' ? 'Paused.' : running)
  })
  stop.addEventListener('click', () => {
    if (stopping) return onGiveUp()
    send({ type: 'stop' })
    stopping = true
    stop.textContent = 'Stop at once'
    say('Stopping after this round of updates …')
  })
  resumeForm.addEventListener('submit', (event) => {
    event.preventDefault()
    const maxSteps = Number(until.value)
    if (!Number.isSafeInteger(maxSteps) || maxSteps < least || maxSteps > 2147483647)
      return say(`the step to train until must be an integer from ${least} on`, true)
    onContinue(maxSteps)
  })
  byId('continue-discard').addEventListener('click', () => (resumeForm.hidden = true))

  return {
    setReady: (ready) => (train.disabled = button('share').disabled = !ready),
    starting() {
      verdict.hidden = true
      enter('running')
      say('Preparing …')
    },
    started({ title, seed, maxSteps }) {
      resumeForm.hidden = verdict.hidden = true
      running = `Training ${title} with seed ${seed}.`
      progress.max = maxSteps
      progress.value = 0
      say(running)
    },
    progress({ step, updatesPerSecond, secondsLeft, validation }) {
      progress.value = step
      document.title = `${Math.floor((100 * step) / progress.max)} % · ${TITLE}`
      byId('step').textContent = step.toLocaleString('en')
      byId('rate').textContent = Math.round(updatesPerSecond).toLocaleString('en')
      byId('left').textContent = duration(secondsLeft)
      byId('validation').textContent = formatNumber(validation)
    },
    finished({ complete, step, receipt }) {
      enter('idle')
      say(
        complete
          ? `Trained ${step.toLocaleString('en')} steps: receipt ${receipt!.slice(0, 16)}.`
          : `Stopped at step ${step.toLocaleString('en')}. Its checkpoint holds all of the run.`,
      )
    },
    verdict({ identical, sentence }) {
      enter('idle')
      say(identical ? 'Verified.' : 'Compared.')
      verdict.hidden = false
      verdict.className = identical ? 'identical' : 'different'
      verdict.textContent = `The receipt: ${sentence}.`
    },
    stopped() {
      enter('idle')
      say('Stopped.')
    },
    offer({ title, seed, step, maxSteps }) {
      least = Math.max(1, step)
      resumeForm.hidden = false
      const [at, of] = [step, maxSteps].map((count) => count.toLocaleString('en'))
      byId('continue-about').textContent = `A checkpoint of ${title}, seed ${seed}, at step ${at} of ${of}.`
      until.value = String(maxSteps)
    },
    isBusy: () => state !== 'idle',
    say: (text) => say(text),
    problem: (text) => say(text, true),
  }
}

const TITLE = document.title

const button = (id: string): HTMLButtonElement => byId<HTMLButtonElement>(id)

function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '–'
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3600).toPrecision(2)} h`
}
