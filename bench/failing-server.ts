// This process is as much of an MLflow as a run needs: `node bench/failing-server.ts MODE`. It takes no metrics: it
// answers 500 or 429, not at all (hang), or late (slow); with `well` it does. Prints its address, ends with stdin.
import { reply, startFake } from '../test/tracking/mlflow/fake-server.ts'

const mode = process.argv[2]
const SLOW_MILLISECONDS = 2000
const fake = await startFake()
fake.intercept = (asked, response) => {
  // it keeps nothing, so that it does not grow
  fake.asked.length = 0
  fake.points.length = 0
  if (!asked.path.endsWith('runs/log-batch') || mode === 'well') return false
  if (mode === '500') reply(response, 500, { error_code: 'INTERNAL_ERROR', message: 'failing' })
  if (mode === '429') reply(response, 429, { message: 'slow down' }, { 'retry-after': '1' })
  if (mode === 'slow') setTimeout(() => reply(response, 200, {}), SLOW_MILLISECONDS)
  return true
}
console.log(fake.base)
process.stdin.on('end', () => process.exit()).resume()
