// Journals, databases and servers may be a stranger's: what they name is data, and leads nowhere.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createJournal } from '../../../src/tracking/mlflow/journal.ts'
import { localStore, openTracker } from '../../../src/tracking/mlflow/open.ts'
import { restStore } from '../../../src/tracking/mlflow/rest.ts'
import { serverOf } from '../../../src/tracking/mlflow/http.ts'
import { syncDatabase, syncJournal } from '../../../src/tracking/mlflow/sync.ts'
import { Blocked, Refusal, type Operation, type Store } from '../../../src/tracking/mlflow/types.ts'
import { reply, startFake, type FakeServer } from './fake-server.ts'

const environment = {
  MLFLOW_TRACKING_USERNAME: 'me',
  MLFLOW_TRACKING_PASSWORD: 's3cret',
  MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
}
let folder: string
let fake: FakeServer
let other: FakeServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stranger-'))
  fake = await startFake()
  other = await startFake()
})
afterEach(async () => {
  await Promise.all([fake.close(), other.close()])
  rmSync(folder, { recursive: true })
})

const start: Operation = { kind: 'start', run: 'r', experiment: 'e', name: 'n', user: 'u', time: 5, tags: {} }
const artifact = (path: string): Operation => ({
  kind: 'artifact',
  run: 'r',
  path,
  content: Buffer.from('mine'),
})
/** Files below the folder. */
const left = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()

describe('a login belongs to the server it was given for', () => {
  it.each([
    ['another host', (host: string) => `mlflow-artifacts://${host}/1/x/artifacts`],
    ['another host behind a user', (host: string) => `mlflow-artifacts://me@${host}/1/x/artifacts`],
    ['a path out of the artifacts', () => 'mlflow-artifacts:/../../../mlflow/runs'],
    ['the same in percent signs', () => 'mlflow-artifacts:/%2e%2e/%2E./mlflow/runs'],
  ])('when its runs have their artifacts at %s', async (_, uri) => {
    fake.intercept = (asked, response) => {
      if (!asked.path.endsWith('runs/create')) return false
      const host = new URL(other.base).host
      reply(response, 200, { run: { info: { run_id: 'x', experiment_id: '1', artifact_uri: uri(host) } } })
      return true
    }
    const store = restStore(serverOf(fake.base, environment))
    await store.apply(start, false)
    const before = fake.asked.length
    await expect(store.apply(artifact('receipt.json'), false)).rejects.toThrow(
      /^artifact receipt\.json is not sent: the server keeps those of the run at "mlflow-artifacts:.*", which is not below http/,
    )
    expect([other.asked.length, fake.asked.length - before]).toEqual([0, 0])
    store.close()
  })

  it.each([301, 302, 303, 307, 308])('and goes nowhere with a redirection (%i)', async (status) => {
    fake.intercept = (_, response) => {
      reply(response, status, {}, { location: `${other.base}/api/2.0/mlflow/runs/create` })
      return true
    }
    const store = restStore(serverOf(fake.base, environment))
    const answer = store.apply(start, false)
    await expect(answer).rejects.toThrow(Blocked)
    await expect(answer).rejects.toThrow(`answers ${status}, a redirection: give the address`)
    expect(fake.asked[0]!.headers['authorization']).toMatch(/^Basic /)
    expect(other.asked).toEqual([])
    store.close()
  })
})

describe('the gate', () => {
  const stores: [string, () => Store][] = [
    ['a server', () => restStore(serverOf(fake.base, {}))],
    ['a database', () => localStore(`sqlite:///${folder}/store/mlflow.db`)],
    ['a folder', () => localStore(`file:${folder}/store`)],
  ]
  const names = [
    '../../out',
    '/out',
    'a/../../out',
    '..',
    '.',
    'a//b',
    '',
    'a\\..\\out',
    'a\0',
    'a\n',
    '.. /x',
  ]
  describe.each(stores)('in front of %s', (_, open) => {
    it.each<[string, Operation[]]>([
      ['paths of artifacts', names.map(artifact)],
      [
        'names of parameters',
        names.map((name) => ({ kind: 'params', run: 'r', params: { [name]: 'x' } }) as Operation),
      ],
      [
        'names of tags',
        names.flatMap((name): Operation[] => [
          { kind: 'tags', run: 'r', tags: { [name]: 'x' } },
          { ...start, run: 'q', tags: { [name]: 'x' } } as Operation,
        ]),
      ],
      [
        'names of metrics',
        names.map((key) => ({
          kind: 'metrics',
          run: 'r',
          points: [{ key, value: 1, timestamp: 1, step: 1 }],
        })),
      ],
      [
        'ids of runs',
        [...names, "x' OR 'a' = 'a", 'a b', 'r?x=1', '-r'].flatMap((run): Operation[] => [
          { ...start, run } as Operation,
          { ...start, run: 'q', parent: run } as Operation,
          { kind: 'tags', run, tags: { a: 'b' } },
          { kind: 'end', run, status: 'FINISHED', time: 9 },
        ]),
      ],
      [
        'ids of experiments',
        names.map((experimentId) => {
          const { experiment: _, ...rest } = start as Extract<Operation, { kind: 'start' }>
          return { ...rest, run: 'q', experimentId }
        }),
      ],
      ['states', [{ kind: 'end', run: 'r', status: 'constructor' as 'FINISHED', time: 9 }]],
    ])('lets no %s through that lead elsewhere', async (_, operations) => {
      const store = open()
      await store.apply(start, false)
      const [files, asked] = [left(), fake.asked.length]
      for (const operation of operations) {
        const attempt = async () => store.apply(operation, true)
        await expect(attempt(), JSON.stringify(operation)).rejects.toThrow(Refusal)
      }
      expect(left()).toEqual(files)
      expect(fake.asked.length).toBe(asked)
      store.close()
    })

    it('lets through what MLflow itself may have written', async () => {
      const store = open()
      await store.apply(start, false)
      await store.apply({ kind: 'params', run: 'r', params: { 'a/b c:d.e-f_g': '../x' } }, true)
      await store.apply({ kind: 'tags', run: 'r', tags: { 'mlflow.größe': '/etc' } }, true)
      await store.apply(artifact('models/größe (1)/..hidden'), true)
      await store.apply({ kind: 'end', run: 'r', status: 'FINISHED', time: 9 }, true)
      store.close()
    })
  })
})

describe('a journal of a stranger', () => {
  const journal = () => join(folder, 'given')
  /** Changes a line as somebody would who knows the format. */
  function forge(from: string, to: string): void {
    const path = join(journal(), 'journal.jsonl')
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const forged = lines.map((line) => {
      const text = line.slice(9).replace(from, to)
      return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
    })
    expect(forged.join('')).not.toBe(`${lines.join('\n')}\n`)
    writeFileSync(path, forged.join(''))
  }
  beforeEach(() => {
    writeFileSync(join(folder, 'private'), 'a private key')
    const written = createJournal(journal(), 'http://evil.invalid')
    for (const operation of [start, artifact('a.txt')]) written.append(operation)
    written.close()
  })
  const sent = () => fake.asked.filter(({ method }) => method === 'PUT').map(({ content }) => String(content))

  it('is sent where its reader wants, and its files come from its own folder', async () => {
    forge('"file":"1"', '"file":"../private"')
    expect(await syncJournal(journal(), fake.base, { environment })).toMatchObject({ runs: 1, refused: [] })
    expect(sent()).toEqual(['mine'])
  })

  it('has no links for files', async () => {
    rmSync(join(journal(), '1'))
    symlinkSync(join(folder, 'private'), join(journal(), '1'))
    await expect(syncJournal(journal(), fake.base, { environment })).rejects.toThrow('1 in it must be a file')
    expect(sent()).toEqual([])
  })

  it('is refused where it names what is outside, and stays', async () => {
    forge('"path":"a.txt"', '"path":"../../../mlflow/runs/delete"')
    expect(await syncJournal(journal(), fake.base, { environment })).toMatchObject({
      refused: ['the path of an artifact cannot be "../../../mlflow/runs/delete"'],
    })
    expect(sent()).toEqual([])
    expect(existsSync(journal())).toBe(true)
  })

  it('takes nothing with it that is not its own when it goes', async () => {
    writeFileSync(join(journal(), 'thesis.txt'), 'years of work')
    await syncJournal(journal(), fake.base, { environment })
    expect(readdirSync(journal())).toEqual(['thesis.txt'])
  })
})

describe('a database of a stranger', () => {
  const file = () => join(folder, 'given', 'mlflow.db')
  let id: string
  beforeEach(async () => {
    const options = { environment: {}, spool: join(folder, 'spool') }
    const tracker = await openTracker(`sqlite:///${file()}`, options)
    const run = await tracker.startRun({ experiment: 'e', name: 'n' })
    run.logArtifact('a.txt', 'mine')
    run.end('FINISHED')
    await tracker.close()
    id = run.id
    mkdirSync(join(folder, 'private', id, 'artifacts'), { recursive: true })
    writeFileSync(join(folder, 'private', id, 'artifacts', 'key'), 'a private key')
    mkdirSync(join(folder, 'given', '.ssh'))
    writeFileSync(join(folder, 'given', '.ssh', 'key'), 'a private key')
  })
  const forge = (uri: string) => {
    const database = new DatabaseSync(file())
    database.prepare('UPDATE runs SET artifact_uri = ?').run(uri)
    database.close()
  }
  const copy = () => syncDatabase(file(), undefined, fake.base, { environment })
  const sent = () => fake.asked.filter(({ method }) => method === 'PUT').map(({ content }) => String(content))

  it.each<[string, () => string]>([
    ['file://, outside', () => `file://${folder}/private/${id}/artifacts`],
    ['an absolute path, outside', () => `${folder}/private/${id}/artifacts`],
    ['dots', () => `file://${folder}/given/../private/${id}/artifacts`],
    ['dots after the scheme of a server', () => `mlflow-artifacts:/../../private/${id}/artifacts`],
    ['a link', () => `file://${folder}/given/link/${id}/artifacts`],
    ['another folder beside it', () => `file://${folder}/given/.ssh`],
    ['the root', () => 'file:///'],
    ['another host', () => `file://evil.invalid/${id}/artifacts`],
  ])('has no artifacts at %s', async (_, uri) => {
    symlinkSync(join(folder, 'private'), join(folder, 'given', 'link'))
    forge(uri())
    const { refused } = await copy()
    expect(refused).toEqual([
      `run ${id.slice(0, 12)} has its artifacts at ${uri()}, which is not below ${folder}/given: they are not copied`,
    ])
    expect(sent()).toEqual([])
  })

  it.each<[string, () => string]>([
    ['the scheme of a server', () => `mlflow-artifacts:/1/${id}/artifacts`],
    ['file://', () => `file://${folder}/given/mlartifacts/1/${id}/artifacts`],
    ['a path', () => `${folder}/given/mlartifacts/1/${id}/artifacts`],
  ])('has artifacts beside it by %s, of which links are left out', async (_, uri) => {
    forge(uri())
    const artifacts = join(folder, 'given/mlartifacts/1', id, 'artifacts')
    symlinkSync(join(folder, 'private', id, 'artifacts', 'key'), join(artifacts, 'b.txt'))
    symlinkSync(join(folder, 'private'), join(artifacts, 'all'))
    expect((await copy()).refused).toEqual([])
    expect(sent()).toEqual(['mine'])
  })
})
