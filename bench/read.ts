// This file reads files of the repository, from the disk, or from the server of a page.

export async function readText(url: URL): Promise<string> {
  if (url.protocol !== 'file:') return (await fetch(url)).text()
  // @ts-ignore -- a page never comes here, and bundlers must not look for it
  const { readFile } = await import(/* @vite-ignore */ 'node:fs/promises')
  return readFile(url, 'utf8')
}
