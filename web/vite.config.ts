// Builds the page as a folder that any static host can serve, under any path.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { licenses } from './licenses.ts'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  // from its own modules, so that they are listed among the licences
  resolve: { alias: { '#echarts': fileURLToPath(new URL('../tools/echarts/echarts.ts', import.meta.url)) } },
  plugins: [licenses('licenses-page.txt')],
  worker: { format: 'es', plugins: () => [licenses('licenses-worker.txt')] },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The plots are large, and loaded only when somebody wants them.
    chunkSizeWarningLimit: 800,
  },
})
