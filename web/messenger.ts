// Speaks with the worker: starts it, passes on what it says, and ends one that does not answer in time. All that comes
// from elsewhere is read in the worker, so that nothing of it can hold up the page.
import type { Reply, Request } from './protocol.ts'

export interface Messenger {
  send(request: Request): void
  /** Ends the worker, whatever it does, and starts another, which knows nothing. */
  restart(): void
}

export interface MessengerOptions {
  onReply: (reply: Reply) => void
  /** Called when a request took longer than so many seconds, once the worker that had it is ended. */
  onLate: (request: Request, seconds: number) => void
  /** Called when a worker cannot continue. */
  onBroken: () => void
  /** True while a run is under way, which its user can end: then nothing is late. */
  isBusy: () => boolean
}

interface Waiting {
  /** The number of requests of one type that wait. */
  count: number
  timer: ReturnType<typeof setTimeout>
}

const MEBIBYTES_PER_SECOND = 4

/** Seconds that a request may take; undefined for those of a run. */
function patienceFor(request: Request): number | undefined {
  switch (request.type) {
    case 'check':
    case 'override':
      return 10
    case 'data':
    case 'checkpoint':
      return 10 + Math.ceil((request.file?.size ?? 0) / 1024 / 1024 / MEBIBYTES_PER_SECOND)
    case 'plots':
      return 60
    default:
      return undefined
  }
}

export function createMessenger({ onReply, onLate, onBroken, isBusy }: MessengerOptions): Messenger {
  const waiting = new Map<Request['type'], Waiting>()
  let worker = start()

  function start(): Worker {
    const started = new Worker(new URL('./worker/index.ts', import.meta.url), { type: 'module' })
    started.addEventListener('message', ({ data: reply }: MessageEvent<Reply>) => {
      // what an ended worker had already said
      if (started !== worker) return
      if (reply.type === 'done') answered(reply.about)
      else onReply(reply)
    })
    started.addEventListener('error', () => started === worker && onBroken())
    return started
  }

  function answered(type: Request['type']): void {
    const found = waiting.get(type)
    if (!found || --found.count > 0) return
    clearTimeout(found.timer)
    waiting.delete(type)
  }

  function restart(): void {
    worker.terminate()
    for (const { timer } of waiting.values()) clearTimeout(timer)
    waiting.clear()
    worker = start()
  }

  /** Waits for the answer, from now on. */
  function watch(request: Request, seconds: number): Waiting['timer'] {
    return setTimeout(() => {
      if (isBusy()) {
        waiting.get(request.type)!.timer = watch(request, seconds)
        return
      }
      restart()
      onLate(request, seconds)
    }, seconds * 1000)
  }

  return {
    send(request) {
      const seconds = patienceFor(request)
      if (seconds !== undefined) {
        const before = waiting.get(request.type)
        clearTimeout(before?.timer)
        const count = (before?.count ?? 0) + 1
        waiting.set(request.type, { count, timer: watch(request, seconds) })
      }
      worker.postMessage(request)
    },
    restart,
  }
}
