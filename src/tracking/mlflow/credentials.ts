// The login that MLflow's own client keeps for its user.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './http.ts'

/** Variables of the section `[mlflow]` of `~/.mlflow/credentials`, where there is one. */
export function storedLogin(): Environment {
  try {
    const text = readFileSync(join(homedir(), '.mlflow', 'credentials'), 'utf8')
    const [, section = ''] = /^\[mlflow\][^\n]*\n([^[]*)/m.exec(text) ?? []
    const lines = [...section.matchAll(/^\s*(mlflow_tracking_(?:username|password))\s*[=:]\s*(.*?)\s*$/gim)]
    return Object.fromEntries(lines.map(([, name, value]) => [name!.toUpperCase(), value]))
  } catch {
    // there is none, or Deno may not read it
    return {}
  }
}
