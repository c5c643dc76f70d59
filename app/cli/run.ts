import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { folderFirmwareTrials } from '../../adapters/node/firmware/trials.ts';
import { restartCode } from '../../adapters/node/process/contract.ts';
import type { ProcessEnd } from '../../adapters/node/process/child.ts';
import { endLike, passSignals } from '../../adapters/node/process/signals.ts';
import { supervise, type SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import { takeSupervisorLock } from '../../adapters/node/process/lock.ts';
import { readDocument } from '../../adapters/node/fs/read-json.ts';
import { failureOf, SettingsError } from '../../services/errors.ts';
import { hideSecretsOf } from '../../services/secrets.ts';
import { inspectOptions, inspectProgram, startInspection } from './inspection.ts';
import {
  command,
  errorData,
  exitCode,
  numberFromZero,
  positiveNumber,
  secondsIn,
  UsageError,
  wholeNumber,
} from './command.ts';
import { printStatus, printStatusJson } from '../terminal/output.ts';

type Trial = NonNullable<Extract<SupervisorEvent, { type: 'started' }>['trial']>;

const defaultGraceSeconds = 10;
const defaultHeartbeatSeconds = 60;

const startOf = ({ isWaiting, starts, maxStarts }: Trial): string =>
  isWaiting ? 'which waits for a broker' : `start ${starts} of ${maxStarts}`;

const describe = (event: SupervisorEvent): string => {
  switch (event.type) {
    case 'started': {
      const { pid, trial } = event;
      const start = trial ? `, version ${trial.to} on trial, ${startOf(trial)}` : '';
      return `started the unit, process ${pid}${start}`;
    }
    case 'ended':
      return `the unit ended ${event.signal === null ? `with code ${event.code}` : `by ${event.signal}`}`;
    case 'waiting':
      return `starting it again in ${event.ms / 1000} s`;
    case 'hung':
      return `the unit's event loop hangs (${event.hangs} so far): ending process ${event.pid}`;
    case 'overdue':
      return `version ${event.version} did not prove itself within ${event.withinMs / 1000} s and was stopped`;
    case 'rolledBack':
      return `version ${event.version} was rolled back to ${event.to}: ${event.reason}`;
    case 'failed':
      return `${event.what} failed: ${event.message}`;
  }
};

/** Whether a supervisor's event is one to find on the time axis: the unit itself could not tell of it. */
const isMark = (event: SupervisorEvent): boolean => {
  if (event.type === 'ended') return event.signal !== null || ![0, restartCode].includes(event.code ?? 0);
  return ['hung', 'overdue', 'rolledBack'].includes(event.type);
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Folder of the unit: the one named, else the program's, or the current one if only that has env.json. */
const unitFolderOf = async (main: string, named: string | undefined): Promise<string> => {
  const own = resolve(named ?? dirname(main));
  if (!(await isThere(own))) throw new UsageError(`There is no folder ${own}. Name the unit's program and its folder.`);
  const isHere = named === undefined && !(await isThere(join(own, 'env.json'))) && (await isThere('env.json'));
  return isHere ? resolve('.') : own;
};

/**
 * Hides the secrets of env.json in what the supervisor prints. One that can't be read now is the unit's own matter.
 *
 * @returns Whether there is one.
 */
const hideSecretsIn = async (path: string): Promise<boolean> => {
  const document = await readDocument(path).catch(() => null);
  hideSecretsOf(document);
  return document !== undefined;
};

/** Hides the secrets of an env.json that has to be there. @throws {SettingsError} `missing` */
const requireEnv = async (path: string): Promise<void> => {
  if (await hideSecretsIn(path)) return;
  throw new SettingsError('missing', `${path} does not exist. Download the unit's env from the instance.`);
};

/** `pepeunit run`: supervises a unit. */
export const runCommand = command(
  {
    name: 'run',
    operands: 'MAIN [-- ARGS]',
    minOperands: 1,
    maxOperands: Infinity,
    about:
      "Runs the unit's program MAIN (a script with this Node, anything else as an executable). Restarts it after an\n" +
      'update, and after a crash or a hang of its event loop with a growing delay. A new version that crashes, hangs or\n' +
      'is not healthy in time gets a few starts, then the previous version is restored, without the network. Signals\n' +
      'are passed to the unit. Exits as the unit does when it is stopped or exits with 0, and with 78 when\n' +
      "there is no env.json. The unit's output is passed through.",
    options: {
      folder: {
        type: 'string',
        value: 'FOLDER',
        help: 'Folder with env.json. The folder of MAIN by default, or the current one if only that has env.json.',
      },
      'healthy-within': {
        type: 'string',
        value: 'SECONDS',
        help: "Time limit for each start of a new version to be confirmed. The unit's own option by default.",
      },
      'trial-starts': {
        type: 'string',
        value: 'NUMBER',
        help: "Starts that a new version gets before it is rolled back. The unit's own option by default.",
      },
      grace: {
        type: 'string',
        value: 'SECONDS',
        help: `Time limit for the unit to stop before it is killed. ${defaultGraceSeconds} by default.`,
      },
      heartbeat: {
        type: 'string',
        value: 'SECONDS',
        help: `Interval in which the unit has to show that its event loop runs; it is ended and started again after two without. ${defaultHeartbeatSeconds} by default, 0 for never.`,
      },
      'without-env': {
        type: 'boolean',
        help: 'Start without an env.json too: the program brings its own, by the option `documents`.',
      },
      ...inspectOptions,
      json: { type: 'boolean', help: 'Print events as lines of JSON to standard error.' },
    },
    examples: ['main.js --inspect', 'main.js --grace 5 -- --verbose'],
  },
  async ({ operands: [main = '', ...args], options }) => {
    const folder = await unitFolderOf(main, options.folder);
    const graceMs = secondsIn(positiveNumber, 'grace', options.grace) ?? defaultGraceSeconds * 1000;
    const healthyWithinMs = secondsIn(positiveNumber, 'healthy-within', options['healthy-within']);
    const heartbeatMs = secondsIn(numberFromZero, 'heartbeat', options.heartbeat) ?? defaultHeartbeatSeconds * 1000;
    const trialStarts = wholeNumber('trial-starts', options['trial-starts']);
    const checkEnv = options['without-env'] === true ? hideSecretsIn : requireEnv;
    const say = (data: object, text: string): void =>
      options.json === true ? printStatusJson(data) : printStatus(`pepeunit run: ${text}`);
    await using inspector = await startInspection(options);
    if (inspector) say({ type: 'inspector', url: inspector.url }, `Inspector: ${inspector.url}`);
    const program = inspectProgram({ main: resolve(main), args, folder }, inspector?.url);
    if (!program.isShown) {
      const text = `${main} is no script of Node, and can't be inspected.`;
      say({ type: 'notInspected', message: text }, text);
    }
    using signals = passSignals(graceMs);
    const onEvent = (event: SupervisorEvent) => {
      say(event, describe(event));
      if (isMark(event)) inspector?.sources.mark(event.type === 'rolledBack' ? 'rollback' : 'crash', describe(event));
    };
    const lock = await takeSupervisorLock({
      folder: join(folder, '.pepeunit'),
      graceMs,
      onFailure: (thrown) =>
        onEvent({ type: 'failed', what: 'recording the unit', message: failureOf(thrown).message }),
    });
    let end: ProcessEnd | undefined;
    try {
      end = await supervise({
        program,
        trials: folderFirmwareTrials({ folder }),
        healthyWithinMs,
        trialStarts,
        graceMs,
        heartbeatMs,
        onEvent,
        checkStart: async () => void (await checkEnv(join(folder, 'env.json'))),
        onStart: (unit) => {
          signals.passTo(unit);
          void lock.note(unit.pid);
        },
        stopped: signals.stopped,
      });
    } catch (thrown) {
      if (!(thrown instanceof SettingsError)) throw thrown;
      say(errorData(thrown), thrown.message);
      return exitCode.unconfigured;
    } finally {
      await lock.release();
    }
    if (end?.signal) endLike(end.code, end.signal);
    return end?.code ?? exitCode.ok;
  },
);
