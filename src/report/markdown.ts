// Writes a report as Markdown: everything but the charts, of which it has the numbers.
import type { TextTable } from './tables/metrics.ts'
import type { Block, Document } from './document.ts'
import { markdownTable } from './tables/table.ts'

export function toMarkdown({ title, subtitle, sections }: Document): string {
  const parts = sections.flatMap(({ title: heading, blocks }) => [
    ...(heading === '' ? [] : [`## ${escape(heading)}`]),
    ...blocks.map(blockMarkdown),
  ])
  return `${[`# ${escape(title)}`, escape(subtitle), ...parts].join('\n\n')}\n`
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'text':
      return escape(block.text)
    case 'figures':
      return block.figures
        .map(({ label, value, note }) => `- ${escape(label)}: **${escape(value)}** (${escape(note)})`)
        .join('\n')
    case 'findings':
      return block.findings.map(({ severity, text }) => `- **${severity}** ${escape(text)}`).join('\n')
    case 'table': {
      const caption = block.caption === undefined ? '' : `\n\n${escape(block.caption)}`
      return `### ${escape(block.title)}\n\n${tableMarkdown(block.table)}${caption}`
    }
    case 'code':
      return `### ${escape(block.title)}\n\n${fenced(block.text)}`
    case 'chart': {
      const numbers = block.numbers ? `\n\n${tableMarkdown(block.numbers)}` : ''
      return `### ${escape(block.title)}\n\n${escape(block.caption)} The chart is in report.html.${numbers}`
    }
  }
}

function tableMarkdown({ header, rows }: TextTable): string {
  const indented = (cell: string) => escape(cell).replace(/^ +/, (spaces) => '&nbsp;'.repeat(spaces.length))
  return markdownTable(
    header.map(escape),
    rows.map((row) => row.map(indented)),
  )
}

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text.trimEnd()}\n${fence}`
}

function escape(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*[\]|]/g, String.raw`\$&`)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
}
