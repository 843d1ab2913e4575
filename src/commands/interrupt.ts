// Ctrl-C and its like.
import type { StopFlag } from './trainer.ts'

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

export interface Interrupt {
  /** What the process is to exit with, once it was interrupted. */
  exitCode(): number | undefined
  /** For the threads that train: holds the exit code. */
  stop: StopFlag
  /** Leaves signals to others again. */
  end(): void
}

/** The first signal asks trials to stop after their round and gives the exit code; the second ends the process. */
export function listenForInterrupt(note: (text: string) => void): Interrupt {
  const stop: StopFlag = new Int32Array(new SharedArrayBuffer(4))
  const exitCode = () => Atomics.load(stop, 0) || undefined
  const onSignal = (signal: NodeJS.Signals) => {
    if (exitCode() !== undefined) process.exit(exitCode())
    Atomics.store(stop, 0, EXIT_CODES[signal as keyof typeof EXIT_CODES])
    note('stopping after this round and writing a checkpoint; press Ctrl-C again to stop at once')
  }
  for (const signal of Object.keys(EXIT_CODES)) process.on(signal, onSignal)
  return {
    exitCode,
    stop,
    end: () => {
      for (const signal of Object.keys(EXIT_CODES)) process.off(signal, onSignal)
    },
  }
}
