// Where the compiled core comes from: a file beside this package in Node, Deno and Bun, the network in a page.

const location = new URL('../../build/core.wasm', import.meta.url)

/** The bytes of the release module. @throws when it has not been built */
async function readModule(url: URL = location): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol !== 'file:') return new Uint8Array(await (await fetch(url)).arrayBuffer())
  // @ts-ignore -- a page never comes here, and bundlers must not look for it
  const { readFile } = await import(/* @vite-ignore */ 'node:fs/promises')
  try {
    return new Uint8Array(await readFile(url))
  } catch (error) {
    throw new Error('the core is not built: run npm run build', { cause: error })
  }
}

/** The release module, compiled. Many cores can be made of it. */
export async function loadModule(url: URL = location): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readModule(url))
}
