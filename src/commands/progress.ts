// What a person sees while a trial trains: a bar on a terminal, two plain lines in a pipe, nothing with --json
// unless the messages go to a terminal.
import { clearLine, cursorTo } from 'node:readline'
import { Presets, SingleBar } from 'cli-progress'
import { formatNumber } from '../report/table.ts'
import type { TrialEvent } from '../trial.ts'

export interface Progress {
  event(event: TrialEvent): void
  /** A line on stderr, which does not tear the bar apart. */
  note(text: string): void
  end(status: string): void
}

/** @param json whether stdout belongs to the document */
export function createProgress(name: string, maxSteps: number, seed: number, json = false): Progress {
  const stream = json ? process.stderr : process.stdout
  // A terminal that reports no width, as some recorders do, gets plain lines.
  if (stream.isTTY && (stream.columns ?? 0) > 0) return bar(name, maxSteps, stream)
  const note = (text: string) => console.error(text)
  return json ? { event: () => undefined, note, end: () => undefined } : plain(name, maxSteps, seed)
}

/** What fits beside the bar, by the least width of the terminal. */
const LAYOUTS = [
  {
    columns: 110,
    barsize: 20,
    details: 'reward {reward}  critic loss {critic}  actor loss {actor}  {rate} updates/s  {eta_formatted}',
  },
  { columns: 76, barsize: 8, details: 'reward {reward}  losses {critic} {actor}  {rate} updates/s' },
  { columns: 0, barsize: 8, details: '{rate} updates/s' },
]

/** Lines wider than the terminal: the bar lets them be cut off. */
const WRAP = { on: '\u001B[?7h', off: '\u001B[?7l' }

function bar(name: string, maxSteps: number, stream: NodeJS.WriteStream): Progress {
  const { barsize, details } = LAYOUTS.find(({ columns }) => stream.columns >= columns)!
  const format = `${name} {bar} {percentage}%  ${details}`
  const options = { format, stream, hideCursor: true, barsize, linewrap: false, fps: 10 }
  const single = new SingleBar(options, Presets.shades_classic)
  const started = performance.now()
  let begunAt: number | undefined
  const shown = { reward: '–', critic: '–', actor: '–', rate: '0' }
  single.start(maxSteps, 0, shown)
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
      single.update(event.step, shown)
    },
    note(text) {
      clearLine(stream, 0)
      cursorTo(stream, 0)
      stream.write(WRAP.on)
      console.error(text) // the bar is drawn again below it
      stream.write(WRAP.off)
    },
    end(status) {
      single.stop()
      if (status !== 'FINISHED') stream.write(`${name}: ${status.toLowerCase()}\n`)
    },
  }
}

function plain(name: string, maxSteps: number, seed: number): Progress {
  const started = performance.now()
  let last = { step: 0, updates: 0, seconds: 0 }
  console.log(`${name}: training for ${maxSteps} steps with seed ${seed}`)
  return {
    event(event) {
      if (event.type === 'round' || event.type === 'link')
        last = { ...event, seconds: (performance.now() - started) / 1000 }
    },
    note: (text) => console.error(text),
    end(status) {
      const { step, updates, seconds } = last
      const course = `${step} steps and ${updates} updates in ${seconds.toFixed(1)} s`
      console.log(`${name}: ${status.toLowerCase()} after ${course}`)
    },
  }
}
