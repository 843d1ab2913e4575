// Signals such as Ctrl-C stop a run at the end of a round.
import { EXIT } from './failure.ts'

/** Shared with the threads that train: 0, or the exit code of the process once it was interrupted. */
export type StopFlag = Int32Array<SharedArrayBuffer>

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

export interface Interrupt {
  /** The exit code of the process, once it was interrupted. */
  exitCode(): number | undefined
  /** For the threads that train: holds the exit code. */
  stop: StopFlag
  /** Leaves signals to others again. */
  end(): void
}

/**
 * The first signal asks trials to stop and gives the exit code; the second ends the process.
 * @param note prints it
 * @param after names the work that is finished first, in words
 */
export function listenForInterrupt(note: (text: string) => void, after: string): Interrupt {
  const stop: StopFlag = new Int32Array(new SharedArrayBuffer(4))
  const exitCode = () => Atomics.load(stop, 0) || undefined
  const onSignal = (signal: NodeJS.Signals) => {
    if (exitCode() !== undefined) process.exit(exitCode())
    Atomics.store(stop, 0, EXIT[signal as (typeof SIGNALS)[number]])
    note(`stopping after ${after}; press Ctrl-C again to stop at once`)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    exitCode,
    stop,
    end: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}

const TURN_MILLISECONDS = 50

/** @returns what, awaited in a long loop, lets signals and timers have their turn now and then */
export function takeTurns(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < TURN_MILLISECONDS) return
    await new Promise((resolve) => setImmediate(resolve))
    last = performance.now()
  }
}
