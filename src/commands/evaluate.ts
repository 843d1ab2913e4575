import { loadModule } from '../core/module.ts'
import { metricsBySplit } from '../evaluate.ts'
import { named, readBytes } from '../node.ts'
import { compareEvaluations } from '../report/compare.ts'
import { formatTable } from '../report/table.ts'
import { readCheckpoint } from '../checkpoint.ts'
import type { Evaluations } from '../task.ts'
import type { TaskMetrics } from '../tasks.ts'
import { evaluateCheckpoint } from '../trial.ts'
import { mustHaveData, readTask } from './scenario.ts'

export interface EvaluateOptions {
  checkpoint: string
  dataPath?: string
  json?: boolean
}

const REMEDY = 'go to the folder of the experiment, or give your file with --data-path'

/** Evaluates a checkpoint file on the splits of its scenario, with the feature statistics it was trained with. */
export async function evaluateCheckpointFile(options: EvaluateOptions): Promise<void> {
  const bytes = readBytes(options.checkpoint, 'checkpoint')
  const { scenario, statistics, step, data } = named(`checkpoint ${options.checkpoint}`, () =>
    readCheckpoint(bytes),
  )
  if (options.dataPath) {
    mustHaveData(scenario, 'read')
    scenario.data.data_path = options.dataPath
  }
  const module = await loadModule()
  const task = await readTask(scenario, module, REMEDY, statistics)
  if (!options.dataPath && task.digest !== data)
    console.error(`note: ${scenario.data.data_path} holds other data than those it was trained on`)
  const evaluation = await evaluateCheckpoint<Evaluations>(bytes, task, module).catch((error) =>
    named(`checkpoint ${options.checkpoint}`, () => {
      throw error
    }),
  )
  const metrics = metricsBySplit(evaluation) as TaskMetrics
  if (options.json) {
    const { checkpoint } = options
    console.log(JSON.stringify({ checkpoint, step, seed: scenario.seed, evaluation: metrics }, null, 2))
    return
  }
  const { header, rows } = compareEvaluations(metrics)
  console.log(`${options.checkpoint}: ${scenario.experiment_name}, seed ${scenario.seed}, ${step} steps`)
  for (const line of formatTable(header, rows)) console.log(line)
}
