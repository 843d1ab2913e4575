// Finds the elements of index.html and makes new ones. Text enters the page as text, never as HTML.
import { bug } from '../src/base/errors.ts'

/** The element with that id, which index.html has. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id)
  if (!found) throw bug(`index.html has no #${id}`)
  return found as Kind
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const created = Object.assign(document.createElement(name), properties)
  created.append(...children)
  return created
}
