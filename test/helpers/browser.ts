// This file starts real browsers, drives them from outside, and collects what went wrong in them.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  launch,
  type Browser,
  type BrowserContext,
  type CDPSession,
  type LaunchOptions,
  type Page,
} from 'puppeteer-core'
import { afterAll, beforeAll } from 'vitest'
import { CHROMIUM, FIREFOX } from '../engines/browsers.ts'
import { describeWith } from './needs.ts'
import { PATIENCE_WITHIN } from './patience.ts'

const BROWSERS: Record<string, LaunchOptions> = { Chromium: CHROMIUM, Firefox: FIREFOX }

export interface Visit {
  page: Page
  /** Errors of the console and of scripts, and violations of the content security policy. */
  wrong: () => Promise<string[]>
  /** Addresses that the page asked for; those of data: stand for themselves, and are left out. */
  asked: string[]
}

export interface Driven {
  /** Opens a page of its own. */
  visit(address: string, viewport?: { width: number; height: number }): Promise<Visit>
  /** The content of a file, once it has been downloaded, which is then forgotten. */
  downloaded(name: string): Promise<Buffer>
}

/** Like describe, once in each browser; one that is not installed is skipped loudly, and fails under CI. */
export function describeInBrowsers(name: string, tests: (driven: Driven, browser: string) => void): void {
  for (const [browser, options] of Object.entries(BROWSERS)) {
    describeWith(options.executablePath!, 'run test/engines/setup.sh', `${name} in ${browser}`, () =>
      tests(drive(options), browser),
    )
  }
}

function drive(options: LaunchOptions): Driven {
  const folder = mkdtempSync(join(tmpdir(), 'ddpg-browser-'))
  const downloadPath = mkdtempSync(join(folder, 'downloads-'))
  let browser: Browser
  let context: BrowserContext
  beforeAll(async () => {
    // Firefox writes into its home, which the user's own may not allow.
    const env = { ...process.env, HOME: folder }
    browser = await launch({ ...options, env, timeout: PATIENCE_WITHIN, protocolTimeout: PATIENCE_WITHIN })
    context = await browser.createBrowserContext({ downloadBehavior: { policy: 'allow', downloadPath } })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    async visit(address, viewport = { width: 1280, height: 900 }) {
      const page = await context.newPage()
      page.setDefaultTimeout(PATIENCE_WITHIN)
      const found: string[] = []
      const asked: string[] = []
      page.on('console', (message) => message.type() === 'error' && found.push(message.text()))
      page.on('pageerror', (error) => found.push(String(error)))
      // whether a run under way is to be left
      page.on('dialog', (dialog) => void dialog.accept())
      page.on('request', (request) => request.url().startsWith('data:') || asked.push(request.url()))
      if (options.browser === 'chrome') {
        await noteViolations(await page.createCDPSession(), found)
        // one that the page ends at once cannot be asked any more
        page.on('workercreated', ({ client }) => void noteViolations(client, found).catch(() => undefined))
      }
      await page.setViewport(viewport)
      await page.evaluateOnNewDocument(watch)
      await page.goto(address)
      const wrong = async () => [...found, ...(await page.evaluate(() => globalThis.watched.violations))]
      return { page, wrong, asked }
    },
    async downloaded(name) {
      const path = join(downloadPath, name)
      // a download has another name until it is whole
      while (!existsSync(path)) await wait(50)
      let content = readFileSync(path)
      for (let last = -1; content.length !== last || last === 0; content = readFileSync(path)) {
        last = content.length
        await wait(50)
      }
      rmSync(path)
      return content
    },
  }
}

/** Those of workers, too, which their page does not hear of; Chromium tells also those before it was asked. */
async function noteViolations(client: CDPSession, found: string[]): Promise<void> {
  client.on('Audits.issueAdded', ({ issue }) => {
    const details = issue.details.contentSecurityPolicyIssueDetails
    if (details) found.push(`${details.violatedDirective}: ${details.contentSecurityPolicyViolationType}`)
  })
  await client.send('Audits.enable')
}

declare global {
  var watched: { violations: string[] }
}

/** Runs in the page before anything else. */
function watch(): void {
  globalThis.watched = { violations: [] }
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    globalThis.watched.violations.push(`${violatedDirective}: ${blockedURI}`),
  )
}
