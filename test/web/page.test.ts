// The page trains, shows, saves and resumes as the command line does, in real browsers.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Page } from 'puppeteer-core'
import { beforeAll, expect, it } from 'vitest'
import { parquetToTable } from '../../src/data/parquet.ts'
import { toFragment } from '../../web/share.ts'
import { describeInBrowsers } from '../helpers/browser.ts'
import { filesIn, runCli, temporaryFolder } from '../helpers/cli.ts'
import { longestTask } from '../helpers/tracing.ts'
import {
  choose,
  click,
  expectAccessible,
  expectClean,
  isReady,
  receiptOf,
  says,
  serve,
  text,
} from '../helpers/web.ts'

/** Long enough to be paused and stopped. */
const LONG = 'training.max_steps=60000'
const long = `#${new URLSearchParams({ scenario: 'sine_wave', set: LONG })}`

const folder = temporaryFolder()
let address: string
/** Receipts of the command line. */
let receipts: Record<'smoke' | 'long' | 'csv', string>

beforeAll(async () => {
  ;({ address } = await serve())
  const smoke = await trainWithCli('smoke', '--scenario', 'smoke', '--generate-data')
  const csv = await writeCsv(join(folder, 'data/raw/synthetic/smoke.parquet'))
  const sine = await trainWithCli('long', '--scenario', 'sine_wave', '--generate-data', '-o', LONG)
  const own = await trainWithCli('csv', '--scenario', 'smoke', '-o', `data.data_path=${csv}`)
  receipts = { smoke, long: sine, csv: own }
})

const untracked = ['-o', 'tracking.tracking_uri=none']

/** @returns the text of the receipt */
async function trainWithCli(name: string, ...options: string[]): Promise<string> {
  const { code, stderr } = await runCli(folder, 'experiment', '--name', name, ...options, ...untracked)
  expect(code, stderr).toBe(0)
  return readFileSync(join(folder, 'logs', name, 'run_1/trial_0/receipt.json'), 'utf8')
}

/** Other prices than the generated ones. */
async function writeCsv(parquet: string): Promise<string> {
  const { table } = await parquetToTable(new Uint8Array(readFileSync(parquet)).buffer, parquet)
  const names = Object.keys(table.columns)
  const lines = Array.from({ length: table.length }, (_, i) =>
    names.map((name) => table.columns[name]![i]! * (name === 'timestamp' ? 1 : 1.01)).join(','),
  )
  const path = join(folder, 'own.csv')
  writeFileSync(path, [names.join(','), ...lines, ''].join('\n'))
  return path
}

const nameOf = (receipt: string): string => createHash('sha256').update(receipt).digest('hex')

/** Starts the long run, and waits until it is under way. */
async function trainLong(page: Page): Promise<void> {
  await says(page, '#about', '60,000 steps')
  await click(page, '#train')
  await page.waitForFunction(() => document.querySelector('#validation')!.textContent !== '–')
}

/**
 * Has the worker check the scenario again, and waits for its answer. The page waits 150 ms before it asks, and a worker
 * that trains tells its progress every 100 ms before it answers.
 */
const askWorker = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const answer = new MutationObserver(() => {
          answer.disconnect()
          resolve()
        })
        answer.observe(document.querySelector('#about')!, { childList: true })
        document.querySelector('#seed')!.dispatchEvent(new Event('input'))
      }),
  )

describeInBrowsers('the page', ({ visit, downloaded }, browser) => {
  it('trains with one click on a first visit', async () => {
    const visited = await visit(address)
    const { page } = visited
    await isReady(page)
    expect(await page.$eval('#scenario', (select) => (select as HTMLSelectElement).value)).toBe('sine_wave')
    await says(page, '#about', '10,000 steps · 500 generated rows')
    await click(page, '#train')
    await receiptOf(page)
    const table = await page.$eval('#metrics', (element) => element.textContent)
    expect(table).toContain('Σ log reward1.6590.46990.4368')
    // without a pointer the charts tell of their last points
    for (const [chart, last] of [
      ['market', '2024-01-21 18:00position'],
      ['wealth', '2024-01-21 19:00buy & hold1.064agent1.548'],
      ['losses', 'step10,000critic loss'],
    ])
      await says(page, `#${chart} .u-legend`, last!)
    await expectClean(visited)
    await page.close()
  })

  it('ends with the receipt of the command line, byte for byte, and draws its plots', async () => {
    const visited = await visit(`${address}#scenario=smoke`)
    const { page } = visited
    await says(page, '#about', '1,200 steps')
    await click(page, '#train')
    expect(await receiptOf(page)).toBe(nameOf(receipts.smoke))
    await click(page, '#downloads a[download="receipt.json"]')
    expect((await downloaded('receipt.json')).toString()).toBe(receipts.smoke)
    await click(page, '#downloads a[download="smoke.yaml"]')
    expect((await downloaded('smoke.yaml')).toString()).toContain('max_steps: 1200')
    await click(page, '#draw-plots')
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('#combined')!.naturalWidth > 500,
    )
    expect(await page.$$eval('#plot-downloads a', (links) => links.length)).toBe(8)
    await expectClean(visited)
    await page.close()
  })

  it('pauses, goes on, and comes to the same', async () => {
    const { page } = await visit(address + long)
    await trainLong(page)
    await click(page, '#pause')
    await says(page, '#status', 'Paused')
    const step = () => text(page, '#step')
    // what was on its way when it was paused has arrived before this
    await askWorker(page)
    const paused = await step()
    for (let n = 0; n < 3; n++) await askWorker(page)
    expect(await step()).toBe(paused)
    expect(paused).not.toBe('60,000')
    // the browser asks before what would be lost is left
    const asks = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })))
    expect(await asks()).toBe(true)
    await click(page, '#pause')
    expect(await receiptOf(page)).toBe(nameOf(receipts.long))
    expect(await asks()).toBe(false)
    await page.close()
  })

  it('stops, and goes on from the checkpoint in another page or on the command line to the same receipt', async () => {
    const first = await visit(address + long)
    await trainLong(first.page)
    await click(first.page, '#stop')
    await says(first.page, '#status', 'Stopped at step')
    expect(await text(first.page, '#receipt')).toContain('when the run is complete')
    await says(first.page, '#continue-about', 'of 60,000')
    await click(first.page, '#downloads a[download="checkpoint.safetensors"]')
    const path = join(temporaryFolder(), 'checkpoint.safetensors')
    writeFileSync(path, await downloaded('checkpoint.safetensors'))
    await expectClean(first)
    await first.page.close()

    const ofCli = join(folder, 'logs/long/run_1/trial_0/checkpoint_step_50000.safetensors')
    for (const checkpoint of [path, ofCli]) {
      const { page } = await visit(address)
      await isReady(page)
      await choose(page, checkpoint)
      await says(page, '#continue-about', 'of 60,000')
      await click(page, '#continue button[type=submit]')
      expect(await receiptOf(page)).toBe(nameOf(receipts.long))
      await page.close()
    }

    const where = dirname(path)
    const { code } = await runCli(where, 'experiment', '--resume', path, '-g', ...untracked)
    expect(code).toBe(0)
    expect(filesIn(where, 'receipt.json').map((file) => readFileSync(join(where, file), 'utf8'))).toEqual([
      receipts.long,
    ])
  })

  it('trains on a file of the user’s own as the command line does', async () => {
    const visited = await visit(`${address}#scenario=smoke`)
    const { page } = visited
    await says(page, '#about', '1,200 steps')
    await choose(page, join(folder, 'own.csv'))
    await says(page, '#about', '120 rows of own.csv')
    await click(page, '#train')
    expect(await receiptOf(page)).toBe(nameOf(receipts.csv))
    await click(page, '#share')
    await says(page, '#status', 'Whoever opens it must first add own.csv, which is not in it.')
    const link = await page.$eval('#link', (field) => (field as HTMLInputElement).value)
    const receipt = join(temporaryFolder(), 'receipt.json')
    writeFileSync(receipt, receipts.csv)
    await choose(page, receipt)
    await says(page, '#verdict', 'The receipt: identical')
    await click(page, '#data-away')
    await says(page, '#about', '120 generated rows')
    await choose(page, receipt)
    await says(page, '#status', 'the receipt was made with other data than its data_generator generates')
    await click(page, '#train')
    await says(page, '#receipt', nameOf(receipts.smoke).slice(0, 16))
    await choose(page, join(folder, 'data/raw/synthetic/smoke.parquet'))
    await says(page, '#about', '120 rows of smoke.parquet')
    await click(page, '#train')
    await says(page, '#status', nameOf(receipts.smoke).slice(0, 16))
    await expectClean(visited)
    await page.close()

    const other = await visit(link)
    await isReady(other.page)
    await choose(other.page, join(folder, 'own.csv'))
    await says(other.page, '#about', '120 rows of own.csv')
    await click(other.page, '#train')
    await says(other.page, '#receipt', 'is the receipt of the link: the same run, bit for bit')
    await other.page.close()
  })

  it('gives a link that trains to the same receipt, of a shipped scenario and of an edited one', async () => {
    const first = await visit(
      `${address}#${new URLSearchParams({ scenario: 'smoke', set: 'training.tau=0.03', seed: '5' })}`,
    )
    await says(first.page, '#scenario', 'smoke, edited')
    await says(first.page, '#about', '1,200 steps')
    await click(first.page, '#train')
    const receipt = await receiptOf(first.page)
    expect(receipt).not.toBe(nameOf(receipts.smoke))
    await click(first.page, '#share')
    await first.page.waitForSelector('#link-field:not([hidden])')
    const link = await first.page.$eval('#link', (field) => (field as HTMLInputElement).value)
    expect(link).toMatch(/#scenario=smoke&yaml=[\w-]+&seed=5&receipt=[0-9a-f]{64}$/)
    await first.page.close()

    const second = await visit(link)
    await says(second.page, '#status', 'This scenario came with a link. Press Train to train it.')
    await isReady(second.page)
    await click(second.page, '#train')
    await says(second.page, '#receipt', 'is the receipt of the link: the same run, bit for bit')
    expect(await receiptOf(second.page)).toBe(receipt)
    await expectClean(second)
    await second.page.close()

    const third = await visit(
      `${address}${await toFragment({
        name: 'smoke',
        yaml: undefined,
        seed: null,
        overrides: [],
        receipt: '0'.repeat(64),
      })}`,
    )
    await isReady(third.page)
    await click(third.page, '#train')
    await says(third.page, '#receipt', 'is not the receipt of the link, which is 0000000000000000')
    expect(await receiptOf(third.page)).toBe(nameOf(receipts.smoke))
    await third.page.close()
  })

  it('verifies a receipt of the command line, and says where another differs', async () => {
    const visited = await visit(address)
    const { page } = visited
    await isReady(page)
    const place = temporaryFolder()
    const good = join(place, 'receipt.json')
    writeFileSync(good, receipts.smoke)
    await choose(page, good)
    await says(page, '#verdict', 'The receipt: identical')
    expect(await page.$eval('#verdict', (verdict) => verdict.className)).toBe('identical')

    const changed = JSON.parse(receipts.smoke)
    changed.config.training.tau = 0.021
    const bad = join(place, 'changed.json')
    writeFileSync(bad, JSON.stringify(changed))
    await choose(page, bad)
    await says(page, '#verdict', 'The receipt: differs between updates 0 and')
    expect(await page.$eval('#verdict', (verdict) => verdict.className)).toBe('different')

    const other = join(place, 'long.json')
    writeFileSync(other, receipts.long)
    await choose(page, other)
    await says(page, '#status', 'Training')
    await click(page, '#stop')
    await says(page, '#status', 'Stopped.')
    expect(await page.$eval('#verdict', (verdict) => (verdict as HTMLElement).hidden)).toBe(true)
    await expectClean(visited)
    await page.close()
  })

  it.each([
    [360, 'dark'],
    [1600, 'light'],
  ])('is accessible on a screen of %i pixels, %s, and not wider', async (width, theme) => {
    const { page } = await visit(`${address}#scenario=smoke`, { width, height: 800 })
    if (browser === 'Chromium')
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }])
    await says(page, '#about', '1,200 steps')
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(await overflow()).toBeLessThanOrEqual(0)
    await click(page, '#train')
    await receiptOf(page)
    await page.$eval('#scenario-details', (details) => ((details as HTMLDetailsElement).open = true))
    await click(page, '#draw-plots')
    await page.waitForSelector('#plots:not([hidden])')
    await click(page, '#share')
    await page.waitForSelector('#link-field:not([hidden])')
    expect(await overflow()).toBeLessThanOrEqual(0)
    await expectAccessible(page)
    await page.$eval('#yaml', (area) => {
      ;(area as HTMLTextAreaElement).value = 'training: { tau: 2 }'
      area.dispatchEvent(new Event('input'))
    })
    await says(page, '#about', 'The scenario has one problem.')
    expect(await overflow()).toBeLessThanOrEqual(0)
    await expectAccessible(page)
    await page.close()
  })

  it('is usable with the keyboard alone, and names its fields', async () => {
    const { page } = await visit(`${address}#scenario=smoke`)
    await says(page, '#about', '1,200 steps')
    await page.focus('#scenario')
    await page.keyboard.press('Tab')
    await page.keyboard.type('7')
    await page.keyboard.press('Tab')
    await says(page, '#about', '1,200 steps')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('train')
    await page.keyboard.press('Enter')
    expect(await receiptOf(page)).toBe(nameOf(receipts.smoke))
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('train')
    const nameless = await page.$$eval('input, select, textarea', (fields) =>
      fields
        .filter((field) => !field.closest('label') && !field.hasAttribute('aria-label'))
        .map(({ id }) => id),
    )
    expect(nameless).toEqual([])
    await page.close()
  })

  if (browser === 'Chromium')
    it('holds no frame for 100 ms while it trains', async () => {
      const { page } = await visit(address + long)
      await says(page, '#about', '60,000 steps')
      const training = await longestTask(page, async () => {
        await click(page, '#train')
        await receiptOf(page)
      })
      expect(training).toBeLessThan(100)
      // that such a task would have been noticed
      const busy = await longestTask(page, () =>
        page.evaluate(() => {
          for (const end = performance.now() + 2000; performance.now() < end;);
        }),
      )
      expect(busy).toBeGreaterThan(100)
      await page.close()
    })
})
