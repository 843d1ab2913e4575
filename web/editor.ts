// Shows the YAML of the scenario: a textarea with the numbers of its lines, and its problems below.
import { byId, element } from './dom.ts'
import type { Problem } from './protocol.ts'

export interface Editor {
  text(): string
  setText(text: string): void
  /** Marks the lines, and lists problems and notes. */
  show(problems: readonly Problem[], notes: readonly string[]): void
}

/** More than anybody reads; a link may bring thousands. */
const MOST_SHOWN = 100
/** Lines with numbers; a link may bring a quarter of a million. */
const MOST_NUMBERED = 5000

/** @param onInput called after each change by the user */
export function createEditor(onInput: () => void): Editor {
  const area = byId<HTMLTextAreaElement>('yaml')
  const gutter = byId('gutter')
  const list = byId('problems')
  const showProblems = byId('show-problems')
  let wrong = new Map<number, string>()

  function number(): void {
    const lines = area.value.split('\n').length
    if (lines > MOST_NUMBERED) return gutter.replaceChildren()
    const spans = Array.from({ length: lines }, (_, i) => {
      const className = wrong.has(i + 1) ? 'wrong' : ''
      return element('span', { textContent: String(i + 1), className, title: wrong.get(i + 1) ?? '' })
    })
    gutter.replaceChildren(...spans)
    gutter.scrollTop = area.scrollTop
  }

  function select(line: number): void {
    const lines = area.value.split('\n')
    const from = lines.slice(0, line - 1).reduce((total, text) => total + text.length + 1, 0)
    byId<HTMLDetailsElement>('scenario-details').open = true
    area.focus()
    area.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0))
    const height = area.scrollHeight / lines.length
    area.scrollTop = Math.max(0, (line - 4) * height)
  }

  function item({ line, text }: Problem): HTMLLIElement {
    if (line === 0) return element('li', {}, text)
    const button = element('button', { type: 'button', className: 'line' }, `line ${line}`)
    button.addEventListener('click', () => select(line))
    return element('li', {}, button, ` ${text}`)
  }

  showProblems.addEventListener('click', () => {
    const [line] = wrong.keys()
    if (line) select(line)
    list.scrollIntoView({ block: 'nearest' })
  })
  area.addEventListener('scroll', () => (gutter.scrollTop = area.scrollTop))
  area.addEventListener('input', () => {
    number()
    onInput()
  })
  return {
    text: () => area.value,
    setText(text) {
      wrong = new Map()
      area.value = text
      area.scrollTop = 0
      number()
    },
    show(problems, notes) {
      wrong = new Map(problems.map(({ line, text }) => [line, text]))
      showProblems.hidden = problems.length === 0
      area.setAttribute('aria-invalid', String(problems.length > 0))
      const more = problems.length - MOST_SHOWN
      list.replaceChildren(
        ...problems.slice(0, MOST_SHOWN).map(item),
        ...(more > 0 ? [element('li', {}, `and ${more} more`)] : []),
        ...notes.map((note) => element('li', { className: 'note' }, `note: ${note}`)),
      )
      number()
    },
  }
}
