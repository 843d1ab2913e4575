// This file tells an engine that is not installed from one that fails.
import { existsSync } from 'node:fs'

/** An engine is not there: another thing than one that fails. */
export class Missing extends Error {}

/** @throws Missing */
export function mustExist(file: string): void {
  if (!existsSync(file)) throw new Missing(`${file} is not there: run test/engines/setup.sh`)
}
