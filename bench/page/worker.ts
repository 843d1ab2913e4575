// Runs benches in a worker of a page and sends what they print.
const lines: string[] = []
console.log = (line: string) => void lines.push(line)

addEventListener('message', async ({ data }: MessageEvent<string[]>) => {
  try {
    // here, since a message that comes while a module still awaits something is lost
    const { PORTABLE } = await import('../portable.ts')
    for (const name of data) await PORTABLE[name]!()
    postMessage(lines.join('\n'))
  } catch (error) {
    postMessage(`error: ${(error as Error).stack}`)
  }
})
