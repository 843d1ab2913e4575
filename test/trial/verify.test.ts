// Verifying finds what is not so, and where it began.
import { describe, expect, it } from 'vitest'
import { QUANTITIES, weightHashes } from '../../src/trial/chain.ts'
import { openCheckpoint } from '../../src/trial/checkpoint.ts'
import type { CoreModule } from '../../src/core/module.ts'
import type { Table } from '../../src/data/table.ts'
import type { Receipt } from '../../src/trial/receipt.ts'
import { verify, type Verdict, type VerifyOptions } from '../../src/trial/verify.ts'
import { module, ofType, resealed, run, table, type TestScenario } from '../helpers/trial.ts'

/** Links at 0, 500, 1000 and 1020 updates. */
const given: TestScenario = { training: { optim_steps_per_batch: 60 } }
const whole = await run(given)
const receipt = whole.result.receipt!

interface Options extends VerifyOptions {
  data?: Table
  core?: CoreModule
}

async function verdictOn(changed: Receipt, { data = table, core = module, ...rest }: Options = {}) {
  const trial = verify(changed, data, core, rest)
  const events = []
  for (;;) {
    const { value, done } = await trial.next()
    if (done) return { ...value, steps: ofType(events, 'round').at(-1)?.step ?? 0 }
    events.push(value)
  }
}

/** A receipt of its own. */
function copy(change: (receipt: Receipt) => void): Receipt {
  const changed = structuredClone(receipt)
  change(changed)
  return changed
}

/** A link with another digit in a column; 1 is its hash, 2 and on the quantities. */
function forge(changed: Receipt, link: number, column: number): void {
  const parts = changed.chain.links[link]!.split(' ')
  parts[column] = parts[column]!.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
  changed.chain.links[link] = parts.join(' ')
}

function differing({ identical, difference, sentence }: Verdict) {
  expect(identical).toBe(false)
  expect(sentence).toContain(difference!.quantities.join(', '))
  return [difference!.from, difference!.to, ...difference!.quantities]
}

describe('a receipt that is true', () => {
  it('is identical', async () => {
    expect(await verdictOn(receipt)).toEqual({
      identical: true,
      updates: 1020,
      sentence: 'identical',
      steps: 400,
    })
  })

  it('is identical for TD3, and its weights are those of both critics', async () => {
    const { result } = await run({ training: { algorithm: 'TD3' } })
    expect(await verdictOn(result.receipt!)).toMatchObject({ sentence: 'identical' })
    const forged = resealed(result.checkpoint, ({ tensors }) => {
      const { data } = tensors['critic2.0.bias']!
      data[0] = 2
    })
    const named = (bytes: Uint8Array) => weightHashes(openCheckpoint(bytes).tensors)
    expect(named(result.checkpoint)).toEqual(result.receipt!.weights)
    expect(named(forged)).toEqual({ ...result.receipt!.weights, critic: expect.anything() })
    expect(named(forged).critic).not.toBe(result.receipt!.weights.critic)
  })

  it('is identical up to the first link that has as many updates', async () => {
    for (const [until, updates, steps] of [
      [1, 500, 220],
      [500, 500, 220],
      [501, 1000, 380],
    ] as const)
      expect(await verdictOn(receipt, { until })).toEqual({
        identical: true,
        updates,
        sentence: `identical up to update ${updates} of 1020`,
        steps,
      })
  })

  it('is identical up to the last link before it was told to stop', async () => {
    let events = 0
    expect(await verdictOn(receipt, { shouldStop: () => ++events === 800 })).toEqual({
      identical: true,
      updates: 500,
      sentence: 'identical up to update 500 of 1020',
      steps: 280,
    })
  })

  it('is identical as a whole when nothing comes after the last link that was asked for', async () => {
    for (const until of [1001, 1020, 5000]) {
      expect(await verdictOn(receipt, { until })).toMatchObject({ identical: true, sentence: 'identical' })
      const evaluation = copy((it) => (it.evaluation['test']!['steps'] = 30))
      expect((await verdictOn(evaluation, { until })).sentence).toBe(
        'differs at the end, in evaluation.test.steps',
      )
    }
  })

  it('is identical with another core that computes the same, which is said', async () => {
    const core = { ...module, sha256: 'f'.repeat(64) }
    expect(await verdictOn(receipt, { core })).toMatchObject({
      identical: true,
      sentence: `identical (made with core module ${module.sha256.slice(0, 12)}, this is ffffffffffff)`,
    })
  })

  it('is identical, though its config has a key less that is the default', async () => {
    const shorter = copy((it) => delete (it.config['training'] as Record<string, unknown>)['algorithm'])
    expect(await verdictOn(shorter)).toMatchObject({
      identical: true,
      sentence: 'identical, though its config is written in other keys',
    })
  })
})

describe('a receipt that was changed afterwards', () => {
  it('differs at the end: in weights, metrics, evaluation and counts', async () => {
    const cases: [string, (it: Receipt) => void][] = [
      ['weights.actor', (it) => (it.weights.actor = it.weights.critic)],
      ['weights.critic_target', (it) => (it.weights.critic_target = '0'.repeat(64))],
      ['metrics', (it) => (it.metrics = '0'.repeat(64))],
      ['evaluation.test.sum_log_reward', (it) => (it.evaluation['test']!['sum_log_reward']! += 1e-15)],
      ['evaluation.train.sortino_ratio', (it) => (it.evaluation['train']!['sortino_ratio'] = null)],
      ['updates', (it) => (it.updates = 1021)],
      ['steps', (it) => (it.steps = 401)],
    ]
    for (const [key, change] of cases) {
      const verdict = await verdictOn(copy(change))
      expect(verdict.sentence).toBe(`differs at the end, in ${key}`)
      expect(differing(verdict)).toEqual([1020, 1020, key])
    }
  })

  it.each([
    [0, 'before the first update', [0, 0]],
    [1, 'between updates 0 and 500', [0, 500]],
    [2, 'between updates 500 and 1000', [500, 1000]],
    [3, 'between updates 1000 and 1020', [1000, 1020]],
  ] as const)('differs in link %d: %s, in each quantity', async (link, where, interval) => {
    for (const [i, name] of ['hash', ...QUANTITIES].entries()) {
      const verdict = await verdictOn(copy((it) => forge(it, link, 1 + i)))
      expect(verdict.sentence).toBe(`differs ${where}, in ${name}`)
      expect(differing(verdict)).toEqual([...interval, name])
    }
  })

  it('does not differ before what is asked for', async () => {
    const late = copy((it) => forge(it, 2, 4))
    expect(await verdictOn(late, { until: 500 })).toMatchObject({ identical: true, updates: 500 })
    expect(await verdictOn(late, { until: 501 })).toMatchObject({ identical: false, updates: 500 })
  })

  it('differs when it has too few links or too many', async () => {
    const few = await verdictOn(copy((it) => it.chain.links.pop()))
    expect(few.sentence).toBe('differs between updates 1000 and 1020, in the number of links')
    const many = await verdictOn(copy((it) => it.chain.links.push(it.chain.links.at(-1)!)))
    expect(many.sentence).toBe('differs at the end, in the number of links')
  })

  it('differs before the first update with another seed', async () => {
    const verdict = await verdictOn(copy((it) => (it.seed = 4)))
    expect(differing(verdict)).toEqual([
      0,
      0,
      ...QUANTITIES.filter((name) => !['environment', 'metrics', 'moments'].includes(name)),
    ])
    expect(verdict.steps).toBe(0)
  })

  it('names both hashes when the data are others, and does not train', async () => {
    const columns = { ...table.columns, volume: table.columns['volume']!.with(7, 1) }
    const verdict = await verdictOn(receipt, { data: { ...table, columns } })
    expect(verdict).toMatchObject({ identical: false, updates: 0, steps: 0 })
    expect(verdict.sentence).toMatch(
      new RegExp(`^the data differ: their SHA-256 is [0-9a-f]{64}, that of the receipt ${receipt.data}$`),
    )
  })

  it('is refused when its config is no scenario', async () => {
    const wrong = copy((it) => ((it.config['training'] as Record<string, unknown>)['tau'] = 7))
    await expect(verdictOn(wrong)).rejects.toThrow('config:1: training.tau must be in (0, 1], got 7')
  })
})

describe('a run that really took another course', () => {
  it('differs from where the replay buffer of another size is full', async () => {
    // 250 transitions are there after 250 steps: 600 updates
    const smaller = (await run({ training: { optim_steps_per_batch: 60, buffer_size: 250 } })).result.receipt!
    expect(smaller.chain.links.slice(0, 2)).toEqual(receipt.chain.links.slice(0, 2))
    const verdict = await verdictOn(
      copy((it) => ((it.config['training'] as Record<string, unknown>)['buffer_size'] = 250)),
    )
    expect(verdict.sentence).toMatch(/^differs between updates 500 and 1000, in .*metrics, critic, actor/)
  })

  it('differs from where its checkpoint was doctored, in what was', async () => {
    const stopped = await run(given, { shouldStop: (events) => events.at(-1)!.step === 240 })
    const { updates } = ofType(stopped.events, 'round').at(-1)!
    expect(updates).toBeGreaterThan(500)
    const doctored = resealed(stopped.result.checkpoint, ({ tensors }) => {
      const { data } = tensors['critic.2.bias']!
      data[0] = (data[0] as number) + 1e-3
    })
    const { result } = await run(given, { resume: doctored })
    const verdict = await verdictOn(result.receipt!)
    expect(verdict.sentence).toMatch(/^differs between updates 500 and 1000, in .*metrics, critic, actor/)
  })

  it('differs from where its environment was doctored', async () => {
    const stopped = await run(given, { shouldStop: (events) => events.at(-1)!.step === 400 - 20 })
    const doctored = resealed(stopped.result.checkpoint, ({ tensors }) => {
      const { data } = tensors['environment']!
      data[1] = (data[1] as number) * 1.5 // wealth
    })
    const { result } = await run(given, { resume: doctored })
    expect(result.receipt!.weights).toEqual(receipt.weights) // returns are of wealth: they do not know
    const verdict = await verdictOn(result.receipt!)
    expect(differing(verdict)).toEqual([500, 1000, 'environment'])
  })
})
