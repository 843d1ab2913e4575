// Imports point one way: a file imports from its own room and from rooms before it, never from later ones.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The rooms in the order of their imports, first those that import from no other. A room is a folder or a file. */
const ROOMS = {
  src: [
    'base',
    'core',
    'math',
    'features/indicators',
    'features/language',
    'scenario',
    'data',
    'features',
    'env',
    'evaluate',
    'task',
    'trial',
    'report/series.ts',
    'report/tables',
    'report/document.ts',
    'report/charts',
    'report',
    'files/disk.ts',
    'tracking/mlflow',
    'tracking',
    'files',
    'index.ts',
    'commands/shared',
    'commands',
    'cli.ts',
  ],
  assembly: ['memory.ts', 'rng.ts', 'products', 'nn', 'agent', 'index.ts', 'kernels.ts'],
}

/** The rooms that may use Node; core/module.ts does so behind a dynamic import, in Node alone. */
const EDGE = /^(cli\.ts|files\/|commands\/|tracking\/mlflow\/|core\/module\.ts)/
/** Files of the MLflow client that a page uses too. */
const PAGE =
  /^tracking\/mlflow\/(browser|delivery|gate|http|memory-journal|replies|rest|rules|run|server-tracker|types)\.ts/

describe.each(['src', 'assembly'] as const)('imports within %s', (folder) => {
  const files = globSync('**/*.ts', { cwd: join(root, folder) }).filter((file) => !file.endsWith('.d.ts'))
  const arrows = files.flatMap((file) => importsOf(folder, file).map((target) => ({ file, target })))

  it('name files that exist, in rooms that are listed', () => {
    expect(files.length).toBeGreaterThan(5)
    for (const file of files)
      expect(roomOf(folder, file), `${file} is in no room: add its folder to ROOMS in this test`).toBeTruthy()
    for (const { file, target } of arrows) expect(files, `${file} imports ${target}`).toContain(target)
  })

  it('point to the same room or an earlier one', () => {
    const rooms = ROOMS[folder]
    const wrong = arrows.flatMap(({ file, target }) => {
      const [from, to] = [roomOf(folder, file), roomOf(folder, target)]
      if (rooms.indexOf(to) <= rooms.indexOf(from)) return []
      return [
        `${file} imports ${target}, but ${from} comes before ${to}: move what both need into ${from} or an earlier room`,
      ]
    })
    expect(wrong).toEqual([])
  })

  it('have no cycle', () => {
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      expect(
        path,
        `${file} imports itself by way of others: move what they share into a file of its own`,
      ).not.toContain(file)
      if (done.has(file)) return
      for (const arrow of arrows) if (arrow.file === file) visit(arrow.target, [...path, file])
      done.add(file)
    }
    files.forEach((file) => visit(file, []))
    expect(done.size).toBe(files.length)
  })
})

it('only the edge uses Node', () => {
  for (const file of globSync('**/*.ts', { cwd: join(root, 'src') })) {
    const node = specifiersOf('src', file).filter((name) => name.startsWith('node:'))
    if (!EDGE.test(file) || PAGE.test(file))
      expect(node, `${file} is used in pages too: read and write in files/ or commands/`).toEqual([])
  }
})

/** The most specific room that holds the file. */
function roomOf(folder: keyof typeof ROOMS, file: string): string {
  const holding = ROOMS[folder].filter((room) => file === room || file.startsWith(`${room}/`))
  return holding.toSorted((a, b) => b.length - a.length)[0] ?? ''
}

function importsOf(folder: string, file: string): string[] {
  return specifiersOf(folder, file)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(folder, join(folder, dirname(file), name)).replace(/(\.ts)?$/, '.ts'))
}

function specifiersOf(folder: string, file: string): string[] {
  const source = readFileSync(join(root, folder, file), 'utf8')
  return [...source.matchAll(/(?:from|import\()\s*(?:\/\*.*?\*\/ )?'([^']+)'/g)].map((match) => match[1]!)
}
