// This program runs the portable benches in a runtime that `index.ts --engine` starts: `bench/main.ts part …`.
import process from 'node:process'
import { PORTABLE } from './portable.ts'

for (const name of process.argv.slice(2)) await PORTABLE[name]!()
