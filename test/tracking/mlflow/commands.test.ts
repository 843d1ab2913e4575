// The command line logs to MLflow: where runs go, what they hold, and what is left when a server or a process goes
// away.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, runCli, startCli, temporaryFolder } from '../../helpers/cli.ts'
import { withoutWarnings } from '../../helpers/warnings.ts'
import { runsTable } from '../../../src/commands/runs.ts'
import { listRuns } from '../../../src/tracking/mlflow/local-runs.ts'
import { openTracker } from '../../../src/tracking/mlflow/open.ts'
import { reply, startFake, type FakeServer } from './fake-server.ts'
import type { Json } from './server.ts'

const smoke = ['experiment', '-s', 'smoke', '-g', '--json']
let fake: FakeServer
beforeAll(async () => void (fake = await startFake()))
afterAll(() => fake.close())

const made = () => fake.asked.filter(({ path }) => path.endsWith('runs/create')).map(({ body }) => body)
const ended_ = () =>
  fake.asked.filter(({ path }) => path.endsWith('runs/update')).map(({ body }) => body['status'])
const tagsOf = (body: Json): Record<string, string> =>
  Object.fromEntries(body['tags'].map(({ key, value }: Json) => [key, value]))
/** Runs with these variables of MLflow, in a process whose environment has no others. */
async function withVariables(variables: Record<string, string>, work: () => Promise<void>): Promise<void> {
  Object.assign(process.env, variables)
  await work().finally(() => Object.keys(variables).forEach((name) => delete process.env[name]))
}

describe('an experiment', () => {
  it('logs to a server: a parent, trials below it, and where and of what they are made', async () => {
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await runCli(
      folder,
      ...smoke,
      '--trials',
      '2',
      '--tracking-uri',
      fake.base,
    )
    expect([code, withoutWarnings(stderr)]).toEqual([0, ''])
    const { trials } = JSON.parse(stdout)
    const [parent, ...children] = made()
    expect([parent, ...children].map((body) => body!['run_name'])).toEqual(['smoke', 'trial_0', 'trial_1'])
    expect(tagsOf(parent!)['mlflow.note.content']).toMatch(/^2 trials of .*smoke\.yaml, from seed 7$/)
    const tags = tagsOf(children[0]!)
    expect(tags).toMatchObject({
      'mlflow.parentRunId': `${'a'.repeat(31)}1`,
      'mlflow.source.type': 'LOCAL',
      'mlflow.user': expect.stringMatching(/./),
      'ddpg.runtime': `node ${process.versions.node}`,
      'ddpg.platform': expect.stringContaining(process.platform),
      'ddpg.core_sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(trials.map((trial: Json) => trial['run_id'])).toEqual([2, 3].map((n) => `${'a'.repeat(31)}${n}`))
    const logged = fake.asked.flatMap(({ body }) => (body['tags'] ?? []) as Json[])
    expect(logged).toContainEqual({ key: 'receipt', value: trials[0].receipt })
    expect(ended_()).toEqual(['FINISHED', 'FINISHED', 'FINISHED'])
    const files = fake.asked
      .filter(({ method }) => method === 'PUT')
      .map(({ path }) => path.replace(/.*artifacts\//, ''))
    expect(files).toEqual(
      expect.arrayContaining(['checkpoints/checkpoint.safetensors', 'receipt.json', 'config/effective.yaml']),
    )
    const inputs = fake.asked.filter(({ path }) => path.endsWith('log-inputs'))
    expect(inputs.map(({ body }) => body['datasets'][0].tags[0].value).slice(0, 3)).toEqual([
      'training',
      'validation',
      'test',
    ])
    expect(readdirSync(folder).toSorted()).toEqual(['data', 'logs'])
  })

  it('takes the server from MLFLOW_TRACKING_URI, the name and tags from the other variables', async () => {
    const before = made().length
    const variables = {
      MLFLOW_TRACKING_URI: fake.base,
      MLFLOW_EXPERIMENT_NAME: 'chosen outside',
      MLFLOW_RUN_CONTEXT: '{"team":"blue"}',
    }
    await withVariables(variables, async () => {
      const { code, stderr } = await runCli(temporaryFolder(), ...smoke)
      expect([code, withoutWarnings(stderr)]).toEqual([0, ''])
    })
    const asked = fake.asked.filter(({ path }) => path.includes('get-by-name'))
    expect(asked.at(-1)!.path).toMatch(/experiment_name=chosen\+outside$/)
    expect(made().length).toBe(before + 2)
    expect(tagsOf(made().at(-1)!)['team']).toBe('blue')
    await withVariables({ MLFLOW_RUN_CONTEXT: 'blue' }, async () => {
      const { code, stderr } = await runCli(temporaryFolder(), ...smoke)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'error: MLFLOW_RUN_CONTEXT must be a JSON object of tags, got blue\n',
      })
    })
  })

  it('is logged in where the scenario says, and the login is nowhere else', async () => {
    const folder = temporaryFolder()
    const uri = fake.base.replace('//', '//me:s3cret@')
    const text = readFileSync(new URL('../../../configs/smoke.yaml', import.meta.url), 'utf8')
    writeFileSync(join(folder, 'mine.yaml'), `${text}\ntracking:\n  tracking_uri: ${uri}\n`)
    const before = fake.asked.length
    const { code, stdout, stderr } = await runCli(folder, 'experiment', '-c', 'mine.yaml', '-g', '--json')
    expect([code, withoutWarnings(stderr)]).toEqual([0, ''])
    const asked = fake.asked.slice(before)
    expect(asked.length).toBeGreaterThan(20)
    const login = `Basic ${Buffer.from('me:s3cret').toString('base64')}`
    for (const { headers, path, content } of asked) {
      expect(headers['authorization'], path).toBe(login)
      expect(content.includes('s3cret'), path).toBe(false)
    }
    expect(stdout).not.toContain('s3cret')
    expect(asked.some(({ content }) => content.includes(`tracking_uri: ${fake.base}`))).toBe(true)
    const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
    for (const { parentPath, name } of left)
      if (name !== 'mine.yaml')
        expect(readFileSync(join(parentPath, name)).includes('s3cret'), name).toBe(false)
  })

  it('is in the experiment of MLFLOW_EXPERIMENT_ID, its trials too, or below the run of MLFLOW_RUN_ID', async () => {
    const folder = temporaryFolder()
    const uri = `sqlite:///${folder}/mlflow.db`
    const tracker = await openTracker(uri, { environment: {} })
    const outer = await tracker.startRun({ experiment: 'outer', name: 'outer', description: 'mine' })
    outer.logParams({ seed: 'of the outer run' })
    outer.end('FAILED')
    await tracker.close()
    const run = async (variables: Record<string, string>) => {
      let result!: Awaited<ReturnType<typeof runCli>>
      await withVariables(variables, async () => void (result = await runCli(folder, ...smoke)))
      return result
    }
    expect((await run({ MLFLOW_EXPERIMENT_ID: '1' })).code).toBe(0)
    expect((await run({ MLFLOW_RUN_ID: outer.id })).code).toBe(0)
    const runs = listRuns(join(folder, 'mlflow.db'))
    expect(runs.map(({ experiment, name, status }) => [experiment, name, status])).toEqual([
      ['outer', 'outer', 'FINISHED'],
      ['outer', 'smoke', 'FINISHED'],
      ['outer', 'trial_0', 'FINISHED'],
      ['outer', 'trial_0', 'FINISHED'],
    ])
    expect(runs.map(({ tags }) => tags['mlflow.parentRunId'])).toEqual([
      undefined,
      undefined,
      runs[1]!.id,
      outer.id,
    ])
    expect(runs[0]!.tags['mlflow.note.content']).toBe('mine')
    expect(runs[0]!.params).toEqual({ seed: 'of the outer run' })
  })

  it('whose trial the server refuses trains it all the same', async () => {
    const there = await startFake()
    let made = 0
    there.intercept = ({ path }, response) => {
      if (!path.endsWith('runs/create') || made++ !== 2) return false
      reply(response, 400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'experiment is deleted' })
      return true
    }
    const trials = [...smoke, '--trials', '2', '--tracking-uri', there.base]
    const { code, stdout, stderr } = await runCli(temporaryFolder(), ...trials)
    expect([code, withoutWarnings(stderr)]).toEqual([
      0,
      `warning: trial_1 is not tracked: ${there.base} answers 400: experiment is deleted\n`,
    ])
    expect(JSON.parse(stdout).trials.map((trial: Json) => trial['status'])).toEqual(['FINISHED', 'FINISHED'])
    await there.close()
  })

  it('that fails outside of its trials is FAILED', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'logs'), 'a file where a folder should be')
    const { code, stderr } = await runCli(folder, ...smoke)
    expect([code, stderr]).toEqual([
      1,
      'error: folder logs/smoke cannot exist: a part of its path is a file, not a folder\n',
    ])
    expect(listRuns(join(folder, 'mlflow.db')).map(({ name, status }) => [name, status])).toEqual([
      ['smoke', 'FAILED'],
    ])
  })

  it('goes on without its server; the journal that is left brings all of it, once', async () => {
    const folder = temporaryFolder()
    const gone = await startFake()
    await gone.close()
    const { code, stdout, stderr } = await runCli(folder, ...smoke, '--tracking-uri', gone.base)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).trials[0].status).toBe('FINISHED')
    const [away, left, ...others] = stderr.split('\n').filter((line) => line.includes('wait'))
    expect(away).toBe(
      `warning: ${gone.base} does not answer (ECONNREFUSED); the run continues, what it logs waits in .mlflow-spool/${readdirSync(join(folder, '.mlflow-spool'))[0]}`,
    )
    const [, journal, target] = /^warning: \d+ parts .*: "ddpg mlflow sync (\S+) (\S+)" sends them$/.exec(
      left!,
    )!
    expect(others).toEqual([])
    expect(target).toBe(gone.base)
    const there = await startFake()
    expect(existsSync(join(folder, journal!))).toBe(true)
    expect(await runCli(folder, 'mlflow', 'sync', '.mlflow-spool', there.base)).toEqual({
      code: 0,
      stdout: `2 runs copied; runs are on ${there.base}\n`,
      stderr: '',
    })
    const identities = there.points.map((point) => JSON.stringify(point))
    expect(new Set(identities).size).toBe(identities.length)
    expect(there.points.filter(({ key }) => key === 'train/critic_loss').length).toBe(10)
    expect(existsSync(join(folder, '.mlflow-spool'))).toBe(false)
    expect((await runCli(folder, 'mlflow', 'sync', journal!, there.base)).stderr).toMatch(
      /is not a journal, an mlflow.db/,
    )
    await there.close()
  })

  it('that is stopped twice marks its runs KILLED, and tells where the rest waits', async () => {
    const folder = temporaryFolder()
    const silent = await startFake()
    const long = ['experiment', '-s', 'smoke', '-g', '--max-steps', '5000000', '--tracking-uri', silent.base]
    const child = startCli(folder, long)
    const end = ended(child)
    await once(child.stdout!, 'data')
    silent.intercept = () => true
    child.kill('SIGINT')
    await once(child.stderr!, 'data')
    child.kill('SIGTERM')
    const { code, stderr } = await end
    expect(code).toBe(130)
    const [, journal, target] = /"ddpg mlflow sync (\S+) (\S+)" sends them/.exec(stderr)!
    silent.intercept = () => false
    expect(await runCli(folder, 'mlflow', 'sync', journal!)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: where to? journal ${journal} was meant for "${silent.base}", give that or another address\n`,
    })
    expect(await runCli(folder, 'mlflow', 'sync', journal!, target!)).toMatchObject({ code: 0, stderr: '' })
    const updates = silent.asked.filter(({ path }) => path.endsWith('runs/update'))
    expect(new Set(updates.map(({ body }) => body['run_id'])).size).toBe(2)
    expect(updates.every(({ body }) => body['status'] === 'KILLED')).toBe(true)
    await silent.close()
  })

  it('is refused by a server that wants a login, before anything is written but its data', async () => {
    const closed = await startFake()
    closed.intercept = (_, response) => (response.writeHead(401).end('who are you?'), true)
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await runCli(folder, ...smoke, '--tracking-uri', closed.base)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `error: ${closed.base} answers 401: who are you? (set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or _TOKEN)\n`,
    )
    expect(readdirSync(folder)).toEqual(['data'])
    await closed.close()
  })
})

describe('the runs of mlflow.db', () => {
  const folder = temporaryFolder()
  beforeAll(async () => void (await runCli(folder, ...smoke, '--trials', '2')))

  it('are listed', async () => {
    const { code, stdout } = await runCli(folder, 'runs')
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^run +experiment +name +status +seed +validation +test +started +path$/)
    expect(lines[3]).toMatch(
      /^[0-9a-f]{12} +smoke +trial_0 +FINISHED +7 +0\.\d+ +0\.\d+ +20.* logs\/smoke\/run_1\/trial_0$/,
    )
    expect(stdout).toContain(`\n3 runs in ${folder}/mlflow.db\n`)
    for (const [width, header] of [
      [60, /^run +experiment +name +status +seed +test$/],
      [20, /^run +status$/],
    ] as const)
      expect(runsTable(listRuns(join(folder, 'mlflow.db')), width)[0]).toMatch(header)
    const listed = JSON.parse((await runCli(folder, 'runs', '--json')).stdout)
    expect(existsSync(join(listed[1].folder, 'checkpoints/checkpoint.safetensors'))).toBe(true)
    expect((await runCli(temporaryFolder(), 'runs')).stderr).toMatch(
      /^error: there are no runs here: .* does not exist\n$/,
    )
  })

  it('are copied to a server, all or one of them, as often as one likes', async () => {
    const there = await startFake()
    const [parent, first] = JSON.parse((await runCli(folder, 'runs', '--json')).stdout)
    const copy = (...source: string[]) => runCli(folder, 'mlflow', 'sync', ...source, there.base)
    expect((await copy(first.id)).stdout).toMatch(/^1 run copied; /)
    const points = there.points.length
    expect(points).toBeGreaterThan(100)
    expect((await copy('mlflow.db')).stdout).toMatch(/^3 runs copied; /)
    const all = there.points.length
    expect((await copy(parent.id.slice(0, 10))).stdout).toMatch(/^3 runs copied; /)
    expect(there.points.length).toBe(all)
    expect(there.asked.filter(({ path }) => path.endsWith('runs/create')).length).toBe(3)
    const { code, stderr } = await runCli(folder, 'mlflow', 'sync', 'mlflow.db')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: where to? give the address of the server, as http://localhost:5000\n',
    })
    expect((await runCli(folder, 'mlflow', 'sync', 'ffffffff', there.base)).stderr).toMatch(
      /^error: run ffffffff is not in .*mlflow\.db: "ddpg runs" lists those there are\n$/,
    )
    await there.close()
  })

  it('are shown by the MLflow of this machine, which is told the store; without one it says how to get it', async () => {
    const bin = join(temporaryFolder(), 'bin')
    mkdirSync(bin)
    const path = process.env['PATH']!
    const ui = async (search: string, ...args: string[]) => {
      let result!: Awaited<ReturnType<typeof runCli>>
      await withVariables({ PATH: search }, async () => {
        result = await runCli(folder, 'mlflow', 'ui', ...args)
      }).finally(() => (process.env['PATH'] = path))
      return result
    }
    expect(await ui(bin)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: there is no mlflow command here: install it with "pip install mlflow", then try again\n',
    })
    writeFileSync(join(bin, 'mlflow'), `#!/bin/sh\necho "$MLFLOW_ALLOW_FILE_STORE" "$@"\n`)
    chmodSync(join(bin, 'mlflow'), 0o755)
    const shown = await ui(`${bin}:${path}`, '--port', '5003')
    expect(shown.stdout).toContain(
      ` server --backend-store-uri sqlite:///${folder}/mlflow.db --artifacts-destination ${folder}/mlartifacts --host 127.0.0.1 --port 5003`,
    )
    expect((await ui(`${bin}:${path}`, '--tracking-uri', './mlruns')).stdout).toContain(
      'true server --backend-store-uri ./mlruns',
    )
    expect((await ui(path, '--tracking-uri', 'http://me:secret@host:1/x')).stdout).toBe(
      'the runs are on a server, open http://host:1/x\n',
    )
  })
})
