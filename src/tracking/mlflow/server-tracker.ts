// This file makes the tracker for an MLflow server.
import { deliver, type RetryPolicy } from './delivery.ts'
import { numberOf, serverOf, type Environment, type Surroundings } from './http.ts'
import { restStore } from './rest.ts'
import { createTracker, type Tracker, type TrackerContext } from './run.ts'
import type { Journal } from './types.ts'
import { DdpgError } from '../../base/errors.ts'

/** The retries that MLflow's own variables ask for; the defaults are shorter, for nobody likes to wait. */
export function retryPolicy(environment: Environment): RetryPolicy {
  return {
    maxRetries: Math.min(numberOf(environment, 'MLFLOW_HTTP_REQUEST_MAX_RETRIES', 3), 10),
    backoffFactor: numberOf(environment, 'MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR', 1),
    jitter: numberOf(environment, 'MLFLOW_HTTP_REQUEST_BACKOFF_JITTER', 1),
    closeMilliseconds: 30_000,
  }
}

/** A tracker for a server. @param journal made once the address has been read, given it without its credentials */
export function serverTracker(
  uri: string,
  environment: Environment,
  context: TrackerContext,
  journal: (base: string) => Journal,
  by?: Surroundings,
): Tracker {
  const server = serverOf(uri, environment, by)
  const store = restStore(server)
  const retry = retryPolicy(environment)
  return createTracker(store, deliver(store, journal(server.base), retry, context.warn), context)
}

/** Prints each topic's first sentence. */
export function warnOnce(print: (sentence: string) => void): TrackerContext['warn'] {
  const said = new Set<string>()
  return (topic, sentence) => {
    if (said.has(topic)) return
    said.add(topic)
    print(sentence)
  }
}

/** Tags that a user sets from outside. @throws DdpgError in a sentence when they are no object of strings */
export function contextTags(environment: Environment): Record<string, string> {
  const text = environment['MLFLOW_RUN_CONTEXT']
  if (!text) return {}
  let tags: unknown
  try {
    tags = JSON.parse(text)
  } catch {
    // the warning is below
  }
  const isObject = typeof tags === 'object' && tags !== null && !Array.isArray(tags)
  if (!isObject) throw new DdpgError(`MLFLOW_RUN_CONTEXT must be a JSON object of tags, got ${text}`)
  return Object.fromEntries(Object.entries(tags as object).map(([key, value]) => [key, String(value)]))
}
