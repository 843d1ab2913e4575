// One instance of the WebAssembly core: its mathematics and its random streams.
// Engines differ in the last bits of JavaScript's Math, so whatever feeds a result takes these instead.

/** Transcendentals in f64 with the same bits on every engine. */
export interface CoreMath {
  exp(x: number): number
  log(x: number): number
  sin(x: number): number
  cos(x: number): number
  tanh(x: number): number
  pow(x: number, y: number): number
}

/** One random stream of an instance; its state lives in linear memory. */
export interface Random {
  /** Restarts the stream. @param seed an integer in [0, 2^53) */
  seed(seed: number): void
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Uniform integer in [0, n), without bias. @param n an integer in [1, 2^32) */
  index(n: number): number
}

/** Independent streams of one seed. */
export type StreamName = 'initialization' | 'exploration' | 'replay' | 'data' | 'environment' | 'evaluation'

export interface Core {
  math: CoreMath
  random: Record<StreamName, Random>
  /** Restarts every stream. */
  seed(seed: number): void
}
