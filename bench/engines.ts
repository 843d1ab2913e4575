// This file runs the same benches on other engines: `--engine deno`, `bun`, `chromium` or `firefox`. They come with
// test/engines/setup.sh.
import { execFileSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { chromium, firefox, type Shown } from '../test/engines/browsers.ts'
import { bun, deno, denoEnvironment } from '../test/engines/engines.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const MILLISECONDS = 1_800_000

/** The commands that run a program of this folder, by the names of its file and of its arguments. */
export const PROGRAMS: Record<string, string[]> = {
  node: [process.execPath],
  deno: [deno, 'run', '--no-prompt', '--allow-all'],
  bun: [bun],
}

/** Programs that do nothing. */
export const EMPTY: Record<string, string[]> = {
  node: [process.execPath, '--eval', ''],
  deno: [deno, 'eval', ''],
  bun: [bun, '--eval', ''],
}

const PAGES: Record<string, (url: string, milliseconds: number) => Promise<Shown>> = { chromium, firefox }

/** Pages that share nothing with others are given a finer clock. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

export const ENGINES = [...Object.keys(PROGRAMS), ...Object.keys(PAGES)]

/** Runs portable benches there and prints their tables. @throws Error with what went wrong there */
export async function runPortable(engine: string, parts: string[]): Promise<void> {
  const open = PAGES[engine]
  if (open) return showPage(engine, open, parts)
  const [file, ...first] = PROGRAMS[engine] as [string, ...string[]]
  const options = { env: { ...process.env, ...denoEnvironment }, stdio: 'inherit' } as const
  console.log(execFileSync(file, ['--version'], { encoding: 'utf8' }).split('\n')[0])
  execFileSync(file, [...first, `${root}bench/main.ts`, ...parts], options)
}

/** The sources as they are, each compiled when the page asks for it. */
async function showPage(
  engine: string,
  open: (url: string, milliseconds: number) => Promise<Shown>,
  parts: string[],
): Promise<void> {
  const server = await createServer({
    configFile: false,
    root,
    logLevel: 'warn',
    cacheDir: `${root}build/bench-vite`,
    server: { host: '127.0.0.1', port: 0, hmr: false, headers: ISOLATED },
    optimizeDeps: {
      noDiscovery: true,
      include: [
        'fastest-levenshtein',
        'tinybench',
        'yaml',
        'zod',
        '@assemblyscript/loader',
        '@noble/hashes/sha2.js',
      ],
    },
  })
  await server.listen()
  const { port } = server.httpServer!.address() as AddressInfo
  try {
    const url = `http://127.0.0.1:${port}/bench/page/index.html?${parts.join('&')}`
    const { version, text } = await open(url, MILLISECONDS)
    if (text.startsWith('error: ')) throw new Error(text.slice('error: '.length))
    console.log(`${engine} ${version}\n${text}`)
  } finally {
    await server.close()
  }
}
