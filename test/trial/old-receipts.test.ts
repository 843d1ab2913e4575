// Receipts of 28 November 2026, made with another core module, still verify; and a metric that came later breaks none.
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { createCore } from '../../src/core/core.ts'
import { generate } from '../../src/data/synthetic.ts'
import { NO_DATA } from '../../src/data/table.ts'
import { computeMetrics } from '../../src/evaluate/metrics.ts'
import { readReceipt, scenarioOf } from '../../src/trial/receipt.ts'
import { verify, type Verdict } from '../../src/trial/verify.ts'
import { module } from '../helpers/trial.ts'

vi.mock('../../src/evaluate/metrics.ts', async (original) => {
  const actual = await original<typeof import('../../src/evaluate/metrics.ts')>()
  const withMetric = (...args: Parameters<typeof computeMetrics>) => ({
    ...actual.computeMetrics(...args),
    of_tomorrow: 1,
  })
  return { ...actual, computeMetrics: vi.fn(withMetric) }
})

const folder = fileURLToPath(new URL('../golden/receipts_2026-11-28/', import.meta.url))
const files = globSync(`${folder}*.json`).toSorted()

async function verdictOn(file: string, change = (text: string) => text): Promise<Verdict> {
  const receipt = readReceipt(change(readFileSync(file, 'utf8')))
  const { data, data_generator: generator } = scenarioOf(receipt)
  const table = generator
    ? generate(generator, data.timeframe, await createCore(module, generator.seed!))
    : NO_DATA
  const trial = verify(receipt, table, module)
  for (;;) {
    const { value, done } = await trial.next()
    if (done) return value
  }
}

it.each(files.map((file) => [basename(file), file]))('%s is identical', async (name, file) => {
  vi.mocked(computeMetrics).mockClear()
  const { identical, sentence } = await verdictOn(file)
  const made = JSON.parse(readFileSync(file, 'utf8')).core.slice(0, 12)
  expect(sentence).toBe(`identical (made with core module ${made}, this is ${module.sha256.slice(0, 12)})`)
  expect(identical).toBe(true)
  // what trades was evaluated with a metric that the receipt does not have
  if (name !== 'pendulum.json') {
    const { results } = vi.mocked(computeMetrics).mock
    expect(results[0]?.value).toHaveProperty('of_tomorrow', 1)
  }
})

it('a metric that the receipt has and nobody computes any more differs', async () => {
  const { identical, sentence } = await verdictOn(`${folder}smoke.json`, (text) =>
    text.replace('"test": {', '"test": {\n      "of_yesterday": 1,'),
  )
  expect(identical).toBe(false)
  expect(sentence).toContain('differs at the end, in evaluation.test.of_yesterday (made with')
})

it('a metric of another value differs', async () => {
  const { sentence } = await verdictOn(`${folder}smoke.json`, (text) =>
    text.replace(/"max_drawdown": [^,\n]+/, '"max_drawdown": 0.5'),
  )
  expect(sentence).toContain('differs at the end, in evaluation.test.')
  expect(sentence).toContain('max_drawdown')
})
