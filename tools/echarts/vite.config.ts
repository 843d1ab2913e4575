// Builds the bundle that plots load as #echarts, with the licences of what is in it.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { licenses } from '../../web/licenses.ts'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [licenses('licenses.txt')],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: fileURLToPath(new URL('../../dist/echarts', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    lib: { entry: 'echarts.ts', formats: ['es'], fileName: () => 'echarts.js' },
  },
})
