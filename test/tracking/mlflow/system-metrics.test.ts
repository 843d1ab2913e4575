// The load of the machine is logged as a few thousand points however long a run takes, and one however short.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Run } from '../../../src/tracking/mlflow/run.ts'
import { logSystemMetrics } from '../../../src/tracking/mlflow/system-metrics.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

function logged(environment: Record<string, string>, seconds: number): [Record<string, number>, number][] {
  const points: [Record<string, number>, number][] = []
  const run = { logMetrics: (metrics, step) => void points.push([metrics, step]) } as Run
  const stop = logSystemMetrics(run, environment)
  vi.advanceTimersByTime(1000 * seconds)
  stop()
  vi.advanceTimersByTime(100_000)
  return points
}

it('is logged every 10 seconds and at the end, with a step that counts', () => {
  const points = logged({}, 35)
  expect(points.map(([, step]) => step)).toEqual([0, 1, 2, 3])
  for (const [metrics] of points) {
    for (const key of [
      'cpu_utilization_percentage',
      'system_memory_usage_percentage',
      'disk_usage_percentage',
    ]) {
      expect(metrics[`system/${key}`], key).toBeGreaterThanOrEqual(0)
      expect(metrics[`system/${key}`], key).toBeLessThanOrEqual(100)
    }
    expect(metrics['system/system_memory_usage_megabytes']).toBeGreaterThan(10)
    expect(metrics['system/disk_available_megabytes']).toBeGreaterThan(0)
  }
})

it('is logged once of a short run, and not at all when it is turned off', () => {
  expect(logged({}, 1).length).toBe(1)
  expect(logged({ MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING: 'false' }, 100)).toEqual([])
})

it('follows the variables', () => {
  const environment = {
    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL: '0.5',
    MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING: '4',
  }
  expect(logged(environment, 8).length).toBe(5)
})

it('has few points of a run of four weeks', () => {
  const points = logged({ MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL: '60' }, 28 * 24 * 3600)
  expect(points.length).toBeGreaterThan(4000)
  expect(points.length).toBeLessThan(6000)
})
