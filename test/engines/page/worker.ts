// Trains all scenarios in a worker of a page.
import { loadModule } from '../../../src/core/module.ts'
import { trainAll } from '../scenarios.ts'

const sineWave = new URL('../../../configs/sine_wave.yaml', import.meta.url)
try {
  const text = await (await fetch(sineWave)).text()
  postMessage(JSON.stringify(await trainAll(await loadModule(), text)))
} catch (error) {
  postMessage(`error: ${(error as Error).stack}`)
}
