/** Seconds that this thread computes for the work, however busy the machine is. */
export async function secondsOf(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1e6
}

/** The error that the work throws; fails when it throws nothing. */
export async function thrownBy(work: () => unknown): Promise<Error> {
  try {
    await work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
