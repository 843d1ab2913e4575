// This is the update by the plain loop, in f64 and from the formulas, which the learner must match before it is timed.
import { blockView, NETWORK_NAMES, NETWORKS, type BlockName, type NetworkName } from '../src/core/fields.ts'
import type { Learner } from '../src/core/learner.ts'

interface Layer {
  /** [inputs][units] */
  w: number[][]
  b: number[]
}

type Matrix = number[][]

/** Layers of a network as a block of it holds them. */
export function layersOf(
  { options, core }: Learner,
  network: NetworkName,
  block: BlockName = 'parameters',
): Layer[] {
  const x = core.exports
  const dims = NETWORKS[network].widths(options)
  const floats = blockView(x, network, block)
  const number = NETWORK_NAMES.indexOf(network)
  return dims.slice(1).map((units, l) => ({
    w: Array.from({ length: dims[l]! }, (_, i) =>
      Array.from({ length: units }, (_, o) => floats[x.weightOffset(number, l, i, o)]!),
    ),
    b: Array.from({ length: units }, (_, o) => floats[x.biasOffset(number, l) + o]!),
  }))
}

/** Inputs of every layer, and last the output; ReLU between layers. */
export function forward(layers: Layer[], x: Matrix): Matrix[] {
  const activations = [x]
  for (const [l, { w, b }] of layers.entries()) {
    const z = activations[l]!.map((row) =>
      b.map((bias, o) => row.reduce((sum, v, i) => sum + v * w[i]![o]!, bias)),
    )
    activations.push(l < layers.length - 1 ? z.map((row) => row.map((v) => Math.max(v, 0))) : z)
  }
  return activations
}

/** Gradients of every layer from dy at the output, and of the input. */
function backward(layers: Layer[], activations: Matrix[], dy: Matrix): { gradient: Layer[]; dx: Matrix } {
  const gradient: Layer[] = []
  for (let l = layers.length - 1; l >= 0; l--) {
    const x = activations[l]!
    const { w, b } = layers[l]!
    const from = dy
    gradient.unshift({
      w: w.map((row, i) => row.map((_, o) => x.reduce((sum, xs, n) => sum + xs[i]! * from[n]![o]!, 0))),
      b: b.map((_, o) => from.reduce((sum, row) => sum + row[o]!, 0)),
    })
    const throughRelu = (v: number, n: number, i: number): number => (l === 0 || x[n]![i]! > 0 ? v : 0)
    dy = from.map((row, n) =>
      w.map((weights, i) =>
        throughRelu(
          weights.reduce((sum, v, o) => sum + v * row[o]!, 0),
          n,
          i,
        ),
      ),
    )
  }
  return { gradient, dx: dy }
}

export interface Transitions {
  obs: Matrix
  action: Matrix
  reward: number[]
  nextObs: Matrix
  terminated: number[]
}

/**
 * Compares the gradients of an update with those of the plain loop.
 * @param update does one on the given batch with learning rates of zero, and targets equal to the networks
 * @throws Error when they differ by more than 1e-4 of their norm
 */
export function checkUpdate(learner: Learner, batch: Transitions, update: () => void): void {
  const [actor, critic] = [layersOf(learner, 'actor'), layersOf(learner, 'critic')]
  const { gamma } = learner.options
  const B = batch.obs.length
  const act = (obs: Matrix) => forward(actor, obs)
  const squash = (rows: Matrix) => rows.map((row) => row.map((v) => Math.tanh(v)))
  const beside = (obs: Matrix, action: Matrix) => obs.map((row, n) => [...row, ...action[n]!])

  const nextQ = forward(critic, beside(batch.nextObs, squash(act(batch.nextObs).at(-1)!))).at(-1)!
  const y = batch.reward.map((reward, n) => reward + gamma * (1 - batch.terminated[n]!) * nextQ[n]![0]!)
  const q = forward(critic, beside(batch.obs, batch.action))
  const dq = q.at(-1)!.map(([value], n) => [(2 * (value! - y[n]!)) / B])
  const ofCritic = backward(critic, q, dq).gradient

  const activations = act(batch.obs)
  const action = squash(activations.at(-1)!)
  const { dx } = backward(
    critic,
    forward(critic, beside(batch.obs, action)),
    batch.obs.map(() => [-1 / B]),
  )
  const da = action.map((row, n) => row.map((a, i) => dx[n]![batch.obs[0]!.length + i]! * (1 - a * a)))
  const ofActor = backward(actor, activations, da).gradient

  update()
  expectClose(layersOf(learner, 'critic', 'gradient'), ofCritic, 'critic')
  expectClose(layersOf(learner, 'actor', 'gradient'), ofActor, 'actor')
}

function expectClose(found: Layer[], expected: Layer[], network: string): void {
  const flat = (layers: Layer[]) => layers.flatMap(({ w, b }) => [...w.flat(), ...b])
  const [one, other] = [flat(found), flat(expected)]
  const norm = Math.sqrt(other.reduce((sum, v) => sum + v * v, 0))
  const difference = Math.sqrt(other.reduce((sum, v, i) => sum + (v - one[i]!) ** 2, 0))
  if (!(difference <= 1e-4 * norm))
    throw new Error(`gradient of the ${network}: ${difference} from the plain loop's, whose norm is ${norm}`)
}

/** Share of the hidden activations of a network that are not zero, for these inputs. */
export function density(layers: Layer[], rows: Matrix): number {
  const hidden = forward(layers, rows).slice(1, -1).flat(2)
  return hidden.filter((v) => v > 0).length / hidden.length
}

/**
 * Shifts the biases of the hidden layers, in parameters and targets, so that each unit is positive for that share of
 * the rows.
 */
export function setDensity(learner: Learner, network: NetworkName, rows: Matrix, share: number): void {
  const x = learner.core.exports
  const number = NETWORK_NAMES.indexOf(network)
  const layers = layersOf(learner, network)
  for (let l = 0; l < layers.length - 1; l++) {
    const z = forward(layers.slice(0, l + 1), rows).at(-1)!
    for (let o = 0; o < layers[l]!.b.length; o++) {
      const sorted = z.map((row) => row[o]!).toSorted((a, b) => b - a)
      const last = Math.round(share * sorted.length)
      const threshold = last === sorted.length ? sorted.at(-1)! - 1 : (sorted[last]! + sorted[last - 1]!) / 2
      layers[l]!.b[o]! -= threshold
      for (const block of ['parameters', 'target'] as const)
        blockView(x, network, block)[x.biasOffset(number, l) + o] = layers[l]!.b[o]!
    }
  }
}
