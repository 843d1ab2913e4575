// Weights of a hidden layer w[K, N] are stored as panels of columns, so that a kernel walks down one panel with its
// accumulators in registers and every row of it is one or two cache lines:
//
//   columns   0 … 31 | 32 … 63 | …  | the rest as a panel of 16, of 8 and of 4, as needed
//   a panel   [K][width], contiguous; panel of column n at n·K elements
//
// N is a multiple of 4.

/** Width of the panel that begins at column n. */
export function panelWidth(N: i32, n: i32): i32 {
  const rest = N - n
  return rest >= 32 ? 32 : rest >= 16 ? 16 : rest >= 8 ? 8 : 4
}

/** Offset of element (k, n), in elements. */
export function panelOffset(K: i32, N: i32, k: i32, n: i32): i32 {
  let start = n & ~31
  let width = panelWidth(N, start)
  while (n >= start + width) {
    start += width
    width = panelWidth(N, start)
  }
  return start * K + k * width + n - start
}
