// Benches of the runtime itself: `node bench/index.ts [part …]`, all parts by default.
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benchGrowth } from './growth.ts'
import { benchKernels } from './kernels.ts'
import { benchAct, benchLoop } from './loop.ts'
import { benchMemory, benchRun, benchStart } from './process.ts'
import { benchUpdate } from './update.ts'

const parts: Record<string, () => Promise<void>> = {
  kernels: benchKernels,
  update: benchUpdate,
  act: benchAct,
  loop: benchLoop,
  run: benchRun,
  memory: benchMemory,
  start: benchStart,
  growth: benchGrowth,
}

const { positionals } = parseArgs({ allowPositionals: true })
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  console.error(`error: no bench ${unknown.join(', ')}: there are ${Object.keys(parts).join(', ')}`)
  process.exit(1)
}
const load = () => loadavg()[0]!.toFixed(2)
const [processor] = cpus()
console.log(
  `${processor?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, load ${load()}`,
)
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) await parts[name]!()
console.log(`\nload at the end: ${load()}`)
