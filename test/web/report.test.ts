// Reports work in real browsers, as files of their own.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'puppeteer-core'
import { beforeAll, expect, it } from 'vitest'
import type { MapChart } from '../../src/report/document.ts'
import { toHtml } from '../../src/report/html.ts'
import { describeInBrowsers, type Visit } from '../helpers/browser.ts'
import { overrides, runCli, temporaryFolder } from '../helpers/cli.ts'
import { expectAccessible } from '../helpers/web.ts'
import { documentOf, marketExperiment } from '../report/reported.ts'

const folder = temporaryFolder()
const address = (path: string): string => pathToFileURL(join(folder, path)).href
let market: string
let control: string

beforeAll(async () => {
  const short = [
    'training.max_steps=300',
    'training.init_rand_steps=100',
    'training.eval_interval=100',
    'evaluation.n_episodes=3',
  ]
  const runs = [
    ['-s', 'smoke', '--generate-data', '--trials', '3'],
    ['-s', 'pendulum', ...overrides(...short)],
  ]
  const reports = runs.map(async (args) => {
    const { code, stdout, stderr } = await runCli(
      folder,
      'experiment',
      ...args,
      '--tracking-uri',
      'none',
      '--json',
    )
    expect(code, stderr).toBe(0)
    return address(JSON.parse(stdout).report)
  })
  ;[market, control] = (await Promise.all(reports)) as [string, string]
})

const PHONE = { width: 380, height: 800 }
const DESK = { width: 1400, height: 900 }

/** Waits for the charts, then tells of each how many shapes it has, and whether it is within the page. */
async function chartsOf({ page }: Visit): Promise<{ shapes: number; fits: boolean }[]> {
  await page.waitForSelector('html[data-drawn]')
  return page.$$eval('.panel', (panels) =>
    panels.map((panel) => {
      const svg = panel.querySelector('svg')!
      const { left, right } = svg.getBoundingClientRect()
      return {
        shapes: svg.querySelectorAll('path, text').length,
        fits: left >= 0 && right <= document.body.getBoundingClientRect().right,
      }
    }),
  )
}

/** Nothing went wrong, nothing was asked for, and nothing stands out of the page. */
async function expectClean({ page, wrong, asked }: Visit, file: string): Promise<void> {
  expect(await wrong()).toEqual([])
  expect(asked.filter((one) => one !== file)).toEqual([]) // Firefox does not tell of the file itself
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}

const svgOf = (page: Page, panel: string): Promise<string> =>
  page.$eval(`${panel} svg`, (svg) => svg.outerHTML)

describeInBrowsers('the report', ({ visit }, browser) => {
  it.each([PHONE, DESK])('draws all of its charts on %o, without a request', async (viewport) => {
    for (const [file, charts] of [
      [market, 6],
      [control, 6],
    ] as const) {
      const visited = await visit(file, viewport)
      const drawn = await chartsOf(visited)
      expect(drawn).toHaveLength(charts)
      for (const { shapes, fits } of drawn)
        expect({ many: shapes > 15, fits }).toEqual({ many: true, fits: true })
      await expectClean(visited, file)
      await expectAccessible(visited.page)
      await visited.page.close()
    }
  })

  it('shows the trial that is chosen, in all charts', async () => {
    const visited = await visit(market, DESK)
    const { page } = visited
    await chartsOf(visited)
    const [first, second] = (await page.$$('select')) as [Awaited<ReturnType<Page['$']>>, unknown]
    expect(second).toBeDefined()
    const before = await Promise.all(['.market', '.map'].map((panel) => svgOf(page, panel)))
    const chosen = await page.$eval('select', (select) => select.selectedIndex)
    await first!.select(`seed ${7 + ((chosen + 1) % 3)}`)
    expect(
      await page.$$eval('select', (selects) => selects.map(({ selectedIndex }) => selectedIndex)),
    ).toEqual([(chosen + 1) % 3, (chosen + 1) % 3])
    await page.waitForFunction(
      (old) => document.querySelector('.market svg')!.outerHTML !== old,
      {},
      before[0]!,
    )
    await page.waitForFunction((old) => document.querySelector('.map svg')!.outerHTML !== old, {}, before[1]!)
    await expectClean(visited, market)
    await page.close()
  })

  it('is as wide as paper when it is printed, and as before afterwards', async () => {
    const visited = await visit(market, DESK)
    const { page } = visited
    const before = await chartsOf(visited)
    await page.evaluate(() => void dispatchEvent(new Event('beforeprint')))
    expect(await page.evaluate(() => document.body.getBoundingClientRect().width)).toBeLessThan(680)
    expect((await chartsOf(visited)).map(({ fits }) => fits)).toEqual(before.map(() => true))
    await page.evaluate(() => void dispatchEvent(new Event('afterprint')))
    await page.waitForFunction(
      () => document.querySelector('.market svg')!.getBoundingClientRect().width > 900,
    )
    if (browser === 'Chromium') {
      const paper = Buffer.from(await page.pdf({ format: 'A4' })).toString('latin1')
      expect(Number(/\/Count (\d+)/.exec(paper)![1])).toBeLessThan(12)
    }
    await page.close()
  })

  it('tells of text of others as text, in titles and in tooltips', async () => {
    const evil = '<img src=x onerror="document.title=1">'
    const experiment = await marketExperiment(1)
    const [trial] = experiment.trials
    const { map } = trial!.chartData
    map.axes[0]!.name = map.action = evil
    experiment.scenario.env.name = evil
    const part = (name: string) =>
      readFileSync(new URL(`../../dist/report-page/${name}`, import.meta.url), 'utf8')
    const parts = { script: part('report.js'), style: part('report.css'), licenses: part('licenses.txt') }
    const html = toHtml(documentOf(experiment), parts)
    expect(JSON.parse(/id="charts">(.*?)<\/script>/.exec(html)![1]!).charts.at(-1) as MapChart).toMatchObject(
      {
        trials: [{ action: evil }],
      },
    )
    writeFileSync(join(folder, 'evil.html'), html)
    const file = address('evil.html')
    const visited = await visit(file, DESK)
    const { page } = visited
    await chartsOf(visited)
    const cell = (await page.$('.map'))!
    await cell.scrollIntoView()
    await cell.hover()
    await page.waitForFunction(
      (text) => document.querySelector('.tip')?.textContent?.includes(text),
      {},
      evil,
    )
    expect(await page.$$eval('h4', ([first]) => first!.textContent)).toBe(evil)
    expect(await page.$('img')).toBeNull()
    await expectClean(visited, file)
    await page.close()
  })
})
