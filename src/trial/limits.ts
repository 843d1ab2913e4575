// These limits bound an experiment and a receipt, so that nobody is asked for more than a machine has.

/** Trials that an experiment may have: each is a folder, a run and a part of the report. */
export const MOST_TRIALS = 10_000

/** Characters of a receipt: links of 200 million updates. */
export const LONGEST_RECEIPT = 64 * 1024 * 1024

/** Rows of data that are made for a receipt, and the bytes that each takes while they are made. */
export const MOST_GENERATED_ROWS = 2_000_000
export const BYTES_PER_ROW = 150
