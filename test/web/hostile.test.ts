// The page withstands what others may send it: wrong scenarios, wrong files, links that mean harm.
import type { Page } from 'puppeteer-core'
import { beforeAll, expect, it } from 'vitest'
import { toFragment } from '../../web/share.ts'
import { describeInBrowsers } from '../helpers/browser.ts'
import { click, expectClean, isReady, receiptOf, says, serve, text } from '../helpers/web.ts'

let address: string
beforeAll(async () => {
  ;({ address } = await serve())
})

/** The text that is selected in the YAML. */
const selection = (page: Page): Promise<string> =>
  page.$eval('#yaml', (area) => {
    const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement
    return value.slice(selectionStart, selectionEnd)
  })

describeInBrowsers('the page', ({ visit }) => {
  it('lists what is wrong with a scenario, at its lines', async () => {
    const visited = await visit(address)
    const { page } = visited
    await isReady(page)
    await page.$eval('#yaml', (area) => {
      const field = area as HTMLTextAreaElement
      field.value = 'seed: 1\ntraining:\n  tau: 2\n  actr_lr: 0.1\n'
      field.dispatchEvent(new Event('input'))
    })
    await says(page, '#problems', 'line 3 training.tau must be in (0, 1], got 2')
    await says(page, '#problems', 'line 4 unknown key training.actr_lr, did you mean training.actor_lr?')
    expect(await page.$$eval('#gutter .wrong', (lines) => lines.map((line) => line.textContent))).toEqual([
      '3',
      '4',
    ])
    expect(await page.$eval('#train', (button) => (button as HTMLButtonElement).disabled)).toBe(true)
    await click(page, '#show-problems')
    expect(await selection(page)).toBe('  tau: 2')
    await click(page, '#problems li:last-child button')
    expect(await selection(page)).toBe('  actr_lr: 0.1')
    await page.select('#scenario', 'smoke')
    await isReady(page)
    expect(await text(page, '#problems')).toBe('')
    await page.select('#scenario', '')
    await says(page, '#problems', 'line 3')
    await expectClean(visited)
    await page.close()
  })

  it.each([
    ['notes.pdf', 'hello', 'notes.pdf cannot be used'],
    ['notes.txt', 'hello', 'notes.txt'],
    ['broken.csv', 'open,high\n1,2\n', 'broken.csv'],
    ['broken.parquet', 'PAR1 and so on', 'broken.parquet cannot be read as parquet'],
    ['broken.json', '{"format": 3}', 'broken.json: expected a receipt of format'],
    ['broken.safetensors', 'no', 'broken.safetensors: '],
    [
      'large.yaml',
      '# '.repeat(200_000),
      'large.yaml is too large: it has 0.381 MiB, a scenario file may have 0.25 MiB',
    ],
    ['<img src=x onerror=alert(1)>.csv', 'a', '<img src=x onerror=alert(1)>.csv'],
  ])('refuses %s in a sentence', async (name, content, sentence) => {
    const visited = await visit(address)
    const { page } = visited
    await isReady(page)
    await page.evaluate(
      (name, content) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([content], name))
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      },
      name,
      content,
    )
    await says(page, '#status', sentence)
    expect(await page.$$('img:not(#combined)')).toEqual([])
    // and goes on as if nothing had been
    await isReady(page)
    await expectClean(visited)
    await page.close()
  })

  it.each([
    ['#yaml=AAAA', 'the link cannot be used: its scenario is damaged or cut'],
    [
      '#scenario=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&train',
      'there is no scenario "<img src=x onerror=alert(1)>" here',
    ],
    ['#scenario=smoke&set=nonsense&train', 'the link cannot be used: nonsense: must be key=value'],
    ['#seed=-1', 'the link cannot be used: its seed is not an integer'],
  ])('takes the hostile link %s for what it is', async (hash, sentence) => {
    const visited = await visit(address + hash)
    const { page } = visited
    await says(page, '#status', sentence)
    await isReady(page)
    expect(await page.$$('img:not(#combined)')).toEqual([])
    expect(await page.$eval('#results', (section) => (section as HTMLElement).hidden)).toBe(true)
    await expectClean(visited)
    await page.close()
  })

  it('shows a hostile scenario as text', async () => {
    const yaml =
      'experiment_name: <img src=x onerror=alert(1)>\n"<script>alert(1)</script>": 1\n__proto__: { a: 1 }\n'
    const fragment = await toFragment({
      name: '<b>x',
      yaml,
      seed: 1,
      overrides: [],
      receipt: undefined,
    })
    const visited = await visit(address + fragment)
    const { page } = visited
    await says(page, '#problems', 'line 2 unknown key <script>alert(1)</script>')
    expect(await page.$$('img:not(#combined), #problems b, #problems script, option b')).toEqual([])
    await expectClean(visited)
    await page.close()
  })

  it('reads thousands of keys that are none, lists the first twenty, and is usable at once', async () => {
    const yaml = Array.from({ length: 2000 }, (_, i) => `k${i}: 1`).join('\n')
    const shared = { name: 'x', yaml, seed: 1, overrides: [], receipt: undefined }
    const { page } = await visit(address + (await toFragment(shared)))
    await says(page, '#problems', 'and 1980 more problems')
    expect(await page.$$eval('#problems li', (items) => items.length)).toBe(21)
    await page.select('#scenario', 'smoke')
    await isReady(page)
    await page.close()
  })

  it('says that classic control is for the command line', async () => {
    const set = new URLSearchParams({ scenario: 'smoke', set: 'env={name: Pendulum-v1}' })
    const { page } = await visit(`${address}#${set}`)
    await says(page, '#problems', 'this page shows markets and Pendulum-v1 is none: the command line trains')
    expect(await page.$eval('#train', (button) => (button as HTMLButtonElement).disabled)).toBe(true)
    await page.close()
  })

  it('refuses a key of forty thousand sections', async () => {
    const { page } = await visit(`${address}#scenario=smoke&set=${'a.'.repeat(40_000)}a=1`)
    await says(page, '#status', 'must be key=value, such as training.actor_lr=3e-4')
    await isReady(page)
    await page.close()
  })

  it('trains nothing unasked, whatever a link says', async () => {
    const visited = await visit(`${address}#scenario=smoke&train`)
    const { page } = visited
    await says(page, '#status', 'This scenario came with a link. Press Train to train it.')
    await isReady(page)
    expect(await page.$eval('#train', (button) => (button as HTMLElement).hidden)).toBe(false)
    expect(await page.$eval('#stop', (button) => (button as HTMLElement).hidden)).toBe(true)
    await expectClean(visited)
    await page.close()
  })

  it('shows no scenario of a quarter of a million lines, which a link of 400 characters may hold', async () => {
    const shared = { name: 'x', yaml: '\n'.repeat(262_143), seed: 1, overrides: [], receipt: undefined }
    const fragment = await toFragment(shared)
    expect(fragment.length).toBeLessThan(400)
    const { page } = await visit(address + fragment)
    await says(page, '#status', 'the scenario cannot be shown: it has 262144 lines, at most 10000 are')
    await isReady(page)
    await page.close()
  })

  it('ends a worker that does not answer, says so, and goes on with another', async () => {
    const { page } = await visit(address)
    await page.select('#scenario', 'smoke')
    await isReady(page)
    // one that hears nothing answers as little as one that reads for ever
    await page.evaluate(() => {
      const { postMessage } = Worker.prototype
      Worker.prototype.postMessage = function (this: Worker, message: { type: string; file?: File }) {
        if (!message.file) postMessage.call(this, message as never)
      }
    })
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File(['open,high\n1,2\n'], 'slow.csv'))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    })
    await says(page, '#status', 'slow.csv: reading it took longer than 11 seconds and was stopped')
    await isReady(page)
    await click(page, '#train')
    expect(await receiptOf(page)).toMatch(/^[0-9a-f]{64}$/)
    await page.close()
  })

  it.each([
    'network.actor_hidden_dims=[4096,4096,4096]',
    'training.sample_size=1000000',
    'training.frames_per_batch=2000000000',
    'training.max_steps=2000000000',
    'training.buffer_size=2000000000',
    'evaluation.n_random_trials=1000000000',
    'data_generator.n_periods=1000000000',
  ])('can always be stopped: %s', async (set) => {
    const { page } = await visit(`${address}#${new URLSearchParams({ scenario: 'smoke', set })}`)
    await page.waitForFunction(() => document.querySelector('#about')!.textContent !== '')
    // what cannot be is told before; all else trains, or is told, or is stopped
    await page.$eval('#train', (button) => (button as HTMLButtonElement).click())
    await page.$eval('#stop', (button) => (button as HTMLButtonElement).click())
    await page.$eval('#stop', (button) => (button as HTMLButtonElement).click())
    await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('#stop')!.hidden)
    await page.select('#scenario', 'smoke')
    await isReady(page)
    await click(page, '#train')
    expect(await receiptOf(page)).toMatch(/^[0-9a-f]{64}$/)
    await page.close()
  })

  it('ends a run that does not listen, and trains the next one', async () => {
    const endless = new URLSearchParams({
      scenario: 'smoke',
      set: 'training.optim_steps_per_batch=2000000000',
    })
    const { page } = await visit(`${address}#${endless}&train`)
    await click(page, '#train')
    await page.waitForFunction(() => document.querySelector('#rate')!.textContent !== '–')
    await click(page, '#stop')
    await says(page, '#status', 'Stopping after this round')
    await says(page, '#stop', 'Stop at once')
    await click(page, '#stop')
    await says(page, '#status', 'Stopped')
    await page.select('#scenario', 'smoke')
    await isReady(page)
    await click(page, '#train')
    expect(await receiptOf(page)).toMatch(/^[0-9a-f]{64}$/)
    await page.close()
  })
})
