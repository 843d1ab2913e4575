// An error becomes a sentence for the page; a bug is named as one, with its stack in the browser's console.
import { DdpgError } from '../src/base/errors.ts'

/** The browser's own refusals, as of a file that is gone, are no bugs. */
export function sentenceOf(error: unknown): string {
  const { message } = error as Error
  if (error instanceof DdpgError || error instanceof DOMException) return message
  console.error(error)
  return `${message}: this is a bug, report it with the text in the browser's console to the project's issue tracker`
}
