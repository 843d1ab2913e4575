// This file opens a page in browsers and waits until its title is `done`.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { launch, type LaunchOptions } from 'puppeteer-core'
import { placeOf } from '../helpers/needs.ts'
import { Missing, mustExist } from './missing.ts'

/** The text that the page shows at its end, and the name that the browser gives itself. */
export interface Shown {
  version: string
  text: string
}

export const CHROMIUM: LaunchOptions = {
  browser: 'chrome',
  executablePath: placeOf('/usr/bin/chromium'),
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}
export const FIREFOX: LaunchOptions = {
  browser: 'firefox',
  executablePath: placeOf('/usr/bin/firefox-esr'),
}

export function chromium(url: string, milliseconds: number): Promise<Shown> {
  return withPuppeteer(CHROMIUM, url, milliseconds)
}

export function firefox(url: string, milliseconds: number): Promise<Shown> {
  return withPuppeteer(FIREFOX, url, milliseconds)
}

async function withPuppeteer(options: LaunchOptions, url: string, milliseconds: number): Promise<Shown> {
  mustExist(options.executablePath!)
  // Firefox writes into its home, which the user's own may not allow.
  const env = { ...process.env, HOME: temporaryHome() }
  const browser = await launch({ ...options, env, protocolTimeout: milliseconds })
  try {
    const page = await browser.newPage()
    await page.goto(url)
    await page.waitForFunction(() => document.title === 'done', { timeout: milliseconds })
    const text = await page.$eval('pre', (element) => element.textContent)
    return { version: (await browser.version()).replace(/^.*\//, ''), text }
  } finally {
    await browser.close()
  }
}

/** An empty folder, gone when this program ends. */
function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'engines-'))
  process.once('exit', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  return home
}

/** WebKitGTK's MiniBrowser over the W3C's WebDriver protocol, on a display that nobody sees. */
export async function webkit(url: string, milliseconds: number): Promise<Shown> {
  const driver = '/usr/bin/WebKitWebDriver'
  for (const file of [driver, '/usr/bin/Xvfb']) mustExist(file)
  const home = temporaryHome()
  const started: ChildProcess[] = []
  const stop = () => started.toReversed().forEach(stopGroup)
  process.prependOnceListener('exit', stop)
  try {
    const screen = spawnGroup('/usr/bin/Xvfb', ['-displayfd', '3', '-nolisten', 'tcp'], {})
    started.push(screen)
    const display = await firstLine(screen.stdio[3] as Readable)
    const port = await freePort()
    const args = [`--port=${port}`, '--host=127.0.0.1']
    started.push(
      spawnGroup(driver, args, {
        DISPLAY: `:${display}`,
        HOME: home,
        XDG_RUNTIME_DIR: home,
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      }),
    )
    return await withWebDriver(`http://127.0.0.1:${port}`, url, Date.now() + milliseconds)
  } finally {
    stop()
    process.off('exit', stop)
  }
}

async function withWebDriver(driver: string, url: string, deadline: number): Promise<Shown> {
  await until(deadline, 'WebKitWebDriver does not answer', () =>
    request(driver, 'GET', '/status').then(
      () => true,
      () => undefined,
    ),
  )
  const browserOptions = { binary: miniBrowser(), args: ['--automation'] }
  const { sessionId, capabilities } = (await request(driver, 'POST', '/session', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': browserOptions } },
  })) as { sessionId: string; capabilities: { browserVersion: string } }
  const session = `/session/${sessionId}`
  try {
    await request(driver, 'POST', `${session}/url`, { url })
    const script = 'return document.title === "done" ? document.querySelector("pre").textContent : null'
    const text = await until(deadline, 'the page did not finish', () =>
      request(driver, 'POST', `${session}/execute/sync`, { script, args: [] }),
    )
    return { version: capabilities.browserVersion, text: text as string }
  } finally {
    await request(driver, 'DELETE', session)
  }
}

/** @throws Error with what WebDriver says is wrong */
async function request(driver: string, method: string, path: string, body?: object): Promise<unknown> {
  const signal = AbortSignal.timeout(60_000)
  const response = await fetch(driver + path, { method, signal, ...(body && { body: JSON.stringify(body) }) })
  const { value } = (await response.json()) as { value: { error?: string; message?: string } | null }
  if (value?.error) throw new Error(`${value.error}: ${value.message}`)
  return value
}

/** Asks until there is an answer. @throws Error with the sentence after the deadline */
async function until<T>(deadline: number, otherwise: string, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== null) return answer
    if (Date.now() > deadline) throw new Error(otherwise)
    await wait(100)
  }
}

function miniBrowser(): string {
  const libraries = '/usr/lib/x86_64-linux-gnu'
  const folder = existsSync(libraries)
    ? readdirSync(libraries).find((name) => existsSync(join(libraries, name, 'MiniBrowser')))
    : undefined
  if (!folder) throw new Missing('MiniBrowser is not there: run test/engines/setup.sh')
  return join(libraries, folder, 'MiniBrowser')
}

/** In a process group of its own, so that what it starts ends with it. */
function spawnGroup(command: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(command, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
}

function stopGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL')
  } catch {
    // it has ended
  }
}

async function firstLine(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.trim()
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
