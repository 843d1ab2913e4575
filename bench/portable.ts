// These benches need nothing but WebAssembly and a clock, and so run in a page too.
import { benchKernels } from './kernels.ts'
import { benchAct, benchLoop } from './loop.ts'
import { benchUpdate } from './update.ts'

export const PORTABLE: Record<string, () => Promise<void>> = {
  kernels: benchKernels,
  update: benchUpdate,
  act: benchAct,
  loop: benchLoop,
}
