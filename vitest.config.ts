import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // .ci/run counts from this file.
    reporters: ['default', ['json', { outputFile: 'build/test-results.json' }]],
  },
})
