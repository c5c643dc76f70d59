import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

type Answer = (response: ServerResponse) => void;

const answers: Readonly<Record<string, Answer>> = {
  'HTTP 500 with an HTML page': (response) =>
    response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>500</h1>'),
  'HTTP 403 with a detail': (response) =>
    response.writeHead(403, { 'content-type': 'application/json' }).end('{"detail":"No access"}'),
  'HTTP 200 with an HTML page': (response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hi</h1>'),
  'malformed JSON': (response) => response.end('{"PU_DOMAIN": '),
  'a truncated body': (response) => {
    response.writeHead(200, { 'content-length': '5000' });
    response.write('{"PU_DOMAIN": "x"');
    setImmediate(() => response.destroy());
  },
  'an empty body': (response) => response.end(),
  'HTTP 204': (response) => response.writeHead(204).end(),
  'a chunked body that breaks off': (response) => {
    response.write('{"PU_DOMAIN":');
    setImmediate(() => response.destroy());
  },
  'an array': (response) => response.end('[1]'),
  'a JSON string': (response) => response.end('"x"'),
  'an object that is neither env nor schema': (response) => response.end('{"detail":"maintenance"}'),
  'a connection that is cut at once': (response) => response.destroy(),
};

describe.each(['EnvUpdate', 'SchemaUpdate'] as const)('%s answered with', (command) => {
  let live: LiveUnit;
  let answer: Answer;
  const server = createServer((_, response) => answer(response));

  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // The next attempt comes as late as it can.
    live = await createLiveUnit({ adapters: { random: () => 0.999 } });
    const env = JSON.parse(await live.read('env.json'));
    const { port } = server.address() as AddressInfo;
    await writeFile(live.path('env.json'), JSON.stringify({ ...env, PU_DOMAIN: `127.0.0.1:${port}` }));
  });

  afterEach(async () => {
    await live.stop();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  test.each(Object.entries(answers))('%s leaves the old file and what is in force (U3)', async (_, given) => {
    answer = given;
    const { client, instance, row, read } = live;
    await client.ready();
    const before = [await read('env.json'), await read('schema.json')];
    const settings = { ...client.settings };
    const topics = client.schema.inputTopic;
    const event = command === 'EnvUpdate' ? 'settingsFailed' : 'schemaFailed';
    let failed = 0;
    client.on(event, () => (failed += 1));
    await instance.operator.sendCommand(row.uuid, command);
    await until(() => failed === 1);
    expect([await read('env.json'), await read('schema.json')]).toEqual(before);
    expect({ ...client.settings }).toEqual(settings);
    expect(client.schema.inputTopic).toBe(topics);
    expect(client.mqttClient.isConnected()).toBe(true);
    const told = (await client.logger.getFullLog()).filter(({ text }) => String(text).includes('refresh failed'));
    expect(told).toHaveLength(1);
  });
});
