import type { Events, InstanceEvents } from '../instance/index.ts';
import { nodeOf, readTextFile, type DemoUnit, type DemoContext, type Step } from './context.ts';
import { nextEvent, pollUntil } from './waiting.ts';

const temperatureKey = 'temperature/pepeunit';
const dutyKey = 'fan_duty/pepeunit';
const fanStateKey = 'set_fan_state/pepeunit';

const published = (
  events: Events,
  { uuid }: DemoUnit,
  key: string,
  isWanted: (text: string) => boolean,
  signal: AbortSignal,
) => {
  const isIt = (event: InstanceEvents['published']) =>
    event.unit === uuid && event.key === key && !event.denied && isWanted(Buffer.from(event.payload).toString());
  return nextEvent(events, 'published', isIt, signal);
};

/** Creates an edge: the instance sends `SchemaUpdate` to the reading unit. */
export const linkUnits: Step = {
  command: 'schema_update',
  says: "links the fan's temperature to the display",
  act: async ({ instance: { events, domain }, operator, units: { fan, display } }, signal) => {
    const output = nodeOf(fan, 'Output', temperatureKey);
    const topic = `${domain}/${output}/pepeunit`;
    await Promise.all([
      nextEvent(events, 'command', ({ unit, command }) => unit === display.uuid && command === 'SchemaUpdate', signal),
      nextEvent(
        events,
        'subscribed',
        (event) => event.unit === display.uuid && event.topic === topic && !event.denied,
        signal,
      ),
      nextEvent(events, 'delivered', (event) => event.unit === display.uuid && event.topic === topic, signal),
      pollUntil(async () => (await readTextFile(display.folder, 'schema.json')).includes(topic), signal),
      operator.createEdge(output, nodeOf(display, 'Input', temperatureKey)),
    ]);
    return 'the display has its new schema.json and receives from the fan';
  },
};

export const setFan: Step = {
  says: 'sets set_fan_state of the fan to "on"',
  act: async ({ instance: { events }, operator, units: { fan } }, signal) => {
    await Promise.all([
      published(events, fan, dutyKey, (duty) => duty === '100', signal),
      operator.setStateInput(nodeOf(fan, 'Input', fanStateKey), 'on'),
    ]);
    return 'the fan turns at 100 %';
  },
};

const fastMs = 250;
/** Proof of the new pace: at the old one, a message a second, these messages take twice as long. */
const fastRun = { messages: 5, withinMs: 2_000 };

/** Waits for messages at the new pace. */
const publishesFast = (events: Events, unit: DemoUnit, key: string, signal: AbortSignal) => {
  const times: number[] = [];
  const isFast = () => {
    times.push(performance.now());
    const first = times.at(-fastRun.messages);
    return first !== undefined && performance.now() - first < fastRun.withinMs;
  };
  return published(events, unit, key, isFast, signal);
};

export const updateEnv: Step = {
  command: 'env_update',
  says: `changes PUBLISH_EVERY_MS of the fan to ${fastMs} and sends EnvUpdate`,
  act: async ({ instance: { events }, operator, units: { fan } }, signal) => {
    await operator.setEnv(fan.uuid, { PUBLISH_EVERY_MS: fastMs });
    await Promise.all([
      pollUntil(async () => JSON.parse(await readTextFile(fan.folder, 'env.json')).PUBLISH_EVERY_MS === fastMs, signal),
      publishesFast(events, fan, temperatureKey, signal),
      operator.sendCommand(fan.uuid, 'EnvUpdate'),
    ]);
    return `the fan has its new env.json and publishes every ${fastMs} ms`;
  },
};

export const syncLog: Step = {
  command: 'log_sync',
  says: 'requests the whole log of the fan with LogSync',
  act: async ({ instance: { events }, operator, units: { fan } }, signal) => {
    const stored = (await readTextFile(fan.folder, 'log.json')).split('\n').filter((line) => line !== '').length;
    const minEntries = Math.max(2, stored);
    const [{ entries }] = await Promise.all([
      nextEvent(events, 'log', (event) => event.unit === fan.uuid && event.entries.length >= minEntries, signal),
      operator.sendCommand(fan.uuid, 'LogSync'),
    ]);
    return `the instance has all ${entries.length} entries of the fan's log.json`;
  },
};

const newCurve = { startCelsius: 21, fullCelsius: 27 };

const runsVersion = ({ instance: { events }, units: { fan } }: DemoContext, commit: string, signal: AbortSignal) =>
  nextEvent(
    events,
    'state',
    ({ unit, report, outcome }) => unit === fan.uuid && outcome === 'taken' && report?.['pu_commit_version'] === commit,
    signal,
  );

export const updateProgram: Step = {
  command: 'update',
  says: 'adds a version of the fan with another curve and sends Update',
  act: async (context, signal) => {
    const { operator, workspace, units } = context;
    const folder = await workspace.version('fan-regulator', 'fan-2', { 'curve.json': newCurve });
    const { commit } = await operator.addVersion(units.fan.uuid, folder);
    await Promise.all([runsVersion(context, commit, signal), operator.sendCommand(units.fan.uuid, 'Update')]);
    const curve = JSON.parse(await readTextFile(units.fan.folder, 'curve.json')) as typeof newCurve;
    if (curve.startCelsius !== newCurve.startCelsius) throw new Error('the program files were not replaced');
    return `the fan has restarted, passed its trial and reports version ${commit.slice(0, 7)}`;
  },
};

/** A program that imports a missing file. */
const brokenProgram = "import './forgotten.js';\n";

export const updateBadly: Step = {
  says: 'adds a version of the fan that cannot start and sends Update',
  act: async (context, signal) => {
    const { instance, operator, workspace, units } = context;
    const { uuid, folder } = units.fan;
    const before = await readTextFile(folder, 'main.js');
    const { PU_COMMIT_VERSION: good } = JSON.parse(await readTextFile(folder, 'env.json')) as {
      PU_COMMIT_VERSION: string;
    };
    const version = await workspace.version('fan-regulator', 'fan-3', { 'main.js': brokenProgram });
    const { commit: bad } = await operator.addVersion(uuid, version);
    const reportsRollback = ({ unit, entries }: InstanceEvents['log']) =>
      unit === uuid &&
      entries.some(({ level, text }) => level === 'Critical' && text.includes(`${bad} was rolled back`));
    const left = nextEvent(instance.events, 'disconnect', ({ unit }) => unit === uuid, signal);
    await Promise.all([
      left.then(() => runsVersion(context, good, signal)),
      nextEvent(instance.events, 'log', reportsRollback, signal),
      operator.sendCommand(uuid, 'Update'),
    ]);
    if ((await readTextFile(folder, 'main.js')) !== before) throw new Error('the program files were not restored');
    return `the fan has returned to version ${good.slice(0, 7)} and logged the reason`;
  },
};
