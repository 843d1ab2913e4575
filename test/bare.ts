// Runs the tests that use Python, MLflow, browsers or other engines as on a machine that has none of them: outside CI
// they are skipped loudly and the rest passes, under CI each of them fails. `npm run test:bare`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = `${root}node_modules/vitest/vitest.mjs`

interface Results {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  success: boolean
}

function run(name: string, files: string[], environment: Record<string, string>) {
  const output = `build/${name}-results.json`
  const args = [...files, '--run', '--reporter=default', '--reporter=json']
  const { CI: _, ...surroundings } = process.env
  const { stdout, stderr } = spawnSync(process.execPath, [vitest, ...args, `--outputFile.json=${output}`], {
    cwd: root,
    env: { ...surroundings, ...environment, TEST_BARE: '1' },
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  const results = JSON.parse(readFileSync(root + output, 'utf8')) as Results
  return { results, log: stdout + stderr }
}

// all files that import needs.ts, directly or not
const skipping = run('bare', ['related', 'test/helpers/needs.ts'], {})
// one line a test that is left out, and no line for any other
const lines = skipping.log.match(/\*\*\* skipped: .*: not installed, .* \*\*\*/g)?.length ?? 0
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, success } = skipping.results
const isSilent = lines !== skipped || skipped === 0
if (!success || isSilent) process.stdout.write(skipping.log)

// under CI they fail; one file shows it, as all take one way
const underCi = run('bare-ci', ['run', 'test/evaluate/metrics.test.ts'], { CI: 'true' }).results
console.log(
  `bare: ${passed} passed, ${failed} failed, ${skipped} skipped with ${lines} lines that say so; under CI ${underCi.numFailedTests} of ${underCi.numFailedTests + underCi.numPassedTests} of one file fails`,
)
if (!success || isSilent || underCi.numFailedTests !== 1) process.exitCode = 1
