// Gathers the licences of bundled packages, whose texts have to come along.
import { readdirSync, readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

/** Writes down the licences of what is bundled; Vite's own list leaves out what is in workers. */
export function licenses(fileName: string): Plugin {
  return {
    name: 'licenses',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
      const folders = modules.flatMap(packageOf)
      const texts = [...new Set(folders)].toSorted().map(licenseOf)
      this.emitFile({ type: 'asset', fileName, source: texts.join('\n') })
    },
  }
}

/** The folder of the package that a module is of; none for a module of ours. */
function packageOf(id: string): string[] {
  const at = id.lastIndexOf('/node_modules/')
  if (at < 0) return []
  const [, name] = /^\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id.slice(at)) ?? []
  return [`${id.slice(id.indexOf('/'), at)}/node_modules/${name}`]
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.\w+)?$/i.test(file))
  const texts = files.toSorted().map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
  return [`${name} ${version} (${license})`, ...texts].join('\n\n')
}
