import type { Events, InstanceEvents } from '../instance/index.ts';
import { nodeOf, type Member } from './cast.ts';
import { textOf, type Step } from './scene.ts';
import { heard, holds } from './waiting.ts';

const temperatureKey = 'temperature/pepeunit';
const dutyKey = 'fan_duty/pepeunit';
const fanStateKey = 'set_fan_state/pepeunit';

const published = (
  events: Events,
  { uuid }: Member,
  key: string,
  isWanted: (text: string) => boolean,
  signal: AbortSignal,
) => {
  const isIt = (event: InstanceEvents['published']) =>
    event.unit === uuid && event.key === key && !event.denied && isWanted(Buffer.from(event.payload).toString());
  return heard(events, 'published', isIt, signal);
};

/** An edge makes the instance send `SchemaUpdate` to the unit that reads. */
export const linkUnits: Step = {
  command: 'schema_update',
  says: "links the fan's temperature to the display",
  act: async ({ instance: { events, domain }, operator, cast: { fan, display } }, signal) => {
    const output = nodeOf(fan, 'Output', temperatureKey);
    const topic = `${domain}/${output}/pepeunit`;
    await Promise.all([
      heard(events, 'command', ({ unit, command }) => unit === display.uuid && command === 'SchemaUpdate', signal),
      heard(
        events,
        'subscribed',
        (event) => event.unit === display.uuid && event.topic === topic && !event.denied,
        signal,
      ),
      heard(events, 'delivered', (event) => event.unit === display.uuid && event.topic === topic, signal),
      holds(async () => (await textOf(display.folder, 'schema.json')).includes(topic), signal),
      operator.createEdge(output, nodeOf(display, 'Input', temperatureKey)),
    ]);
    return 'the display has its new schema.json and hears the fan';
  },
};

export const setFan: Step = {
  says: 'sets set_fan_state of the fan to "on"',
  act: async ({ instance: { events }, operator, cast: { fan } }, signal) => {
    await Promise.all([
      published(events, fan, dutyKey, (duty) => duty === '100', signal),
      operator.setStateInput(nodeOf(fan, 'Input', fanStateKey), 'on'),
    ]);
    return 'the fan turns at 100 %';
  },
};

const fastMs = 250;
/** At the pace of before, once a second, as many messages take twice as long. */
const fastRun = { messages: 5, withinMs: 2_000 };

/** Waits for messages in quick succession. */
const quick = (events: Events, member: Member, key: string, signal: AbortSignal) => {
  const times: number[] = [];
  const isQuick = () => {
    times.push(performance.now());
    const first = times.at(-fastRun.messages);
    return first !== undefined && performance.now() - first < fastRun.withinMs;
  };
  return published(events, member, key, isQuick, signal);
};

export const updateEnv: Step = {
  command: 'env_update',
  says: `changes PUBLISH_EVERY_MS of the fan to ${fastMs} and sends EnvUpdate`,
  act: async ({ instance: { events }, operator, cast: { fan } }, signal) => {
    await operator.setEnv(fan.uuid, { PUBLISH_EVERY_MS: fastMs });
    await Promise.all([
      holds(async () => JSON.parse(await textOf(fan.folder, 'env.json')).PUBLISH_EVERY_MS === fastMs, signal),
      quick(events, fan, temperatureKey, signal),
      operator.sendCommand(fan.uuid, 'EnvUpdate'),
    ]);
    return `the fan has its new env.json and publishes every ${fastMs} ms`;
  },
};

export const syncLog: Step = {
  command: 'log_sync',
  says: 'asks the fan for its whole log with LogSync',
  act: async ({ instance: { events }, operator, cast: { fan } }, signal) => {
    const stored = (await textOf(fan.folder, 'log.json')).split('\n').filter((line) => line !== '').length;
    const least = Math.max(2, stored);
    const [{ entries }] = await Promise.all([
      heard(events, 'log', (event) => event.unit === fan.uuid && event.entries.length >= least, signal),
      operator.sendCommand(fan.uuid, 'LogSync'),
    ]);
    return `the instance has all ${entries.length} entries of the fan's log.json`;
  },
};
