// A link holds a scenario and what differs from it.
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { LARGEST_YAML } from '../../web/files.ts'
import { fromFragment, toFragment, type SharedRun } from '../../web/share.ts'
import { generator } from '../env/helpers.ts'

const nothing: SharedRun = {
  name: undefined,
  yaml: undefined,
  seed: null,
  overrides: [],
  receipt: undefined,
}

describe('a link', () => {
  it.each<[string, Partial<SharedRun>]>([
    ['a shipped scenario', { name: 'sine_wave', seed: 7 }],
    ['overrides', { name: 'smoke', overrides: ['training.tau=0.01', 'network.init=a & b = #c'] }],
    [
      'a scenario of its own',
      { name: 'mine', yaml: 'seed: 1 # ü, 价格\n'.repeat(200), receipt: 'a'.repeat(64) },
    ],
    ['a seed of 53 bits', { seed: Number.MAX_SAFE_INTEGER }],
  ])('holds %s', async (_, given) => {
    const shared = { ...nothing, ...given }
    const fragment = await toFragment(shared)
    expect(fragment).toMatch(/^#[\w.%+&=*-]*$/)
    expect(await fromFragment(fragment)).toEqual(shared)
  })

  it('packs a scenario', async () => {
    const yaml = 'training: { max_steps: 1000 }\n'.repeat(100)
    expect((await toFragment({ ...nothing, yaml })).length).toBeLessThan(150)
  })

  it('says nothing without a fragment', async () => {
    expect(await fromFragment('')).toBeUndefined()
    expect(await fromFragment('#')).toBeUndefined()
  })

  const packed = (content: string | Buffer) => deflateRawSync(content).toString('base64url')
  it.each([
    ['too long', `#yaml=${'A'.repeat(200_000)}`, 'it has 200006 characters, at most 100000 are read'],
    ['no base64', '#yaml=%21%21', 'its scenario is damaged or cut'],
    ['no deflate', `#yaml=${Buffer.from('hello').toString('base64url')}`, 'its scenario is damaged or cut'],
    ['cut', `#yaml=${packed('seed: 1\n'.repeat(9)).slice(0, -4)}`, 'its scenario is damaged or cut'],
    ['a bomb', `#yaml=${packed(Buffer.alloc(50_000_000))}`, 'its scenario is larger than 256 KiB'],
    ['a seed that is none', '#seed=1e3', 'its seed is not an integer'],
    ['a receipt that is none', '#receipt=<b>', 'its receipt is not 64 digits'],
  ])('is refused when it is %s', async (_, fragment, sentence) => {
    await expect(fromFragment(fragment)).rejects.toThrow(`the link cannot be used: ${sentence}`)
  })

  it('is not made of what it would be too long for', async () => {
    const random = generator(1)
    const yaml = Buffer.from(Array.from({ length: 100_000 }, () => 256 * random())).toString('base64')
    await expect(toFragment({ ...nothing, yaml })).rejects.toThrow(
      /^the scenario is too long for a link, which may have 100000 characters: send its file$/,
    )
  })

  it('takes a scenario of the largest size', async () => {
    const yaml = 'x'.repeat(LARGEST_YAML)
    expect((await fromFragment(await toFragment({ ...nothing, yaml })))!.yaml).toBe(yaml)
  })
})
