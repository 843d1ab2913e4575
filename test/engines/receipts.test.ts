// This Node makes the receipts that the repository holds; `npm run test:engines` trains the same in every engine.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadModule } from '../../src/core/module.ts'
import { SCENARIOS, trainAll } from './scenarios.ts'
import golden from '../golden/receipts.json' with { type: 'json' }

it('gives the receipts of test/golden/receipts.json (when they are to change: npm run test:engines -- --write)', async () => {
  const sineWave = readFileSync(new URL('../../configs/sine_wave.yaml', import.meta.url), 'utf8')
  const receipts = await trainAll(await loadModule(), sineWave)
  for (const name of SCENARIOS) {
    const { text, name: hash } = receipts[name]
    expect(hash).toBe(createHash('sha256').update(text).digest('hex'))
    expect({ receipt: hash, weights: JSON.parse(text).weights }, name).toEqual(golden[name])
  }
})
