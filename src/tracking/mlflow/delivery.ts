// Delivery brings operations to a store, one at a time and in order. An operation leaves the journal when the store has
// answered, so a failure, a restart or a killed process can only lead to doing the same one again.
import {
  Blocked,
  Refusal,
  Unavailable,
  messageOf,
  type Delivery,
  type Journal,
  type LocalStore,
  type Store,
  type Warn,
} from './types.ts'

export interface RetryPolicy {
  /** Failures in a row after which closing gives up. */
  maxRetries: number
  backoffFactor: number
  /** Random seconds on top. */
  jitter: number
  /** The longest time that closing waits for an answer. */
  closeMilliseconds: number
}

const BACKOFF_LIMIT_SECONDS = 30
/** The first start finds wrong addresses and logins; later ones hold a training up for no more than an id. */
const FIRST_START_MILLISECONDS = 10_000
const LATER_START_MILLISECONDS = 1000

/** Delivers to a store that may be slow, away or failing: through the journal, beside what the caller does. */
export function deliver(store: Store, journal: Journal, retry: RetryPolicy, warn: Warn): Delivery {
  let wake = (): void => undefined
  let failures = 0
  let closing = false
  let closed = false
  /** True once the store has taken anything. */
  let begun = false
  let lastProgress = Date.now()
  let patienceAtStart = FIRST_START_MILLISECONDS
  /** The callers that wait until nothing more can be done now. */
  let waiting: (() => void)[] = []
  /** The callbacks by run, called when its start is done, refused or put off. */
  const starting = new Map<string, (refusal?: Error) => void>()

  function settle() {
    for (const resolve of waiting) resolve()
    waiting = []
  }

  async function attempt(): Promise<void> {
    const item = journal.next()!
    const { operation } = item
    const settleStart = operation.kind === 'start' ? starting.get(operation.run) : undefined
    try {
      await store.apply(operation, item.doubtful)
      if (closed) return
      journal.done()
      begun = true
      failures = 0
      lastProgress = Date.now()
      settleStart?.()
    } catch (error) {
      if (closed) return
      if (settleStart && (error instanceof Refusal || (error instanceof Blocked && !begun))) {
        // the caller gets the error
        journal.done()
        settleStart(error)
        return
      }
      if (error instanceof Refusal) {
        journal.skip()
        warn('refused', `MLflow refuses ${operation.kind} of a run, the run continues: ${error.message}`)
        return
      }
      item.doubtful = true
      failures++
      // The first may be a connection that the server closed while it was idle.
      if (failures > 1) {
        warn('away', `${messageOf(error)}; the run continues, what it logs waits in ${journal.place}`)
        settleStart?.()
        settle()
      }
      if (!closing || failures <= retry.maxRetries) await pause(backoff(error))
    }
  }

  /** Milliseconds: what the server asks for, and longer and longer while it keeps failing. */
  function backoff(error: unknown): number {
    const asked = (error instanceof Unavailable && error.retryAfterMilliseconds) || 0
    if (failures < 2) return asked
    const seconds = retry.backoffFactor * (1 << Math.min(failures - 2, 6))
    const jitter = retry.jitter * (crypto.getRandomValues(new Uint8Array(1))[0]! / 255)
    return Math.max(asked, Math.min(seconds + jitter, BACKOFF_LIMIT_SECONDS) * 1000)
  }

  /** Ends early when something is to be done at once. */
  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      wake = () => {
        if (!closing) return
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function loop(): Promise<void> {
    for (;;) {
      if (closed) return
      if (journal.next()) await attempt()
      else {
        settle()
        if (closing) return
        await new Promise<void>((resolve) => (wake = resolve))
      }
      if (closing && failures > retry.maxRetries) return
    }
  }

  const running = loop().catch((error: unknown) => {
    warn('lost', `what was logged cannot be read again: ${messageOf(error)}`)
    settle()
  })

  return {
    start(operation) {
      return new Promise((resolve, reject) => {
        const settle = (refusal?: Error) => {
          starting.delete(operation.run)
          clearTimeout(timer)
          if (refusal) reject(refusal)
          else resolve()
        }
        const timer = setTimeout(settle, failures > 1 ? 0 : patienceAtStart)
        starting.set(operation.run, settle)
        patienceAtStart = LATER_START_MILLISECONDS
        journal.append(operation)
        wake()
      })
    },
    push(operation) {
      try {
        journal.append(operation)
      } catch (error) {
        warn('lost', `${operation.kind} of a run cannot be kept in ${journal.place}: ${messageOf(error)}`)
      }
      wake()
    },
    flush() {
      if (failures > 1 || !journal.next()) return Promise.resolve()
      return new Promise((resolve) => {
        waiting.push(resolve)
        wake()
      })
    },
    async close() {
      closing = true
      lastProgress = Date.now()
      failures = 0
      wake()
      const patience = new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (!closed && Date.now() - lastProgress < retry.closeMilliseconds) return
          clearInterval(timer)
          resolve()
        }, 100)
      })
      await Promise.race([running, patience])
      if (!closed) leave(journal, warn)
      closed = true
    },
    abandon() {
      if (!closed) leave(journal, warn)
      closed = true
    },
  }
}

/** Closes the journal, and tells where it is when it is needed. */
function leave(journal: Journal, warn: Warn): void {
  const { place, uri } = journal
  const left = journal.pending()
  journal.close()
  if (left === 0) return
  const [parts, wait, are, them] =
    left === 1 ? ['part', 'waits', 'it is', 'it'] : ['parts', 'wait', 'they are', 'them']
  const remedy = place === 'memory' ? `${are} lost` : `"ddpg mlflow sync ${place} ${uri}" sends ${them}`
  warn('left', `${left} ${parts} of what was logged ${wait} in ${place}: ${remedy}`)
}

/** A file that is locked or a disk that is full is tried again, at a hundredth of the time. */
const RETRY_MILLISECONDS = 1000
const RETRY_SHARE = 100
/** The longest time that closing tries. */
const CLOSE_MILLISECONDS = 5000

/** Delivers to a store on this machine at once. What it cannot take waits in a journal, and all that comes after. */
export function deliverAtOnce(store: LocalStore, openJournal: () => Journal, warn: Warn): Delivery {
  let journal: Journal | undefined
  let retryAt = 0

  function put(operation: Parameters<Delivery['push']>[0]) {
    if (journal?.next()) {
      journal.append(operation)
      if (Date.now() >= retryAt) drain()
      return
    }
    const began = Date.now()
    try {
      store.apply(operation, false)
    } catch (error) {
      if (error instanceof Refusal) throw error
      journal ??= openJournal()
      journal.append(operation)
      postpone(began, error)
    }
  }

  function postpone(began: number, error: unknown) {
    const now = Date.now()
    retryAt = now + Math.max(RETRY_MILLISECONDS, RETRY_SHARE * (now - began))
    warn('write', `cannot log to MLflow now, the run continues: ${messageOf(error)}`)
  }

  function drain() {
    for (let item = journal?.next(); item; item = journal!.next()) {
      const began = Date.now()
      try {
        store.apply(item.operation, true)
        journal!.done()
      } catch (error) {
        if (!(error instanceof Refusal)) return postpone(began, error)
        warn('refused', `MLflow refuses ${item.operation.kind} of a run: ${error.message}`)
        journal!.skip()
      }
    }
  }

  return {
    start: async (operation) => put(operation),
    push(operation) {
      try {
        put(operation)
      } catch (error) {
        warn('refused', `MLflow cannot have ${operation.kind} of a run, which continues: ${messageOf(error)}`)
      }
    },
    flush: async () => drain(),
    async close() {
      const until = Date.now() + CLOSE_MILLISECONDS
      drain()
      while (journal?.next() && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS / 10))
        drain()
      }
      if (journal) leave(journal, warn)
    },
    abandon() {
      if (journal) leave(journal, warn)
    },
  }
}
