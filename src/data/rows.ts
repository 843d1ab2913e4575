// Sentences name the rows that they are about.

/** The first five of the rows that fail, counted from 1, and how many more there are; undefined if none does. */
export function listRows(
  length: number,
  fails: (row: number) => boolean,
  detail?: (row: number) => string,
  numberOf: (row: number) => number = (row) => row + 1,
): string | undefined {
  const first: string[] = []
  let count = 0
  for (let row = 0; row < length; row++) {
    if (!fails(row)) continue
    if (++count <= 5) first.push(detail ? `${numberOf(row)} (${detail(row)})` : `${numberOf(row)}`)
  }
  if (count === 0) return undefined
  return `${count === 1 ? 'row' : 'rows'} ${first.join(', ')}${count > 5 ? ` and ${count - 5} more` : ''}`
}
