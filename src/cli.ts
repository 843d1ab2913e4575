#!/usr/bin/env node
// The command line declares each command in one block; the code of a command is imported when it runs, so --help is quick.
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { EXIT, exitWith, showStacks, tellFailure } from './commands/shared/failure.ts'
import { guardConsole } from './commands/shared/terminal.ts'
import { printable } from './base/text.ts'
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

/** Adds the options that choose a scenario, the same for every command that takes one. */
function withScenario(command: Command): Command {
  return command
    .addOption(
      new Option('-s, --scenario <name>', 'the name of a scenario in configs/ or in this package').conflicts(
        'config',
      ),
    )
    .addOption(new Option('-c, --config <file>', 'the path of a scenario file'))
    .option(
      '-o, --override <key=value>',
      'replace the value of a scenario key, such as training.actor_lr=3e-4; repeatable',
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
  .showHelpAfterError('(ddpg --help lists the commands)')

withScenario(program.command('experiment'))
  .description('train and evaluate the agent of a scenario, and log the run to MLflow')
  .option(
    '-g, --generate-data',
    "generate the scenario's synthetic data first; an earlier file is regenerated",
  )
  .option('-t, --trials <n>', 'number of trials; trial i uses seed + i', integer(1, MOST_TRIALS), 1)
  .option(
    '-w, --workers <n>',
    'trials at a time, each in its own thread; default: the number of cores',
    integer(1),
  )
  .option('--seed <n>', "seed of trial 0; generated data keep the scenario's seed", integer(0))
  .option('--max-steps <n>', 'environment steps of a trial', integer(1))
  .option('-n, --name <name>', 'name of the MLflow experiment and of the folder under logs/')
  .option('--no-features', 'observe standardised open, high, low, close and volume instead of features')
  .addOption(
    new Option(
      '--resume <file>',
      'resume an experiment from a checkpoint; last: the newest under logs/',
    ).conflicts(['scenario', 'config', 'seed', 'name', 'trials', 'features']),
  )
  .option('--tracking-uri <uri>', 'where runs are logged: sqlite:///FILE, http://HOST, file:FOLDER or none')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (options) => (await import('./commands/experiment/experiment.ts')).experiment(options))

withScenario(program.command('validate'))
  .description('list errors in a scenario and values with which learning seldom works; trains nothing')
  .action(async (options) => (await import('./commands/validate.ts')).validate(options))

withScenario(program.command('generate-data'))
  .description('write the synthetic data of a scenario')
  .action(async (options) => (await import('./commands/generate-data.ts')).generateData(options))

program
  .command('evaluate')
  .description('evaluate a checkpoint on the train, validation and test rows and at several trading costs')
  .requiredOption('--checkpoint <file>', 'a .safetensors checkpoint of an experiment')
  .addOption(
    new Option('--split <name>', 'which rows to evaluate')
      .choices(['train', 'validation', 'test', 'all'])
      .default('all'),
  )
  .option('--data-path <file>', 'evaluate on these data instead (parquet or CSV)')
  .option('--save-rollout <file>', 'write every step to a parquet file')
  .option('--save-trades <file>', 'write every trade to a CSV file')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (options) => (await import('./commands/evaluate.ts')).evaluateCheckpointFile(options))

program
  .command('verify <receipt>')
  .description('retrain from a receipt and compare every hash')
  .option('--until <n>', 'compare only up to n updates', integer(1))
  .option('--data-path <file>', 'the data the run was trained on, when they were not generated')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (file, options) => (await import('./commands/verify.ts')).verifyReceiptFile(file, options))

program
  .command('runs')
  .description('list the runs in the local MLflow store')
  .option('--tracking-uri <uri>', 'a sqlite:///FILE other than mlflow.db')
  .option('--json', 'print one JSON document and nothing else')
  .action(async (options) => (await import('./commands/runs.ts')).runs(options))

const mlflow = program
  .command('mlflow')
  .description("open the runs in MLflow's own page, or copy them to a server")

mlflow
  .command('ui')
  .description("start MLflow's own page for the local runs, if MLflow is installed")
  .option('--tracking-uri <uri>', 'a store other than mlflow.db')
  .option('--port <n>', 'port on 127.0.0.1', integer(1, 65535), 5000)
  .action(async (options) => (await import('./commands/mlflow.ts')).ui(options))

mlflow
  .command('sync <source> [uri]')
  .description(
    'copy runs to a server: a journal in .mlflow-spool/, an mlflow.db or one run in it; repeating adds what is new',
  )
  .option('--tracking-uri <uri>', 'the store that holds the run, when the source is a run id')
  .action(async (source, uri, options) => (await import('./commands/mlflow.ts')).sync(source, uri, options))

program
  .command('scenarios')
  .description('list the scenarios')
  .action(async () => (await import('./commands/scenarios.ts')).scenarios())

program
  .command('web')
  .description('serve a page on this machine that trains in the browser')
  .option('--port <n>', 'port on 127.0.0.1; 0 picks a free one', integer(0, 65535), 8080)
  .action(async (options) => (await import('./commands/web.ts')).web(options))

// A reader that closes the pipe early, as head does, has what it wanted; the run continues to its end.
let isToldOfStdout = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isToldOfStdout) return
  isToldOfStdout = true
  console.error(`error: stdout cannot be written to: ${error.message}`)
  exitWith(EXIT.failed)
})
process.stderr.on('error', () => undefined)

// Errors that nobody awaits.
process.on('uncaughtException', (error) => {
  tellFailure(error)
  process.exit()
})

try {
  await program.parseAsync()
} catch (error) {
  tellFailure(error)
}
