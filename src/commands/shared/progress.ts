// Progress is shown to a person while trials train: on a terminal a bar for each running trial, two plain lines of each in a
// pipe, nothing with --json unless the messages go to a terminal.
import { MultiBar, Presets } from 'cli-progress'
import { oneLine, printable } from '../../base/text.ts'
import { formatNumber } from '../../report/tables/table.ts'
import type { TrialEvent } from '../../trial/trial.ts'

export interface Display {
  /** Shows one more trial beside those under way. */
  trial(name: string, maxSteps: number, seed: number): Progress
  /** A line on stderr, which does not tear the bars apart. */
  note(text: string): void
  /** Ends the display; nothing more is shown afterwards. */
  end(): void
}

export interface Progress {
  event(event: TrialEvent): void
  end(status: string): void
}

/** @param json whether stdout belongs to the document */
export function createDisplay(json = false): Display {
  const stream = json ? process.stderr : process.stdout
  // A terminal that reports no width, as some recorders do, gets plain lines.
  if (stream.isTTY && (stream.columns ?? 0) > 0) return bars(stream)
  const trial = json ? () => ({ event: () => undefined, end: () => undefined }) : plain
  return { trial, note: (text) => console.error(text), end: () => undefined }
}

function plain(name: string, maxSteps: number, seed: number): Progress {
  const { event, ended } = counter(name)
  console.log(`${name}: training for ${maxSteps} steps with seed ${seed}`)
  return { event, end: (status) => console.log(ended(status)) }
}

interface Counter {
  event(event: TrialEvent): void
  /** A line about how the trial ended. */
  ended(status: string): string
}

function counter(name: string): Counter {
  const started = performance.now()
  let last = { step: 0, updates: 0, seconds: 0 }
  return {
    event(event) {
      if (event.type === 'round' || event.type === 'link')
        last = { ...event, seconds: (performance.now() - started) / 1000 }
    },
    ended(status) {
      const { step, updates, seconds } = last
      const course = `${step} steps and ${updates} updates in ${seconds.toFixed(1)} s`
      return `${name}: ${status.toLowerCase()} after ${course}`
    },
  }
}

/** Clears what is below, and wraps what comes: a bar is cut off at the width of the terminal, a sentence must not be. */
const ABOVE = { begin: '\u001B[J\u001B[?7h', end: '\u001B[?7l' }

function bars(stream: NodeJS.WriteStream): Display {
  const options = {
    stream,
    hideCursor: true,
    linewrap: false,
    fps: 10,
    forceRedraw: true,
    clearOnComplete: true,
  }
  const multi = new MultiBar(options, Presets.shades_classic)
  let shown = 0

  function above(line: string): void {
    multi.log(`${ABOVE.begin}${printable(line)}\n${ABOVE.end}`)
    multi.update()
  }

  function end(): void {
    process.off('exit', end)
    if (multi.isActive) multi.stop()
  }
  process.on('exit', end)

  return {
    trial(name, maxSteps) {
      const { event: count, ended } = counter(name)
      // More than the screen has lines for could not be drawn over.
      const bar = shown < stream.rows - 1 ? trialBar(multi, name, maxSteps, stream.columns) : undefined
      if (bar) shown++
      return {
        event(event) {
          count(event)
          bar?.event(event)
        },
        end(status) {
          if (bar) shown--
          bar?.remove()
          above(ended(status))
        },
      }
    },
    // stderr may be a file
    note: (text) => (multi.isActive && process.stderr.isTTY ? above(text) : console.error(text)),
    end,
  }
}

/** The layouts of the text beside the bar, by the least width of the terminal. */
const LAYOUTS = [
  {
    columns: 110,
    barsize: 20,
    details: 'reward {reward}  critic loss {critic}  actor loss {actor}  {rate} updates/s  {eta_formatted}',
  },
  { columns: 76, barsize: 8, details: 'reward {reward}  losses {critic} {actor}  {rate} updates/s' },
  { columns: 0, barsize: 8, details: '{rate} updates/s' },
]

interface Bar {
  event(event: TrialEvent): void
  remove(): void
}

function trialBar(multi: MultiBar, name: string, maxSteps: number, columns: number): Bar {
  const { barsize, details } = LAYOUTS.find((layout) => columns >= layout.columns)!
  const started = performance.now()
  let begunAt: number | undefined
  const shown = { reward: '–', critic: '–', actor: '–', rate: '0' }
  const format = `${oneLine(name)} {bar} {percentage}%  ${details}`
  const bar = multi.create(maxSteps, 0, shown, { format, barsize })
  return {
    event(event) {
      if (event.type === 'episode') shown.reward = formatNumber(event.episodeReward)
      if (event.type === 'losses') {
        shown.critic = formatNumber(event.criticLoss)
        shown.actor = formatNumber(event.actorLoss)
      }
      if (event.type !== 'round') return
      begunAt ??= event.updates // not 0 when the trial was resumed
      shown.rate = String(Math.round((event.updates - begunAt) / ((performance.now() - started) / 1000)))
      bar.update(event.step, shown)
    },
    remove: () => void multi.remove(bar),
  }
}
