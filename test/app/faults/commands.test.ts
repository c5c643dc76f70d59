import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

let live: LiveUnit;
let sender: MqttClient;

beforeEach(async () => {
  live = await createLiveUnit();
  await live.client.ready();
  const { PU_AUTH_TOKEN: username } = live.client.settings;
  sender = await connectAsync(live.instance.mqttUrl, {
    username,
    password: '',
    clientId: `${live.row.uuid}-sender`,
    reconnectPeriod: 0,
  });
});
afterEach(async () => {
  await sender.endAsync();
  await live.stop();
});

const send = (command: string, payload: string | Buffer) =>
  sender.publishAsync(live.topic('input_base_topic', `${command}/pepeunit`), payload, { qos: 1 });

const warnings = async () => (await live.client.logger.getFullLog()).filter(({ level }) => level === 'Warning');

test.each<[string, string | Buffer]>([
  ['empty', ''],
  ['not JSON', '{"COMMAND":"Upd'],
  ['[1]', '[1]'],
  ['"x"', '"x"'],
  ['not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
])('a payload that is %s is refused with one log entry, whatever the command', async (_, payload) => {
  const before = await live.read('env.json');
  for (const command of ['update', 'env_update', 'schema_update', 'log_sync']) await send(command, payload);
  await until(async () => (await warnings()).length >= 4);
  const texts = (await warnings()).map(({ text }) => String(text));
  expect(texts).toHaveLength(4);
  for (const text of texts)
    expect(text).toMatch(/^The command (update|env_update|schema_update|log_sync) was refused: /);
  expect(await live.read('env.json')).toBe(before);
  expect(live.client.mqttClient.isConnected()).toBe(true);
});

test('a command is one on its very topic alone (C13)', async () => {
  let commands = 0;
  live.client.on('command', () => (commands += 1));
  const input = live.topic('input_topic', 'input/pepeunit');
  await sender.publishAsync(input, '{"COMMAND":"EnvUpdate"}', { qos: 1 });
  await send('log_sync', '{"COMMAND":"LogSync"}');
  await until(() => commands > 0);
  expect(commands).toBe(1);
});

test('no command of a burst is dropped, while the handler is busy with a burst of inputs', async () => {
  const seen: string[] = [];
  live.client.setMqttInputHandler(async (_, message) => {
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
    seen.push(message.text());
  });
  let commands = 0;
  live.client.on('command', () => (commands += 1));
  const input = live.topic('input_topic', 'input/pepeunit');
  for (let index = 0; index < 300; index += 1) {
    sender.publish(input, String(index));
    if (index % 10 === 0)
      sender.publish(live.topic('input_base_topic', 'env_update/pepeunit'), '{"COMMAND":"EnvUpdate"}');
  }
  await until(() => commands === 30 && seen.filter((text) => !text.startsWith('{')).length === 300, {
    timeoutMs: 90_000,
  });
  expect(seen.filter((text) => !text.startsWith('{'))).toEqual(
    Array.from({ length: 300 }, (_, index) => String(index)),
  );
});

test('1,000 inputs in a burst all reach a handler that awaits 20 ms', async () => {
  const seen: number[] = [];
  live.client.setMqttInputHandler(async (_, message) => {
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
    seen.push(Number(message.text()));
  });
  const input = live.topic('input_topic', 'input/pepeunit');
  for (let index = 0; index < 1000; index += 1) sender.publish(input, String(index));
  await until(() => seen.length === 1000);
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index));
});

test('an env_update that comes during another is done after it', async () => {
  let loaded = 0;
  live.client.on('settingsLoaded', () => (loaded += 1));
  for (let index = 0; index < 5; index += 1) await send('env_update', '{"COMMAND":"EnvUpdate"}');
  await live.instance.operator.setEnv(live.row.uuid, { PU_STATE_SEND_INTERVAL: 41 });
  await send('env_update', '{"COMMAND":"EnvUpdate"}');
  await until(() => live.client.settings.PU_STATE_SEND_INTERVAL === 41);
  await until(() => loaded > 0);
});
