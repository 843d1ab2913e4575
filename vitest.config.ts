import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { PATIENCE, PATIENCE_WITHIN } from './test/helpers/patience.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: PATIENCE,
    hookTimeout: PATIENCE,
    // The command line is started hundreds of times: read from here, its sources take a third of the work less.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('build/compile-cache', import.meta.url)) },
    expect: { poll: { timeout: PATIENCE_WITHIN } },
    // Of two cores one is left idle otherwise, and most of the time goes by in waiting for servers and browsers.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // .ci/run counts from this file.
    reporters: ['default', 'json'],
    outputFile: { json: 'build/test-results.json' },
  },
})
