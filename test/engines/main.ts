// In Node, Deno and Bun: trains all scenarios and prints the receipts as JSON. Run by index.ts, as a program.
import { readFileSync } from 'node:fs'
import { loadModule } from '../../src/core/module.ts'
import { trainAll } from './scenarios.ts'

const sineWave = readFileSync(new URL('../../configs/sine_wave.yaml', import.meta.url), 'utf8')
console.log(JSON.stringify(await trainAll(await loadModule(), sineWave)))
