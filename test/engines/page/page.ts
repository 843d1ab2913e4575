// Starts the worker and shows what it says: the receipts as JSON, or `error: …`.
const worker = new Worker(new URL('worker.ts', import.meta.url), { type: 'module' })
worker.addEventListener('message', ({ data }: MessageEvent<string>) => finish(data))
worker.addEventListener('error', ({ message }) => finish(`error: ${message || 'the worker did not start'}`))

function finish(text: string): void {
  document.querySelector('pre')!.textContent = text
  document.title = 'done'
}
