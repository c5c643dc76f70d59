import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { StateValue } from 'xstate';
import { createReplay } from '../../../app/inspector/replay.ts';
import { searchFor } from '../../support/canary/search.ts';
import { inspectUnits } from '../../support/inspected.ts';
import { openPage, type OpenPage } from '../../support/inspector-page.ts';
import { has, setUpInspector } from './shown-units.ts';

const world = setUpInspector();
const { startUnit } = world;

const parsed = (page: OpenPage): unknown[][] => page.lines.map((line) => JSON.parse(line) as unknown[]);
test('the lines say at any moment what the machines say themselves', async () => {
  using _ = inspectUnits(world.inspector.url);
  await using page = await openPage(world.inspector.url);
  const { client, row, instance, topic } = await startUnit();
  const moments: { readonly marker: string; readonly values: Readonly<Record<string, StateValue>> }[] = [];
  /** Notes where the machines stand, and where that is in the lines. */
  const note = () => {
    const marker = `moment ${moments.length}.`;
    const { value, children } = client.actor.getSnapshot();
    const states = Object.entries(children).flatMap(([name, child]) => {
      const snapshot = child.getSnapshot() as { value?: StateValue };
      return snapshot.value === undefined ? [] : [[`unit/${name}`, snapshot.value] as const];
    });
    client.logger.info(marker);
    moments.push({ marker, values: { unit: value, ...Object.fromEntries(states) } });
  };
  const turns: readonly (() => unknown)[] = [
    () => client.actor.send({ type: 'time.sync' }),
    () => client.publishToTopics('output/pepeunit', 'Тёплый дом 🏠'),
    () => instance.operator.sendCommand(row.uuid, 'EnvUpdate'),
    () => client.mqttClient.disconnect(),
    () => client.mqttClient.connect(),
    () => client.actor.send({ type: 'logger.sync' }),
    () => client.mqttClient.subscribeTopics([`${topic('input_topic', 'input/pepeunit')}/more`]),
    () => instance.operator.sendCommand(row.uuid, 'SchemaUpdate'),
    () => client.actor.send({ type: 'reporter.report' }),
    () => client.actor.send({ type: 'mqtt.resubscribe' }),
  ];
  for (let round = 0; round < 3; round += 1) {
    for (const turn of turns) {
      await turn();
      note();
      await pause(5);
    }
  }
  expect(moments).toHaveLength(30);
  await page.until(has(page, 'l', 'moment 29.'));
  for (const { marker, values } of moments) {
    const replay = createReplay();
    const at = page.lines.findIndex((line) => line.startsWith('["l"') && line.includes(marker));
    replay.read([`["#","unit",0,0]`, ...page.lines.slice(0, at)].join('\n'));
    const now = replay.at('unit', Date.now() + 60_000);
    const paths = parsed(page).filter(([kind]) => kind === 'actor');
    const replayed = [...(now?.actors.values() ?? [])].map(({ actor, value }) => [
      paths[actor]?.[3],
      JSON.parse(value),
    ]);
    expect({ marker, values: Object.fromEntries(replayed) as unknown }).toEqual({ marker, values });
  }
});

const long = '🏠'.repeat(400);

test('messages have their fates: delivered, waiting through an outage, handled, failed, refused', async () => {
  using _ = inspectUnits(world.inspector.url);
  await using page = await openPage(world.inspector.url);
  const { client, topic, instance, row } = await startUnit();
  client.setMqttInputHandler((_unit, message) => {
    if (message.text() === 'bad') throw new Error('it is bad');
  });
  await client.publishToTopics('output/pepeunit', 'one');
  await page.until(has(page, 'topics'));
  const keys = parsed(page).findLast(([kind]) => kind === 'topics')?.[2];
  expect(keys).toMatchObject({ [topic('output_topic', 'output/pepeunit')]: 'output/pepeunit' });
  await client.mqttClient.disconnect();
  await client.mqttClient.publish(topic('output_topic', 'output/pepeunit'), 'two', { qos: 1 });
  await page.until(() => page.lines.some((line) => /^\["f",[\d.]+,\{"outbox":[1-9]/.test(line)));
  await client.mqttClient.connect();
  await client.mqttClient.publish('a/#', 'three');
  const input = row.unit_nodes.find(({ type }) => type === 'Input');
  for (const payload of ['good', 'bad', long]) await instance.operator.setStateInput(input?.uuid ?? '', payload);
  const fatesOf = (payload: string): unknown[] => {
    const lines = parsed(page);
    const [, , id, ...rest] = lines.find(([kind, , , , , , shown]) => kind === 'm' && shown === payload) ?? [];
    return [rest[6], ...lines.filter(([kind, , of]) => kind === 'mf' && of === id).map(([, , , fate]) => fate)];
  };
  const cut = '🏠'.repeat(256);
  await page.until(() => fatesOf('two').includes('delivered') && fatesOf(cut).length === 2);
  expect(fatesOf('one')).toEqual(['accepted', 'delivered']);
  expect(fatesOf('two')).toEqual(['queued', 'accepted', 'delivered']);
  expect(fatesOf('three')).toEqual(['refused', 'refused']);
  expect(fatesOf('good')).toEqual(['received', 'handled']);
  expect(fatesOf('bad')).toEqual(['received', 'failed']);
  expect(fatesOf(cut)).toEqual(['received', 'handled']);
  expect(parsed(page).find((line) => line[6] === cut)?.[5]).toBe(Buffer.byteLength(long));
  expect(page.lines.some((line) => line.includes('"mf"') && line.includes('it is bad'))).toBe(true);
});

const asked = async (page: OpenPage, source: string, what: object) => {
  const id = page.answers.length + 1;
  page.send(['do', id, source, what]);
  await page.until(() => page.answers.length === id);
  return page.answers.at(-1)?.[2];
};

describe('a page with --control', () => {
  test('sends events, messages and commands; what is wrong is said', async () => {
    using _ = inspectUnits(world.inspector.url);
    await using page = await openPage(world.inspector.url);
    const { row, topic, instance } = await startUnit();
    await page.until(has(page, 'mark', 'online'));
    const output = topic('output_topic', 'output/pepeunit');
    const source = row.uuid;
    expect(await asked(page, source, { publish: 'Привет', topic: output })).toBeNull();
    await page.until(has(page, 'm', 'Привет'));
    expect(await asked(page, source, { publish: 'x', topic: 'a/#' })).toMatch(/topic/);
    expect(await asked(page, source, { send: { type: 'reporter.report' }, to: 0 })).toBeNull();
    expect(await asked(page, source, { send: { type: 'online' }, to: 0 })).toMatch(/is no request of an app/);
    expect(await asked(page, source, { send: { type: 'xstate.stop' }, to: 1 })).toMatch(/is no event of settings/);
    expect(await asked(page, source, { send: { type: 'reporter.report' }, to: 99 })).toMatch(/no such machine/);
    expect(await asked(page, source, { command: 'LogSync' })).toBeNull();
    await page.until(has(page, 'mark', 'log_sync'));
    expect(await asked(page, source, { command: 'Update' })).toBeNull();
    await page.until(has(page, 'mark', '"command","update"'));
    expect(await asked(page, source, { command: 'Explode' })).toMatch(/no command "Explode"/);
    expect(await asked(page, 'nobody', { command: 'Reset' })).toBe('The unit is not there.');
    expect(instance.operator.listUnits().count).toBe(1);
  });
});

test('secrets are in no line, wherever they turn up', async () => {
  using _ = inspectUnits(world.inspector.url);
  await using page = await openPage(world.inspector.url);
  const wifi = 'WiFi "canary" Пароль';
  const live = await startUnit({}, { PUC_WIFI_PASS: wifi });
  const { client, topic, row } = live;
  const env = JSON.parse(await live.read('env.json')) as Record<string, string>;
  const secrets = ['PU_AUTH_TOKEN', 'PU_SECRET_KEY', 'PU_ENCRYPT_KEY'].map((name) => env[name] ?? '');
  const leaksIn = searchFor([...secrets, wifi]);
  const output = topic('output_topic', 'output/pepeunit');
  for (const secret of [...secrets, wifi]) {
    const base64 = Buffer.from(`x${secret}y`).toString('base64');
    for (const payload of [secret, JSON.stringify({ deep: [secret] }), base64, `${'x'.repeat(1000)}${secret}`]) {
      await client.mqttClient.publish(output, payload);
    }
    await client.mqttClient.publish(output, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(secret)]));
    client.logger.error(`it is ${secret}`);
    client.logger.info(base64);
  }
  await client.settings.update({ NOTE: `my ${secrets[1]}` });
  client.logger.info('the end');
  await page.until(has(page, 'l', 'the end'));
  const saved = await (await fetch(`${world.inspector.url}recording.ndjson?source=${row.uuid}`)).text();
  expect(saved).toContain('"PU_AUTH_TOKEN":"***"');
  expect(leaksIn(saved)).toEqual([]);
  expect(leaksIn(page.frames.join('\n'))).toEqual([]);
});
