#!/usr/bin/env node
// The command line: one block a command. What a command needs is imported when it runs, so --help is quick.
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { EXIT, exitWith, showStacks, tellFailure } from './commands/shared/failure.ts'
import { guardConsole } from './commands/shared/terminal.ts'
import { printable } from './text.ts'
import { MOST_TRIALS } from './trial/limits.ts'

guardConsole()

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function integer(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isSafeInteger(value) && value >= least && value <= (most ?? value)) return value
    const condition = most === undefined ? `at least ${least}` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`It must be an integer, ${condition}.`)
  }
}
const collect = (value: string, all: string[] = []): string[] => [...all, value]

/** The options that say which scenario, alike for all commands that take one. */
function withScenario(command: Command): Command {
  return command
    .addOption(
      new Option('-s, --scenario <name>', 'a scenario of configs/ or of this package').conflicts('config'),
    )
    .addOption(new Option('-c, --config <file>', 'a scenario file'))
    .option(
      '-o, --override <key=value>',
      'another value for a key, as training.actor_lr=3e-4; repeatable',
      collect,
    )
    .hook('preAction', (_, action) => {
      const { scenario, config, resume } = action.opts()
      if (scenario !== undefined || config !== undefined || resume !== undefined) return
      action.error(
        'error: which scenario? give --scenario NAME or --config FILE (ddpg scenarios lists the names)',
      )
    })
}

const program = new Command('ddpg')
  .description('DDPG for trading research on a WebAssembly core')
  .version(version)
  .option('--debug', 'show the stack of every error')
  .on('option:debug', showStacks)
  .addHelpText(
    'after',
    '\nExit codes: 0 done; 1 something failed or differs; 2 the command, a scenario or a key was not understood;\n70 a bug of ddpg; 129, 130 or 143 ended by SIGHUP, Ctrl-C or SIGTERM',
  )
  .exitOverride()
  .configureOutput({
    writeOut: (text) => void process.stdout.write(printable(text)),
    writeErr: (text) => void process.stderr.write(printable(text)),
  })
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(ddpg --help shows what there is)')

withScenario(program.command('experiment'))
  .description('train and evaluate the agent of a scenario, and log all of it to MLflow')
  .option('-g, --generate-data', "make the scenario's synthetic data first")
  .option('-t, --trials <n>', 'number of trials; trial i uses seed + i', integer(1, MOST_TRIALS), 1)
  .option('-w, --workers <n>', 'trials at a time, each in a thread; the cores by default', integer(1))
  .option('--seed <n>', 'seed of trial 0 (generated data keep the seed of the scenario)', integer(0))
  .option('--max-steps <n>', 'environment steps of a trial', integer(1))
  .option('-n, --name <name>', 'name of the MLflow experiment and of the folder under logs/')
  .option('--no-features', 'observe the standardised open, high, low, close and volume')
  .addOption(
    new Option(
      '--resume <file>',
      'go on from a checkpoint of an experiment; last = the newest under logs/',
    ).conflicts(['scenario', 'config', 'seed', 'name', 'trials', 'features']),
  )
  .option(
    '--tracking-uri <uri>',
    'where MLflow keeps the runs: sqlite:///FILE, http://HOST, file:FOLDER or none',
  )
  .option('--json', 'print one JSON document and nothing else')
  .action(async (options) => (await import('./commands/experiment/experiment.ts')).experiment(options))

withScenario(program.command('validate'))
  .description('check a scenario without training: what is wrong, and what seldom works')
  .action(async (options) => (await import('./commands/validate.ts')).validate(options))

withScenario(program.command('generate-data'))
  .description('write the synthetic data of a scenario')
  .action(async (options) => (await import('./commands/generate-data.ts')).generateData(options))

program
  .command('evaluate')
  .description('evaluate a checkpoint on the train, validation and test rows, and at other costs of trading')
  .requiredOption('--checkpoint <file>', 'a .safetensors file of an experiment')
  .addOption(
    new Option('--split <name>', 'the rows that are evaluated')
      .choices(['train', 'validation', 'test', 'all'])
      .default('all'),
  )
  .option('--data-path <file>', 'other data than those it was trained on (parquet or CSV)')
  .option('--save-rollout <file>', 'write every step to a parquet file')
  .option('--save-trades <file>', 'write every trade to a CSV file')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (options) => (await import('./commands/evaluate.ts')).evaluateCheckpointFile(options))

program
  .command('verify <receipt>')
  .description('train again what a receipt tells, and say whether all is identical')
  .option('--until <n>', 'compare up to that many updates only', integer(1))
  .option('--data-path <file>', 'the data it was trained on, when these were not generated')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (file, options) => (await import('./commands/verify.ts')).verifyReceiptFile(file, options))

program
  .command('runs')
  .description('list the runs of the local MLflow store')
  .option('--tracking-uri <uri>', 'another sqlite:///FILE than mlflow.db')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (options) => (await import('./commands/runs.ts')).runs(options))

const mlflow = program.command('mlflow').description("look at the runs with MLflow's own page, or copy them")

mlflow
  .command('ui')
  .description('start the MLflow of this machine on the store of the runs')
  .option('--tracking-uri <uri>', 'another store than mlflow.db')
  .option('--port <n>', 'port on 127.0.0.1', integer(1, 65535), 5000)
  .action(async (options) => (await import('./commands/mlflow.ts')).ui(options))

mlflow
  .command('sync <source> [uri]')
  .description(
    'copy a journal of .mlflow-spool/, all runs of an mlflow.db, or a run of it, to a server; again adds what is new',
  )
  .option('--tracking-uri <uri>', 'store of a run that is given by its id')
  .action(async (source, uri, options) => (await import('./commands/mlflow.ts')).sync(source, uri, options))

program
  .command('scenarios')
  .description('list the scenarios there are')
  .action(async () => (await import('./commands/scenarios.ts')).scenarios())

program
  .command('web')
  .description('serve a page on this machine that trains in the browser')
  .option('--port <n>', 'port on 127.0.0.1; 0 for any that is free', integer(0, 65535), 8080)
  .action(async (options) => (await import('./commands/web.ts')).web(options))

// A reader that closes the pipe early, as head does, has what it wanted; a run goes on to its end all the same.
let isToldOfStdout = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isToldOfStdout) return
  isToldOfStdout = true
  console.error(`error: stdout cannot be written to: ${error.message}`)
  exitWith(EXIT.failed)
})
process.stderr.on('error', () => undefined)

// What goes wrong where nobody waits for it.
process.on('uncaughtException', (error) => {
  tellFailure(error)
  process.exit()
})

try {
  await program.parseAsync()
} catch (error) {
  tellFailure(error)
}
