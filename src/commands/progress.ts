// What a person sees while a trial trains: a bar on a terminal, two plain lines in a pipe, nothing with --json
// unless the messages go to a terminal.
import { Presets, SingleBar } from 'cli-progress'
import { formatNumber } from '../report/table.ts'
import type { TrialEvent } from '../trial.ts'

export interface Progress {
  event(event: TrialEvent): void
  end(status: string): void
}

/** @param json whether stdout belongs to the document */
export function createProgress(name: string, maxSteps: number, json: boolean): Progress {
  const stream = json ? process.stderr : process.stdout
  // A terminal that reports no width, as some recorders do, gets plain lines.
  if (stream.isTTY && (stream.columns ?? 0) > 0) return bar(name, maxSteps, stream)
  return json ? { event: () => undefined, end: () => undefined } : plain(name, maxSteps)
}

function bar(name: string, maxSteps: number, stream: NodeJS.WriteStream): Progress {
  const wide = stream.columns >= 100
  const details = wide
    ? 'reward {reward}  critic loss {critic}  actor loss {actor}  {rate} updates/s'
    : '{rate} updates/s'
  const format = `${name} {bar} {percentage}%  ${details}  {eta_formatted}`
  const options = { format, stream, hideCursor: true, barsize: wide ? 20 : 10, linewrap: false, fps: 10 }
  const single = new SingleBar(options, Presets.shades_classic)
  const started = performance.now()
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
      shown.rate = String(Math.round(event.updates / ((performance.now() - started) / 1000)))
      single.update(event.step, shown)
    },
    end: () => single.stop(),
  }
}

function plain(name: string, maxSteps: number): Progress {
  const started = performance.now()
  let last = { step: 0, updates: 0 }
  console.log(`${name}: training for ${maxSteps} steps`)
  return {
    event(event) {
      if (event.type === 'round') last = event
    },
    end(status) {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(
        `${name}: ${status.toLowerCase()} after ${last.step} steps and ${last.updates} updates in ${seconds} s`,
      )
    },
  }
}
