import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { folderFirmwareTrials } from '../../adapters/node/firmware/trials.ts';
import { endLike, passSignals } from '../../adapters/node/process/signals.ts';
import { supervise, type SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import { takeSupervisorLock } from '../../adapters/node/process/lock.ts';
import { command, exitCode, positiveNumber, UsageError, wholeNumber } from './command.ts';
import { tell } from '../terminal/output.ts';

const defaultGraceSeconds = 10;

const describe = (event: SupervisorEvent): string => {
  switch (event.type) {
    case 'started': {
      const { pid, trial } = event;
      const start = trial ? `, version ${trial.to} on trial, start ${trial.starts} of ${trial.maxStarts}` : '';
      return `started the unit, process ${pid}${start}`;
    }
    case 'ended':
      return `the unit ended ${event.signal === null ? `with code ${event.code}` : `by ${event.signal}`}`;
    case 'waiting':
      return `starts it again in ${event.ms / 1000} s`;
    case 'overdue':
      return `version ${event.version} did not prove itself within ${event.withinMs / 1000} s and is ended`;
    case 'rolledBack':
      return `version ${event.version} is rolled back to ${event.to}: ${event.reason}`;
    case 'failed':
      return `${event.what} failed: ${event.message}`;
  }
};

const seconds = (name: string, text: string | undefined): number | undefined => {
  const number = positiveNumber(name, text);
  return number === undefined ? undefined : number * 1000;
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The folder that was named; or the program's, or else the current one, where env.json is. */
const unitFolderOf = async (main: string, named: string | undefined): Promise<string> => {
  const own = resolve(named ?? dirname(main));
  if (!(await isThere(own))) throw new UsageError(`There is no folder ${own}. Name the unit's program and its folder.`);
  const isHere = named === undefined && !(await isThere(join(own, 'env.json'))) && (await isThere('env.json'));
  return isHere ? resolve('.') : own;
};

/** Supervises a unit. */
export const runCommand = command(
  {
    name: 'run',
    operands: 'MAIN [-- ARGS]',
    least: 1,
    most: Infinity,
    about:
      "Runs the unit's program MAIN (a script with this Node, anything else as it is) and starts it again when it crashes,\n" +
      'waiting longer each time, or when it asks for that after an update. A new version that crashes, hangs or does not\n' +
      'get healthy in time is started a few times, and then the previous version is restored, with no network. Signals\n' +
      "are passed on; it ends as the unit ends when that is stopped or ends with 0. The unit's output stays its own.",
    options: {
      folder: {
        type: 'string',
        value: 'FOLDER',
        help: 'The folder with env.json. That of MAIN by default, or the current one where MAIN has none beside it.',
      },
      'healthy-within': {
        type: 'string',
        value: 'SECONDS',
        help: "How long a start of a new version may take to be confirmed. The unit's own option by default.",
      },
      'trial-starts': {
        type: 'string',
        value: 'NUMBER',
        help: "How many starts a new version gets. The unit's own option by default.",
      },
      grace: {
        type: 'string',
        value: 'SECONDS',
        help: `How long the unit may take to stop before it is killed. ${defaultGraceSeconds} by default.`,
      },
      json: { type: 'boolean', help: 'Tell what happens as lines of JSON, on standard error.' },
    },
  },
  async ({ operands: [main = '', ...args], options }) => {
    const folder = await unitFolderOf(main, options.folder);
    const graceMs = seconds('grace', options.grace) ?? defaultGraceSeconds * 1000;
    const healthyWithinMs = seconds('healthy-within', options['healthy-within']);
    const trialStarts = wholeNumber('trial-starts', options['trial-starts']);
    using signals = passSignals(graceMs);
    const lock = await takeSupervisorLock(join(folder, '.pepeunit'), graceMs);
    const end = await supervise({
      program: { main: resolve(main), args, folder },
      trials: folderFirmwareTrials({ folder }),
      healthyWithinMs,
      trialStarts,
      graceMs,
      onEvent: (event) => tell(options.json === true ? JSON.stringify(event) : `pepeunit run: ${describe(event)}`),
      onStart: (unit) => {
        signals.passTo(unit);
        return lock.noteChild(unit.pid);
      },
      stopped: signals.stopped,
    }).finally(() => lock.release());
    if (end?.signal) endLike(end.code, end.signal);
    return end?.code ?? exitCode.ok;
  },
);
