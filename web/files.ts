// Knows the files that the user drops or chooses: what each is for, and how large it may be.
import { DdpgError } from '../src/base/errors.ts'
export type Kind = 'scenario' | 'data' | 'checkpoint' | 'receipt'

const MEBIBYTE = 1024 * 1024
/** Bytes of a scenario. */
export const LARGEST_YAML = MEBIBYTE / 4
/** Lines of a scenario: a browser takes seconds to lay out more. */
const MOST_LINES = 10_000

/** @throws DdpgError in a sentence for a text that would hold up the page */
export function mustHaveFewLines(yaml: string): void {
  const lines = yaml.split('\n').length
  if (lines > MOST_LINES)
    throw new DdpgError(`the scenario cannot be shown: it has ${lines} lines, at most ${MOST_LINES} are`)
}

const KINDS: [endings: RegExp, kind: Kind, largest: number][] = [
  [/\.ya?ml$/i, 'scenario', LARGEST_YAML],
  [/\.(csv|txt|tsv|parquet|pq|gz|zip|jsonl|ndjson)$/i, 'data', 200 * MEBIBYTE],
  [/\.safetensors$/i, 'checkpoint', 200 * MEBIBYTE],
  [/\.json$/i, 'receipt', 16 * MEBIBYTE],
]

/** @throws DdpgError in a sentence when the page has no use for such a file */
export function kindOf({ name, size }: File): Kind {
  const found = KINDS.find(([endings]) => endings.test(name))
  if (!found)
    throw new DdpgError(
      `${name} cannot be used: the page takes data (.csv, .txt, .tsv, .parquet, .gz, .zip), scenarios (.yaml), checkpoints (.safetensors) and receipts (.json)`,
    )
  const [, kind, largest] = found
  if (size > largest) {
    const [have, most] = [size, largest].map((bytes) => `${Number((bytes / MEBIBYTE).toPrecision(3))} MiB`)
    throw new DdpgError(`${name} is too large: it has ${have}, a ${kind} file may have ${most} here`)
  }
  return kind
}

/** Calls `take` with every file that is dropped anywhere on the page or chosen with `input`. */
export function takeFiles(input: HTMLInputElement, take: (file: File) => void): void {
  const root = document.documentElement
  const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  let depth = 0
  const mark = (change: number) => {
    depth = Math.max(0, depth + change)
    root.classList.toggle('dropping', depth > 0)
  }
  root.addEventListener('dragenter', (event) => isFiles(event) && mark(1))
  root.addEventListener('dragleave', (event) => isFiles(event) && mark(-1))
  root.addEventListener('dragover', (event) => isFiles(event) && event.preventDefault())
  root.addEventListener('drop', (event) => {
    if (!isFiles(event)) return
    event.preventDefault()
    mark(-depth)
    for (const file of event.dataTransfer!.files) take(file)
  })
  input.addEventListener('change', () => {
    for (const file of input.files ?? []) take(file)
    // so that the same file can be chosen again
    input.value = ''
  })
}
