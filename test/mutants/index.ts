// Applies each mutant of list.ts in a copy of the tree, runs the tests that should notice it, and prints those that
// live: `npm run mutants [-- WORDS]`, of which only mutants of files whose names hold one of the words are tried.
import { main as assemble } from 'assemblyscript/asc'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS, mutated, type Mutant } from './list.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ddpg-mutants-'))

/** The fate of a mutant in its tests; `broken` is neither, such as a mutant that does not compile. */
type Fate = 'died' | 'lives' | 'broken'

/** A copy of the tree, as git has it and as it is built. */
function copyTree(name: string): string {
  const copy = join(folder, name)
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of listed.split('\0').filter(Boolean)) cpSync(join(root, file), join(copy, file))
  for (const built of ['build', 'dist']) cpSync(join(root, built), join(copy, built), { recursive: true })
  // with the Python that some tests compare against, where it is installed
  for (const installed of ['node_modules', 'test/.venv'])
    if (existsSync(join(root, installed))) symlinkSync(join(root, installed), join(copy, installed))
  return copy
}

/** One compilation at a time: the compiler is not made for two in one process. */
let compiling: Promise<unknown> = Promise.resolve()

/** The core with all exports stands for each of its builds: one compilation instead of three. */
async function buildCore(copy: string): Promise<boolean> {
  const outFile = 'build/kernels.wasm'
  const compile = () =>
    assemble([
      'assembly/kernels.ts',
      '--target',
      'release',
      '--outFile',
      outFile,
      '--baseDir',
      copy,
      '--config',
      join(copy, 'asconfig.json'),
    ])
  const compiled = compiling.then(compile)
  compiling = compiled
  const { error } = await compiled
  if (error) return false
  for (const name of ['core', 'core.debug']) cpSync(join(copy, outFile), join(copy, `build/${name}.wasm`))
  return true
}

/** The tests that failed last, for whom they should not. */
let failures: string[] = []

/** Runs test files in a copy. @param tests below test/, without `.test.ts` */
function runTests(copy: string, tests: readonly string[]): Promise<Fate> {
  const report = join(copy, 'build/mutant.json')
  rmSync(report, { force: true })
  const files = tests.map((test) => `test/${test}.test.ts`)
  const args = ['run', ...files, '--bail=1', '--reporter=json', `--outputFile.json=${report}`]
  const { CI: _, ...env } = process.env
  const child = spawn(process.execPath, [join(copy, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: copy,
    env,
    stdio: 'ignore',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      try {
        const results = JSON.parse(readFileSync(report, 'utf8')) as Results
        const { numPassedTests, numFailedTests, numFailedTestSuites } = results
        failures = failuresOf(results)
        if (numFailedTests + numFailedTestSuites > 0) resolve('died')
        else resolve(code === 0 && numPassedTests > 0 ? 'lives' : 'broken')
      } catch {
        resolve('broken')
      }
    })
  })
}

/** The part of Vitest's report that is read. */
interface Results {
  numPassedTests: number
  numFailedTests: number
  numFailedTestSuites: number
  testResults: {
    name: string
    message: string
    assertionResults: { status: string; fullName: string; failureMessages: string[] | null }[]
  }[]
}

function failuresOf({ testResults }: Results): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    const texts = failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages?.[0]}`)
    return (message ? [message, ...texts] : texts).map((text) => `${name}: ${text.slice(0, 500)}`)
  })
}

async function tryMutant(copy: string, mutant: Mutant): Promise<Fate> {
  const path = join(copy, mutant.file)
  const sound = readFileSync(path, 'utf8')
  writeFileSync(path, mutated(sound, mutant))
  try {
    if (mutant.file.startsWith('assembly/') && !(await buildCore(copy))) return 'broken'
    return await runTests(copy, mutant.tests)
  } finally {
    writeFileSync(path, sound)
  }
}

/** The tests pass where nothing is changed: else nothing that they find says anything. */
async function mustPass(copy: string, mutants: readonly Mutant[]): Promise<void> {
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))]
  if (!(await buildCore(copy))) throw new Error('the core does not compile')
  const fate = await runTests(copy, tests)
  if (fate !== 'lives')
    throw new Error(
      `tests fail where nothing is changed, so that mutants say nothing:\n${failures.join('\n')}`,
    )
}

const words = process.argv.slice(2)
const chosen = MUTANTS.filter(({ file }) => words.length === 0 || words.some((word) => file.includes(word)))
const queue = [...chosen]
const found: Record<Fate, number> = { died: 0, lives: 0, broken: 0 }
let excepted = 0

async function work(copy: string): Promise<void> {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const fate = await tryMutant(copy, mutant)
    const { file, from, to, except } = mutant
    process.stderr.write(`${fate} ${file} ${queue.length} left\n`)
    if (fate === 'lives' && except) excepted++
    else if (fate !== 'lives' && except)
      console.log(`${fate} though excepted: ${file}\n  - ${from}\n  + ${to}`)
    else if (fate !== 'died') console.log(`${fate}: ${file}\n  - ${from}\n  + ${to}`)
    if (!(fate === 'lives' && except)) found[fate]++
    if (fate === 'died' && except) process.exitCode = 1
  }
}

try {
  const copies = Array.from({ length: Math.max(2, availableParallelism()) }, (_, i) => copyTree(`${i}`))
  await mustPass(copies[0]!, chosen)
  await Promise.all(copies.map(work))
  const { died, lives, broken } = found
  console.log(`${chosen.length} mutants: ${died} died, ${lives} live, ${broken} broken, ${excepted} excepted`)
  if (lives + broken > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
