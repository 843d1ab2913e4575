// This file says how long tests wait.
/**
 * Milliseconds until a test gives up what it waits for: many times what anything takes on a machine with a load of 20.
 * Tests wait for events; this only ends what hangs.
 */
export const PATIENCE = 600_000

/** For a wait within a test, whose own words come before the test's limit. */
export const PATIENCE_WITHIN = PATIENCE / 2
