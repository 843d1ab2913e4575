// This file turns rollouts into columns, a row a step, for files that other programs read.
import type { EpisodeStep } from './episodic.ts'
import type { ParquetColumn } from '../data/parquet.ts'
import type { Market } from '../env/env.ts'
import { positionsIn, type SplitEvaluation } from '../evaluate/evaluate.ts'
import type { Splits } from './trading.ts'

type EvaluatedSplit = Pick<SplitEvaluation, 'agent' | 'benchmarks'>

/**
 * Returns the columns of the splits, one split after the other: time and prices of the row that is acted on, the
 * observed market, the positions that are traded to, the reward and wealth that follow, and the wealth of buying and
 * holding with the same money.
 * @param evaluations by name of the split
 */
export function marketColumns(
  evaluations: Record<string, EvaluatedSplit>,
  { table, splits, markets }: Splits,
): ParquetColumn[] {
  const parts = Object.entries(evaluations).map(([split, evaluated]) => {
    const times = table.columns.timestamp!.subarray(splits[split]!.from)
    return splitColumns(split, evaluated, markets[split]!, times)
  })
  return parts[0]!.map((column, c) => {
    const data = parts.flatMap((columns) => Array.from<unknown>(columns[c]!.data))
    return { ...column, data } as ParquetColumn
  })
}

function splitColumns(
  split: string,
  { agent, benchmarks }: EvaluatedSplit,
  market: Market,
  times: Float64Array,
): ParquetColumn[] {
  const { firstRow, rewards, wealth } = agent
  const { priceNames: assets, featureNames } = market
  const steps = rewards.length
  const acted = (values: Float64Array) => values.subarray(firstRow, firstRow + steps)
  const named = (what: string, asset: string) => (assets.length === 1 ? what : `${what}_${asset}`)
  const double = (name: string, data: Float64Array) => ({ name, type: 'DOUBLE' as const, data })
  const observed = featureNames.map((name, i) => {
    const data = Array.from(
      { length: steps },
      (_, t) => market.features[(firstRow + t) * featureNames.length + i]!,
    )
    return { name, type: 'FLOAT' as const, data }
  })
  return [
    { name: 'split', type: 'STRING', data: Array<string>(steps).fill(split) },
    { name: 'step', type: 'INT32', data: Array.from({ length: steps }, (_, t) => t + 1) },
    { name: 'timestamp', type: 'TIMESTAMP', data: acted(times) },
    ...assets.map((asset, i) => double(named('price', asset), acted(market.prices[i]!))),
    ...observed,
    ...assets.map((asset, i) => double(named('position', asset), positionsIn(i, assets.length, agent))),
    double('reward', rewards),
    double('wealth', wealth.subarray(1)),
    double(
      'buy_and_hold',
      benchmarks.buy_and_hold.subarray(1, steps + 1).map((value) => value * wealth[0]!),
    ),
  ]
}

export interface ControlRecorder {
  onStep(step: EpisodeStep): void
  /** The columns of the steps so far, in order. */
  columns(): ParquetColumn[]
}

/** @param obsNames the names of the numbers of an observation */
export function recordControl(obsNames: readonly string[]): ControlRecorder {
  const episode: number[] = []
  const step: number[] = []
  const obs: number[][] = obsNames.map(() => [])
  const action: number[] = []
  const reward: number[] = []
  const terminated: boolean[] = []
  return {
    onStep(done) {
      episode.push(done.episode)
      step.push(done.step)
      obs.forEach((values, i) => values.push(done.obs[i]!))
      action.push(done.action[0]!)
      reward.push(done.reward)
      terminated.push(done.terminated)
    },
    columns: () => [
      { name: 'episode', type: 'INT32', data: episode },
      { name: 'step', type: 'INT32', data: step },
      ...obsNames.map((name, i) => ({ name, type: 'FLOAT' as const, data: obs[i]! })),
      { name: 'action', type: 'FLOAT', data: action },
      { name: 'reward', type: 'DOUBLE', data: reward },
      { name: 'terminated', type: 'BOOLEAN', data: terminated },
    ],
  }
}
