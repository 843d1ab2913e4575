// This file sends requests to an MLflow server: address, login, time limits, and the meaning of its answers.
import { quoted, shown } from '../../base/text.ts'
import { Blocked, Refusal, Unavailable, messageOf } from './types.ts'
import { DdpgError } from '../../base/errors.ts'

export type Environment = Record<string, string | undefined>

export interface Server {
  /** The address without credentials and final slash; the only form that is ever shown. */
  base: string
  timeoutMilliseconds: number
  respectRetryAfter: boolean
  /** Added when nothing answers, for what only the caller's surroundings explain. */
  hint: string
  /**
   * Sends a request to a path below the base, with the login. Nothing else has the login, and this sends it nowhere
   * else. @throws Refusal for a path that leads out of the base
   */
  send: (path: string, request: Omit<Outgoing, 'url'>, signal: AbortSignal) => Promise<Answer>
}

/** A request as it goes out; one that a message to another thread can hold, as its answer. */
export interface Outgoing {
  url: string
  method: Call['method']
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
  timeoutMilliseconds: number
}

export type Answer =
  | { status: number; isRedirection: boolean; retryAfter: string | null; text: string }
  /** Why there was none. */
  | { failure: string }

/** Sends a request and waits for its answer. Never rejects. */
export type Exchange = (outgoing: Outgoing, signal: AbortSignal) => Promise<Answer>

export interface Surroundings {
  /** Added when nothing answers. */
  hint?: string
  /** This thread's by default. */
  exchange?: Exchange
}

/**
 * The server of a URI, with the login from the URI itself, `MLFLOW_TRACKING_USERNAME` and `_PASSWORD`, or
 * `MLFLOW_TRACKING_TOKEN`, in this order. @throws DdpgError in a sentence for an address that is none
 */
export function serverOf(
  uri: string,
  environment: Environment,
  { hint = '', exchange = exchangeHere }: Surroundings = {},
): Server {
  if (!URL.canParse(uri)) throw new DdpgError('the http address of the tracking URI is not a valid one')
  const url = new URL(uri)
  const { username, password } = url
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: secret } = environment
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_WORKSPACE: workspace } = environment
  const headers: Record<string, string> = {}
  if (username || password) headers['authorization'] = basic(decode(username), decode(password))
  else if (user && secret) headers['authorization'] = basic(user, secret)
  else if (token) headers['authorization'] = `Bearer ${token}`
  if (workspace) headers['x-mlflow-workspace'] = workspace
  const base = `${url.origin}${withoutSlashes(url.pathname)}`
  return {
    base,
    timeoutMilliseconds: numberOf(environment, 'MLFLOW_HTTP_REQUEST_TIMEOUT', 30) * 1000,
    respectRetryAfter: !/^(false|0)$/i.test(environment['MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER'] ?? ''),
    hint,
    async send(path, request, signal) {
      const address = `${base}/${path}`
      // Dots and the like are resolved away on the way: what differs would arrive elsewhere.
      if (new URL(address).href !== address)
        throw new Refusal(`${base} is not asked for ${quoted(path)}: it leads elsewhere`)
      return exchange({ ...request, url: address, headers: { ...headers, ...request.headers } }, signal)
    },
  }
}

function withoutSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end--
  return path.slice(0, end)
}

/** A number that a variable may set. @throws DdpgError in a sentence when it is none, or negative */
export function numberOf(environment: Environment, name: string, otherwise: number): number {
  const text = environment[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw new DdpgError(`${name} must be a number, at least 0, got ${text}`)
}

/** Decodes the percent signs of a text, if these are of an address. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function basic(user: string, secret: string): string {
  const bytes = new TextEncoder().encode(`${user}:${secret}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT'
  /** Below the base, with its query. */
  path: string
  /** JSON, or the bytes of a file. */
  body?: object | Uint8Array
  signal: AbortSignal
}

/** Slow lines get time for large files. */
const BYTES_PER_MILLISECOND = 100
const TRANSIENT = [408, 409, 429, 500, 502, 503, 504]
const LOGIN = [401, 403]

/**
 * One attempt. The answer's JSON; `{}` for an empty one.
 * @throws NotFound or Refusal when the server says no, Unavailable or Blocked when it may say something else later
 */
export async function request(server: Server, call: Call): Promise<unknown> {
  const { method, path, body, signal } = call
  const isFile = body instanceof Uint8Array
  const size = isFile ? body.length : 0
  const kind = isFile ? 'application/octet-stream' : 'application/json'
  const outgoing: Omit<Outgoing, 'url'> = {
    method,
    headers: body ? { 'content-type': kind } : {},
    // bytes as one piece: the server takes a stream for an empty file
    ...(body && { body: isFile ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    timeoutMilliseconds: Math.ceil(server.timeoutMilliseconds + size / BYTES_PER_MILLISECOND),
  }
  const answer = await server.send(path, outgoing, signal)
  if ('failure' in answer)
    throw new Unavailable(`${server.base} does not answer (${answer.failure})${server.hint}`)
  if (answer.status >= 200 && answer.status < 300) return parseReply(server, answer.text)
  throw failure(server, answer)
}

/** Sends by this thread. */
export const exchangeHere: Exchange = async ({ url, timeoutMilliseconds, ...init }, signal) => {
  const limit = AbortSignal.timeout(timeoutMilliseconds)
  try {
    const answer = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any([limit, signal]) })
    const { status, type, headers } = answer
    const isRedirection = type === 'opaqueredirect' || (status >= 300 && status < 400)
    return { status, isRedirection, retryAfter: headers.get('retry-after'), text: await textOf(answer) }
  } catch (error) {
    return { failure: reason(error) }
  }
}

/** Bytes of an answer that are read; a page of a history of metrics has a tenth of it. */
const LONGEST_ANSWER = 32 * 1024 * 1024

async function textOf({ body }: Response): Promise<string> {
  if (!body) return ''
  const decoder = new TextDecoder()
  let [text, length] = ['', 0]
  const reader = body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length
    if (length > LONGEST_ANSWER) {
      await reader.cancel()
      throw new DdpgError(`an answer longer than ${LONGEST_ANSWER} bytes`)
    }
    text += decoder.decode(part.value, { stream: true })
  }
  return text + decoder.decode()
}

function parseReply(server: Server, text: string): unknown {
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown)
  } catch (error) {
    throw new Blocked(`${server.base} answers with something else than MLflow: is the address right?`, {
      cause: error,
    })
  }
}

/** The inner reason of fetch is the one that tells something. */
function reason(error: unknown): string {
  const { name, cause } = error as Error
  if (name === 'TimeoutError') return 'no answer in time'
  const code = (cause as { code?: string } | undefined)?.code
  return code ?? messageOf(cause ?? error)
}

/** The requested thing does not exist. */
export class NotFound extends Refusal {}

function failure(server: Server, answer: Exclude<Answer, { failure: string }>): Error {
  const { status, isRedirection, text } = answer
  const said = messageIn(text)
  const who = `${server.base} answers ${status}`
  if (isRedirection)
    return new Blocked(`${who}, a redirection: give the address that it leads to as tracking URI`)
  if (LOGIN.includes(status)) return new Blocked(`${who}: ${said || 'no access'}${loginRemedy(status)}`)
  if (status === 404 && !text.includes('"error_code"'))
    return new Blocked(`${who}: there is no MLflow at this address, a part of its path may be missing`)
  if (status === 404) return new NotFound(`${who}: ${said}`)
  // permanent, though it says 503
  const isPermanent = status === 503 && said.includes('--serve-artifacts')
  if (!TRANSIENT.includes(status) || isPermanent) return new Refusal(`${who}: ${said}`)
  const retryAfterMilliseconds = server.respectRetryAfter ? retryAfter(answer.retryAfter) : undefined
  return new Unavailable(`${who}: ${said}`, {
    ...(retryAfterMilliseconds !== undefined && { retryAfterMilliseconds }),
  })
}

function loginRemedy(status: number): string {
  return status === 401 ? ' (set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or _TOKEN)' : ''
}

function messageIn(text: string): string {
  return shown(
    messageOfJson(text) ?? withoutTags(text.slice(0, LONGEST_PAGE)).replace(/\s+/g, ' ').trim(),
    300,
  )
}

/** Undefined when the text is no JSON object that tells one. */
function messageOfJson(text: string): string | undefined {
  try {
    const { message, error_code: code } = JSON.parse(text) as { message?: unknown; error_code?: unknown }
    const said = message ?? code ?? text
    return typeof said === 'string' ? said : JSON.stringify(said)
  } catch {
    return undefined
  }
}

/** The most characters that are read of a page from a proxy; the first of them tell what it is. */
const LONGEST_PAGE = 10_000

/** The text between the tags, each of which begins with < and ends with >. */
function withoutTags(page: string): string {
  return page
    .split('<')
    .map((part, i) =>
      i === 0 ? part : part.includes('>') ? ` ${part.slice(part.indexOf('>') + 1)}` : `<${part}`,
    )
    .join('')
}

const RETRY_AFTER_LIMIT_SECONDS = 120

function retryAfter(text: string | null): number | undefined {
  if (text === null) return undefined
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
  return Number.isFinite(seconds)
    ? Math.max(0, Math.min(seconds, RETRY_AFTER_LIMIT_SECONDS)) * 1000
    : undefined
}
