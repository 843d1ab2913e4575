// The package holds what its users need, installs and runs elsewhere, and its core is the one recorded.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json'))

describe('the package', () => {
  it('names every dependency by its exact version', () => {
    const development = JSON.parse(read('tools/node/package.json'))
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...development.optionalDependencies }
    for (const [name, version] of Object.entries(all)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('has a core whose bits are the recorded ones', () => {
    const core = readFileSync(join(root, 'build/core.wasm'))
    const hash = createHash('sha256').update(core).digest('hex')
    expect(hash, 'a changed core: record it in test/golden/core.sha256 and say why').toBe(
      read('test/golden/core.sha256').trim(),
    )
  })

  it('is tested in CI by the line that README gives', () => {
    const line = 'npm ci && npm run build && npm test'
    expect(read('README.md')).toContain(line)
    expect(read('.ci/run')).toContain(line)
  })
})

describe('the packed tarball, installed in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ddpg-pack-'))
  const run = (command: string, ...parameters: string[]): string =>
    execFileSync(command, parameters, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) },
    })
  let packed: string[]

  beforeAll(() => {
    const [tarball] = JSON.parse(run('npm', 'pack', root, '--json', '--ignore-scripts'))
    packed = tarball.files.map(({ path }: { path: string }) => path)
    run('npm', 'init', '-y')
    run('npm', 'install', `./${tarball.filename}`, '--no-audit', '--no-fund')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('holds what users need and nothing else', () => {
    const kinds = new Set(packed.map((path) => path.replace(/\/.*/, '')))
    expect([...kinds].toSorted()).toEqual([
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'build',
      'configs',
      'dist',
      'docs',
      'package.json',
    ])
    expect(packed.filter((path) => path.startsWith('build/'))).toEqual(['build/core.wasm'])
  })

  it('has every page of the guide that its own pages lead to', () => {
    const installed = join(folder, 'node_modules', 'ddpg-wasm')
    const pages = packed.filter((path) => path.endsWith('.md'))
    const links = pages.flatMap((page) =>
      [...readFileSync(join(installed, page), 'utf8').matchAll(/\]\(([\w./-]+\.md)[#)]/g)].map(([, to]) =>
        join(dirname(page), to!),
      ),
    )
    expect(links).toContain('docs/mlflow.md')
    // benches are run in a checkout
    expect(links.filter((to) => !pages.includes(to) && to !== 'bench/README.md')).toEqual([])
  })

  it('brings neither Node, nor any test tool, nor what is bundled', () => {
    const installed = readdirSync(join(folder, 'node_modules'))
    expect(
      installed.filter((name) =>
        /^(node-|vitest|vite|typescript|assemblyscript|tinybench|ox|echarts|zrender)/.test(name),
      ),
    ).toEqual([])
  })

  it('shows its help and runs an experiment', () => {
    expect(run('npx', 'ddpg', '--help')).toContain('Usage: ddpg')
    const output = run('npx', 'ddpg', 'experiment', '--scenario', 'smoke', '--generate-data', '--json')
    const { trials, report } = JSON.parse(output)
    expect(trials[0].status).toBe('FINISHED')
    expect(report).toBe('logs/smoke/run_1/report.html')
    expect(readFileSync(join(folder, report), 'utf8')).toContain('<h1>smoke</h1>')
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['data', 'logs', 'mlartifacts', 'mlflow.db']))
  })

  it('can be imported as a library', () => {
    const program = `import { createLearner } from 'ddpg-wasm'; const l = await createLearner({ obsDim: 2, actionDim: 1 }); l.act(0); console.log(l.action.length)`
    expect(run('node', '--input-type=module', '-e', program).trim()).toBe('1')
  })
})
