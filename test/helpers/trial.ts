// This file runs small trials in this process: 120 rows of a noisy sine, 400 steps.
import { createHash } from 'node:crypto'
import { createCore } from '../../src/core/core.ts'
import { loadModule } from '../../src/core/module.ts'
import { readMetadata, readSafetensors, writeSafetensors, type Tensor } from '../../src/core/safetensors.ts'
import { generate } from '../../src/data/synthetic.ts'
import type { Table } from '../../src/data/table.ts'
import { tradingTask, type TradingTask } from '../../src/task/trading.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import { runTrial, type TrialEvent, type TrialOptions, type TrialResult } from '../../src/trial/trial.ts'
import { parse } from '../scenario/helpers.ts'

export const module = await loadModule()
export const core = await createCore(module, 0)

export interface TestScenario {
  env?: object
  network?: object
  training?: object
  evaluation?: object
  seed?: number
}

const data_generator = {
  pattern_type: 'sine_wave',
  n_periods: 4,
  samples_per_period: 30,
  volatility: 0.01,
  seed: 1,
}

/** 60 rows to train on, 30 to validate, 30 to test. */
export function smallScenario({ env, network, training, evaluation, seed = 3 }: TestScenario = {}): Scenario {
  return parse(
    JSON.stringify({
      seed,
      data: { train_size: 60, validation_size: 30, test_size: 30 },
      env: { include_position_feature: true, trading_fees: 0.0005, ...env },
      network: { actor_hidden_dims: [8], critic_hidden_dims: [8], ...network },
      training: {
        max_steps: 400,
        init_rand_steps: 60,
        frames_per_batch: 20,
        optim_steps_per_batch: 10,
        sample_size: 16,
        buffer_size: 1000,
        reward_scale: 50,
        actor_lr: 0.003,
        critic_lr: 0.01,
        eval_interval: 20,
        ...training,
      },
      evaluation: { n_random_trials: 2, ...evaluation },
      data_generator,
    }),
  ).scenario
}

/** The data of smallScenario. */
export const table = generate(
  smallScenario().data_generator!,
  '1h',
  await createCore(module, data_generator.seed),
)

export interface Run {
  config: Scenario
  prepared: TradingTask
  events: TrialEvent[]
  result: TrialResult
}

interface RunOptions extends Omit<TrialOptions, 'shouldStop'> {
  shouldStop?: (events: TrialEvent[]) => boolean
  data?: Table
}

/** Runs to the end, or to where it is stopped. */
export async function run(given: TestScenario = {}, options: RunOptions = {}): Promise<Run> {
  const { shouldStop, data = table, ...rest } = options
  const config = smallScenario(given)
  const prepared = tradingTask(config, data, core.math)
  const events: TrialEvent[] = []
  const trial = runTrial(config, prepared, module, {
    ...rest,
    shouldStop: () => shouldStop?.(events) ?? false,
  })
  for (;;) {
    const { value, done } = await trial.next()
    if (done) return { config, prepared, events, result: value }
    // statistics are reused by the next update
    events.push(value.type === 'update' ? { ...value, statistics: { ...value.statistics } } : value)
  }
}

export function ofType<T extends TrialEvent['type']>(events: TrialEvent[], type: T) {
  return events.filter((event): event is Extract<TrialEvent, { type: T }> => event.type === type)
}

/** A checkpoint with other content and a checksum that is right. */
export function resealed(
  bytes: Uint8Array,
  change: (file: { tensors: Record<string, Tensor>; metadata: Record<string, string> }) => void,
): Uint8Array<ArrayBuffer> {
  const { sha256: checksum, ...tensors } = readSafetensors(bytes).tensors
  const file = { tensors, metadata: readMetadata(bytes) as Record<string, string> }
  change(file)
  const result = writeSafetensors({
    tensors: { ...file.tensors, sha256: checksum! },
    metadata: file.metadata,
  })
  const content = result.subarray(0, -32)
  result.set(createHash('sha256').update(content).digest(), content.length)
  return result
}
