// Tests and benches use this entry: the core with internals beside its exports. It is never part of the package.
import * as ddpg from './agent/ddpg'
import { learner } from './agent/learner'
import { product } from './products/product'

export * from './index'
export { tanhForward } from './nn/activation'
export { reluForward, sparseProduct, sparseWeightGradient } from './products/sparse'
export { activeSums, maskProduct, reluForwardMasks, transposedMasks } from './products/subsets'
export { panelOffset } from './products/panel'
export { gemm } from './products/gemm'
export { next, seedSequence } from './rng'

/** An update on the batch that is in memory, without sampling. */
export function learn(): i32 {
  return ddpg.learn(learner)
}
export function batchAddress(): usize {
  return learner.batch
}
export function nextBatchAddress(): usize {
  return learner.nextBatch
}
export function rewardAddress(): usize {
  return learner.reward
}
export function terminatedAddress(): usize {
  return learner.terminated
}
export function discountAddress(): usize {
  return learner.discount
}
export function targetQAddress(): usize {
  return learner.targetQ
}

/** The record that the products take (product.ts) */
export function productAddress(): usize {
  return changetype<usize>(product)
}

/** Address of zeroed memory that nothing else uses: beyond the learner, if there is one. */
export function allocate(bytes: i32): usize {
  const address = (<usize>memory.size()) << 16
  memory.grow((bytes + 0xffff) >> 16)
  return address
}
