// This command serves the page, which npm run build:web has made, to this machine alone.
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'
import { DdpgError } from '../base/errors.ts'

const folder = fileURLToPath(new URL('../../dist/web', import.meta.url))

// index.html has the same policy, but for what only a header can say.
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' " +
    "http://localhost:* http://127.0.0.1:*; style-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** Serves until a signal ends the process. @throws DdpgError in a sentence when it cannot listen there */
export async function web({ port }: { port: number }): Promise<void> {
  if (!existsSync(`${folder}/index.html`)) throw new DdpgError('the page is not built: run npm run build:web')
  const files = sirv(folder, { etag: true })
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    // Another name for this machine is that of a page elsewhere, which would read what is here as its own.
    if (!isOwnName(request)) return refuse(response, 421)
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
    files(request, response, () => refuse(response, 404))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(inASentence(error, port)))
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  console.log(`the page is at http://127.0.0.1:${taken}/ (Ctrl-C ends it)`)
}

function isOwnName({ headers, socket }: IncomingMessage): boolean {
  const port = socket.localPort
  const names = ['127.0.0.1', 'localhost', '[::1]']
  const host = headers.host?.toLowerCase() ?? ''
  return names.some((name) => host === `${name}:${port}` || (port === 80 && host === name))
}

const REFUSALS = {
  404: 'not found',
  405: 'only GET and HEAD',
  421: 'this is for http://127.0.0.1, http://localhost and http://[::1] with the port of the page alone',
}

function refuse(response: ServerResponse<IncomingMessage>, status: keyof typeof REFUSALS): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  if (status === 405) response.setHeader('Allow', 'GET, HEAD')
  response.end(`${REFUSALS[status]}\n`)
}

function inASentence(error: NodeJS.ErrnoException, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is taken: give another with --port, or 0 for any that is free`,
    EACCES: `port ${port} may not be used without special rights: give one above 1023 with --port`,
  }
  return new DdpgError(reasons[error.code ?? ''] ?? `cannot listen on port ${port}: ${error.message}`, {
    cause: error,
  })
}
