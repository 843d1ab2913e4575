// The random streams are PCG32, independent of each other, and even.
import { describe, expect, it } from 'vitest'
import { createCore, STREAMS } from '../../src/core/core.ts'
import { kernels, releaseModule } from '../helpers/kernels.ts'

describe('random streams', () => {
  it('are PCG32: seeded with (42, 54) the generator gives the published outputs', async () => {
    const x = await kernels()
    x.seedSequence(0, 42n, 54n)
    const outputs = Array.from({ length: 6 }, () => x.next(0) >>> 0)
    expect(outputs).toEqual([0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e])
  })

  it('repeat after seeding, and differ between streams and seeds', async () => {
    const core = await createCore(releaseModule, 7)
    const draw = (): number[][] =>
      STREAMS.map((name) => Array.from({ length: 5 }, () => core.random[name].uniform()))
    const first = draw()
    core.seed(7)
    expect(draw()).toEqual(first)
    core.seed(8)
    const values = [...first, ...draw()].flat()
    expect(new Set(values).size).toBe(values.length)
  })

  it('do not disturb one another', async () => {
    for (const drawn of STREAMS) {
      const [alone, among] = [await createCore(releaseModule, 1), await createCore(releaseModule, 1)]
      for (let i = 0; i < 10; i++) among.random[drawn].normal()
      for (const other of STREAMS.filter((name) => name !== drawn))
        expect(among.random[other].uniform(), `${other} after ${drawn}`).toBe(alone.random[other].uniform())
    }
  })

  it('give uniforms in [0, 1) and standard normals, uncorrelated between streams', async () => {
    const { random } = await createCore(releaseModule, 3)
    const n = 200_000
    const uniforms = Array.from({ length: n }, () => random.data.uniform())
    expect(uniforms.every((u) => u >= 0 && u < 1)).toBe(true)
    const last = uniforms.filter((u) => (u * 2 ** 53) % 2 === 1) // the 53rd bit is as random as the first
    expect(Math.abs(last.length / n - 1 / 2)).toBeLessThan(2 / Math.sqrt(n))
    const moment = (x: number[], power: number) => x.reduce((sum, value) => sum + value ** power, 0) / n
    expect(moment(uniforms, 1)).toBeCloseTo(1 / 2, 2)
    expect(moment(uniforms, 2)).toBeCloseTo(1 / 3, 2)
    const normals = Array.from({ length: n }, () => random.exploration.normal())
    expect(Math.abs(moment(normals, 1))).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(moment(normals, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    expect(Math.abs(moment(normals, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n))
    const products = normals.map((normal) => normal * random.replay.normal())
    expect(Math.abs(moment(products, 1))).toBeLessThan(4 / Math.sqrt(n))
  })

  it('make uniforms of 53 bits and normals of two uniforms', async () => {
    const x = await kernels()
    const drawn = <T>(draw: () => T) => {
      x.seedStream(0, 4)
      return Array.from({ length: 1000 }, draw)
    }
    const bits = drawn(() => [x.next(0) >>> 0, x.next(0) >>> 0] as const)
    const uniforms = drawn(() => x.uniform(0))
    expect(uniforms).toEqual(bits.map(([high, low]) => (high * 2 ** 21 + (low >>> 11)) / 2 ** 53))
    const normals = drawn(() => x.normal(0))
    for (let i = 0; i < 500; i++) {
      const [u, v] = [uniforms[2 * i]!, uniforms[2 * i + 1]!]
      // 1 − u is never 0, of which there is no logarithm
      expect(normals[i]).toBeCloseTo(Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v), 10)
    }
  })

  it('index evenly below any n', async () => {
    const { random } = await createCore(releaseModule, 5)
    const [n, draws] = [7, 70_000]
    const counts = Array<number>(n).fill(0)
    for (let i = 0; i < draws; i++) counts[random.replay.index(n)]!++
    const chiSquare = counts.reduce((sum, count) => sum + (count - draws / n) ** 2 / (draws / n), 0)
    expect(chiSquare).toBeLessThan(22.5) // 0.999 quantile for 6 degrees of freedom
    expect(random.replay.index(1)).toBe(0)
  })

  it('index evenly below an n that 2^32 is no multiple of, for which a draw in four is rejected', async () => {
    const x = await kernels()
    const [n, draws] = [3 * 2 ** 30, 30_000]
    const counts = [0, 0, 0]
    const expected: number[] = []
    x.seedStream(0, 9)
    // the method again, in integers of any size (Lemire 2019, algorithm 5)
    while (expected.length < draws) {
      const product = BigInt(x.next(0) >>> 0) * BigInt(n)
      if ((product & 0xffffffffn) >= BigInt(2 ** 32 % n)) expected.push(Number(product >> 32n))
    }
    x.seedStream(0, 9)
    const found = Array.from({ length: draws }, () => x.index(0, n) >>> 0)
    expect(found).toEqual(expected)
    for (const value of found) counts[value % 3]!++
    const chiSquare = counts.reduce((sum, count) => sum + (count - draws / 3) ** 2 / (draws / 3), 0)
    expect(chiSquare).toBeLessThan(13.8) // 0.999 quantile for 2 degrees of freedom
  })

  it('index below the greatest n', async () => {
    const { random } = await createCore(releaseModule, 5)
    const values = Array.from({ length: 1000 }, () => random.replay.index(2 ** 32 - 1))
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1)).toBe(true)
    expect(Math.max(...values)).toBeGreaterThan(2 ** 31) // and no sign
  })

  it('refuse a seed that is not an integer in [0, 2^53)', async () => {
    await expect(createCore(releaseModule, -1)).rejects.toThrow(
      'seed must be an integer in [0, 2^53), got -1',
    )
    await expect(createCore(releaseModule, 1.5)).rejects.toThrow('got 1.5')
  })
})
