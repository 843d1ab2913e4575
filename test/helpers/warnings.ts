// This file takes the guardrails' warnings out of what a command wrote.
/** Returns stderr without the guardrails' warnings, which small scenarios of tests give. */
export function withoutWarnings(stderr: string): string {
  return stderr.replace(/^warning: (?:training|data|env|network)\.\S+ .*\n/gm, '')
}
