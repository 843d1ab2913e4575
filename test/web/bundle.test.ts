// The bundles of the page are small and bring their licences, and its sources make no HTML of text.
import { globSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PAPER } from '../../src/report/series.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bundle = join(root, 'dist/web')

it('loads less than 400 KB compressed at first', () => {
  const files = globSync('**/*', { cwd: bundle }).filter((path) => /\.(html|css|js|wasm|svg)$/.test(path))
  // what is fetched only when it is used
  const later = files.filter((path) => /\/(trial-plots|parquet|read|mlflow)-/.test(path))
  expect(later).toHaveLength(4)
  const first = files.filter((path) => !later.includes(path))
  expect(first.some((path) => path.endsWith('.wasm'))).toBe(true)
  const sizes = first.map((path) => gzipSync(readFileSync(join(bundle, path))).length)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  expect(bytes).toBeGreaterThan(50_000)
  expect(bytes).toBeLessThan(400_000)
})

it('brings the licences of what is in it, and a report of what is in that', () => {
  const texts = ['page', 'worker'].map((part) => readFileSync(join(bundle, `licenses-${part}.txt`), 'utf8'))
  for (const name of ['uplot', 'echarts', 'zod', 'yaml', 'hyparquet'])
    expect(texts.join('\n')).toMatch(new RegExp(`^${name} `, 'm'))
  for (const part of ['report-page', 'echarts']) {
    const own = readFileSync(join(root, `dist/${part}/licenses.txt`), 'utf8')
    for (const name of ['echarts', 'zrender', 'tslib']) expect(own).toMatch(new RegExp(`^${name} `, 'm'))
  }
})

describe('the sources of the page', () => {
  const files = globSync('web/**/*.ts', { cwd: root }).filter((path) => !/vite\.config|licenses/.test(path))
  const sources = files.map((path) => [path, readFileSync(join(root, path), 'utf8')] as const)

  it.each(sources)('%s makes no HTML of text, and takes nothing of the edge', (path, source) => {
    expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/)
    const imports = [...source.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!)
    for (const name of imports) expect(name).not.toMatch(/^node:|\/src\/(cli|files|commands)\b/)
    // the page talks to the worker, and draws; a report draws what is in it
    if (path.startsWith('web/worker/')) return
    for (const name of imports)
      expect(name).not.toMatch(
        path.startsWith('web/report/')
          ? /\/worker\/|\/src\/(?!base\/errors\.ts$|report\/(document|series|charts\/chart-options|charts\/plot-scale|tables\/table)\.ts)/
          : /^\.\/worker\/|\/src\/(?!base\/errors\.ts$|report\/(series|charts\/plot-scale|tables\/table)\.ts)/,
      )
  })
})

it('has the colours of plots on paper, and others of the same names in the dark', () => {
  const theme = readFileSync(join(root, 'web/theme.css'), 'utf8')
  const [light, dark] = theme.split('@media screen and (prefers-color-scheme: dark)')
  const namesIn = (css: string) => [...css.matchAll(/(--[\w-]+): (#\w+);/g)]
  const onPaper = Object.fromEntries(namesIn(light!).map(([, name, color]) => [name, color]))
  const inTheDark = namesIn(dark!).map(([, name]) => name)
  for (const [name, color] of Object.entries(PAPER)) {
    expect(onPaper[`--${name}`]).toBe(color)
    expect(inTheDark).toContain(`--${name}`)
  }
})
