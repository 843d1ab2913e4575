// MLflow's own page shows runs of ours, and a page of ours logs to MLflow, in a real browser.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { launch, type Browser, type Page } from 'puppeteer-core'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHROMIUM } from '../../engines/browsers.ts'
import { describeWith } from '../../helpers/needs.ts'
import { describeWithPython } from '../../helpers/python.ts'
import { runCli } from '../../helpers/cli.ts'
import { startServer, type Json, type MlflowServer } from './server.ts'

const client = fileURLToPath(new URL('../../../src/tracking/mlflow/browser.ts', import.meta.url))
/** The folder in which screenshots are kept for someone to look at. */
const shots = process.env['MLFLOW_SHOTS']

/** The client as one script, as the bundler of a page makes it. */
async function bundled(): Promise<string> {
  const lib = { entry: client, formats: ['es' as const], fileName: 'client' }
  const built = await build({ configFile: false, logLevel: 'error', build: { lib, write: false } })
  const [{ output }] = built as Rolldown.RolldownOutput[] as [Rolldown.RolldownOutput]
  return output[0].code
}

/** Like describeWithPython, and with Chromium. */
function describeWithBrowser(name: string, tests: () => void): void {
  describeWith(CHROMIUM.executablePath!, 'run test/engines/setup.sh', name, () =>
    describeWithPython('and MLflow', tests),
  )
}

describeWithBrowser('a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-page-'))
  let mlflow: MlflowServer
  let browser: Browser
  let pages: Server
  beforeAll(async () => {
    const trained = await runCli(folder, 'experiment', '-s', 'smoke', '-g', '--trials', '2')
    expect(trained.code).toBe(0)
    mlflow = await startServer(folder)
    browser = await launch({
      executablePath: CHROMIUM.executablePath!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      env: { ...process.env, HOME: folder },
    })
    const script = await bundled()
    pages = createServer((request, response) => {
      const isScript = request.url!.endsWith('.js')
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      response.setHeader('access-control-allow-origin', '*')
      response.end(isScript ? script : '<title>ours</title>')
    })
    await new Promise<void>((done) => pages.listen(0, '127.0.0.1', done))
  })
  afterAll(async () => {
    await browser?.close()
    pages?.close()
    await mlflow?.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  /** Opens an address, waits for texts, and gives what went wrong. */
  async function visit(
    path: string,
    texts: string[],
    shot: string,
  ): Promise<{ page: Page; wrong: string[] }> {
    const page = await browser.newPage()
    await page.setViewport({ width: 1500, height: 1100 })
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(String(error)))
    page.on('response', (answer) => {
      // MLflow's page asks for a user where there are no logins, with or without runs.
      const isOurs = answer.url().startsWith(mlflow.base) && !answer.url().endsWith('/users/current')
      if (answer.status() >= 400 && isOurs) wrong.push(`${answer.status()} ${answer.url()}`)
    })
    await page.goto(`${mlflow.base}/#/${path}`)
    const body = () => page.evaluate(() => document.body.innerText)
    for (let tries = 0; tries < 200; tries++) {
      const shown = await body()
      if (texts.every((text) => shown.includes(text))) break
      await sleep(200)
    }
    const shown = await body()
    if (shots) {
      mkdirSync(shots, { recursive: true })
      await sleep(2000)
      await page.screenshot({ path: join(shots, `${shot}.png`) })
    }
    for (const text of texts) expect(shown, `${shot} shows ${text}`).toContain(text)
    expect(shown).not.toMatch(/something went wrong|cannot load|failed to/i)
    return { page, wrong }
  }

  const portOfPages = () => (pages.address() as { port: number }).port

  async function runNamed(name: string): Promise<Json> {
    const { runs } = await mlflow.post('mlflow/runs/search', { experiment_ids: ['1'] })
    return (runs as Json[]).find((run) => run['info'].run_name === name)!['info']
  }

  /** Runs a program in the page; as text, since the test runner rewrites imports. */
  const inPage = (page: Page, program: string): Promise<unknown> =>
    page.evaluate(
      `(async () => {
        const uri = ${JSON.stringify(mlflow.base)}
        const { openTracker } = await import('http://127.0.0.1:${portOfPages()}/client.js')
        ${program}
      })()`,
    )

  it("shows the report of the experiment on MLflow's page, with its charts", async () => {
    const { run_id: id } = await runNamed('smoke')
    const path = `experiments/1/runs/${id}/artifacts/report.html`
    const { page, wrong } = await visit(path, ['report.html', 'report.md'], 'report')
    const frame = await page.waitForFrame((one) => one.url().startsWith('blob:'))
    await frame.waitForSelector('html[data-drawn]')
    expect(await frame.$$eval('.panel svg', (charts) => charts.length)).toBe(6)
    expect(wrong).toEqual([])
    await page.close()
  })

  it("shows our runs on MLflow's page: nested, with charts, data sets, and the preview of a plot", async () => {
    const { run_id: id } = await runNamed('trial_0')
    const at = `experiments/1/runs/${id}`
    const views: [path: string, texts: string[], shot: string][] = [
      [at, ['trial_0', 'Finished', 'smoke train', 'train/critic_loss', 'Parent run'], 'overview'],
      [`${at}/model-metrics`, ['eval/test', 'buy_and_hold'], 'charts'],
      [`${at}/system-metrics`, ['System metrics'], 'system'],
      [`${at}/artifacts/evaluation_plots/combined_evaluation.svg`, ['combined_evaluation.svg'], 'artifact'],
      [`${at}/artifacts/evaluation_data/metrics.md`, ['metrics.md', 'buy & hold'], 'markdown'],
    ]
    const { page: list, wrong } = await visit('experiments/1/runs', ['smoke', '3 matching runs'], 'runs')
    // The sign that unfolds a run has no name of its own: it is left of the run's.
    const { x, y, height } = (await (await list.waitForSelector('a[href*="/runs/"]'))!.boundingBox())!
    await list.mouse.click(x - 32, y + height / 2)
    await list.waitForSelector('::-p-text(trial_0)')
    await list.waitForSelector('::-p-text(trial_1)')
    if (shots) await list.screenshot({ path: join(shots, 'nested.png') })
    expect(wrong).toEqual([])
    for (const view of views) {
      const { page, wrong } = await visit(...view)
      if (view[2] === 'charts') {
        const search = await page.waitForSelector('input[placeholder="Search metric charts"]')
        await search!.type('critic_loss')
        await page.waitForSelector('::-p-text(trial_0 (train/critic_loss))')
        if (shots) await page.screenshot({ path: join(shots, 'line.png') })
      }
      expect(wrong, view[2]).toEqual([])
      await page.close()
    }
  })

  it("shows every tab of a run on MLflow's page without an error", async () => {
    const { run_id: id } = await runNamed('trial_1')
    const { page, wrong } = await visit(`experiments/1/runs/${id}`, ['trial_1', 'Finished'], 'tabs')
    const tabs = await page.$$eval('[role="tab"]', (all) => all.map((tab) => tab.textContent!))
    expect(tabs).toEqual(['Overview', 'Model metrics', 'System metrics', 'Traces', 'Artifacts'])
    for (const [i, tab] of tabs.entries()) {
      await (await page.$$('[role="tab"]'))[i]!.click()
      await page.waitForSelector(`[role="tab"][aria-selected="true"]::-p-text(${tab})`)
      await sleep(2000) // MLflow's page never stops asking for something
      const shown = await page.evaluate(() => document.body.innerText)
      expect(shown, tab).not.toMatch(/something went wrong|cannot load|failed to/i)
      if (shots)
        await page.screenshot({ path: join(shots, `tab-${tab.toLowerCase().replace(' ', '-')}.png`) })
    }
    expect(wrong).toEqual([])
    await page.close()
  })

  it('logs from a page of this machine', async () => {
    const page = await browser.newPage()
    await page.goto(`http://localhost:${portOfPages()}/`)
    const id = await inPage(
      page,
      `const tracker = await openTracker(uri)
      const run = await tracker.startRun({ experiment: 'page', name: 'from a page' })
      for (let step = 0; step < 1500; step++) run.logMetrics({ loss: step / 3 }, step)
      run.logArtifact('note.txt', 'größer')
      run.end('FINISHED')
      await tracker.close()
      return run.id`,
    )
    const { run } = await mlflow.get(`mlflow/runs/get?run_id=${id}`)
    expect(run.info).toMatchObject({ status: 'FINISHED', user_id: 'browser' })
    const history = await mlflow.get(
      `mlflow/metrics/get-history?run_id=${id}&metric_key=loss&max_results=5000`,
    )
    expect(history['metrics'].map((point: Json) => point['value'])).toEqual(
      Array.from({ length: 1500 }, (_, i) => i / 3),
    )
    const { files } = await mlflow.get(`mlflow/artifacts/list?run_id=${id}`)
    expect(files).toEqual([{ path: 'note.txt', is_dir: false, file_size: 8 }])
    await page.close()
  })

  it.each([
    [
      'of another origin',
      () => `http://page.localhost:${portOfPages()}`,
      (origin: string) =>
        `let pages of ${origin} in: start it with "mlflow server --cors-allowed-origins ${origin}"`,
    ],
    [
      'from a file',
      () => {
        writeFileSync(join(folder, 'page.html'), '<title>ours</title>')
        return `file://${join(folder, 'page.html')}`
      },
      () => 'let pages of null in: open the page from http://localhost rather than from a file',
    ],
  ])('tells a page %s what to do', async (_, addressOf, remedyOf) => {
    const page = await browser.newPage()
    const address = addressOf()
    await page.goto(address)
    const warnings = (await inPage(
      page,
      `const said = []
      const tracker = await openTracker(uri, { warn: (sentence) => said.push(sentence) })
      await tracker.startRun({ experiment: 'page', name: 'kept out' })
      await tracker.close()
      return said`,
    )) as string[]
    expect(warnings[0]).toContain(`if MLflow is running there, it does not ${remedyOf(address)}`)
    expect(warnings.at(-1)).toContain('they are lost')
    await page.close()
  })
})
