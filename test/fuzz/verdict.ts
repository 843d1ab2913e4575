// A parser owes this to any input: it reads it or says in our own words why not, soon, and in little memory.
import { DdpgError } from '../../src/base/errors.ts'

/** Seconds of computing for the input: a second, and more in proportion to its size. */
export const secondsFor = (bytes: number): number => 1 + bytes / 100_000
/** MiB beyond what was used before. */
export const MEBIBYTES = 512

const ENGINE_TEXT =
  /call stack|string length|Cannot read prop|Cannot convert|is not a function|is not iterable|typed array length|\[object |undefined|NaN|not defined|heap|BigInt|Cannot mix|Offset is outside|null prototype/i

/** A sentence on what is wrong with how the input was read, undefined when nothing is. */
export async function faultOf(
  read: (input: Uint8Array) => unknown,
  input: Uint8Array,
): Promise<string | undefined> {
  const memory = process.resourceUsage().maxRSS
  const before = process.threadCpuUsage()
  let thrown: unknown
  try {
    await read(input)
  } catch (error) {
    thrown = error
  }
  const { user, system } = process.threadCpuUsage(before)
  const seconds = (user + system) / 1e6
  const grown = (process.resourceUsage().maxRSS - memory) / 1024
  if (seconds > secondsFor(input.length)) return `takes ${seconds.toFixed(1)} s for ${input.length} bytes`
  if (grown > MEBIBYTES + input.length / 2 ** 20)
    return `takes ${Math.round(grown)} MiB for ${input.length} bytes`
  return thrown === undefined ? undefined : wordingFault(thrown)
}

function wordingFault(thrown: unknown): string | undefined {
  if (!(thrown instanceof DdpgError))
    return `throws what is no DdpgError: ${thrown instanceof Error ? thrown.stack : String(thrown)}`
  const { message } = thrown
  const lines = message.split('\n')
  if (/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(message))
    return `writes control characters: ${JSON.stringify(message)}`
  if (lines.some((line) => line.trim() === 'error: b' || line.startsWith('error:')))
    return `lets a line be forged: ${message}`
  if (lines.length > 30 || lines.some((line) => line.length > 3000))
    return `says too much: ${lines.length} lines, ${message.length} characters`
  if (ENGINE_TEXT.test(message)) return `speaks as an engine does: ${message}`
  return undefined
}
