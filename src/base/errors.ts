// Errors in our own words are known from bugs by their class: whatever is thrown and is no DdpgError is a bug of ours.

/** An error that its reader can mend: the message is a sentence that says what is wrong and what to do. */
export class DdpgError extends Error {
  override name = 'DdpgError'
}

/** A request that is not understood: an unknown scenario or key, or a value that a key cannot have. */
export class UsageError extends DdpgError {
  override name = 'UsageError'
}

/** The error of something that cannot be, unless the program is wrong. */
export function bug(message: string): Error {
  return new Error(message)
}

/** An error as it crosses to another thread, which does not know its class. */
export interface ErrorRecord {
  message: string
  stack: string
  isBug: boolean
}

export function toErrorRecord(error: unknown): ErrorRecord {
  const { message, stack = message } = error instanceof Error ? error : bug(String(error))
  return { message, stack, isBug: !(error instanceof DdpgError) }
}

/** The error of a record, with the stack of the thread that it comes from. */
export function fromErrorRecord({ message, stack, isBug }: ErrorRecord): Error {
  const error = isBug ? bug(message) : new DdpgError(message)
  error.stack = stack
  return error
}

const ENGINE_ERRORS = [TypeError, RangeError, ReferenceError, SyntaxError, WebAssembly.RuntimeError]

/**
 * The sentence of an error of ours, or of files and databases, to become a part of a sentence of ours.
 * @throws the error itself when the engine made it: that is a bug
 */
export function reasonOf(error: unknown): string {
  if (ENGINE_ERRORS.some((engine) => error instanceof engine)) throw error
  return error instanceof Error ? error.message : String(error)
}

/** Does the work. @throws DdpgError of the work with `subject` before its sentence; bugs as they are */
export function named<T>(subject: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw withSubject(subject, error)
  }
}

/** The error with `subject` before its sentence; a bug as it is. */
export function withSubject(subject: string, error: unknown): unknown {
  if (!(error instanceof DdpgError)) return error
  return new DdpgError(`${subject}: ${error.message}`, { cause: error })
}
