// The generator is PCG32 (XSH-RR 64/32; O'Neill 2014, https://www.pcg-random.org): `pcg32_srandom_r(&rng, 42, 54)` must
// be followed by 0xa15c02b7 0x7b47f409 0xba1d3330 0x83d2f293 0xbfa4784b 0xcbed606e. One generator for each stream; a
// stream is 16 bytes of linear memory: state u64, increment u64.

export const INITIALIZATION: i32 = 0
export const EXPLORATION: i32 = 1
export const REPLAY: i32 = 2
export const STREAMS: i32 = 6 // and data 3, environment 4, evaluation 5, which only the host draws from

const streams: usize = memory.data(96, 16)

export function streamsAddress(): usize {
  return streams
}

function addressOf(stream: i32): usize {
  return streams + ((<usize>stream) << 4)
}

/** pcg32_srandom_r: `sequence` selects one of 2^63 distinct sequences. */
export function seedSequence(stream: i32, state: u64, sequence: u64): void {
  const p = addressOf(stream)
  store<u64>(p, 0)
  store<u64>(p, (sequence << 1) | 1, 8)
  next(stream)
  store<u64>(p, load<u64>(p) + state)
  next(stream)
}

/** Streams of one seed start at unrelated points (SplitMix64) of different sequences. */
export function seedStream(stream: i32, seed: u64): void {
  seedSequence(stream, splitMix64(seed + <u64>stream * 0xd1342543de82ef95), <u64>stream)
}

/** Finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
function splitMix64(x: u64): u64 {
  x += 0x9e3779b97f4a7c15
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb
  return x ^ (x >> 31)
}

/** Next 32 random bits. */
export function next(stream: i32): u32 {
  const p = addressOf(stream)
  const state = load<u64>(p)
  store<u64>(p, state * 6364136223846793005 + load<u64>(p, 8))
  return rotr<u32>(<u32>(((state >> 18) ^ state) >> 27), <u32>(state >> 59))
}

/** Uniform in [0, 1), 53 bits. */
export function uniform(stream: i32): f64 {
  const high = <u64>next(stream)
  const bits = (high << 21) | (<u64>next(stream) >> 11)
  return <f64>bits * (1.0 / 9007199254740992.0)
}

/** Standard normal (Box and Muller 1958); always two uniforms, so no half-used pair is part of the state. */
export function normal(stream: i32): f64 {
  const radius = Math.sqrt(-2.0 * Math.log(1.0 - uniform(stream)))
  return radius * Math.cos(2.0 * Math.PI * uniform(stream))
}

/** Uniform integer in [0, n), without bias (Lemire 2019, arXiv:1805.10941). */
export function index(stream: i32, n: u32): u32 {
  let product = <u64>next(stream) * <u64>n
  if (<u32>product < n) {
    const rejected: u32 = (0 - n) % n
    while (<u32>product < rejected) product = <u64>next(stream) * <u64>n
  }
  return <u32>(product >> 32)
}
