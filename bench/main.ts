// Portable benches in a runtime of the command line, which `index.ts --engine` starts: `bench/main.ts part …`.
import process from 'node:process'
import { PORTABLE } from './portable.ts'

for (const name of process.argv.slice(2)) await PORTABLE[name]!()
