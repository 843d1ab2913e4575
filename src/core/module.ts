// The compiled core is read from a file beside this package in Node, Deno and Bun, and from the network in a page.
import { sha256 } from './sha256.ts'
import { DdpgError } from '../base/errors.ts'

/** The compiled core, and the SHA-256 of its bytes, which receipts and checkpoints name. */
export interface CoreModule {
  module: WebAssembly.Module
  sha256: string
}

const location = new URL('../../build/core.wasm', import.meta.url)

/** The bytes of the release module. @throws when it has not been built */
async function readModule(url: URL = location): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol !== 'file:') return new Uint8Array(await (await fetch(url)).arrayBuffer())
  // @ts-ignore -- a page never comes here, and bundlers must not look for it
  const { readFile } = await import(/* @vite-ignore */ 'node:fs/promises')
  try {
    return new Uint8Array(await readFile(url))
  } catch (error) {
    throw new DdpgError('the core is not built: run npm run build', { cause: error })
  }
}

/** Compiles the release module, of which many cores can be made. @throws Error when it has not been built */
export async function loadModule(url: URL = location): Promise<CoreModule> {
  const bytes = await readModule(url)
  return { module: await WebAssembly.compile(bytes), sha256: sha256(bytes) }
}
