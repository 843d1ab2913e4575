// Writes a report as one HTML file that needs nothing else: style, script and data are in it; its policy forbids requests.
import { sha256Bytes } from '../core/sha256.ts'
import type { TextTable } from './tables/metrics.ts'
import type { Block, Chart, Document, Section } from './document.ts'

/** The parts that `npm run build` makes of web/report. */
export interface PageParts {
  script: string
  style: string
  /** Their texts, for all that is bundled in the script. */
  licenses: string
}

export function toHtml(
  { title, subtitle, sections, shown }: Document,
  { script, style, licenses }: PageParts,
): string {
  const charts: Chart[] = []
  const body = sections.map((section) => sectionHtml(section, charts)).join('\n')
  const program = script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
  const policy = `default-src 'none'; script-src '${hashOf(program)}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p>${escape(subtitle)}</p>
</header>
<main>
${body}
</main>
<footer>
<details><summary>Licences of the bundled software</summary><pre>${escape(licenses)}</pre></details>
</footer>
<script type="application/json" id="charts">${JSON.stringify({ shown, charts }).replaceAll('<', '\\u003c')}</script>
<script>${program}</script>
</body>
</html>
`
}

function hashOf(program: string): string {
  return `sha256-${btoa(String.fromCharCode(...sha256Bytes(program)))}`
}

function sectionHtml({ title, blocks }: Section, charts: Chart[]): string {
  const heading = title === '' ? '' : `<h2>${escape(title)}</h2>\n`
  return `<section>\n${heading}${blocks.map((block) => blockHtml(block, charts)).join('\n')}\n</section>`
}

/** @param charts to which those of the block are added */
function blockHtml(block: Block, charts: Chart[]): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escape(block.text)}</p>`
    case 'figures': {
      const items = block.figures.map(
        ({ label, value, note }) =>
          `<div><dt>${escape(label)}</dt><dd>${escape(value)}</dd><dd class="note">${escape(note)}</dd></div>`,
      )
      return `<dl class="figures">${items.join('')}</dl>`
    }
    case 'findings': {
      const items = block.findings.map(
        ({ severity, text }) =>
          `<li class="${severity}"><b>${severity}</b> <span>${escape(text)}</span></li>`,
      )
      return `<ul class="findings">${items.join('')}</ul>`
    }
    case 'table':
      return titled(block, `${tableHtml(block.table, block.words)}${captionHtml(block.caption)}`)
    case 'code':
      return titled(block, `<pre>${escape(block.text)}</pre>`)
    case 'chart': {
      const numbers = block.numbers && foldedHtml('The numbers', tableHtml(block.numbers))
      const place = `<div class="chart" role="img" aria-label="${escape(block.title)}" data-chart="${charts.push(block.chart) - 1}"></div>`
      return `<figure><h3>${escape(block.title)}</h3>${place}<figcaption>${escape(block.caption)}</figcaption>${numbers ?? ''}</figure>`
    }
  }
}

function titled({ title, folded }: { title: string; folded?: boolean }, content: string): string {
  return folded ? foldedHtml(title, content) : `<div class="block"><h3>${escape(title)}</h3>${content}</div>`
}

function foldedHtml(title: string, content: string): string {
  return `<details><summary>${escape(title)}</summary>${content}</details>`
}

function captionHtml(caption: string | undefined): string {
  return caption === undefined ? '' : `<p class="caption">${escape(caption)}</p>`
}

/** The first column heads the rows; a row begins with spaces where it belongs to the one above it. */
function tableHtml({ header, rows }: TextTable, words = false): string {
  const titles = header
    .map((cell) => (cell === '' ? '<td></td>' : `<th scope="col">${escape(cell)}</th>`))
    .join('')
  const head = header.every((cell) => cell === '') ? '' : `<thead><tr>${titles}</tr></thead>`
  const body = rows.map(([first = '', ...cells]) => {
    const depth = /^ */.exec(first)![0].length
    const name = `<th scope="row"${depth > 0 ? ' class="under"' : ''}>${escape(first.trim())}</th>`
    return `<tr>${name}${cells.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`
  })
  return `<div class="table" tabindex="0"><table${words ? ' class="words"' : ''}>${head}<tbody>${body.join('')}</tbody></table></div>`
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
}
