import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The layers of ARCHITECTURE.md, lowest first: a file imports from its own layer and those before it. */
const LAYERS = {
  src: [
    ['core'],
    ['data/time.ts', 'data/table.ts', 'scenario'],
    ['data', 'features', 'env'],
    ['bars.ts', 'statistics.ts', 'significance.ts', 'metrics.ts', 'benchmarks.ts', 'guardrails.ts'],
    ['evaluate.ts', 'task.ts', 'control.ts', 'market.ts', 'tasks.ts', 'costs.ts', 'trades.ts'],
    ['rollout-columns.ts'],
    ['train.ts', 'health.ts', 'trial-statistics.ts'],
    ['history.ts', 'chain.ts', 'checkpoint.ts', 'receipt.ts'],
    ['session.ts'],
    ['trial.ts'],
    ['action-map.ts'],
    ['verify.ts'],
    ['report', 'mlflow'],
    ['tracking'],
    ['index.ts', 'node.ts'],
    ['commands'],
    ['cli.ts'],
  ],
  assembly: [
    ['memory.ts', 'rng.ts', 'gemm.ts', 'activation.ts', 'panel.ts', 'sparse.ts', 'subsets.ts', 'head.ts'],
    ['mlp.ts', 'adam.ts', 'loss.ts'],
    ['backward.ts'],
    ['learner.ts'],
    ['replay.ts', 'explore.ts'],
    ['ddpg.ts'],
    ['index.ts'],
    ['kernels.ts'],
  ],
}
/** The only files that may use Node; core/module.ts does so behind a dynamic import, in Node alone. */
const EDGE =
  /^(cli\.ts|node\.ts|commands\/|mlflow\/(artifact|credentials|database|facts|file-store|journal|local-runs|exchange-thread|open|process|sqlite|sync|system-metrics|threaded-exchange)\.ts|core\/module\.ts)/

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(/(?:from|import\()\s*(?:\/\*.*?\*\/ )?'([^']+)'/g)].map((match) => match[1]!)
}

describe.each(['src', 'assembly'] as const)('imports within %s', (folder) => {
  const files = globSync('**/*.ts', { cwd: join(root, folder) }).filter((file) => !file.endsWith('.d.ts'))
  const layerOf = (file: string): number => {
    const layers = LAYERS[folder]
    const exact = layers.findIndex((layer) => layer.includes(file))
    return exact >= 0 ? exact : layers.findIndex((layer) => layer.includes(file.split('/')[0]!))
  }

  it('point to the same layer or a lower one', () => {
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      expect(layerOf(file), `${file} has a layer`).toBeGreaterThanOrEqual(0)
      for (const specifier of importsOf(join(root, folder, file)).filter((name) => name.startsWith('.'))) {
        const path = relative(join(root, folder), join(root, folder, dirname(file), specifier))
        const target = path.endsWith('.ts') ? path : `${path}.ts`
        expect(files, `${file} imports ${specifier}`).toContain(target)
        expect(layerOf(target), `${file} imports ${target}`).toBeLessThanOrEqual(layerOf(file))
      }
    }
  })

  it('have no cycle', () => {
    const targets = new Map(
      files.map((file) => [
        file,
        importsOf(join(root, folder, file))
          .filter((name) => name.startsWith('.'))
          .map((name) =>
            relative(join(root, folder), join(root, folder, dirname(file), name)).replace(/(\.ts)?$/, '.ts'),
          ),
      ]),
    )
    const done = new Set<string>()
    const visit = (file: string, path: string[]): void => {
      expect(path, 'import cycle').not.toContain(file)
      if (done.has(file)) return
      for (const target of targets.get(file) ?? []) visit(target, [...path, file])
      done.add(file)
    }
    files.forEach((file) => visit(file, []))
    expect(done.size).toBe(files.length)
  })
})

it('only the edge uses Node', () => {
  for (const file of globSync('**/*.ts', { cwd: join(root, 'src') })) {
    const node = importsOf(join(root, 'src', file)).filter((name) => name.startsWith('node:'))
    if (!EDGE.test(file)) expect(node, file).toEqual([])
  }
})
