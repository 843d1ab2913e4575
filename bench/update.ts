// This bench times one update: all rows, odd shapes, and the effect of the share of activations that are not zero.
import { createLearner, type Learner, type LearnerOptions } from '../src/core/learner.ts'
import { createBatchLearner } from '../test/helpers/kernels.ts'
import { digits, inTurns, median, printTable, spread } from './measure.ts'
import { checkUpdate, setDensity } from './plain.ts'
import { fillReplay } from './replay.ts'
import { learnerOptions, nameOf, ODD_ROWS, ROWS, weightCount, type Shape } from './shapes.ts'
import { pendulumDensity, sineWaveDensity, type Densities } from './trained.ts'

/** Prints milliseconds per update, having checked its gradients against the plain loop. */
export async function benchUpdate(): Promise<void> {
  const rows = []
  for (const shape of [...ROWS, ...ODD_ROWS]) {
    await check(shape)
    const learner = await filled(learnerOptions(shape))
    const { update } = inTurns({ update: () => void learner.update() })
    const flop = 20 * weightCount(shape) * shape.batchSize
    const rate = flop / median(update.rounds) / 1e6
    rows.push([nameOf(shape), spread(update.rounds), digits(1000 / median(update.rounds)), digits(rate)])
  }
  printTable('One update, as initialised', ['H × B', 'ms', 'per second', 'GFLOP/s as if dense'], rows)
  await benchDensities()
}

async function benchDensities(): Promise<void> {
  const even = (share: number): Densities => ({ actor: share, critic: share })
  const densities: [name: string, of: Densities][] = [
    ...[1, 0.5, 0.3].map((share): [string, Densities] => [String(share), even(share)]),
    ['of a trained sine_wave', await sineWaveDensity()],
    ['of a trained pendulum', await pendulumDensity()],
  ]
  const header = densities.map(
    ([name, { actor, critic }]) =>
      `${name}${name.startsWith('of') ? ` (${digits(actor)}, ${digits(critic)})` : ''}`,
  )
  const rows = []
  for (const shape of ROWS) {
    const tasks: Record<string, () => void> = {}
    for (const [name, { actor, critic }] of densities) {
      const learner = await filled({ ...learnerOptions(shape), actorLr: 0, criticLr: 0 })
      const batch = randomRows(learner, 256)
      setDensity(
        learner,
        'actor',
        batch.map((row) => row.slice(0, shape.obsDim)),
        actor,
      )
      setDensity(learner, 'critic', batch, critic)
      tasks[name] = () => void learner.update()
    }
    rows.push([nameOf(shape), ...Object.values(inTurns(tasks, 5)).map(({ rounds }) => spread(rounds))])
  }
  printTable('One update by density of hidden activations (actor, critic), ms', ['H × B', ...header], rows)
}

async function filled(options: LearnerOptions): Promise<Learner> {
  const learner = await createLearner(options)
  fillReplay(learner)
  return learner
}

/** Rows of observation and action such as `fillReplay` makes. */
function randomRows({ options, core }: Learner, rows: number): number[][] {
  const { normal, uniform } = core.random.environment
  return Array.from({ length: rows }, () => [
    ...Array.from({ length: options.obsDim }, normal),
    ...Array.from({ length: options.actionDim }, () => 2 * uniform() - 1),
  ])
}

async function check(shape: Shape): Promise<void> {
  const options = { ...learnerOptions(shape), actorLr: 0, criticLr: 0, init: 'torch' } as const
  const { learner, kernels, setBatch } = await createBatchLearner(options)
  const rows = randomRows(learner, 2 * shape.batchSize).map((row) => row.map(Math.fround))
  const [now, next] = [rows.slice(0, shape.batchSize), rows.slice(shape.batchSize)]
  const batch = {
    obs: now.map((row) => row.slice(0, shape.obsDim)),
    action: now.map((row) => row.slice(shape.obsDim)),
    reward: next.map((row) => row.at(-1)!),
    nextObs: next.map((row) => row.slice(0, shape.obsDim)),
    terminated: next.map((_, n) => (n % 5 === 0 ? 1 : 0)),
  }
  setBatch(batch)
  checkUpdate(learner, batch, () => {
    const failed = kernels.learn()
    if (failed) throw new Error(`the update of ${nameOf(shape)} failed with ${failed}`)
  })
}
