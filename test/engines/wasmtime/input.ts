// This file runs the core in wasmtime, driven from Python. Python gets the scenario by way of a receipt, the market as
// numbers, and for `resumed` the checkpoint that Node wrote half-way. It must find the same weights and the same chain.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadModule } from '../../../src/core/module.ts'
import { writeSafetensors } from '../../../src/core/safetensors.ts'
import { readyAll, SCENARIOS, stopHalfway, type Receipts } from '../scenarios.ts'

/** The folder in which driver.py reads it. */
export const INPUT = fileURLToPath(new URL('../../../build/engines/', import.meta.url))

/** Writes what Python needs. @param receipts what Node gave */
export async function writeInput(receipts: Receipts): Promise<void> {
  mkdirSync(INPUT, { recursive: true })
  const module = await loadModule()
  const sineWave = readFileSync(new URL('../../../configs/sine_wave.yaml', import.meta.url), 'utf8')
  const runs = await readyAll(module, sineWave)
  for (const name of SCENARIOS) {
    const { features, featureNames, prices, rows } = runs[name].prepared.markets.train
    const market = {
      features: { shape: [rows, featureNames.length], data: features },
      prices: {
        shape: [prices.length, rows],
        data: Float64Array.from(prices.flatMap((price) => [...price])),
      },
    }
    writeFileSync(`${INPUT}${name}.market.safetensors`, writeSafetensors({ tensors: market, metadata: {} }))
    writeFileSync(`${INPUT}${name}.receipt.json`, receipts[name].text)
  }
  writeFileSync(`${INPUT}resumed.checkpoint.safetensors`, await stopHalfway(runs.resumed, module))
}
