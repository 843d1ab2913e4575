// This is an MLflow client for Node, Deno and Bun: it tracks experiments to a file or a server, through the server's
// failures. The client of a page is browser.ts.
export { factsOf } from './host.ts'
export { mlflowEnvironment, openTracker, trackingUri, type TrackerOptions } from './open.ts'
export type { Run, RunOptions, Tracker } from './run.ts'
export { syncDatabase, syncJournal, type SyncResult } from './sync.ts'
export { logSystemMetrics } from './system-metrics.ts'
export type { Dataset, MetricPoint, RunStatus } from './types.ts'
