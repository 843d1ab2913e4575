// Builds the page with the worker as it would be published and serves it from 127.0.0.1.
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.yaml': 'text/yaml',
}
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'"

/** Bundles the page. @returns its files by path, as `/index.html` */
async function bundle(): Promise<Map<string, Buffer>> {
  const outDir = fileURLToPath(new URL('../../build/engines-page', import.meta.url))
  await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'warn',
    // Nothing inlined: the policy allows no data: addresses.
    build: { outDir, emptyOutDir: true, assetsInlineLimit: 0, target: 'esnext' },
    worker: { format: 'es' },
  })
  const names = readdirSync(outDir, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name))
  return new Map(names.map((name) => [`/${name}`, readFileSync(join(outDir, name))]))
}

/** Serves the page under a strict policy. @returns its address */
export async function servePage(): Promise<{ url: string; close(): void }> {
  const files = await bundle()
  const server = createServer(({ url = '' }, response) => {
    const file = files.get(url)
    const type = TYPES[extname(url)] ?? 'application/octet-stream'
    response.writeHead(file ? 200 : 404, { 'content-type': type, 'content-security-policy': POLICY })
    response.end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/index.html`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
