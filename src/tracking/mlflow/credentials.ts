// This file reads the login that MLflow's own client keeps for its user.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './http.ts'

/** Variables of the section `[mlflow]` of `~/.mlflow/credentials`, where there is one. */
export function storedLogin(): Environment {
  try {
    const text = readFileSync(join(homedir(), '.mlflow', 'credentials'), 'utf8')
    const [, section = ''] = `\n${text}`.split('\n[mlflow]')
    const lines = section.split('\n[')[0]!.split('\n').slice(1)
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, value] =
          /^(mlflow_tracking_(?:username|password))\s*[=:](.*)$/i.exec(line.trim()) ?? []
        return name === undefined ? [] : [[name.toUpperCase(), value!.trim()]]
      }),
    )
  } catch {
    // there is none, or Deno may not read it
    return {}
  }
}
