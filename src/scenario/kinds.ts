// These are kinds of values that several sections of a scenario share.
import { z } from 'zod'

export const positive = z.number().positive()
export const nonNegative = z.number().nonnegative()
export const fraction = z.number().min(0).lt(1)
/** Files of data by what their names end with; the ending of a packed file may follow. */
export const DATA_FILE = /\.(?:csv|txt|tsv|prn|dat|json|jsonl|ndjson|parquet|pq)(?:\.gz)?$|\.(?:gz|zip)$/i
/** Their names for a message. */
export const DATA_KINDS = '.csv, .txt, .tsv, .json or .parquet file, one of these as .gz or .zip'

export const count = z.int().min(1).max(2147483647)

/** Begins the description of a key that files of the Python original carry and that changes nothing here. */
export const NO_EFFECT = 'no effect: '

/** A key without effect. @param why it has none */
export const withoutEffect = (why: string) =>
  z
    .unknown()
    .optional()
    .describe(NO_EFFECT + why)
