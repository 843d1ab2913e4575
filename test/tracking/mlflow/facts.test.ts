// The tags of a run say where it runs, and the login is the one that MLflow's own client keeps.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { factsOf } from '../../../src/tracking/mlflow/host.ts'
import { mlflowEnvironment } from '../../../src/tracking/mlflow/open.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'facts-'))))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

it('has commit, branch, changes and origin of the repository, without a login', () => {
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
      cwd: folder,
      encoding: 'utf8',
    })
  git('init', '-q', '-b', 'trunk')
  expect(Object.keys(factsOf(folder))).toEqual(['ddpg.runtime', 'ddpg.platform'])
  writeFileSync(join(folder, 'a'), '1')
  git('add', 'a')
  git('commit', '-qm', 'a')
  const clean = {
    'mlflow.source.git.commit': git('rev-parse', 'HEAD').trim(),
    'mlflow.source.git.branch': 'trunk',
    'mlflow.source.git.dirty': 'False',
  }
  expect(factsOf(folder)).toMatchObject(clean)
  writeFileSync(join(folder, 'new'), 'not in the repository')
  expect(factsOf(folder)).toMatchObject(clean)
  writeFileSync(join(folder, 'a'), '2')
  git('remote', 'add', 'origin', 'https://me:s3cret@example.com/a.git')
  expect(factsOf(folder)).toEqual({
    ...clean,
    'ddpg.runtime': `node ${process.versions.node}`,
    'ddpg.platform': expect.stringContaining(process.platform),
    'mlflow.source.git.dirty': 'True',
    'mlflow.source.git.repoURL': 'https://example.com/a.git',
  })
})

it("has the login of MLflow's credentials file, unless a variable has one", () => {
  vi.stubEnv('HOME', folder)
  expect(mlflowEnvironment()['MLFLOW_TRACKING_USERNAME']).toBeUndefined()
  mkdirSync(join(folder, '.mlflow'))
  writeFileSync(
    join(folder, '.mlflow', 'credentials'),
    '[other]\nmlflow_tracking_username = no\n[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password=p = w\n',
  )
  expect(mlflowEnvironment()).toMatchObject({
    MLFLOW_TRACKING_USERNAME: 'me',
    MLFLOW_TRACKING_PASSWORD: 'p = w',
  })
  vi.stubEnv('MLFLOW_TRACKING_TOKEN', 't')
  expect(mlflowEnvironment()).toMatchObject({
    MLFLOW_TRACKING_USERNAME: undefined,
    MLFLOW_TRACKING_TOKEN: 't',
  })
})
