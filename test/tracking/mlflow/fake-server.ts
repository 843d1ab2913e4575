// This server answers what a test wants, and keeps what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Json } from './server.ts'

export interface Asked {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: Json
  /** The same as it came. */
  content: Buffer
}

export interface FakeServer {
  base: string
  asked: Asked[]
  /** Answers before anything else does; true when it did. */
  intercept: (asked: Asked, response: ServerResponse) => boolean
  /** Points as they were stored, in order. */
  points: Json[]
  /** The fields that runs were created with, by their ids, without those that were deleted. */
  runs: Map<string, Json>
  /** Does what the server would have done, and returns its answer. */
  answer: (asked: Asked) => [status: number, body: Json]
  close(): Promise<void>
}

/** As much of MLflow as a run needs, in memory. */
export async function startFake(prefix = ''): Promise<FakeServer> {
  const runs = new Map<string, Json>()
  const fake: FakeServer = { base: '', asked: [], intercept: () => false, points: [], runs, answer, close }
  const http = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const bytes = Buffer.concat(chunks)
      const isJson = request.headers['content-type'] === 'application/json'
      const body = isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : {}
      const asked = {
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body,
        content: bytes,
      }
      fake.asked.push(asked)
      if (fake.intercept(asked, response)) return
      reply(response, ...answer(asked))
    })
  })
  function answer({ path, body }: Asked): [status: number, body: Json] {
    const call = path.replace(`${prefix}/api/2.0/mlflow/`, '').replace(/\?.*/, '')
    if (!path.startsWith(`${prefix}/api/`)) return [404, {}]
    if (call === 'experiments/get-by-name')
      return [200, { experiment: { experiment_id: '1', lifecycle_stage: 'active' } }]
    if (call === 'runs/create') {
      const id = String(runs.size + 1).padStart(32, 'a')
      runs.set(id, body)
      return [200, { run: shown(id) }]
    }
    if (call === 'runs/get') {
      const id = new URLSearchParams(path.replace(/.*\?/, '')).get('run_id')!
      return runs.has(id) ? [200, { run: shown(id) }] : [404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }]
    }
    if (call === 'runs/search') {
      const found = [...runs].filter(([, { tags }]) =>
        tags.some((tag: Json) => tag['key'] === 'ddpg.run_key' && body['filter'].includes(tag['value'])),
      )
      return [200, { runs: found.map(([id]) => shown(id)) }]
    }
    if (call === 'runs/delete') runs.delete(body['run_id'])
    if (call === 'runs/log-batch')
      fake.points.push(...(body['metrics'] ?? []).map((point: Json) => ({ ...point, run: body['run_id'] })))
    if (call === 'metrics/get-history') {
      const query = new URLSearchParams(path.replace(/.*\?/, ''))
      const [run, key] = [query.get('run_id'), query.get('metric_key')]
      return [200, { metrics: fake.points.filter((point) => point['key'] === key && point['run'] === run) }]
    }
    return [200, {}]
  }
  function shown(id: string): Json {
    const metrics = fake.points.filter((point) => point['run'] === id)
    const info = { run_id: id, experiment_id: '1', artifact_uri: `mlflow-artifacts:/1/${id}/artifacts` }
    return { info, ...(metrics.length > 0 && { data: { metrics } }) }
  }
  function close(): Promise<void> {
    http.closeAllConnections()
    return new Promise((done) => http.close(() => done()))
  }
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  fake.base = `http://127.0.0.1:${address.port}${prefix}`
  return fake
}

export function reply(response: ServerResponse, status: number, body: Json | string, headers = {}): void {
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers })
  response.end(isText ? body : JSON.stringify(body))
}
