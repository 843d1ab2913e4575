// This file starts a real `mlflow server` of some version on a free port of 127.0.0.1.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describeWith, placeOf } from '../../helpers/needs.ts'
import { describeWithPython, python as newest, pythonEnvironment } from '../../helpers/python.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- replies of a foreign API, which the tests look into
export type Json = Record<string, any>

const here = fileURLToPath(new URL('.', import.meta.url))

/** The interpreters with an MLflow; older ones come from test/tracking/mlflow/setup.sh. */
export const VERSIONS = {
  'newest 3.x': newest,
  'early 3.x': placeOf(`${here}.venv-3/bin/python`),
  '2.x': placeOf(`${here}.venv-2/bin/python`),
}

/** True when test/tracking/mlflow/setup.sh made all that it should. */
function areOlderVersionsInstalled(): boolean {
  return ['2', '3'].every((major) => {
    const stamp = placeOf(`${here}.venv-${major}/requirements.installed.txt`)
    const wanted = readFileSync(`${here}requirements-${major}.txt`, 'utf8')
    return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  })
}

/** The calls of its REST API. */
export interface MlflowCalls {
  base: string
  get(path: string): Promise<Json>
  post(path: string, body: Json): Promise<Json>
}

export interface MlflowServer extends MlflowCalls {
  /** @param signal SIGKILL leaves it no time */
  stop(signal?: NodeJS.Signals): Promise<void>
}

interface ServerOptions {
  python?: string
  port?: number
  options?: string[]
  environment?: Record<string, string>
}

/** Resolves when it answers. @param folder where it runs, with its mlflow.db unless the options say otherwise */
export async function startServer(folder: string, settings: ServerOptions = {}): Promise<MlflowServer> {
  const { python = newest, port = await freePort(), options = [], environment } = settings
  const base = `http://127.0.0.1:${port}`
  const own = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...options]
  const server = spawn(python, ['-m', 'mlflow', 'server', ...own], {
    cwd: folder,
    env: { ...pythonEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // a process group of its own: it has workers
    detached: true,
  })
  let said = ''
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (text) => (said = `${said}${text}`.slice(-4000)))
  const prefix = options[options.indexOf('--static-prefix') + 1]
  const root = options.includes('--static-prefix') ? `${base}${prefix}` : base
  await untilHealthy(server, root, () => said)
  return { ...callsOf(root), stop: (signal = 'SIGTERM') => stop(server, signal) }
}

export function callsOf(base: string): MlflowCalls {
  // A server closes idle connections, which goes unnoticed while Python is waited for.
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const call = async (path: string, init: RequestInit = {}) =>
    (await fetch(`${base}/api/2.0/${path}`, { headers, ...init })).json() as Promise<Json>
  return {
    base,
    get: (path) => call(path),
    post: (path, body) => call(path, { method: 'POST', headers, body: JSON.stringify(body) }),
  }
}

async function untilHealthy(server: ChildProcess, base: string, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 6000; attempt++) {
    if (server.exitCode !== null)
      throw new Error(`mlflow server ended with code ${server.exitCode}: ${said()}`)
    const response = await fetch(`${base}/health`).catch(() => undefined)
    if (response?.ok) return
    await sleep(100)
  }
  throw new Error(`mlflow server did not answer in time: ${said()}`)
}

async function stop(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!server.pid || server.exitCode !== null || server.signalCode !== null) return
  const { pid } = server
  const ended = new Promise((done) => server.once('exit', done))
  process.kill(-pid, signal)
  const impatient = setTimeout(() => process.kill(-pid, 'SIGKILL'), 60_000)
  await ended
  clearTimeout(impatient)
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => probe.once('listening', done))
  const address = probe.address()
  await new Promise((done) => probe.close(done))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Like describe; without MLflow in three versions the tests are skipped loudly, and fail under CI. */
export function describeWithServers(name: string, tests: () => void): void {
  describeWith(
    areOlderVersionsInstalled(),
    'run test/tracking/mlflow/setup.sh to install older versions of MLflow',
    name,
    () => describeWithPython('and MLflow', tests),
  )
}
