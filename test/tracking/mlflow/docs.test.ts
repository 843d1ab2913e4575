// The example of docs/mlflow.md does what it says, and the variables that it names are read.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { listRuns } from '../../../src/tracking/mlflow/local-runs.ts'
import { temporaryFolder } from '../../helpers/cli.ts'

const docs = readFileSync(new URL('../../../docs/mlflow.md', import.meta.url), 'utf8')

it('the example of docs/mlflow.md does what it says', () => {
  const folder = temporaryFolder()
  const module = new URL('../../../src/tracking/mlflow/index.ts', import.meta.url).href
  const example = /```js\n([\s\S]*?)```/.exec(docs)![1]!.replace("'ddpg-wasm/mlflow'", `'${module}'`)
  writeFileSync(join(folder, 'example.mjs'), example)
  const printed = execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
  expect(printed).toBe(`runs are in ${folder}/mlflow.db, to see them: cd "${folder}" && mlflow server\n`)
  const [run, ...others] = listRuns(join(folder, 'mlflow.db'))
  expect(run).toMatchObject({
    experiment: 'hello',
    name: 'first',
    status: 'FINISHED',
    params: { learning_rate: '3e-4' },
  })
  expect(run!.metrics).toEqual({ 'train/loss': 1 / 1000 })
  expect(others).toEqual([])
})

it('every variable that docs/mlflow.md names is read', () => {
  const source = readFileSync(new URL('../../../src/tracking/mlflow/open.ts', import.meta.url), 'utf8')
  for (const [name] of docs.matchAll(/MLFLOW_[A-Z_]+/g))
    if (name !== 'MLFLOW_ALLOW_FILE_STORE')
      expect(source.replaceAll(/' \+\s*'/g, ''), name).toContain(name.slice(7))
})
