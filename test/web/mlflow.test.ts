// The page logs to a real MLflow once that is turned on, and trains on without one.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, request as requestOf, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'puppeteer-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInBrowsers } from '../helpers/browser.ts'
import { runCli, temporaryFolder } from '../helpers/cli.ts'
import { describeWithPython } from '../helpers/python.ts'
import { click, expectClean, isReady, receiptOf, says, serve, text } from '../helpers/web.ts'
import { freePort, startServer, type Json, type MlflowServer } from '../tracking/mlflow/server.ts'

const folder = temporaryFolder()
let address: string
/** The same page, by a name that MLflow takes for another machine's; the second one it was started to let in. */
let [elsewhere, invited] = ['', '']
/** Serves the page by any name, as a public host does: `ddpg web` answers to its own names alone. */
let host: Server
let mlflow: MlflowServer
/** Answers, but is no MLflow. */
let other: { server: Server; base: string; requests: number }
/** The run of the command line, and what it left. */
let cli: Json
let receipt: string

beforeAll(async () => {
  ;({ address } = await serve())
  host = createServer((request, response) => {
    const forward = requestOf(new URL(request.url!, address), (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    forward.end()
  })
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  const { port } = host.address() as AddressInfo
  ;[elsewhere, invited] = ['page', 'invited'].map((name) => `http://${name}.localhost:${port}/`) as [
    string,
    string,
  ]
  const { code, stderr } = await runCli(folder, 'experiment', '-s', 'smoke', '-g', '--name', 'smoke')
  expect(code, stderr).toBe(0)
  receipt = readFileSync(join(folder, 'logs/smoke/run_1/trial_0/receipt.json'), 'utf8')
  other = { server: createServer(), base: '', requests: 0 }
  other.server.on('request', (_, response) => {
    other.requests++
    response.end('hello')
  })
  await new Promise<void>((done) => other.server.listen(0, '127.0.0.1', done))
  other.base = `http://127.0.0.1:${(other.server.address() as AddressInfo).port}`
})
afterAll(() => {
  host.closeAllConnections()
  host.close()
  other.server.close()
})

const nameOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** Sets what is logged where, once the scenario of the link is there. */
async function prepare(page: Page, uri: string, isOn = true): Promise<void> {
  if (page.url().includes('set=')) await says(page, '#scenario', 'smoke, edited')
  await isReady(page)
  await page.$eval('#mlflow-details', (details) => ((details as HTMLDetailsElement).open = true))
  await page.$eval('#mlflow-address', (field, uri) => ((field as HTMLInputElement).value = uri), uri)
  if (isOn) await click(page, '#mlflow')
}

/** The id of the run that the page links to, once it says so. */
async function idOf(page: Page, words: string): Promise<string> {
  await says(page, '#mlflow-status', words)
  const link = await page.$eval('#mlflow-status a', (element) => (element as HTMLAnchorElement).href)
  expect(link.startsWith(`${mlflow.base}/#/experiments/`)).toBe(true)
  return link.replace(/^.*\//, '')
}

async function runOf(id: string): Promise<Json> {
  return (await mlflow.get(`mlflow/runs/get?run_id=${id}`))['run']
}

/** The page asks for this when it is left, after all that it sends then. */
const LEFT = '/left'

/** MLflow behind a server that takes no artifacts, and counts the changes of a run's status and pages that are left. */
async function withoutArtifacts(): Promise<{ server: Server; base: string; updates: number; left: number }> {
  const server = createServer((request, response) => {
    const path = request.url!
    if (path === LEFT) {
      proxy.left++
      response.end()
      return
    }
    if (request.method === 'POST' && path.endsWith('/runs/update')) proxy.updates++
    const { host: _, ...headers } = request.headers
    const forward = requestOf(mlflow.base + path, { method: request.method, headers }, (answer) => {
      const isArtifact = request.method === 'PUT' && path.includes('/mlflow-artifacts/')
      response.writeHead(isArtifact ? 400 : answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    forward.on('error', () => response.destroy())
    request.pipe(forward)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const proxy = { server, base: `http://127.0.0.1:${port}`, updates: 0, left: 0 }
  return proxy
}

const statusOf = async (id: string): Promise<string> => (await runOf(id))['info'].status

const pairs = (items: { key: string; value: unknown }[]): Json =>
  Object.fromEntries(items.map(({ key, value }) => [key, value]))

/** Metrics of the run with their steps, but for the load of the machine; seconds differ from run to run. */
async function courseOf({ info, data }: Json): Promise<Json> {
  const keys = (data.metrics as Json[]).map(({ key }) => key as string)
  const course: Json = {}
  for (const key of keys.filter((name) => !name.startsWith('system/'))) {
    const query = new URLSearchParams({ run_id: info.run_id, metric_key: key, max_results: '20000' })
    const { metrics } = await mlflow.get(`mlflow/metrics/get-history?${query}`)
    course[key] = (metrics as Json[])
      .map(({ step = 0, value = 0 }) => (key.startsWith('time/') ? [step] : [step, value]))
      .toSorted((a, b) => a[0] - b[0])
  }
  return course
}

async function artifactOf(id: string, path: string): Promise<Uint8Array> {
  const query = new URLSearchParams({ run_uuid: id, path })
  const response = await fetch(`${mlflow.base}/get-artifact?${query}`, { headers: { connection: 'close' } })
  expect(response.status, path).toBe(200)
  return new Uint8Array(await response.arrayBuffer())
}

const long = `#${new URLSearchParams({ scenario: 'smoke', set: 'training.max_steps=2000000' })}`

describeWithPython('a page with MLflow', () => {
  beforeAll(async () => {
    const options = ['--cors-allowed-origins', new URL(invited).origin]
    mlflow = await startServer(folder, { options })
    const { runs } = await mlflow.post('mlflow/runs/search', { experiment_ids: ['1'] })
    cli = (runs as Json[]).find(({ info }) => info.run_name === 'trial_0')!
  })
  afterAll(() => mlflow?.stop('SIGKILL'))

  describeInBrowsers('the page', ({ visit, downloaded }, browser) => {
    it('logs what the command line logs', async () => {
      const { page, wrong } = await visit(`${address}#scenario=smoke`)
      await prepare(page, mlflow.base)
      await click(page, '#train')
      const id = await idOf(page, 'smoke seed 7 is in MLflow, FINISHED')
      expect(await receiptOf(page)).toBe(nameOf(receipt))
      const run = await runOf(id)
      expect(run['info']).toMatchObject({ status: 'FINISHED', run_name: 'smoke seed 7', user_id: 'browser' })
      const course = await courseOf(run)
      expect(Object.keys(course).length).toBeGreaterThan(40)
      expect(course['train/critic_loss'].length).toBeGreaterThan(5)
      expect(course).toEqual(await courseOf(cli))
      expect(pairs(run['data'].params)).toEqual(pairs(cli['data'].params))
      const [tags, expected] = [run, cli].map(({ data }) => pairs(data.tags)) as [Json, Json]
      expect(tags['receipt']).toBe(nameOf(receipt))
      for (const key of ['receipt', 'ddpg.core_sha256']) expect(tags[key]).toBe(expected[key])
      expect(tags['ddpg.runtime']).toContain(browser === 'Firefox' ? 'Firefox/' : 'Chrome/')
      expect(run['inputs'].dataset_inputs).toHaveLength(3)
      // a checkpoint of the command line tells also which trial it is of
      for (const path of ['receipt.json', 'config/effective.yaml', 'evaluation_data/metrics.md'])
        expect(await artifactOf(id, path), path).toEqual(await artifactOf(cli['info'].run_id, path))
      await click(page, '#downloads a[download="checkpoint.safetensors"]')
      const checkpoint = await artifactOf(id, 'checkpoints/checkpoint.safetensors')
      expect(nameOf(checkpoint)).toBe(nameOf(await downloaded('checkpoint.safetensors')))
      expect(await wrong()).toEqual([])
      await page.close()
    })

    it('ends a run in MLflow as it ended in the page', async () => {
      const { page } = await visit(address + long)
      await prepare(page, mlflow.base)
      await click(page, '#train')
      const stopped = await idOf(page, 'is logged to MLflow')
      expect(await statusOf(stopped)).toBe('RUNNING')
      await click(page, '#stop')
      expect(await idOf(page, 'is in MLflow, KILLED')).toBe(stopped)
      expect(await statusOf(stopped)).toBe('KILLED')

      await says(page, '#continue-about', 'A checkpoint of smoke')
      await click(page, '#continue button[type=submit]')
      const closed = await idOf(page, 'is logged to MLflow')
      expect(closed).not.toBe(stopped)
      const resumedAt = async () => Number(pairs((await runOf(closed))['data'].tags)['resumed_at_step'])
      await expect.poll(resumedAt).toBeGreaterThan(0)
      await page.goto('about:blank')
      await expect.poll(() => statusOf(closed)).toBe('KILLED')
      await page.close()
    })

    it('says when MLflow has not all of a run, which is not killed for it', async () => {
      const proxy = await withoutArtifacts()
      const { page } = await visit(`${address}#scenario=smoke`)
      await prepare(page, proxy.base)
      await click(page, '#train')
      await says(page, '#mlflow-status', 'MLflow refuses artifact of a run, the run continues')
      await says(page, '#mlflow-status', 'smoke seed 7 is in MLflow, but not all of it')
      expect(await receiptOf(page)).toBe(nameOf(receipt))
      const link = await page.$eval('#mlflow-status a', (element) => (element as HTMLAnchorElement).href)
      const id = link.replace(/^.*\//, '')
      expect(await statusOf(id)).toBe('FINISHED')
      const { updates } = proxy
      await page.evaluate((left) => {
        const last = () => void fetch(left, { mode: 'no-cors', keepalive: true })
        addEventListener('pagehide', last)
      }, proxy.base + LEFT)
      await page.goto('about:blank')
      await expect.poll(() => proxy.left).toBe(1)
      await page.close()
      expect(proxy.updates).toBe(updates)
      expect(await statusOf(id)).toBe('FINISHED')
      proxy.server.close()
    })

    it('ends a run in MLflow that does not listen, and one that fails', async () => {
      const endless = { scenario: 'smoke', set: 'training.optim_steps_per_batch=2000000000' }
      const { page } = await visit(`${address}#${new URLSearchParams(endless)}`)
      await prepare(page, mlflow.base)
      await click(page, '#train')
      const id = await idOf(page, 'is logged to MLflow')
      await click(page, '#stop')
      await says(page, '#stop', 'Stop at once')
      await click(page, '#stop')
      await expect.poll(() => statusOf(id)).toBe('KILLED')
      await page.close()

      const { page: failing } = await visit(
        `${address}#${new URLSearchParams({ scenario: 'smoke', set: 'training.critic_lr=1e30' })}`,
      )
      await prepare(failing, mlflow.base)
      await click(failing, '#train')
      const failed = await runOf(await idOf(failing, 'is in MLflow, FAILED'))
      expect(failed['info'].status).toBe('FAILED')
      expect(pairs(failed['data'].tags)['error']).toBe(await text(failing, '#status'))
      await failing.close()
    })

    it('says what to do when MLflow does not let it in, which then helps', async () => {
      const { page } = await visit(`${elsewhere}#scenario=smoke`)
      await prepare(page, mlflow.base)
      await click(page, '#train')
      const { origin } = new URL(elsewhere)
      await says(page, '#mlflow-status', `start it with "mlflow server --cors-allowed-origins ${origin}"`)
      expect(await receiptOf(page)).toBe(nameOf(receipt))
      await page.close()

      const { page: guest } = await visit(`${invited}#scenario=smoke`)
      await prepare(guest, mlflow.base)
      await click(guest, '#train')
      const id = await idOf(guest, 'is in MLflow, FINISHED')
      expect(await statusOf(id)).toBe('FINISHED')
      await guest.close()
    })
  })
})

describeInBrowsers('the page without MLflow', ({ visit }) => {
  it('trains on when nothing answers, and says so', async () => {
    const { page } = await visit(`${address}#scenario=smoke`)
    const base = `http://localhost:${await freePort()}`
    await prepare(page, base)
    await click(page, '#train')
    await says(page, '#mlflow-status', `${base} does not answer`)
    await says(
      page,
      '#mlflow-status',
      'is MLflow running there? "mlflow server" starts it; the run continues',
    )
    expect(await receiptOf(page)).toBe(nameOf(receipt))
    await says(page, '#mlflow-status', 'they are lost')
    expect(await text(page, '#mlflow-status')).not.toContain('is in MLflow')
    await page.close()
  })

  it.each([
    'http://example.com:5000',
    'https://localhost:5000',
    'http://localhost.example.com:5000',
    'http://localhost@example.com',
    'file:///mlflow.db',
    'nonsense',
    '',
  ])('refuses the address "%s"', async (uri) => {
    const visited = await visit(`${address}#scenario=smoke`)
    const { page } = visited
    await prepare(page, uri)
    await click(page, '#train')
    await says(
      page,
      '#status',
      `on this machine alone, http://localhost:PORT or http://127.0.0.1:PORT, not to`,
    )
    await isReady(page)
    expect(await page.$eval('#mlflow-address', (field) => field.ariaInvalid)).toBe('true')
    // and trains once it is turned off
    await click(page, '#mlflow')
    await click(page, '#train')
    expect(await receiptOf(page)).toBe(nameOf(receipt))
    await expectClean(visited)
    await page.close()
  })

  it('asks nobody unless it is told to, also after a reload', async () => {
    const visited = await visit(`${address}#scenario=smoke`)
    const { page } = visited
    other.requests = 0
    await prepare(page, other.base, false)
    await click(page, '#train')
    expect(await receiptOf(page)).toBe(nameOf(receipt))
    expect(other.requests).toBe(0)
    await expectClean(visited)
    await click(page, '#mlflow')
    await click(page, '#train')
    await says(page, '#mlflow-status', `${other.base} does not answer`)
    expect(other.requests).toBeGreaterThan(0)
    await page.reload()
    await isReady(page)
    expect(await page.$eval('#mlflow', (box) => (box as HTMLInputElement).checked)).toBe(false)
    await page.close()
  })
})
