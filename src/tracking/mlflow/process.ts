// This file names the process that a run or a journal belongs to, so that the rest of a killed one is not taken for a
// running one.
import { hostname } from 'node:os'

/** The tag of a run that names the process that logs it. */
export const PROCESS_TAG = 'ddpg.process'

export function thisProcess(): string {
  return `${machine()}:${process.pid}`
}

/** Deno may have to keep it to itself. */
function machine(): string {
  try {
    return hostname()
  } catch {
    return 'unknown'
  }
}

/** True when the process is, or was, on this machine. */
export function isHere(name: string): boolean {
  return name.startsWith(`${machine()}:`)
}

/** Clocks are set now and then. */
const SLACK_MILLISECONDS = 1000

/**
 * True when the process is known to have ended, which is never known of other machines.
 * @param time when it lived, in milliseconds since 1970: a container that begins again has the same numbers
 */
export function isGone(name: string, time: number): boolean {
  if (!isHere(name)) return false
  const id = Number(name.slice(name.lastIndexOf(':') + 1))
  if (id === process.pid) return time < Date.now() - 1000 * process.uptime() - SLACK_MILLISECONDS
  try {
    process.kill(id, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
