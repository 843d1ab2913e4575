// The Python of test/.venv holds what the tests compare against.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeWith, placeOf } from './needs.ts'
import { PATIENCE_WITHIN } from './patience.ts'

const test = fileURLToPath(new URL('..', import.meta.url))

/** The interpreter; it exists only after test/setup.sh. */
export const python = placeOf(`${test}.venv/bin/python`)

/** True when the environment has exactly what test/requirements.txt asks for. */
function isInstalled(): boolean {
  const stamp = placeOf(`${test}.venv/requirements.installed.txt`)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(`${test}requirements.txt`, 'utf8')
}

/** Like describe; without the Python environment the tests are skipped loudly, and fail under CI. */
export function describeWithPython(name: string, tests: () => void): void {
  describeWith(
    isInstalled(),
    'run test/setup.sh to make test/.venv as test/requirements.txt asks',
    name,
    tests,
  )
}

/** Environment of Python processes: nothing reported to others, no tracking server of the user's. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([key]) => !key.startsWith('MLFLOW_'))
  return { ...Object.fromEntries(own), MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' }
}

/**
 * Returns what the script prints on stdout, as JSON.
 * @param script relative to test/, such as `env/gymnasium_peer.py`
 */
export function runPython(script: string, ...args: string[]): unknown {
  const options = {
    env: pythonEnvironment(),
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: PATIENCE_WITHIN,
  } as const
  return JSON.parse(execFileSync(python, [test + script, ...args], { ...options, maxBuffer: 1e8 }))
}
