// Compiles the register-only kernel, build/peak.wasm.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export function compilePeak(): void {
  const asc = path('../node_modules/assemblyscript/bin/asc.js')
  const out = path('../build/peak.wasm')
  const options = ['--runtime', 'stub', '--enable', 'simd', '--use', 'abort=', '-O3', '--outFile', out]
  // a folder without asconfig.json, whose targets would be taken otherwise
  execFileSync(process.execPath, [asc, 'peak.ts', ...options], { cwd: path('.') })
}
