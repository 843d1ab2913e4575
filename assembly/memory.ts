// This file has addresses of f32 arrays and plain operations on them. The core never allocates: create() lays out
// linear memory once (agent/learner.ts) and everything afterwards works inside it. Legend of all files: bare names such
// as `x`, `w` are byte addresses of f32 arrays; counts and strides are in elements.

/** Widths are padded to whole vectors, so that no kernel needs a column tail. */
export function padded(width: i32): i32 {
  return (width + 3) & ~3
}

/** Address of element i of an f32 array. */
export function at(x: usize, i: i32): usize {
  return x + ((<usize>i) << 2)
}

/** to[n] = from[n]; short rows mostly, so a loop beats memory.copy. */
export function copyRow(to: usize, from: usize, n: i32): void {
  let i = 0
  for (; i + 4 <= n; i += 4) v128.store(at(to, i), v128.load(at(from, i)))
  for (; i < n; ++i) store<f32>(at(to, i), load<f32>(at(from, i)))
}

/** True when all n elements are finite. */
export function allFinite(x: usize, n: i32): bool {
  for (let i = 0; i < n; ++i) if (!isFinite<f32>(load<f32>(at(x, i)))) return false
  return true
}
