// A link to a run: scenario and seed in the fragment, which browsers keep to themselves. A fragment may come from
// anybody, so it is measured before it is read, what it holds is only ever shown as text, and nothing is trained unasked.
import { LARGEST_YAML } from './files.ts'
import { DdpgError } from '../src/base/errors.ts'

export interface SharedRun {
  /** A scenario that comes along; with `yaml`, the name of one's own. */
  name: string | undefined
  yaml: string | undefined
  seed: number | null
  /** `key=value` each. */
  overrides: string[]
  /** The receipt that the run is to have, 64 hexadecimal digits. */
  receipt: string | undefined
}

const LONGEST_FRAGMENT = 100_000

/** @throws DdpgError in a sentence when it would be longer than fromFragment reads */
export async function toFragment({ name, yaml, seed, overrides, receipt }: SharedRun): Promise<string> {
  const fields = new URLSearchParams()
  if (name !== undefined) fields.set('scenario', name)
  if (yaml !== undefined) fields.set('yaml', await pack(yaml))
  if (seed !== null) fields.set('seed', String(seed))
  for (const override of overrides) fields.append('set', override)
  if (receipt !== undefined) fields.set('receipt', receipt)
  const fragment = `#${fields}`
  if (fragment.length > LONGEST_FRAGMENT)
    throw new DdpgError(
      `the scenario is too long for a link, which may have ${LONGEST_FRAGMENT} characters: send its file`,
    )
  return fragment
}

/**
 * @param hash of an address, with its #
 * @returns undefined when it says nothing
 * @throws DdpgError in a sentence
 */
export async function fromFragment(hash: string): Promise<SharedRun | undefined> {
  if (hash.length < 2) return undefined
  if (hash.length > LONGEST_FRAGMENT)
    throw wrong(`it has ${hash.length} characters, at most ${LONGEST_FRAGMENT} are read`)
  const fields = new URLSearchParams(hash.slice(1))
  const packed = fields.get('yaml')
  const seed = fields.get('seed')
  if (seed !== null && !/^\d{1,16}$/.test(seed)) throw wrong('its seed is not an integer')
  const receipt = fields.get('receipt') ?? undefined
  if (receipt !== undefined && !/^[0-9a-f]{64}$/.test(receipt)) throw wrong('its receipt is not 64 digits')
  return {
    name: fields.get('scenario') ?? undefined,
    yaml: packed === null ? undefined : await unpack(packed),
    seed: seed === null ? null : Number(seed),
    overrides: fields.getAll('set'),
    receipt,
  }
}

async function pack(text: string): Promise<string> {
  const compressed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(compressed).arrayBuffer())
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Stops as soon as it has more than a scenario can be: a few bytes may stand for gigabytes. */
async function unpack(packed: string): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  try {
    const bytes = Uint8Array.from(atob(packed.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    )
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value)
      length += part.value.length
      if (length > LARGEST_YAML) {
        await reader.cancel()
        break
      }
    }
  } catch (error) {
    throw wrong('its scenario is damaged or cut', error)
  }
  if (length > LARGEST_YAML) throw wrong(`its scenario is larger than ${LARGEST_YAML / 1024} KiB`)
  return new Blob(chunks).text()
}

function wrong(what: string, cause?: unknown): Error {
  return new DdpgError(`the link cannot be used: ${what}`, { cause })
}
