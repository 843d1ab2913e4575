// Requests are sent from a thread of their own, so one costs a training that logs only a message, not a connection.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { exchangeHere, type Answer, type Exchange } from './http.ts'

const THREAD = new URL(`./exchange-thread${extname(import.meta.url)}`, import.meta.url)

/**
 * One request at a time, on a thread that begins with the first and ends when its signal says so. Where it cannot run, as
 * from within a bundle, the caller's thread does what comes after the first.
 */
export function threadedExchange(): Exchange {
  let thread: Worker | undefined
  let isBroken = false

  function begin(signal: AbortSignal): Worker {
    const one = new Worker(THREAD)
    one.once('error', () => (isBroken = true)).once('exit', () => (thread = undefined))
    signal.addEventListener('abort', () => void one.terminate())
    return one
  }

  return (outgoing, signal) => {
    if (isBroken || signal.aborted) return exchangeHere(outgoing, signal)
    const one = (thread ??= begin(signal))
    one.ref() // so that a process does not end while someone waits
    return new Promise<Answer>((resolve) => {
      const settle = (answer: Answer) => {
        one.off('exit', stop).unref()
        resolve(answer)
      }
      const stop = () => {
        one.off('message', settle)
        resolve({ failure: 'the thread of the request ended' }) // the server may have heard it
      }
      one.once('message', settle).once('exit', stop)
      one.postMessage(outgoing)
    })
  }
}
