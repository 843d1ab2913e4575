// This file logs the load of the machine, under the names that MLflow's page has a tab for.
import { readFileSync, statfsSync } from 'node:fs'
import { cpus, freemem, totalmem } from 'node:os'
import { numberOf, type Environment } from './http.ts'
import { mlflowEnvironment } from './open.ts'
import type { Run } from './run.ts'

const SECONDS = 10
const MEGABYTE = 1e6
/** After so many points each is of twice as many samples: a run of weeks has a few thousand. */
const POINTS = 1000

/**
 * Logs to the run every 10 seconds, or `MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL`, the mean of
 * `MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING` samples, 1 by default; not at all when
 * `MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING` is false. The timer keeps no process from ending.
 * @returns a function that logs the last point and stops, to be called before the end of the run
 */
export function logSystemMetrics(run: Run, environment: Environment = mlflowEnvironment()): () => void {
  if (/^(false|0)$/i.test(environment['MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING'] ?? '')) return () => undefined
  const seconds = Math.max(numberOf(environment, 'MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL', SECONDS), 0.1)
  let wanted = Math.max(numberOf(environment, 'MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING', 1), 1)
  const first = countersOf()
  if (!first) return () => undefined
  let last = first
  let samples: Record<string, number>[] = []
  let points = 0
  function take() {
    const now = countersOf() ?? last
    samples.push(sampleOf(first!, last, now))
    last = now
  }
  function log() {
    run.logMetrics(meanOf(samples), points++)
    samples = []
    if (points % POINTS === 0) wanted *= 2
  }
  const timer = setInterval(() => {
    take()
    if (samples.length >= wanted) log()
  }, seconds * 1000)
  timer.unref()
  return () => {
    clearInterval(timer)
    take()
    log()
  }
}

/** @param first of the run @param last of the sample before */
function sampleOf(first: Counters, last: Counters, now: Counters): Record<string, number> {
  const busy = 1 - (now.idle - last.idle) / Math.max(now.total - last.total, 1)
  return {
    'system/cpu_utilization_percentage': 100 * busy,
    ...memory(),
    ...disk(),
    ...(first.received !== undefined && {
      'system/network_receive_megabytes': (now.received! - first.received) / MEGABYTE,
      'system/network_transmit_megabytes': (now.sent! - first.sent!) / MEGABYTE,
    }),
  }
}

function meanOf(samples: Record<string, number>[]): Record<string, number> {
  const keys = Object.keys(samples[0]!)
  const mean = (key: string) => samples.reduce((sum, sample) => sum + (sample[key] ?? 0), 0) / samples.length
  return Object.fromEntries(keys.map((key) => [key, mean(key)]))
}

interface Counters {
  /** Milliseconds of all processors. */
  idle: number
  total: number
  /** Bytes since the start of the machine, where the system tells. */
  received?: number
  sent?: number
}

/** Undefined where Deno may not ask. */
function countersOf(): Counters | undefined {
  let times: ReturnType<typeof cpus>[number]['times'][]
  try {
    times = cpus().map((cpu) => cpu.times)
  } catch {
    return undefined
  }
  const idle = times.reduce((sum, time) => sum + time.idle, 0)
  const total = times.reduce((sum, time) => sum + time.idle + time.user + time.sys + time.nice + time.irq, 0)
  return { idle, total, ...network() }
}

function memory(): Record<string, number> {
  const used = totalmem() - freemem()
  return {
    'system/system_memory_usage_megabytes': used / MEGABYTE,
    'system/system_memory_usage_percentage': (100 * used) / totalmem(),
  }
}

function disk(): Record<string, number> {
  try {
    const { blocks, bavail, bsize } = statfsSync('.')
    const used = blocks - bavail
    return {
      'system/disk_usage_percentage': (100 * used) / blocks,
      'system/disk_usage_megabytes': (used * bsize) / MEGABYTE,
      'system/disk_available_megabytes': (bavail * bsize) / MEGABYTE,
    }
  } catch {
    return {}
  }
}

/** The bytes of all interfaces but the loopback; Linux alone has this file. */
function network(): { received: number; sent: number } | undefined {
  try {
    const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2)
    const rows = lines.map((line) => line.trim().split(/[:\s]+/)).filter(([name]) => name && name !== 'lo')
    const sum = (column: number) => rows.reduce((total, row) => total + Number(row[column]), 0)
    return { received: sum(1), sent: sum(9) }
  } catch {
    return undefined
  }
}
