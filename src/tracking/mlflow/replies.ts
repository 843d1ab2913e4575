// These schemas say what an MLflow server may answer to each call; only these fields are used. Whoever answers
// something else is no MLflow, or one of a kind that is not known here.
import { z } from 'zod'
import { listOf } from '../../base/list-of.ts'
import { isExperimentId, isRunId } from './gate.ts'

const info = z.object({
  run_id: z.string().refine(isRunId),
  experiment_id: z.string().refine(isExperimentId),
  artifact_uri: z.string().optional(),
})

/** The API leaves out zeros, and writes large integers and what is no number as text. */
const numeric = z.union([z.number(), z.string()]).optional()
const metric = z.object({ key: z.string().optional(), value: numeric, timestamp: numeric, step: numeric })

const run = z.object({
  info,
  data: z.object({ params: listOf(z.unknown()).optional(), metrics: listOf(metric).optional() }).optional(),
  inputs: z
    .object({
      dataset_inputs: listOf(
        z.object({
          dataset: z.object({ name: z.string().optional(), digest: z.string().optional() }),
          tags: listOf(z.object({ value: z.string().optional() })).optional(),
        }),
      ).optional(),
    })
    .optional(),
})

/** The schemas by call. */
export const REPLIES = {
  'experiments/create': z.object({ experiment_id: z.string().refine(isExperimentId) }),
  'experiments/get': z.object({
    experiment: z.object({ name: z.string().optional(), lifecycle_stage: z.string().optional() }),
  }),
  'experiments/get-by-name': z.object({
    experiment: z.object({
      experiment_id: z.string().refine(isExperimentId),
      lifecycle_stage: z.enum(['active', 'deleted']),
    }),
  }),
  'runs/create': z.object({ run }),
  'runs/get': z.object({ run }),
  'runs/search': z.object({ runs: listOf(run).optional() }),
  'runs/delete': z.unknown(),
  'runs/update': z.unknown(),
  'runs/log-batch': z.unknown(),
  'runs/log-inputs': z.unknown(),
  'metrics/get-history': z.object({
    metrics: listOf(metric).optional(),
    next_page_token: z.string().optional(),
  }),
}

export type RestCall = keyof typeof REPLIES
export type Reply<Call extends RestCall> = z.output<(typeof REPLIES)[Call]>
export type RunReply = z.output<typeof run>
export type MetricReply = z.output<typeof metric>
