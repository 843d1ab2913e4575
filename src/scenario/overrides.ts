// Overrides, `-o key=value`, are laid on top of what the file says.
import { shown } from '../base/text.ts'
import { isMapping, readValue, type Path } from './source.ts'

export interface Override {
  path: string[]
  value: unknown
  /** The text as given, such as `training.tau=0.01`. */
  text: string
}

/** Other names that files may use for a key. */
export const otherNames = [
  ['training.max_training_steps', 'training.max_steps'],
  ['training.exploration_noise_std', 'training.noise.sigma'],
  ['training.value_lr', 'training.critic_lr'],
  ['training.policy_noise', 'training.target_noise'],
  ['training.noise_clip', 'training.target_noise_clip'],
  ['training.value_weight_decay', 'training.critic_weight_decay'],
  ['network.value_hidden_dims', 'network.critic_hidden_dims'],
  ['data_generator.mean_price', 'data_generator.base_price'],
] as const

/** Returns the name of an override in messages. */
export function overrideName(text: string): string {
  return `-o ${shown(text, 250)}`
}

/** Sections in sections of a key: no key has as many. */
const DEEPEST = 8

export function readOverride(text: string): Override | { problem: string } {
  const [, key, value] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  const path = (key ?? '').trim().split('.')
  if (value === undefined || path.includes('') || path.length > DEEPEST) {
    return { problem: `${overrideName(text)}: must be key=value, such as training.actor_lr=3e-4` }
  }
  const read = readValue(value)
  if ('problem' in read) return { problem: `${overrideName(text)}: ${read.problem}` }
  if (path[0] === 'environment') path[0] = 'env'
  return { path, value: read.value, text }
}

/** `tree` with the override in it; it also takes the place of the key's other name. `tree` is left as it is. */
export function applyOverride(tree: Record<string, unknown>, override: Override): Record<string, unknown> {
  const key = override.path.join('.')
  const pair = otherNames.find((names) => names.some((name) => name === key))
  const other = pair?.find((name) => name !== key)
  return set(other === undefined ? tree : without(tree, other.split('.')), override.path, override.value)
}

/** A copy of `tree` with `value` at `path`. */
export function set(tree: unknown, [key, ...rest]: string[], value: unknown): Record<string, unknown> {
  const held = isMapping(tree) ? tree : {}
  return key === undefined
    ? held
    : { ...held, [key]: rest.length === 0 ? value : set(held[key], rest, value) }
}

/** A copy of `tree` that lacks what stands at `path`. */
export function without(tree: Record<string, unknown>, path: Path): Record<string, unknown> {
  return withoutKeys(tree, path.slice(0, -1), path.slice(-1))
}

/** A copy of `tree` that lacks these keys of the section at `outer`. */
export function withoutKeys(
  tree: Record<string, unknown>,
  [section, ...rest]: Path,
  keys: readonly PropertyKey[],
): Record<string, unknown> {
  if (section === undefined) {
    const names = new Set(keys)
    return Object.fromEntries(Object.entries(tree).filter(([name]) => !names.has(name)))
  }
  const held = Object.hasOwn(tree, section) ? tree[String(section)] : undefined
  return isMapping(held) ? { ...tree, [section]: withoutKeys(held, rest, keys) } : tree
}

/** Returns the value at `path`, undefined when there is none. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}
