// A core is one instance of the WebAssembly module: its mathematics and its random streams.
// Engines differ in the last bits of JavaScript's Math, so whatever feeds a result takes these instead.
import { instantiate } from '@assemblyscript/loader'
import type { CoreModule } from './module.ts'
import { DdpgError } from '../base/errors.ts'

/** Transcendentals in f64 with the same bits on every engine. */
export interface CoreMath {
  exp(x: number): number
  log(x: number): number
  sin(x: number): number
  cos(x: number): number
  tanh(x: number): number
  pow(x: number, y: number): number
}

/** One random stream of an instance; its state lives in linear memory. */
export interface Random {
  /** Restarts the stream. @param seed an integer in [0, 2^53) */
  seed(seed: number): void
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Uniform integer in [0, n), without bias. @param n an integer in [1, 2^32) */
  index(n: number): number
}

/** Independent streams of one seed, in the order of assembly/rng.ts. */
export const STREAMS = [
  'initialization',
  'exploration',
  'replay',
  'data',
  'environment',
  'evaluation',
] as const
export type StreamName = (typeof STREAMS)[number]

export interface Core {
  math: CoreMath
  random: Record<StreamName, Random>
  /** Restarts every stream. @param seed an integer in [0, 2^53) */
  seed(seed: number): void
  /** For src/core only. */
  exports: CoreExports
}

/** The exports of assembly/index.ts; addresses are byte offsets into `memory`, signed as WebAssembly hands them out. */
export interface CoreExports extends CoreMath {
  memory: WebAssembly.Memory
  seedStream(stream: number, seed: number): void
  uniform(stream: number): number
  normal(stream: number): number
  index(stream: number, n: number): number
  streamsAddress(): number
  dimensionsAddress(): number
  shapesAddress(): number
  bytesNeeded(): number
  create(): number
  act(): void
  addGaussian(sigma: number): void
  addOrnsteinUhlenbeck(sigma: number, theta: number, dt: number): void
  resetNoise(): void
  actUniform(): void
  policy(rows: number): void
  observe(reward: number, terminated: number, truncated: number): number
  update(): number
  hyperparametersAddress(): number
  obsAddress(): number
  actionAddress(): number
  nextObsAddress(): number
  policyObsAddress(): number
  policyActionAddress(): number
  noiseAddress(): number
  countersAddress(): number
  statisticsAddress(): number
  replayAddress(field: number): number
  blockAddress(network: number, block: number): number
  weightOffset(network: number, layer: number, i: number, o: number): number
  biasOffset(network: number, layer: number): number
}

/** Makes a fresh instance. @param seed an integer in [0, 2^53); every stream begins from it */
export async function createCore({ module }: CoreModule, seed: number): Promise<Core> {
  const instance = await instantiate(module, {})
  const exports = instance.exports as unknown as CoreExports
  const streams = STREAMS.map((name, stream) => [name, stream] as const)
  const random = Object.fromEntries(streams.map(([name, stream]) => [name, createRandom(exports, stream)]))
  const core: Core = {
    math: exports,
    random: random as Record<StreamName, Random>,
    seed: (value) => streams.forEach(([, stream]) => exports.seedStream(stream, value)),
    exports,
  }
  core.seed(checkedSeed(seed))
  return core
}

function createRandom(exports: CoreExports, stream: number): Random {
  return {
    seed: (seed) => exports.seedStream(stream, checkedSeed(seed)),
    uniform: () => exports.uniform(stream),
    normal: () => exports.normal(stream),
    index: (n) => exports.index(stream, n) >>> 0,
  }
}

function checkedSeed(seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new DdpgError(`seed must be an integer in [0, 2^53), got ${seed}`)
  return seed
}
