// Builds the script and the style of reports, which src/commands/experiment/report.ts puts into each of them.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { licenses } from '../licenses.ts'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [licenses('licenses.txt')],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: fileURLToPath(new URL('../../dist/report-page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    lib: {
      entry: 'main.ts',
      name: 'report',
      formats: ['iife'],
      fileName: () => 'report.js',
      cssFileName: 'report',
    },
  },
})
