// This bench measures the page in a browser: how much it loads, how soon it trains, and whether it stays responsive
// meanwhile.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { launch, type LaunchOptions, type Page } from 'puppeteer-core'
import { CHROMIUM, FIREFOX } from '../test/engines/browsers.ts'
import { longestTask } from '../test/helpers/tracing.ts'
import { digits, printTable, spread } from './measure.ts'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const VISITS = 5
/** Trains for a few seconds, with a validation every 500 updates and charts that are redrawn. */
const LONG = `#${new URLSearchParams({ scenario: 'sine_wave', set: 'training.max_steps=100000' })}`

declare global {
  var seen: { clicked: number; stepped: number; longestFrame: number }
}

interface Visit {
  loaded: number
  toFirstStep: number
  longestFrame: number
  /** The longest task of the processor in milliseconds; undefined in a browser that does not report it. */
  longestTask: number | undefined
}

/** Prints a row for each browser that is installed. */
export async function benchWeb(): Promise<void> {
  const server = spawn(process.execPath, [cli, 'web', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const ended = once(server, 'exit').then(() => Promise.reject(new Error('ddpg web ended: see above')))
    const [output] = (await Promise.race([once(server.stdout, 'data'), ended])) as [Buffer]
    const address = /http:\S+/.exec(String(output))![0]
    const rows = []
    for (const options of [CHROMIUM, FIREFOX])
      if (existsSync(options.executablePath!)) rows.push(await rowOf(options, address))
    printTable(
      'The page, ms',
      [
        'browser',
        'first load, KB gzipped',
        'Train to first step',
        'longest frame',
        'longest task, of the processor',
      ],
      rows,
    )
  } finally {
    server.kill()
  }
}

async function rowOf(options: LaunchOptions, address: string): Promise<string[]> {
  // Firefox writes into its home, which the user's own may not allow.
  const home = mkdtempSync(join(tmpdir(), 'ddpg-bench-'))
  const browser = await launch({ ...options, env: { ...process.env, HOME: home } })
  try {
    const visits: Visit[] = []
    for (let i = 0; i < VISITS; i++)
      visits.push(await visitOf(await browser.newPage(), address, options === CHROMIUM))
    const tasks = visits.flatMap(({ longestTask }) => longestTask ?? [])
    return [
      await browser.version(),
      digits(visits[0]!.loaded / 1000),
      spread(visits.map(({ toFirstStep }) => toFirstStep)),
      spread(visits.map(({ longestFrame }) => longestFrame)),
      tasks.length > 0 ? spread(tasks) : 'not reported',
    ]
  } finally {
    await browser.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function visitOf(page: Page, address: string, tellsOfTasks: boolean): Promise<Visit> {
  const asked = new Set<string>()
  page.on('request', (request) => request.url().startsWith('http') && asked.add(request.url().split('#')[0]!))
  await page.setViewport({ width: 1280, height: 900 })
  await page.goto(address + LONG)
  await page.waitForFunction(() => document.querySelector('#about')!.textContent.startsWith('100,000'))
  const files = await Promise.all([...asked].map(async (url) => (await fetch(url)).bytes()))
  const loaded = files.reduce((total, bytes) => total + gzipSync(bytes).length, 0)
  const training = async () => {
    await page.evaluate(train)
    await page.waitForSelector('#results:not([hidden])', { timeout: 120_000 })
  }
  const longest = tellsOfTasks ? await longestTask(page, training) : await training()
  const { clicked, stepped, longestFrame } = await page.evaluate(() => globalThis.seen)
  await page.close()
  return { loaded, toFirstStep: stepped - clicked, longestFrame, longestTask: longest ?? undefined }
}

/** Presses the button, and looks at the clock when the first step is shown and at every frame until the end. */
function train(): void {
  const seen = (globalThis.seen = { clicked: performance.now(), stepped: 0, longestFrame: 0 })
  const [step, results] = [document.querySelector('#step')!, document.querySelector('#results')!]
  new MutationObserver(() => (seen.stepped ||= performance.now())).observe(step, { childList: true })
  let last = seen.clicked
  const frame = () => {
    const now = performance.now()
    seen.longestFrame = Math.max(seen.longestFrame, now - last)
    last = now
    if (results.hasAttribute('hidden')) requestAnimationFrame(frame)
  }
  document.querySelector<HTMLButtonElement>('#train')!.click()
  requestAnimationFrame(frame)
}
