#!/usr/bin/env node
import { standardStream } from '../../adapters/node/console.ts';
import { codeOf, storageError } from '../../adapters/node/fs/errors.ts';
import { failureOf } from '../../services/errors.ts';
import { oneLine } from '../../adapters/shared/log/log-lines.ts';
import { suggest } from '../client/options/suggestion.ts';
import { commands } from './commands.ts';
import { exitCode, UsageError } from './command.ts';
import { withInstallCommand } from './optional-packages.ts';
import { columns, print, printStatus } from '../terminal/output.ts';
import { thisPackage } from '../terminal/package.ts';

const manual = (): string =>
  [
    'Usage: pepeunit COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...columns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    'Options:',
    '  --help     Show this text',
    '  --version  Show the version',
    '',
    'pepeunit COMMAND --help shows the options of a command.',
  ].join('\n');

const rejectUnknown = (name: string): number => {
  const similar = suggest(
    name,
    commands.map((command) => command.name),
  );
  const hint = similar === undefined ? 'pepeunit --help lists the commands.' : `Did you mean ${similar}?`;
  printStatus(`pepeunit: there is no command "${oneLine(name)}". ${hint}`);
  return exitCode.usage;
};

/** Turns a file system's error into a {@link StorageError}, which names the file and a remedy; others stay as they are. */
const withFileName = (thrown: unknown): unknown => {
  const { path } = (thrown ?? {}) as { path?: unknown };
  return typeof path === 'string' && codeOf(thrown) !== undefined ? storageError(path, 'used', thrown) : thrown;
};

/** Prints a failure as one line, without a stack. @returns The exit code. */
const reportFailure = (name: string, thrown: unknown): number => {
  if (thrown instanceof UsageError) {
    printStatus(`pepeunit ${name}: ${oneLine(thrown.message)} pepeunit ${name} --help says more.`);
    return exitCode.usage;
  }
  const failure = failureOf(withFileName(withInstallCommand(thrown)));
  printStatus(`pepeunit ${name}: ${failure.name} (${failure.code}): ${oneLine(failure.message)}`);
  return exitCode.failed;
};

const run = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === '--version') {
    print(thisPackage.version);
    return exitCode.ok;
  }
  if (name === undefined || name === '--help') {
    (name === undefined ? printStatus : print)(manual());
    return name === undefined ? exitCode.usage : exitCode.ok;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) return rejectUnknown(name);
  try {
    const start = await command.load();
    return await start(args);
  } catch (thrown) {
    return reportFailure(name, thrown);
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

process.exitCode = await run(process.argv.slice(2));
// A reader that has stopped reading how things go keeps no command from ending; one of its result may be slow.
const patienceMs = 1000;
setTimeout(() => {
  if (process.stdout.writableLength === 0) process.exit();
}, patienceMs).unref();
