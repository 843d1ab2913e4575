// This thread of threaded-exchange.ts sends the requests that it receives, and returns the answers.
import { parentPort } from 'node:worker_threads'
import { exchangeHere, type Outgoing } from './http.ts'

const { signal } = new AbortController()

parentPort!.on('message', (outgoing: Outgoing) => {
  void exchangeHere(outgoing, signal).then((answer) => parentPort!.postMessage(answer))
})
