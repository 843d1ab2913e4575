// The page as a folder that any static host can serve, under any path.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [licenses('page')],
  worker: { format: 'es', plugins: () => [licenses('worker')] },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The plots are large, and loaded only when somebody wants them.
    chunkSizeWarningLimit: 800,
  },
})

/** Writes down the licences of what is bundled; Vite's own list leaves out what is in workers. */
function licenses(part: string): Plugin {
  return {
    name: 'licenses',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
      const folders = modules.flatMap((id) => /\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
      const texts = [...new Set(folders)].toSorted().map(licenseOf)
      this.emitFile({ type: 'asset', fileName: `licenses-${part}.txt`, source: texts.join('\n') })
    },
  }
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.\w+)?$/i.test(file))
  const texts = files.toSorted().map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
  return [`${name} ${version} (${license})`, ...texts].join('\n\n')
}
