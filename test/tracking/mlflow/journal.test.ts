// A journal keeps on disk what waits: it is whole after any end of its process, known from what is damaged, and never
// used by two at once.
import * as fc from 'fast-check'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createJournal, leftJournals, openJournal } from '../../../src/tracking/mlflow/journal.ts'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import { syncJournal } from '../../../src/tracking/mlflow/sync.ts'
import type { Journal, Operation } from '../../../src/tracking/mlflow/types.ts'
import { reply, startFake, type FakeServer } from './fake-server.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'journal-'))
  folder = join(root, 'spool', 'one')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const point = (step: number): Operation => ({
  kind: 'metrics',
  run: 'r',
  points: [{ key: 'ü', value: 1 / 3, timestamp: 1000 + step, step }],
})
const file: Operation = { kind: 'artifact', run: 'r', path: 'a.bin', content: Buffer.from([0, 10, 255]) }

const texts = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true })
const anyPoint = fc.record({
  key: fc.string(),
  // JSON has no −0
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  timestamp: fc.nat(),
  step: fc.integer(),
})
const of = <K extends Operation['kind']>(kind: K) => ({ kind: fc.constant(kind), run: fc.string() })
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ ...of('params'), params: texts }),
  fc.record({ ...of('tags'), tags: texts }),
  fc.record({ ...of('metrics'), points: fc.array(anyPoint, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    ...of('artifact'),
    path: fc.string(),
    content: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  }),
)
const anyOperations = fc.array(anyOperation, { minLength: 1, maxLength: 12 })

function drain(journal: Journal): Operation[] {
  const all: Operation[] = []
  for (let item = journal.next(); item; item = journal.next()) {
    all.push(item.operation)
    journal.done()
  }
  return all
}

describe('a journal', () => {
  it('gives what it was given, in order, and is gone when all is done', () => {
    const journal = createJournal(folder, 'http://x')
    const given = [point(1), file, point(2)]
    for (const operation of given) journal.append(operation)
    expect(journal.next()).toEqual({ operation: point(1), doubtful: false })
    expect(drain(journal)).toEqual(given)
    journal.append(point(3))
    expect(journal.pending()).toBe(1)
    expect(drain(journal)).toEqual([point(3)])
    journal.close()
    expect(existsSync(join(root, 'spool'))).toBe(false)
  })

  it('gives any operations back in order to whoever opens it, but for those that were done', () => {
    let runs = 0
    fc.assert(
      fc.property(anyOperations, fc.nat(12), (given, most) => {
        const place = join(root, 'spool', `${runs++}`)
        const journal = createJournal(place, 'http://x')
        for (const operation of given) journal.append(operation)
        const done = given.slice(0, most)
        for (const operation of done) {
          expect(journal.next()).toEqual({ operation, doubtful: false })
          journal.done()
        }
        journal.close()
        if (done.length === given.length) expect(existsSync(place)).toBe(false)
        else expect(drain(openJournal(place))).toEqual(given.slice(most))
      }),
      { numRuns: 50 },
    )
  })

  it('holds every operation that was written whole, wherever its process broke off', () => {
    let runs = 0
    fc.assert(
      fc.property(anyOperations, fc.nat(), (given, cut) => {
        const place = join(root, 'spool', `${runs++}`)
        const path = join(place, 'journal.jsonl')
        const journal = createJournal(place, 'http://x')
        const first = statSync(path).size
        const ends = given.map((operation) => {
          journal.append(operation)
          return statSync(path).size
        })
        journal.close()
        const size = first + (cut % (ends.at(-1)! - first + 1))
        truncateSync(path, size)
        const whole = given.filter((_, i) => ends[i]! <= size)
        expect(drain(openJournal(place))).toEqual(whole)
      }),
      { numRuns: 50 },
    )
  })

  it('keeps what was not done and what was refused, for the next to open it', () => {
    const journal = createJournal(folder, 'http://x')
    for (const operation of [point(1), file, point(2)]) journal.append(operation)
    journal.done()
    journal.next()
    journal.skip()
    journal.close()
    const opened = openJournal(join(folder, 'journal.jsonl'))
    expect(opened.uri).toBe('http://x')
    expect(opened.next()).toEqual({ operation: file, doubtful: true })
    expect(drain(opened)).toEqual([file, point(2)])
  })

  it('loses a torn last line at most, and ends the runs that were open', () => {
    const start: Operation = {
      kind: 'start',
      run: 'r',
      experiment: 'e',
      name: 'n',
      user: 'u',
      time: 5,
      tags: {},
    }
    const journal = createJournal(folder, 'http://x')
    const other: Operation[] = [
      { ...start, run: 'q' },
      { kind: 'end', run: 'q', status: 'FINISHED', time: 6 },
    ]
    for (const operation of [start, ...other, point(1), point(2)]) journal.append(operation)
    drain(journal)
    journal.append(point(3))
    journal.close()
    appendFileSync(join(folder, 'journal.jsonl'), '0123abcd {"kind":"met')
    // whoever opens it writes whole lines after the torn one, which the next can read
    openJournal(folder).close()
    const opened = openJournal(folder)
    expect(drain(opened)).toEqual([
      start,
      other[0],
      point(3),
      { kind: 'end', run: 'r', status: 'KILLED', time: 1003 },
    ])
    opened.close()
    expect(existsSync(folder)).toBe(false)
  })

  it('is told of when its process is gone, and has one owner at a time', async () => {
    const spool = join(root, 'spool')
    const program = (body: string) => `
      import { createJournal, openJournal } from ${JSON.stringify(new URL('../../../src/tracking/mlflow/journal.ts', import.meta.url).href)}
      ${body}
      process.stdout.write('ready')
      setTimeout(() => 0, 600_000)`
    const inProcess = async (body: string) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program(body)])
      await once(child.stdout, 'data')
      return child
    }
    const end = async (child: ChildProcess) => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const maker = await inProcess(`createJournal(${JSON.stringify(folder)}, 'http://x')`)
    const warnings: string[] = []
    const open = async () => {
      const options = { spool, environment: {}, warn: (sentence: string) => void warnings.push(sentence) }
      await (await openTracker(`sqlite:///${root}/mlflow.db`, options)).close()
    }
    await open()
    expect([leftJournals(spool), warnings]).toEqual([[], []])
    await end(maker)
    await open()
    expect(leftJournals(spool)).toEqual([folder])
    expect(warnings).toEqual([
      `earlier runs have not reached MLflow completely: "ddpg mlflow sync ${folder}" sends a journal that is left`,
    ])
    const sender = await inProcess(`openJournal(${JSON.stringify(folder)})`)
    expect(() => openJournal(folder)).toThrow(new RegExp(`in use by process .*:${sender.pid}: wait`))
    await end(sender)
    openJournal(folder).close()
  })

  it('says which line is damaged, what is no journal, and who is using it', async () => {
    const journal = createJournal(folder, 'http://x')
    for (const operation of [point(1), point(2)]) journal.append(operation)
    journal.close()
    const path = join(folder, 'journal.jsonl')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"step":1', '"step":7'))
    expect(() => openJournal(folder)).toThrow(/line 2: it does not match its checksum, the file is damaged/)
    writeFileSync(path, 'hello')
    expect(() => openJournal(folder)).toThrow(/is no journal: expected format "ddpg-wasm mlflow journal 1"/)
    expect(() => openJournal(join(root, 'other'))).toThrow(/other\/journal.jsonl does not exist/)
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'])
    await once(child, 'spawn')
    const module = await import('node:zlib')
    const header = text.split('\n')[0]!.slice(9).replace(`:${process.pid}"`, `:${child.pid}"`)
    writeFileSync(path, `${module.crc32(header).toString(16).padStart(8, '0')} ${header}\n`)
    expect(() => openJournal(folder)).toThrow(
      new RegExp(`in use by process .*:${child.pid}: wait for its end`),
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    openJournal(folder).close()
  })
})

describe('a process that is killed between sending and hearing the answer', () => {
  let fake: FakeServer
  beforeEach(async () => void (fake = await startFake()))
  afterEach(() => fake.close())

  it.each([
    ['log-batch', 0],
    ['log-batch', 2],
    ['runs/create', 0],
  ])('of %s (%i) leaves a journal that brings every point once, in order', async (call, after) => {
    const program = `
      import { openTracker } from ${JSON.stringify(new URL('../../../src/tracking/mlflow/open.ts', import.meta.url).href)}
      const tracker = await openTracker(${JSON.stringify(fake.base)}, { environment: {}, spool: 'spool' })
      const starting = tracker.startRun({ experiment: 'sine', name: 'killed' })
      const run = ${call === 'runs/create'} ? await new Promise(() => setTimeout(() => 0, 600_000)) : await starting
      for (let step = 0; step < 5000; step++) run.logMetrics({ loss: step }, step)
      await tracker.flush()
      setTimeout(() => 0, 600_000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: root })
    let seen = 0
    const stored = new Promise<void>((resolve) => {
      fake.intercept = (asked, response) => {
        if (!asked.path.includes(call) || seen++ < after) return false
        if (call === 'log-batch' && seen > after + 1) return true
        fake.answer(asked)
        setTimeout(() => (response.destroy(), resolve()), 300)
        return true
      }
    })
    await stored
    child.kill('SIGKILL')
    await once(child, 'exit')
    fake.intercept = () => false
    const [name] = readdirSync(join(root, 'spool'))
    const journal = join(root, 'spool', name!)
    expect(await syncJournal(journal, fake.base, { environment: {} })).toMatchObject({ runs: 1, refused: [] })
    const steps = fake.points.map((asked) => asked['step'])
    expect(steps).toEqual(Array.from({ length: call === 'runs/create' ? 0 : 5000 }, (_, i) => i))
    expect(fake.asked.filter(({ path }) => path.includes('runs/create')).length).toBe(1)
    expect(fake.asked.at(-1)!.body).toMatchObject({ status: 'KILLED' })
    expect(existsSync(join(root, 'spool'))).toBe(false)
  })

  it('is brought up to date in parts, when the sync breaks off as well', async () => {
    const journal = createJournal(folder, fake.base)
    journal.append({ kind: 'start', run: 'k', experiment: 'e', name: 'n', user: 'u', time: 5, tags: {} })
    for (let step = 0; step < 20; step++) journal.append({ ...point(step), run: 'k' } as Operation)
    journal.close()
    let batches = 0
    fake.intercept = ({ path }, response) => {
      if (!path.includes('log-batch') || batches++ < 7) return false
      reply(response, 503, {})
      return true
    }
    const environment = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1', MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0' }
    await expect(syncJournal(folder, fake.base, { environment })).rejects.toThrow('run the same again')
    expect(fake.points.length).toBe(7)
    fake.intercept = () => false
    await syncJournal(folder, fake.base, { environment })
    expect(fake.points.map((stored) => stored['step'])).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })
})
