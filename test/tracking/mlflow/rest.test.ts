// The client meets a server that fails in every way: nothing is lost, nothing comes twice, nobody waits.
import { mkdtempSync, readdirSync, existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import type { Tracker } from '../../../src/tracking/mlflow/run.ts'
import { syncJournal } from '../../../src/tracking/mlflow/sync.ts'
import { reply, startFake, type Asked, type FakeServer } from './fake-server.ts'

const quick = { MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0.02', MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: '0' }
let folder: string
let fake: FakeServer
let warnings: string[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rest-'))
  fake = await startFake()
  warnings = []
})
afterEach(async () => {
  await fake.close()
  rmSync(folder, { recursive: true })
})

function open(uri = fake.base, environment: Record<string, string> = {}): Promise<Tracker> {
  const warn = (sentence: string) => void warnings.push(sentence)
  return openTracker(uri, { warn, spool: join(folder, 'spool'), environment: { ...quick, ...environment } })
}

const options = { experiment: 'sine', name: 'trial_0' }
const steps = (points = fake.points) => points.map((point) => point['step'])
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const calls = (name: string) => fake.asked.filter(({ path }) => path.includes(name))

/** Logs `n` points with the server in this state for some of the requests, and closes. */
async function logPoints(n: number, environment: Record<string, string> = {}): Promise<void> {
  const tracker = await open(fake.base, environment)
  const run = await tracker.startRun(options)
  for (const step of upTo(n)) run.logMetrics({ loss: step }, step)
  run.end('FINISHED')
  await tracker.close()
}

describe('what a server is sent', () => {
  it('stays below its limits: 1000 points, 100 pairs, a megabyte', async () => {
    const tracker = await open()
    const run = await tracker.startRun(options)
    for (const step of upTo(2500)) run.logMetrics({ ['k'.repeat(250)]: Math.PI }, step)
    run.logParams(Object.fromEntries(upTo(350).map((i) => [`p${i}`, '€'.repeat(6000)])))
    run.setTags(Object.fromEntries(upTo(101).map((i) => [`t${i}`, 'x'])))
    await tracker.startRun({ ...options, tags: Object.fromEntries(upTo(250).map((i) => [`s${i}`, 'x'])) })
    run.end('FINISHED')
    await tracker.close()
    const batches = calls('log-batch')
    const most = (key: string) => Math.max(...batches.map(({ body }) => body[key]?.length ?? 0))
    expect([most('metrics'), most('tags')]).toEqual([1000, 100])
    expect(most('params')).toBeLessThanOrEqual(100)
    expect(Math.max(...batches.map(({ content }) => content.length))).toBeLessThan(1_000_000)
    // of all kinds together
    const items = batches.map(
      ({ body }) => ['metrics', 'params', 'tags'].flatMap((key) => body[key] ?? []).length,
    )
    expect(Math.max(...items)).toBe(1000)
    expect(batches.flatMap(({ body }) => body['params'] ?? []).length).toBe(350)
    expect(steps()).toEqual(upTo(2500))
  })

  it('has a length for every file, an empty one too', async () => {
    const tracker = await open()
    const run = await tracker.startRun(options)
    run.logArtifact('a b/empty.bin', new Uint8Array())
    run.logArtifact('full.txt', 'größer')
    run.end('FINISHED')
    await tracker.close()
    const files = fake.asked.filter(({ method }) => method === 'PUT')
    expect(
      files.map(({ path, headers }) => [
        path.replace(/.*artifacts\/1\/\w+\//, ''),
        headers['content-length'],
      ]),
    ).toEqual([
      ['artifacts/a%20b/empty.bin', '0'],
      ['artifacts/full.txt', '8'],
    ])
  })

  it.each([
    [
      'a value that is no number',
      () => ({ loss: true }),
      1,
      undefined,
      'metric loss must be a number, got true',
    ],
    ['a text as value', () => ({ loss: '1' }), 1, undefined, 'metric loss must be a number, got 1'],
    ['a fractional step', () => ({ loss: 1 }), 1.5, undefined, 'step must be an integer, got 1.5'],
    ['a step beyond 2^53', () => ({ loss: 1 }), 2 ** 53, undefined, 'step must be an integer'],
    [
      'a fractional time',
      () => ({ loss: 1 }),
      1,
      12.5,
      'timestamp must be whole milliseconds since 1970, got 12.5',
    ],
  ])('is never %s', async (_, metrics, step, time, message) => {
    const tracker = await open()
    const run = await tracker.startRun(options)
    expect(() => run.logMetrics(metrics() as Record<string, number>, step, time)).toThrow(message)
    await tracker.close()
    expect(fake.points).toEqual([])
  })

  it('is never a parameter or tag that is no text, a changed parameter, an unknown status or a NaN', async () => {
    const tracker = await open()
    const run = await tracker.startRun(options)
    expect(() => run.logParams({ seed: 1 as unknown as string })).toThrow(
      'parameter seed must be a string, got 1',
    )
    expect(() => run.setTags({ a: null as unknown as string })).toThrow('tag a must be a string, got null')
    run.logParams({ seed: '1' })
    expect(() => run.logParams({ seed: '2' })).toThrow('parameter seed is 1 and cannot become 2')
    expect(() => run.end('DONE' as 'FAILED')).toThrow('the status must be FINISHED, FAILED, KILLED, got DONE')
    run.logMetrics({ loss: NaN, other: Infinity }, 7)
    run.end('FINISHED')
    expect(() => run.logMetrics({ loss: 1 }, 1)).toThrow('the run has ended')
    await tracker.close()
    expect(fake.points).toMatchObject([{ key: 'train/nonfinite_total', value: 2, step: 7 }])
    expect(fake.asked.every(({ body }) => !JSON.stringify(body).includes('null'))).toBe(true)
  })
})

describe('a login', () => {
  const authorization = async (uri: string, environment: Record<string, string>) => {
    const tracker = await open(uri, environment)
    await tracker.startRun(options)
    await tracker.close('FINISHED')
    return fake.asked[0]!.headers['authorization']
  }
  const pair = { MLFLOW_TRACKING_USERNAME: 'jürgen', MLFLOW_TRACKING_PASSWORD: 'pass:word' }
  const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it('comes from the variables, the pair before the token', async () => {
    expect(await authorization(fake.base, { ...pair, MLFLOW_TRACKING_TOKEN: 't' })).toBe(
      encoded('jürgen:pass:word'),
    )
  })
  it('may be a token', async () => {
    expect(await authorization(fake.base, { MLFLOW_TRACKING_TOKEN: 'secret' })).toBe('Bearer secret')
  })
  it('in the address comes first, and is never shown', async () => {
    const uri = fake.base.replace('//', '//me:s%40crt@')
    expect(await authorization(uri, pair)).toBe(encoded('me:s@crt'))
    fake.intercept = (_, response) => (reply(response, 503, { message: 'busy' }), true)
    const tracker = await open(uri)
    const run = await tracker.startRun(options)
    run.logMetrics({ a: 1 }, 1)
    const shown = tracker.describe(run)
    await tracker.close()
    const [journal] = readdirSync(join(folder, 'spool'))
    const kept = await import('node:fs').then((fs) =>
      fs.readFileSync(join(folder, 'spool', journal!, 'journal.jsonl'), 'utf8'),
    )
    expect(warnings.length).toBeGreaterThan(0)
    expect([shown, kept, ...warnings].join()).not.toMatch(/crt|me:/)
  })
  it('that is missing or wrong stops the start, and leaves no journal', async () => {
    fake.intercept = (_, response) => (reply(response, 401, 'You are not authenticated.'), true)
    const tracker = await open()
    await expect(tracker.startRun(options)).rejects.toThrow(
      `${fake.base} answers 401: You are not authenticated. (set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD`,
    )
    await tracker.close()
    expect(existsSync(join(folder, 'spool'))).toBe(false)
    expect(warnings).toEqual([])
  })
})

describe('an address', () => {
  it('keeps its prefix and loses its last slash', async () => {
    const below = await startFake('/ml/flow')
    const tracker = await open(`${below.base}/`)
    const run = await tracker.startRun(options)
    run.end('FINISHED')
    await tracker.close()
    expect(below.asked.every(({ path }) => path.startsWith('/ml/flow/api/2.0/mlflow/'))).toBe(true)
    expect(tracker.describe(run)).toBe(`run on ${below.base}/#/experiments/1/runs/${run.id}`)
    await below.close()
  })
  it.each([
    [404, '<html><h1>Not Found</h1></html>', 'answers 404: there is no MLflow at this address'],
    [200, '<html>Welcome</html>', 'answers with something else than MLflow'],
    [307, '', 'a redirection: give the address that it leads to'],
    [403, 'Invalid Host header', 'answers 403: Invalid Host header'],
  ])('of something else is refused at the start (%i)', async (status, body, message) => {
    fake.intercept = (_, response) => (reply(response, status, body, { location: '/login' }), true)
    const tracker = await open()
    await expect(tracker.startRun(options)).rejects.toThrow(message)
    await tracker.close()
  })
  it('with a deleted experiment is refused at the start', async () => {
    fake.intercept = ({ path }, response) => {
      if (!path.includes('get-by-name')) return false
      reply(response, 200, { experiment: { experiment_id: '3', lifecycle_stage: 'deleted' } })
      return true
    }
    const tracker = await open()
    await expect(tracker.startRun(options)).rejects.toThrow('experiment "sine" is deleted in')
    await tracker.close()
  })
  it('whose experiment another program makes at the same time is used all the same', async () => {
    let asked = 0
    fake.intercept = ({ path }, response) => {
      if (path.includes('get-by-name') && asked++ === 0)
        reply(response, 404, { error_code: 'RESOURCE_DOES_NOT_EXIST' })
      else if (path.includes('experiments/create'))
        reply(response, 400, { error_code: 'RESOURCE_ALREADY_EXISTS' })
      else return false
      return true
    }
    await logPoints(3)
    expect(steps()).toEqual([0, 1, 2])
  })
  it('may be one of a kind that we refuse, with what to do', async () => {
    await expect(open('postgresql://me:secret@host/db')).rejects.toThrow(
      /^(?!.*secret).*start "mlflow server/,
    )
    await expect(open('databricks')).rejects.toThrow('Databricks is not supported')
    await expect(open('s3://bucket')).rejects.toThrow('its kind is s3')
    await expect(open('http://')).rejects.toThrow('not a valid one')
    await expect(open(fake.base, { MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' })).rejects.toThrow(
      'MLFLOW_HTTP_REQUEST_TIMEOUT must be a number, at least 0, got soon',
    )
  })
})

describe('a failing server', () => {
  it.each([408, 429, 500, 502, 503, 504])('that answers %i is asked again', async (status) => {
    let failures = 3
    fake.intercept = ({ path }, response) => {
      if (!path.includes('log-batch') || failures-- <= 0) return false
      reply(response, status, { message: 'not now' })
      return true
    }
    await logPoints(1500)
    expect(steps()).toEqual(upTo(1500))
    expect(warnings[0]).toMatch(`answers ${status}: not now; the run continues, what it logs waits in`)
    expect(existsSync(join(folder, 'spool'))).toBe(false)
  })

  it.each([
    ['of another program', 200, '<html>we are restarting</html>'],
    ['of a proxy without a server', 404, '<html>default backend</html>'],
    ['that asks for a login', 401, 'who are you?'],
    ['that leads elsewhere', 302, ''],
  ])('whose answer is one %s while a run goes on is waited for', async (_, status, body) => {
    let failures = 3
    fake.intercept = ({ path }, response) => {
      if (!path.includes('log-batch') || failures-- <= 0) return false
      reply(response, status, body, { location: '/login' })
      return true
    }
    await logPoints(1500)
    expect(steps()).toEqual(upTo(1500))
    expect(warnings.length).toBe(1)
    expect(existsSync(join(folder, 'spool'))).toBe(false)
  })

  it('is asked after the time that it names', async () => {
    const times: number[] = []
    fake.intercept = ({ path }, response) => {
      if (!path.includes('log-batch')) return false
      times.push(performance.now())
      if (times.length > 1) return false
      reply(response, 429, {}, { 'retry-after': '1' })
      return true
    }
    const tracker = await open()
    const run = await tracker.startRun(options)
    for (const step of upTo(1000)) run.logMetrics({ loss: step }, step)
    await tracker.flush()
    while (times.length < 2) await new Promise((done) => setTimeout(done, 20))
    run.end('FINISHED')
    await tracker.close()
    expect(times[1]! - times[0]!).toBeGreaterThan(950)
    expect(steps()).toEqual(upTo(1000))
  })

  it('that stores and then breaks off has every point once', async () => {
    let broken = 0
    fake.intercept = (asked, response) => {
      if (!asked.path.includes('log-batch') || broken >= 2) return false
      broken++
      // half of it stored, as a server without transactions does
      const metrics = asked.body['metrics'].slice(0, 400)
      fake.answer({ ...asked, body: { ...asked.body, metrics } })
      response.destroy()
      return true
    }
    await logPoints(1000)
    expect(broken).toBe(2)
    expect(steps()).toEqual(upTo(1000))
  })

  it('that breaks off while it makes a run has one run', async () => {
    let broken = false
    fake.intercept = (asked, response) => {
      if (!asked.path.includes('runs/create') || broken) return false
      broken = true
      fake.answer(asked)
      response.destroy()
      return true
    }
    await logPoints(10)
    expect(broken).toBe(true)
    expect(calls('runs/create').length).toBe(1)
    expect(steps()).toEqual(upTo(10))
  })

  it('that makes a run after it was given up has one run all the same', async () => {
    let late: Asked | undefined
    fake.intercept = (asked, response) => {
      if (asked.path.includes('runs/create')) {
        if (late) {
          reply(response, ...fake.answer(asked))
          fake.answer(late)
        }
        late ??= asked
        return true
      }
      // the run is not over before
      if (asked.path.includes('log-batch') && fake.runs.size < 2) reply(response, 503, {})
      return asked.path.includes('log-batch') && fake.runs.size < 2
    }
    await logPoints(10, { MLFLOW_HTTP_REQUEST_TIMEOUT: '0.3', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '10' })
    expect(calls('runs/create').length).toBe(2)
    expect([...fake.runs.keys()]).toEqual([fake.points[0]!['run']])
    expect(steps()).toEqual(upTo(10))
    expect(calls('runs/update').map(({ body }) => body['run_id'])).toEqual([...fake.runs.keys()])
  })

  it('that hangs delays neither start nor logging, and close gives up in time', async () => {
    fake.intercept = () => true
    const tracker = await open(fake.base, {
      MLFLOW_HTTP_REQUEST_TIMEOUT: '0.3',
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2',
    })
    const run = await tracker.startRun(options)
    const before = fake.asked.length
    for (const step of upTo(20_000)) run.logMetrics({ loss: step }, step)
    run.end('FINISHED')
    await tracker.close()
    // the one under way, and 3 in a row that fail
    expect(fake.asked.length - before).toBeLessThanOrEqual(4)
    expect(warnings[0]).toMatch('does not answer (no answer in time)')
    expect(warnings[1]).toMatch(/parts of what was logged wait in .*: "ddpg mlflow sync .*" sends them/)
    fake.intercept = () => false
    const [name] = readdirSync(join(folder, 'spool'))
    const result = await syncJournal(join(folder, 'spool', name!), fake.base, { environment: quick })
    expect(result).toMatchObject({ runs: 1, refused: [] })
    expect(steps()).toEqual(upTo(20_000))
    expect(calls('runs/update').at(-1)!.body).toMatchObject({ status: 'FINISHED' })
    expect(existsSync(join(folder, 'spool'))).toBe(false)
  })

  it('that refuses one part gets the others; the part stays in the journal', async () => {
    fake.intercept = ({ body }, response) => {
      if (!body['params']) return false
      reply(response, 400, {
        error_code: 'INVALID_PARAMETER_VALUE',
        message: 'Changing param values is not allowed',
      })
      return true
    }
    const tracker = await open()
    const run = await tracker.startRun(options)
    run.logParams({ seed: '1' })
    run.logMetrics({ loss: 1 }, 1)
    run.end('FINISHED')
    await tracker.close()
    expect(steps()).toEqual([1])
    expect(warnings[0]).toMatch('MLflow refuses params of a run, the run continues: ')
    expect(warnings[1]).toMatch(/^1 part of what was logged waits in .* sends it$/)
  })
})

it('a program that was bundled into one file, without that of the thread, logs all the same', async () => {
  const src = fileURLToPath(new URL('../../../src/tracking/mlflow/index.ts', import.meta.url))
  await build({
    configFile: false,
    logLevel: 'error',
    build: { ssr: src, outDir: join(folder, 'bundle'), target: 'node22' },
  })
  expect(readdirSync(join(folder, 'bundle'))).toEqual(['index.js'])
  const { openTracker } = await import(join(folder, 'bundle', 'index.js'))
  const tracker = await openTracker(fake.base, { environment: quick, spool: join(folder, 'spool') })
  const run = await tracker.startRun(options)
  for (const step of upTo(2500)) run.logMetrics({ loss: step }, step)
  run.end('FINISHED')
  await tracker.close()
  expect(steps()).toEqual(upTo(2500))
  expect(existsSync(join(folder, 'spool'))).toBe(false)
})
