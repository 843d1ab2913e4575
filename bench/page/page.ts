// Starts the worker with the benches that the address names, `?kernels&update`, and shows what they print.
const worker = new Worker(new URL('worker.ts', import.meta.url), { type: 'module' })
worker.addEventListener('message', ({ data }: MessageEvent<string>) => finish(data))
worker.addEventListener('error', ({ message }) => finish(`error: ${message || 'the worker did not start'}`))
const parts = [...new URLSearchParams(location.search).keys()]
worker.postMessage(parts)

function finish(text: string): void {
  document.querySelector('pre')!.textContent = text
  document.title = 'done'
}
