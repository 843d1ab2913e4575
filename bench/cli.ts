// This program runs the command line and prints at its end the largest resident memory that it had, in KiB.
import process from 'node:process'

process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))
// @ts-ignore -- built by npm run build
await import('../dist/cli.js')
