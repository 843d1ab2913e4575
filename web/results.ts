// Shows the results of a run: the table of metrics, the receipt, downloads and plots.
import { byId, element } from './dom.ts'
import type { Download, Finished } from './protocol.ts'

export interface Results {
  show(finished: Finished, expected: string | undefined): void
  plots(files: readonly Download[]): void
  clear(): void
}

/** @param onPlots called when the user wants the plots */
export function createResults(onPlots: () => void): Results {
  const section = byId('results')
  const button = byId<HTMLButtonElement>('draw-plots')
  const links = { run: createLinks(byId('downloads')), plots: createLinks(byId('plot-downloads')) }
  const [picture, plots] = [byId<HTMLImageElement>('combined'), byId('plots')]
  button.addEventListener('click', () => {
    button.disabled = true
    button.textContent = 'Drawing the plots …'
    onPlots()
  })

  return {
    show({ complete, step, evaluated, table, receipt, downloads }, expected) {
      section.hidden = false
      const policy =
        evaluated === 'best' ? 'the policy that was best on the validation rows' : 'the last policy'
      const when = complete ? '' : `, of a run stopped at step ${step.toLocaleString('en')}`
      byId('evaluated').textContent = `Metrics of ${policy}${when}, without noise.`
      byId('metrics').replaceChildren(...tableOf(table))
      byId('receipt').replaceChildren(...receiptOf(receipt, expected))
      links.run.show(downloads)
      links.plots.show([])
      plots.hidden = true
      button.hidden = false
      button.disabled = false
      button.textContent = 'Draw the plots'
    },
    plots(files) {
      button.hidden = true
      const addresses = links.plots.show(files)
      const combined = addresses.get('combined_evaluation.svg')
      if (combined) picture.src = combined
      plots.hidden = combined === undefined
    },
    clear() {
      section.hidden = true
    },
  }
}

function tableOf({ header, rows }: Finished['table']): HTMLElement[] {
  // the corner heads nothing
  const cells = header.map((text) => (text ? element('th', { scope: 'col' }, text) : element('td')))
  const head = element('tr', {}, ...cells)
  const body = rows.map(([label = '', ...values]) => {
    const name = element(
      'th',
      { scope: 'row', className: label.startsWith(' ') ? 'inner' : '' },
      label.trim(),
    )
    return element('tr', {}, name, ...values.map((value) => element('td', {}, value)))
  })
  return [element('thead', {}, head), element('tbody', {}, ...body)]
}

function receiptOf(receipt: string | undefined, expected: string | undefined): (Node | string)[] {
  if (receipt === undefined) return ['There is a receipt when the run is complete.']
  const name = element('code', { title: receipt, id: 'receipt-name' }, `receipt ${receipt.slice(0, 16)}`)
  name.dataset['receipt'] = receipt
  if (expected === undefined)
    return [name, ' names this run: the same scenario, data and seed give it everywhere.']
  if (expected === receipt) return [name, ' is the receipt of the link: the same run, bit for bit.']
  return [name, ` is not the receipt of the link, which is ${expected.slice(0, 16)}.`]
}

/** Links to files that the page holds; those before are let go. */
function createLinks(list: HTMLElement): { show(files: readonly Download[]): Map<string, string> } {
  let held = new Map<string, string>()
  return {
    show(files) {
      for (const address of held.values()) URL.revokeObjectURL(address)
      held = new Map(files.map(({ name, content }) => [name, URL.createObjectURL(content)]))
      const items = [...held].map(([name, href]) =>
        element('li', {}, element('a', { href, download: name }, name)),
      )
      list.replaceChildren(...items)
      return held
    },
  }
}
