import { dirname, join, resolve } from 'node:path';
import type { ProcessEnd } from '../../adapters/node/process/child.ts';
import { endLike, passSignals } from '../../adapters/node/process/signals.ts';
import { readDocument } from '../../adapters/node/fs/read-json.ts';
import { SettingsError } from '../../services/errors.ts';
import { hideSecretsOf } from '../../services/secrets.ts';
import { inspectOptions, inspectProgram, notInspected, startInspection } from './inspection.ts';
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
import { isThere } from './if-there.ts';
import { printStatus, printStatusJson } from '../terminal/output.ts';
import { defaultGraceSeconds, defaultHeartbeatSeconds, describe, markIn, superviseUnit } from './supervision.ts';
import { canRun, whyNot } from './unit/type-stripping.ts';
import { programIn } from './unit/program.ts';

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
    operands: '[MAIN] [-- ARGS]',
    minOperands: 0,
    maxOperands: Infinity,
    about:
      "Runs the unit's program MAIN (a script with this Node, anything else as an executable; by default what main of\n" +
      'package.json names, else main.ts or main.js). Restarts it after an\n' +
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
  async ({ operands: [given, ...args], options }) => {
    const main = given === undefined ? await programIn(options.folder ?? '.') : resolve(given);
    const say = (data: object, text: string): void =>
      options.json === true ? printStatusJson(data) : printStatus(`pepeunit run: ${text}`);
    if (!canRun(main)) {
      const wrong = new UsageError(whyNot(main));
      say(errorData(wrong), wrong.message);
      return exitCode.unconfigured;
    }
    const folder = await unitFolderOf(main, options.folder);
    const graceMs = secondsIn(positiveNumber, 'grace', options.grace) ?? defaultGraceSeconds * 1000;
    const healthyWithinMs = secondsIn(positiveNumber, 'healthy-within', options['healthy-within']);
    const heartbeatMs = secondsIn(numberFromZero, 'heartbeat', options.heartbeat) ?? defaultHeartbeatSeconds * 1000;
    const trialStarts = wholeNumber('trial-starts', options['trial-starts']);
    const checkEnv = options['without-env'] === true ? hideSecretsIn : requireEnv;
    await using inspector = await startInspection(options);
    if (inspector) say({ type: 'inspector', url: inspector.url }, `Inspector: ${inspector.url}`);
    const program = inspectProgram({ main, args, folder }, inspector?.url);
    if (!program.isShown) {
      const text = notInspected(main);
      say({ type: 'notInspected', message: text }, text);
    }
    using signals = passSignals(graceMs);
    let end: ProcessEnd | undefined;
    try {
      end = await superviseUnit({
        program,
        healthyWithinMs,
        trialStarts,
        graceMs,
        heartbeatMs,
        onEvent: (event) => {
          say(event, describe(event));
          markIn(inspector, event);
        },
        checkStart: async () => void (await checkEnv(join(folder, 'env.json'))),
        onStart: (unit) => signals.passTo(unit),
        stopped: signals.stopped,
      });
    } catch (thrown) {
      if (!(thrown instanceof SettingsError)) throw thrown;
      say(errorData(thrown), thrown.message);
      return exitCode.unconfigured;
    }
    if (end?.signal) endLike(end.code, end.signal);
    return end?.code ?? exitCode.ok;
  },
);
