// The report of an experiment is written into the folder of the run and into the tracker.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnyTask } from '../../task/create.ts'
import type { CoreModule } from '../../core/module.ts'
import type { Run } from '../../tracking/mlflow/run.ts'
import { writeFile } from '../../files/index.ts'
import { dataFacts } from '../../report/sections/setting.ts'
import { toHtml, type PageParts } from '../../report/html.ts'
import { toMarkdown } from '../../report/markdown.ts'
import { tellFailure } from '../shared/failure.ts'
import { reportOf, type ReportParts } from '../../report/report.ts'

export interface ReportInput extends Omit<ReportParts, 'data' | 'versions'> {
  task: AnyTask
  module: CoreModule
}

export interface Destination {
  /** The folder of the run. */
  folder: string
  /** The run of the experiment in the tracker. */
  run: Run
  /** Tells what is lost. */
  note: (text: string) => void
}

/** Writes report.html and, as Markdown, report.md; returns the path of the better one that could be written. */
export function writeReport(
  { task, module, ...parts }: ReportInput,
  { folder, run, note }: Destination,
): string | undefined {
  if (parts.trials.length === 0) return undefined // it was stopped before any began
  try {
    const data = task.kind === 'trading' ? dataFacts(task) : undefined
    const document = reportOf({ ...parts, data, versions: { version: version(), core: module.sha256 } })
    const page = pageParts()
    if (!page) note('warning: only report.md is written: run npm run build for report.html')
    const files = [
      ['report.md', toMarkdown(document)],
      ...(page ? [['report.html', toHtml(document, page)] as const] : []),
    ] as const
    for (const [name, text] of files) {
      writeFile(join(folder, name), text)
      run.logArtifact(name, text)
    }
    return join(folder, files.at(-1)![0])
  } catch (error) {
    tellFailure(error, 'the report could not be written: ', note)
    return undefined
  }
}

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

function version(): string {
  return JSON.parse(readFileSync(root('package.json'), 'utf8')).version
}

/** Reads the script and style that the build has made; undefined in a clone that is not built. */
function pageParts(): PageParts | undefined {
  if (!existsSync(root('dist/report-page/report.js'))) return undefined
  const [script, style, licenses] = ['report.js', 'report.css', 'licenses.txt'].map((name) =>
    readFileSync(root(`dist/report-page/${name}`), 'utf8'),
  ) as [string, string, string]
  return { script, style, licenses }
}
