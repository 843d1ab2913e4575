// Offers the choice of scenario: those that are shipped, and one of the user's, whose text is kept while others are
// looked at.
import { byId, element } from './dom.ts'
import { mustHaveFewLines } from './files.ts'

// The page shows trading only.
const files = import.meta.glob<string>(
  ['../configs/*.yaml', '!../configs/pendulum.yaml', '!../configs/mountain_car_continuous.yaml'],
  { query: '?raw', import: 'default', eager: true },
)
const shipped = new Map(
  Object.entries(files).map(([path, text]) => [path.replace(/^.*\/|\.yaml$/g, ''), text] as const),
)

// A name may come from a link.
const LONGEST_NAME = 100

export interface Scenarios {
  /** @returns false when there is no such scenario */
  choose(name: string): boolean
  /** Makes this text the scenario of one's own, and chooses it. @throws DdpgError in a sentence when it is too long */
  own(name: string, yaml: string): void
  /** The user changed the text. */
  edited(yaml: string): void
  /** The name of the scenario chosen, as a file would be called. */
  name(): string
  isShipped(): boolean
}

/** @param onChosen called with the text of the scenario that is chosen now */
export function createScenarios(onChosen: (yaml: string) => void): Scenarios {
  const select = byId<HTMLSelectElement>('scenario')
  const options = [...shipped.keys()].map((name) => element('option', { value: name }, name))
  const ownOption = element('option', { value: '' })
  let own: { name: string; yaml: string } | undefined
  select.append(...options)

  function keep(name: string, yaml: string): void {
    own = { name: name.slice(0, LONGEST_NAME), yaml }
    ownOption.textContent = shipped.has(name) ? `${own.name}, edited` : `${own.name}, your own`
    if (!ownOption.isConnected) select.append(ownOption)
    select.value = ''
  }

  const current = () =>
    select.value === '' ? own! : { name: select.value, yaml: shipped.get(select.value)! }
  select.addEventListener('change', () => onChosen(current().yaml))
  return {
    choose(name) {
      const yaml = shipped.get(name)
      if (yaml === undefined) return false
      select.value = name
      onChosen(yaml)
      return true
    },
    own(name, yaml) {
      mustHaveFewLines(yaml)
      keep(name, yaml)
      onChosen(yaml)
    },
    edited: (yaml) => keep(current().name, yaml),
    name: () => current().name,
    isShipped: () => select.value !== '',
  }
}
