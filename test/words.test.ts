// Every file begins with a plain sentence that says what the file is or does.
import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** Words with which a heading or a half sentence begins. */
const HEADING = /^(What|Of|How|Where|Whether|With|Which|That|From|Likewise)\b/

/** Verbs of first lines. */
const VERBS = new Set(
  `average bound hangs name names trades is are was has have can cannot may must do does accepts accounts adds agree allows answers applies avoids becomes
  become begins belongs brings builds change changes checks chooses collects come compare compares compiles computes
  copies creates decide declares defines depends describes differs diverges draws drives ends equal estimate evaluates
  finds fits follows formats fuzzes gathers generates gives goes guard guards handles hides hold holds installs keep keeps
  kills know knows lays lead learn leave leaves lies lists load loads log logs loses make makes maps match measure measures meets
  need offers open opens overrides owes owns pass point posts prepares prints read reads receive records reduces renders reports
  resolves restores retrains returns run runs save saves say scales says sees sends serves sets show shows skips sorts speaks stand
  stands start starts stays stop stops stores summarises take takes tell tells thins time times train trains turns verify
  waits wants warns withstands work works weigh write writes yields`.split(/\s+/),
)

/** The first line of a file without the signs of a comment; code where the file begins with code. */
function firstLine(file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.find((one) => !one.startsWith('#!')) ?? ''
  return line.replace(/^(\/\/ @ts-nocheck --|\/\/|#|\/\*|""")\s*/, '')
}

const files = globSync('{src,assembly,web,test,bench,tools}/**/*.{ts,js,py,sh,css}', {
  exclude: (name) => /node_modules|\.venv|(^|\/)build$/.test(name),
})

it('the first line of every file is the beginning of a sentence', () => {
  const wrong = files.filter((file) => {
    const line = firstLine(file)
    const words = line.toLowerCase().match(/[a-z]+/g) ?? []
    return (
      HEADING.test(line) || /^(import|export|declare) /.test(line) || !words.some((word) => VERBS.has(word))
    )
  })
  expect(files.length).toBeGreaterThan(300)
  expect(wrong, 'begin each with a sentence of subject and verb; a verb that is missing joins VERBS').toEqual(
    [],
  )
})

it('no docstring begins with a word that hides its subject', () => {
  const hidden = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        /^\s*(\/\/|\/\*\*|\*) (What|Of|Likewise|With which|Whether|Where|How)\b/.test(line)
          ? [`${file}:${i + 1}: ${line.trim()}`]
          : [],
      ),
  )
  expect(hidden).toEqual([])
})
