// This program runs the benches: `node bench/index.ts [--engine node|deno|bun|chromium|firefox] [part …]`. All parts by
// default; in a page, those that need no processes and no files.
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { compilePeak } from './compile-peak.ts'
import { ENGINES, PROGRAMS, runPortable } from './engines.ts'
import { benchGrowth } from './growth.ts'
import { PORTABLE } from './portable.ts'
import { benchMemory, benchRun, benchStart } from './process.ts'
import { benchWeb } from './web.ts'

const processes: Record<string, (engine: string) => Promise<void>> = {
  run: benchRun,
  memory: benchMemory,
  start: benchStart,
}
const inNode: Record<string, () => Promise<void>> = { growth: benchGrowth, web: benchWeb }
const options = { engine: { type: 'string', default: 'node' } } as const
const { positionals, values } = parseArgs({ options, allowPositionals: true })
const { engine } = values
const parts = [
  ...Object.keys(PORTABLE),
  ...(PROGRAMS[engine] ? Object.keys(processes) : []),
  ...(engine === 'node' ? Object.keys(inNode) : []),
]
refuseUnknown([engine], ENGINES, 'engine')
refuseUnknown(positionals, parts, `bench on ${engine}`)

const load = () => loadavg()[0]!.toFixed(2)
const [processor] = cpus()
console.log(
  `${processor?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, load ${load()}`,
)
const chosen = positionals.length > 0 ? positionals : parts
const portable = chosen.filter((name) => Object.hasOwn(PORTABLE, name))
if (portable.includes('kernels')) compilePeak()
if (engine !== 'node' && portable.length > 0) await runPortable(engine, portable)
for (const name of chosen) {
  if (Object.hasOwn(inNode, name)) await inNode[name]!()
  else if (Object.hasOwn(processes, name)) await processes[name]!(engine)
  else if (engine === 'node') await PORTABLE[name]!()
}
console.log(`\nload at the end: ${load()}`)

function refuseUnknown(names: string[], known: string[], what: string): void {
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  console.error(`error: no ${what} ${unknown.join(', ')}: there are ${known.join(', ')}`)
  process.exit(1)
}
