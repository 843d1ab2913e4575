// Checks what npm would install: each package by its hash, under a licence of the list, and without a script of its own.
//   node tools/dependencies.ts    a line for each package that is otherwise, and exit code 1
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** The licences of packages that are shipped, and of those that only build and test. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT']
const FOR_DEVELOPMENT = [...LICENCES, 'MPL-2.0']

export interface LockedPackage {
  license?: string
  integrity?: string
  /** The address that it comes from; the lockfile names no registry. */
  resolved?: string
  hasInstallScript?: boolean
  dev?: boolean
  /** A folder of this repository. */
  link?: boolean
}

/** Says what is wrong, in a sentence each. @param packages of a lockfile, by their paths */
export function problemsOf(packages: Record<string, LockedPackage>): string[] {
  return Object.entries(packages).flatMap(([path, found]) => {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? []
    // the project itself, and folders of it
    if (name === undefined || found.link) return []
    const { license, integrity, resolved, hasInstallScript, dev } = found
    const licences = dev ? FOR_DEVELOPMENT : LICENCES
    return [
      ...(licences.includes(license ?? '')
        ? []
        : [`${name}: licence ${license ?? 'unknown'} is not of the list`]),
      ...(integrity?.startsWith('sha512-') ? [] : [`${name}: the lockfile has no SHA-512 of it`]),
      ...(resolved === undefined ? [] : [`${name}: comes from ${resolved}, not from the registry`]),
      ...(hasInstallScript ? [`${name}: runs a script when it is installed`] : []),
    ]
  })
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const lockfile = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')
  const problems = problemsOf(JSON.parse(lockfile).packages)
  for (const problem of problems) console.error(`error: ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
