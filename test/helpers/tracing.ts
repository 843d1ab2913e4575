// This file measures how long the main thread of a page in Chromium is kept from drawing.
import type { Page } from 'puppeteer-core'

interface TraceEvent {
  ph: string
  name: string
  pid: number
  tid: number
  /** Microseconds of the thread, without what others ran meanwhile. */
  tdur?: number
  args: { name?: string }
}

/** Milliseconds of the processor in the longest task of the page's main thread until `work` is done. */
export async function longestTask(page: Page, work: () => Promise<unknown>): Promise<number> {
  await page.tracing.start({ categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
  await work()
  const trace = new TextDecoder().decode(await page.tracing.stop())
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] }
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const main = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  )
  const threads = new Set(main.map(threadOf))
  const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && threads.has(threadOf(event)))
  if (tasks.length === 0) throw new Error('the browser told of no tasks')
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000))
}
