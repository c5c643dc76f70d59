import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isScript } from '../../adapters/node/process/child.ts';
import { failureOf, textOf } from '../../services/errors.ts';
import { command, exitCode, portIn, UsageError } from './command.ts';
import { withDevLock } from './dev/lock.ts';
import { obey, orderHelp, type Orders } from './dev/orders.ts';
import { createSession } from './dev/session.ts';
import { openDevUnit, type DevUnit } from './dev/unit.ts';
import { watchProgram } from './dev/watch.ts';
import { isThere } from './if-there.ts';
import { lockWaitText } from './lock-wait.ts';
import { notInspected, ownInspectorOptions, startOwnInspector } from './inspection.ts';
import { describe, markIn } from './supervision.ts';
import { canRun, whyNot } from './unit/type-stripping.ts';
import { programIn } from './unit/program.ts';
import type { Inspector } from '../inspector/server/server.ts';
import { startInstance, type Instance } from '../instance/index.ts';
import { aborted, interruption, untilAborted } from '../terminal/interruption.ts';
import { columns, print, printStatus } from '../terminal/output.ts';

const isUnit = (folder: string): Promise<boolean> => isThere(join(folder, 'env_example.json'));

/** Finds the program and the unit's folder of an operand: a folder, or a program in one. */
const programOf = async (operand: string): Promise<{ main: string; folder: string }> => {
  const given = resolve(operand);
  const stats = await stat(given).catch(() => undefined);
  if (!stats) throw new UsageError(`There is no ${given}. Give the folder of a unit, or its program.`);
  if (stats.isDirectory()) return { main: await programIn(given), folder: given };
  return { main: given, folder: (await isUnit(dirname(given))) ? dirname(given) : resolve('.') };
};

const say = (line: string): void => printStatus(`pepeunit dev: ${line}`);

/** Shows what the unit publishes on its own topics. */
const showPublished = ({ events }: Instance, uuid: string): void => {
  const base = new Set(['state/pepeunit', 'log/pepeunit']);
  events.on('published', ({ unit, key, payload, denied }) => {
    if (unit !== uuid || key === undefined || denied || base.has(key)) return;
    say(`${key}: ${textOf(Buffer.from(payload).toString())}`);
  });
};

/** Watches whether the unit is connected, with its Inputs subscribed. */
const watchPresence = ({ events }: Instance, uuid: string): (() => boolean) => {
  let isOnline = false;
  events.on('subscribed', ({ unit }) => (isOnline ||= unit === uuid));
  events.on('disconnect', ({ clientId }) => (isOnline &&= clientId !== uuid));
  return () => isOnline;
};

const orderLines = (): string[] => columns(orderHelp.map(([order, effect]) => [`  ${order}`, effect]));

/** What is there while `pepeunit dev` runs. */
interface Works {
  readonly instance: Instance;
  readonly unit: DevUnit;
  readonly main: string;
  readonly folder: string;
  readonly inspector: Inspector | undefined;
}

const asJson = ({ instance, unit, main, folder, inspector }: Works): string => {
  const { apiUrl, mqttUrl, webSocketUrl } = instance;
  return JSON.stringify({ unit: unit.uuid, folder, main, apiUrl, mqttUrl, webSocketUrl, inspectorUrl: inspector?.url });
};

const asText = ({ instance, unit, folder, inspector }: Works): string => {
  const rows = [
    ['  REST', instance.apiUrl],
    ['  MQTT', instance.mqttUrl],
    ['  Unit', `${unit.uuid}, in ${folder}`],
    ...(inspector ? [['  Inspector', inspector.url]] : []),
  ];
  return ['Pepeunit is running.', '', ...columns(rows), '', 'Type:', '', ...orderLines(), ''].join('\n');
};

/** Runs the unit, obeys what is typed, and starts it again when a file of it changes, until it is stopped. */
const work = async (works: Works, interrupted: AbortSignal): Promise<void> => {
  const { instance, unit, main, folder, inspector } = works;
  const quit = new AbortController();
  const stopped = AbortSignal.any([interrupted, quit.signal]);
  const session = createSession({
    instance,
    unit,
    main,
    folder,
    inspectorUrl: inspector?.url,
    onEvent: (event) => {
      say(describe(event));
      markIn(inspector, event);
    },
    say,
    stopped,
  });
  showPublished(instance, unit.uuid);
  const orders: Orders = {
    instance,
    unit,
    isOnline: watchPresence(instance, unit.uuid),
    restart: session.restart,
    update: session.update,
    quit: () => quit.abort(),
    help: () => orderLines().forEach((line) => print(line)),
  };
  const lines = createInterface({ input: process.stdin });
  const attempt = (task: Promise<void>) => task.catch((thrown: unknown) => say(failureOf(thrown).message));
  lines.on('line', (line) => void attempt(obey(orders, line)));
  try {
    await session.start();
    const watching = watchProgram(folder, stopped, (paths) => attempt(session.change(paths)));
    await aborted(stopped);
    await watching;
  } finally {
    lines.close();
    await session.stop();
  }
};

/** `pepeunit dev`: runs a unit against an embedded Pepeunit, and starts it again when its program changes. */
export const devCommand = command(
  {
    name: 'dev',
    operands: '[FOLDER|MAIN]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Starts an embedded Pepeunit, makes the unit of FOLDER (by default the current one) on it, writes its env.json and\n' +
      'schema.json, and runs it as pepeunit run does, until Ctrl-C. The program starts again when a file of it changes;\n' +
      'name in .gitignore or .pepeignore what it writes itself. The unit and its data are kept in .pepeunit/dev for the next time.\n' +
      '\n' +
      'Lines that you type reach the unit: help lists them. update makes the folder a version, and tries the update to it\n' +
      'as on a device: in a checkout of the version before, which runs on until a file changes if the new one fails. A\n' +
      'page, whose address is printed, shows all that the unit did so far.',
    options: {
      'http-port': {
        type: 'string',
        value: 'PORT',
        help: 'Port of the REST API. The last one, or a free one, by default.',
      },
      'mqtt-port': { type: 'string', value: 'PORT', help: 'Port of MQTT over TCP, likewise.' },
      ...ownInspectorOptions,
      json: { type: 'boolean', help: 'Print the addresses and the unit as one line of JSON.' },
    },
    examples: ['', 'my-unit --control'],
  },
  async ({ operands: [operand = '.'], options }) => {
    const { main, folder } = await programOf(operand);
    if (!canRun(main)) {
      say(whyNot(main));
      return exitCode.unconfigured;
    }
    using interrupted = interruption();
    const { signal } = interrupted;
    const own = join(folder, '.pepeunit/dev');
    const workAlone = async () => {
      const instance = await startInstance({
        signal,
        dataDir: join(own, 'instance'),
        httpPort: portIn('http-port', options['http-port']),
        mqttPort: portIn('mqtt-port', options['mqtt-port']),
        stateIntervalCheck: false,
        log: (event) => {
          if (event.type === 'fault') say(`${event.what}: ${event.failure.message}`);
          if (event.type === 'locked') say(lockWaitText(event.folder, event));
        },
      });
      try {
        const unit = await openDevUnit(instance, folder);
        await using inspector = isScript(main) ? await startOwnInspector(options) : undefined;
        const works = { instance, unit, main, folder, inspector };
        print(options.json === true ? asJson(works) : asText(works));
        if (!isScript(main)) say(notInspected(main));
        await work(works, signal);
      } finally {
        await instance.stop();
      }
    };
    await untilAborted(signal, () => withDevLock({ folder: own, say, signal }, workAlone));
    return exitCode.ok;
  },
);
