// This file opens the page as `ddpg web` serves it, and has what tests do in it.
import { createInterface } from 'node:readline'
import type { ChildProcess } from 'node:child_process'
import axe from 'axe-core'
import type { Page } from 'puppeteer-core'
import { expect } from 'vitest'
import type { Visit } from './browser.ts'
import { PATIENCE_WITHIN } from './patience.ts'
import { startCli, temporaryFolder } from './cli.ts'

/** Starts `ddpg web` on a free port; the helper of the command line ends it. @returns its address */
export async function serve(): Promise<{ address: string; server: ChildProcess }> {
  const server = startCli(temporaryFolder(), ['web', '--port', '0'])
  for await (const line of createInterface({ input: server.stdout! })) {
    const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0]
    if (address) return { address, server }
  }
  throw new Error('ddpg web ended before it told its address: run npm run build')
}

/** Returns the text of an element. */
export const text = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent ?? '')

/** Waits until the page says so. */
export async function says(page: Page, selector: string, words: string): Promise<void> {
  try {
    await page.waitForFunction(
      (selector, words) => document.querySelector(selector)?.textContent?.includes(words),
      { timeout: PATIENCE_WITHIN },
      selector,
      words,
    )
  } catch (error) {
    const found = await text(page, selector)
    throw new Error(`${selector} says "${found}", not "${words}"`, { cause: error })
  }
}

/** Waits until there is something to train. */
export const isReady = (page: Page) =>
  page.waitForFunction(() => !document.querySelector<HTMLButtonElement>('#train')!.disabled)

/** The receipt that the page shows, once there is one. */
export async function receiptOf(page: Page): Promise<string> {
  await page.waitForSelector('#results:not([hidden]) #receipt-name')
  return page.$eval('#receipt-name', (element) => (element as HTMLElement).dataset['receipt']!)
}

/** Chooses a file with the button of the page. */
export async function choose(page: Page, path: string): Promise<void> {
  const input = await page.$('input[type=file]')
  await input!.uploadFile(path)
}

/** Nothing went wrong, and nothing was asked of another host. */
export async function expectClean({ page, wrong, asked }: Visit): Promise<void> {
  const address = new URL(page.url()).origin
  expect(await wrong()).toEqual([])
  expect(asked.length).toBeGreaterThan(3)
  for (const url of asked)
    expect(url.startsWith(address) || url.startsWith(`blob:${address}`), url).toBe(true)
}

export async function click(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(`${selector}:not([hidden]):not([disabled])`)
  await page.$eval(selector, (element) => (element as HTMLElement).click())
}

declare global {
  var axe: typeof import('axe-core')
}

/** Names, roles, contrast and the like, by the rules of WCAG 2.2 AA and axe's own. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run()
    return found.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])
  })
  expect(violations).toEqual([])
}
