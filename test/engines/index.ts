// This program, `npm run test:engines`, trains the scenarios on every engine, compares the receipts with
// test/golden/receipts.json and prints a table. `--write` regenerates that file from this Node. Exit code 1 when a run
// differs, and under CI when an engine is missing.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { deno, denoEnvironment, ENGINES, type Engine, type Found } from './engines.ts'
import { Missing } from './missing.ts'
import { SCENARIOS, type ScenarioName } from './scenarios.ts'

/** Name of the receipt and SHA-256 of the weights by network. */
interface Golden {
  receipt: string
  weights: Record<string, string>
}

const goldenFile = new URL('../golden/receipts.json', import.meta.url)
const root = fileURLToPath(new URL('../../', import.meta.url))
const receipts = 'build/engines/receipts'
const totals = { passed: 0, failed: 0, missing: 0 }
// All processes that were started end with this program.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

if (process.argv.includes('--write')) await writeGolden()
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<ScenarioName, Golden>
rmSync(`${root}${receipts}`, { recursive: true, force: true }) // of earlier versions of engines too
printRow('', '', [...SCENARIOS])
const started = performance.now()
for (const engine of ENGINES) await compare(engine)
console.log(
  'wasmtime, driven from Python, by actor weights: links of the chain are compared but for the metrics',
)
verifyElsewhere('Firefox')
const { passed, failed, missing } = totals
const seconds = Math.round((performance.now() - started) / 1000)
console.log(
  `${passed} passed, ${failed} failed, ${missing} missing in ${seconds} s; receipts are in ${receipts}`,
)
writeFileSync(`${root}build/engines-results.json`, JSON.stringify(totals))
if (failed > 0 || (missing > 0 && process.env['CI'])) process.exitCode = 1

async function writeGolden(): Promise<void> {
  const { version, runs } = await ENGINES[0]!.train()
  const entries = SCENARIOS.map((name) => [name, goldenOf(runs[name])])
  writeFileSync(goldenFile, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`)
  console.log(`wrote test/golden/receipts.json, from Node ${version}`)
}

/** Not the name that the engine gives: it must not be the judge of its own hash. */
function goldenOf({ text, weights }: Found): Partial<Golden> & Pick<Golden, 'weights'> {
  return { ...(text && { receipt: createHash('sha256').update(text).digest('hex') }), weights }
}

/** Trains on the engine, prints its row, keeps its receipts and counts each scenario. */
async function compare({ name: engine, train }: Engine): Promise<void> {
  try {
    const { version, runs } = await train()
    const cells = SCENARIOS.map((name) => {
      keep(`${engine} ${version}`, name, runs[name])
      return verdict(runs[name], golden[name])
    })
    printRow(engine, version, cells)
  } catch (error) {
    const isMissing = error instanceof Missing
    totals[isMissing ? 'missing' : 'failed'] += SCENARIOS.length
    const why = `${isMissing ? 'missing' : 'failed'}: ${(error as Error).message}`
    printRow(engine, '', [styleText('red', why)])
  }
}

function verdict(run: Found, expected: Golden): string {
  const { receipt = expected.receipt, weights } = goldenOf(run)
  const networks = Object.keys(expected.weights)
  const isSame =
    receipt === expected.receipt && networks.every((name) => weights[name] === expected.weights[name])
  totals[isSame ? 'passed' : 'failed']++
  const digits = (run.text ? receipt : weights['actor']!).slice(0, 12)
  return isSame ? `${digits} =` : styleText('red', `${digits} DIFFERS`)
}

/** A receipt made in one engine, verified by the command line in two others. */
function verifyElsewhere(maker: string): void {
  const [file] = globSync(`${receipts}/${maker}*/sine_wave.json`, { cwd: root })
  const verify = {
    Node: [process.execPath, 'src/cli.ts', 'verify'],
    Deno: [deno, 'task', '--quiet', 'verify'],
  }
  for (const [name, command] of Object.entries(verify)) {
    const found = file && existsSync(command[0]!) ? verdictOf([...command, file]) : undefined
    const result = found === undefined ? 'missing' : found.endsWith(': identical\n') ? 'passed' : 'failed'
    totals[result]++
    const told = result === 'passed' ? 'identical' : styleText('red', found ?? 'missing')
    console.log(`the receipt of sine_wave made in ${maker}, verified in ${name}: ${told}`)
  }
}

/** All that the command prints. */
function verdictOf([file, ...args]: string[]): string {
  const env = { ...process.env, ...denoEnvironment }
  const { stdout, stderr } = spawnSync(file!, args, { cwd: root, env, encoding: 'utf8' })
  return stderr + stdout
}

function keep(engine: string, name: ScenarioName, { text }: Found): void {
  if (!text) return
  const folder = `${root}${receipts}/${engine.replaceAll(/[^\w.]+/g, '-')}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/${name}.json`, text)
}

function printRow(engine: string, version: string, cells: string[]): void {
  console.log(
    `${engine.padEnd(13)}${version.padEnd(16)}${cells.map((text) => text.padEnd(21)).join('')}`.trimEnd(),
  )
}
