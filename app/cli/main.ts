import { CommanderError, type Command } from 'commander';
import { standardStream } from '../../adapters/node/console.ts';
import { codeOf, storageError } from '../../adapters/node/fs/errors.ts';
import { failureOf } from '../../services/errors.ts';
import { oneLine } from '../../adapters/shared/log/log-lines.ts';
import { commands } from './commands.ts';
import { errorData, exitCode, UsageError, type CommandEntry } from './command.ts';
import { createCommand } from './help.ts';
import { withInstallCommand } from './optional-packages.ts';
import { printStatus, printStatusJson } from '../terminal/output.ts';
import { thisPackage } from '../terminal/package.ts';

const commandNamed = (wanted: string | undefined): CommandEntry | undefined =>
  commands.find(({ name }) => name === wanted);

/** Turns `help COMMAND` into `COMMAND --help`, which says more of a command that there is not. */
const withHelpAsOption = ([first, second, ...rest]: readonly string[]): string[] => {
  const isAsked = first === 'help' && second !== undefined && !second.startsWith('-');
  if (!isAsked) return [first, second, ...rest].filter((arg) => arg !== undefined);
  return commandNamed(second) ? [second, '--help'] : [second];
};

/** Creates the program with all commands, of which only the one that is called has its options and its code. */
const createProgram = async (called: CommandEntry | undefined): Promise<Command> => {
  const program = createCommand('pepeunit')
    .usage('COMMAND [OPTIONS]')
    .version(thisPackage.version, '-v, --version', 'Show the version.')
    .helpCommand('help [COMMAND]', 'Show how to call a command')
    .addHelpText('after', '\npepeunit COMMAND --help shows the options of a command.');
  for (const entry of commands) {
    const command = entry === called ? await entry.load() : createCommand(entry.name);
    program.addCommand(command.summary(entry.summary));
  }
  return program;
};

/** Turns a file system's error into a {@link StorageError}, which names the file and a remedy; others stay as they are. */
const withFileName = (thrown: unknown): unknown => {
  const { path } = (thrown ?? {}) as { path?: unknown };
  return typeof path === 'string' && codeOf(thrown) !== undefined ? storageError(path, 'used', thrown) : thrown;
};

/** What commander says of a wrong call, as sentences. */
const usageText = ({ message }: CommanderError): string => {
  const [, first = '', rest = '', hint] = /^error: (.)([^]*?)\.?(?:\n\((.+)\))?$/.exec(message) ?? [];
  return [`${first.toUpperCase()}${rest}.`, ...(hint === undefined ? [] : [hint])].join(' ');
};

/** What a command was called as, and whether it is asked for JSON. */
interface Call {
  readonly name: string;
  readonly isJson: boolean;
}

/** Prints a failure as one line, without a stack. @returns The exit code. */
const reportFailure = ({ name, isJson }: Call, thrown: unknown): number => {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCode.ok;
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return exitCode.usage;
  const wrong = thrown instanceof CommanderError ? new UsageError(usageText(thrown), { cause: thrown }) : thrown;
  const isUsage = wrong instanceof UsageError;
  const failure = isUsage ? wrong : failureOf(withFileName(withInstallCommand(thrown)));
  const text = oneLine(failure.message);
  if (isJson) printStatusJson(errorData(failure));
  else if (isUsage) printStatus(`${name}: ${text} ${name} --help says more.`);
  else printStatus(`${name}: ${failure.name} (${failure.code}): ${text}`);
  return isUsage ? exitCode.usage : exitCode.failed;
};

/** Does what the arguments say. The command sets the exit code, unless it fails. */
const run = async (given: readonly string[]): Promise<void> => {
  const args = withHelpAsOption(given);
  const called = commandNamed(args.find((arg) => !arg.startsWith('-')));
  let program: Command | undefined;
  try {
    program = await createProgram(called);
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    const isJson = program?.commands.find((one) => one.name() === called?.name)?.getOptionValue('json') === true;
    process.exitCode = reportFailure({ name: `pepeunit ${called?.name ?? ''}`.trimEnd(), isJson }, thrown);
  }
};

// A reader that closes the pipe early, such as `head`, is no failure; a full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.ok);
  printStatus(`pepeunit: the result can't be written: ${oneLine(error.message)}`);
  process.exit(exitCode.failed);
});
// Nor is one that no longer reads how things go: `pepeunit run` supervises the unit all the same.
standardStream('stderr');

await run(process.argv.slice(2));
// A reader that has stopped reading how things go keeps no command from ending; one of its result may be slow.
const patienceMs = 1000;
setTimeout(() => {
  if (process.stdout.writableLength === 0) process.exit();
}, patienceMs).unref();
