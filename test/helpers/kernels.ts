// This file makes a learner whose internals a test can reach: build/kernels.wasm is the core with more exports.
import { createCore, type CoreExports } from '../../src/core/core.ts'
import { createLearner, type Learner, type LearnerOptions } from '../../src/core/learner.ts'
import { loadModule } from '../../src/core/module.ts'

export interface KernelExports extends CoreExports {
  learn(): number
  batchAddress(): number
  nextBatchAddress(): number
  rewardAddress(): number
  terminatedAddress(): number
  discountAddress(): number
  targetQAddress(): number
  productAddress(): number
  gemm(product: number, c: number, a: number, b: number, bias: number): void
  panelOffset(K: number, N: number, k: number, n: number): number
  reluForward(y: number, lists: number, stride: number, B: number): void
  sparseProduct(product: number, c: number, a: number, lists: number, b: number, bias: number): void
  sparseWeightGradient(product: number, dw: number, x: number, lists: number, dy: number): void
  reluForwardMasks(y: number, masks: number, n: number): void
  transposedMasks(masksT: number, y: number, stride: number, B: number): void
  maskProduct(
    product: number,
    c: number,
    masks: number,
    rowScale: number,
    w: number,
    scale: number,
    table: number,
  ): void
  activeSums(...args: number[]): void
  tanhForward(y: number, n: number): void
  next(stream: number): number
  seedSequence(stream: number, state: bigint, sequence: bigint): void
  allocate(bytes: number): number
}

/** Fields of Product in assembly/products/product.ts. */
export const PRODUCT = ['M', 'N', 'K', 'ldc', 'aRow', 'aColumn', 'ldb'] as const

/** Fills the record that the products take and returns its address; what is not given is 0. */
export function productOf(
  x: KernelExports,
  given: Partial<Record<(typeof PRODUCT)[number], number>>,
): number {
  const address = x.productAddress()
  const fields = PRODUCT.map((name) => given[name] ?? 0)
  new Int32Array(x.memory.buffer, address, PRODUCT.length).set(fields)
  return address
}

export const releaseModule = await loadModule(new URL('../../build/core.wasm', import.meta.url))
export const debugModule = await loadModule(new URL('../../build/core.debug.wasm', import.meta.url))
export const kernelsModule = await loadModule(new URL('../../build/kernels.wasm', import.meta.url))

export async function kernels(): Promise<KernelExports> {
  return (await createCore(kernelsModule, 0)).exports as KernelExports
}

export interface Batch {
  obs: number[][]
  action: number[][]
  reward: number[]
  nextObs: number[][]
  terminated: number[]
}

/** A learner that learns from batches that the test writes. */
export async function createBatchLearner(options: LearnerOptions): Promise<{
  learner: Learner
  kernels: KernelExports
  setBatch(batch: Batch): void
  targetQ: Float32Array
}> {
  const core = await createCore(kernelsModule, options.seed ?? 0)
  const learner = await createLearner({ capacity: 1, ...options }, core)
  const x = core.exports as KernelExports
  const { obsDim, actionDim, batchSize } = learner.options
  const width = obsDim + actionDim
  const view = (address: number, length: number) => new Float32Array(x.memory.buffer, address >>> 0, length)
  return {
    learner,
    kernels: x,
    targetQ: view(x.targetQAddress(), batchSize),
    setBatch({ obs, action, reward, nextObs, terminated }) {
      const batch = view(x.batchAddress(), batchSize * width)
      const nextBatch = view(x.nextBatchAddress(), batchSize * width)
      for (let b = 0; b < batchSize; b++) {
        batch.set([...obs[b]!, ...action[b]!], b * width)
        nextBatch.set(nextObs[b]!, b * width)
      }
      view(x.rewardAddress(), batchSize).set(reward)
      view(x.terminatedAddress(), batchSize).set(terminated)
      view(x.discountAddress(), batchSize).fill(learner.options.gamma)
    },
  }
}
