// This program trains all scenarios in Node, Deno or Bun and prints the receipts as JSON. index.ts starts it.
import { readFileSync } from 'node:fs'
import { loadModule } from '../../src/core/module.ts'
import { trainAll } from './scenarios.ts'

const sineWave = readFileSync(new URL('../../configs/sine_wave.yaml', import.meta.url), 'utf8')
console.log(JSON.stringify(await trainAll(await loadModule(), sineWave)))
