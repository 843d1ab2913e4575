// This process runs an MLflow server in a folder: `node bench/faulty-server.ts FOLDER`. It prints the address, and
// kills it and starts it again for every line on stdin, answered by the seconds that it was away. Ends with stdin.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startServer, VERSIONS } from '../test/tracking/mlflow/server.ts'

const folder = process.argv[2]!
const port = await freePort()
const options = ['--backend-store-uri', 'sqlite:///mlflow.db']
/** The version that starts in the least time. */
const start = () => startServer(folder, { port, python: VERSIONS['early 3.x'], options })
let server = await start()
console.log(server.base)
for await (const _ of createInterface({ input: process.stdin })) {
  const began = performance.now()
  await server.stop('SIGKILL')
  await sleep(1000)
  server = await start()
  console.log((performance.now() - began) / 1000)
}
await server.stop()
