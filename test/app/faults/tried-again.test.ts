import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFaultyInstance, type Fault, type FaultyInstance } from '../../support/faulty-instance.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

let live: LiveUnit;
let instance: FaultyInstance;

beforeEach(async () => {
  live = await createLiveUnit({ adapters: { random: () => 0 } });
  instance = await startFaultyInstance(live.instance.httpUrl);
  const env = JSON.parse(await live.read('env.json'));
  await live.write('env.json', JSON.stringify({ ...env, PU_DOMAIN: instance.domain }));
});
afterEach(async () => {
  await live.stop();
  await instance.stop();
});

const faults: Readonly<Record<string, Fault>> = {
  'a connection that is reset': (response) => void response.socket?.resetAndDestroy(),
  'a 429 with Retry-After': (response) => response.writeHead(429, { 'retry-after': '1' }).end('Too many'),
  'the login page of a network': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi'),
};

const urgent = async () =>
  (await live.client.logger.getFullLog()).filter(({ level }) => level === 'Error' || level === 'Critical');

describe.each(Object.entries(faults))('after %s', (_, fault) => {
  test('a commanded env is downloaded again (U24)', async () => {
    const { client, instance: platform, row } = live;
    await client.ready();
    await platform.operator.setEnv(row.uuid, { PU_STATE_SEND_INTERVAL: 41 });
    instance.spoil('/units/env/', fault);
    await platform.operator.sendCommand(row.uuid, 'EnvUpdate');
    await until(() => client.settings.PU_STATE_SEND_INTERVAL === 41, { timeoutMs: 30_000 });
    expect(instance.requests('/units/env/')).toBe(2);
    expect(await urgent()).toEqual([]);
  });

  test('a commanded schema is downloaded again (U24)', async () => {
    const { client, instance: platform, row } = live;
    await client.ready();
    let isLoaded = false;
    client.on('schemaLoaded', () => (isLoaded = true));
    instance.spoil('/units/get_current_schema/', fault);
    await platform.operator.sendCommand(row.uuid, 'SchemaUpdate');
    await until(() => isLoaded, { timeoutMs: 30_000 });
    expect(instance.requests('/units/get_current_schema/')).toBe(2);
    expect(await urgent()).toEqual([]);
  });

  test('a commanded update is downloaded again (U24)', async () => {
    const { client, instance: platform, row } = live;
    await client.ready();
    const commit = await live.addVersion('version 2');
    instance.spoil('/units/firmware/', fault);
    await platform.operator.sendCommand(row.uuid, 'Update', commit);
    await until(async () => (await live.read('program.txt').catch(() => '')) === 'version 2', { timeoutMs: 30_000 });
    expect(instance.requests('/units/firmware/')).toBe(2);
    expect(await urgent()).toEqual([]);
  });

  test('the target version is asked for again, and then its archive (M18, U24)', async () => {
    const { client, instance: platform, row } = live;
    await platform.operator.sendCommand(row.uuid, 'Update', await live.addVersion('version 2'));
    instance.spoil('/units/get_target_version/', fault);
    instance.spoil('/units/firmware/', fault);
    await client.ready();
    await until(async () => (await live.read('program.txt').catch(() => '')) === 'version 2', { timeoutMs: 30_000 });
    expect(instance.requests('/units/get_target_version/')).toBe(2);
    expect(await urgent()).toEqual([]);
  });
});

test('what the app asks for itself fails at the first failure, and is not tried again', async () => {
  const { client, instance: platform, row } = live;
  await platform.operator.sendCommand(row.uuid, 'Update', await live.addVersion('version 2'));
  const [reset = () => undefined] = Object.values(faults);
  for (const path of ['/units/env/', '/units/get_current_schema/', '/units/firmware/']) {
    // A GET whose connection breaks is sent once more at once.
    instance.spoil(path, reset, 2);
  }
  await expect(client.downloadEnv()).rejects.toMatchObject({ name: 'RestError', code: 'network' });
  await expect(client.downloadSchema()).rejects.toMatchObject({ name: 'RestError', code: 'network' });
  await expect(client.performUpdate()).rejects.toMatchObject({ name: 'RestError', code: 'network' });
  const values = (['settings', 'schema', 'update'] as const).map(
    (id) => client.actor.getSnapshot().children[id]?.getSnapshot().value,
  );
  expect(values).not.toContain('waiting');
});
